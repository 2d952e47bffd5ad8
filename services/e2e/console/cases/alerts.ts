import { expect } from 'chai';
import { AlertState, ListAlertsRequest } from '../../../../proto/gen/exitlane/v1/alert_service.js';
import { call } from '../../../../shared/grpc/client.js';
import { eventually } from '../../../../shared/store/testing/waiting.js';
import { mint, openPositions, sell } from '../../api/support.js';
import type { Rig } from '../rig.js';

/** What a person must not miss. */
export function alertCases(rig: () => Rig): void {
  describe('X12 a critical alert', () => {
    it('shows in title and icon, leads to its position, is acknowledged and resolved', async () => {
      const { stack, url, open } = rig();
      const [positionId = ''] = await openPositions(stack, ['alarming'], { tokenAddress: mint('PYTH') });
      const page = await open(`${url}/#/health`);
      await page.getByRole('heading', { name: 'Health' }).waitFor();
      await stack.control('faults', { fault: 'no_route', mint: mint('PYTH'), count: null });
      await sell(stack, 'cannot-get-out', positionId, { percent: 100, exitReason: 'stop_loss' });
      await eventually('the title to shout', async () => /CRITICAL/.test(await page.title()));
      expect(await page.locator('#icon').getAttribute('href')).to.equal('/icon-alert.svg');
      await page.keyboard.press('4');
      const alert = page.locator('.alert', { hasText: 'PYTH' });
      await alert.getByText('EXIT FAILED - Manual action required').waitFor();
      await alert.getByRole('link', { name: 'Position' }).click();
      await page.locator('.blocker').waitFor();
      await page.keyboard.press('4');
      await alert.getByRole('button', { name: 'Acknowledge' }).click();
      await page.getByRole('dialog').getByRole('textbox').fill('I am on it');
      await page.getByRole('dialog').getByRole('button', { name: 'Acknowledge' }).click();
      await alert.getByText('I am on it').waitFor();
      await eventually('the title to calm down', async () => !/CRITICAL/.test(await page.title()));
      expect(await page.locator('#icon').getAttribute('href')).to.equal('/icon.svg');
      const acknowledged = await alertOf(rig(), positionId);
      expect(acknowledged).to.include({ state: AlertState.ACKNOWLEDGED, acknowledgeNote: 'I am on it' });
      expect(acknowledged?.acknowledgedBy).to.match(/^\S+ \(console\)$/);
      await alert.getByRole('button', { name: 'Resolve' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Resolve' }).click();
      await page.locator('.alert.resolved', { hasText: 'PYTH' }).waitFor();
      expect((await alertOf(rig(), positionId))?.state).to.equal(AlertState.RESOLVED);
    });
  });
}

async function alertOf({ alerts }: Rig, positionId: string) {
  const { alerts: found } = await call(alerts, 'listAlerts', ListAlertsRequest.create({ positionId }));
  return found.find(({ alertType }) => alertType === 'exit_failed_critical');
}
