import { expect } from 'chai';
import { OrderStatus } from '../../../../proto/gen/exitlane/v1/order.js';
import { ListOrdersRequest } from '../../../../proto/gen/exitlane/v1/order_service.js';
import { PositionStatus } from '../../../../proto/gen/exitlane/v1/position.js';
import { call } from '../../../../shared/grpc/client.js';
import { eventually } from '../../../../shared/store/testing/waiting.js';
import { mint, openPositions } from '../../api/support.js';
import type { Rig } from '../rig.js';

/** Leaving a position by hand. */
export function exitCases(rig: () => Rig): void {
  describe('X3 a partial exit', () => {
    it('exits 30 % by slider and confirmation, and the position shows it', async () => {
      const { stack, url, open } = rig();
      const [positionId = ''] = await openPositions(stack, ['thirty']);
      const page = await open(`${url}/#/positions/${positionId}`);
      const slider = page.getByRole('slider', { name: 'Exit percentage' });
      expect(await slider.inputValue(), 'at first').to.equal('100');
      await slider.focus();
      for (let step = 0; step < 7; step += 1) await page.keyboard.press('ArrowLeft');
      expect(await slider.inputValue()).to.equal('30');
      await page.getByText(/Would bring about/).waitFor();
      await page
        .locator('.estimate')
        .getByText(/^0\.0[3-6]\d* SOL$/)
        .waitFor();
      await page.getByRole('button', { name: 'Manual exit 30 %' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Sell 30 %' }).click();
      await page.locator('.exits li', { hasText: 'manual' }).getByText('Filled').waitFor();
      await page.locator('header.title').getByText('Partly sold').waitFor();
      const position = await positionOf(rig(), positionId);
      expect(position.status).to.equal(PositionStatus.PARTIAL_EXIT);
      expect(Number(position.soldTokens) / Number(position.entryAmountTokens)).to.be.closeTo(0.3, 0.000_01);
      const [order] = await exitsOf(rig(), positionId);
      expect(order?.orderReqId).to.match(/^console:[\w.-]+:[0-9a-f-]{36}$/);
    });

    it('takes any whole percent that is typed, and no other', async () => {
      const { stack, url, open } = rig();
      const [positionId = ''] = await openPositions(stack, ['typed']);
      const page = await open(`${url}/#/positions/${positionId}`);
      const field = page.getByRole('spinbutton', { name: 'Exit percentage, any whole percent' });
      await page.getByRole('button', { name: '25 %' }).click();
      expect(await field.inputValue()).to.equal('25');
      for (const wrong of ['0', '101', '12.5', '']) {
        await field.fill(wrong);
        expect(await page.getByRole('button', { name: /^Manual exit/ }).isDisabled(), `"${wrong}" %`).to.equal(true);
      }
      await field.fill('7');
      await page.getByRole('button', { name: 'Manual exit 7 %' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Sell 7 %' }).click();
      await page.locator('.exits li').getByText('Filled').waitFor();
      const position = await positionOf(rig(), positionId);
      expect(Number(position.soldTokens) / Number(position.entryAmountTokens)).to.be.closeTo(0.07, 0.000_01);
    });
  });

  describe('P3 an emergency exit', () => {
    it('goes off when held, not when clicked, and closes the position', async () => {
      const { stack, url, open } = rig();
      const [positionId = ''] = await openPositions(stack, ['burning']);
      const page = await open(`${url}/#/positions/${positionId}`);
      const button = page.getByRole('button', { name: /^Emergency exit/ });
      await button.click({ delay: 300 });
      await page.getByText('No exit so far').waitFor();
      expect(await exitsOf(rig(), positionId), 'after a click').to.deep.equal([]);
      await button.hover();
      await page.mouse.down();
      await page.locator('.exits li', { hasText: 'emergency' }).getByText('Filled').waitFor();
      await page.mouse.up();
      await page.locator('header.title').getByText('Closed').waitFor();
      const [order, ...more] = await exitsOf(rig(), positionId);
      expect(more).to.deep.equal([]);
      expect(order).to.include({ emergency: true, priority: 0, status: OrderStatus.FILLED, exitReason: 'emergency' });
    });

    it('goes off by the keyboard as well', async () => {
      const { stack, url, open } = rig();
      const [positionId = ''] = await openPositions(stack, ['burning-keys']);
      const page = await open(`${url}/#/positions/${positionId}`);
      await page.getByRole('button', { name: /^Emergency exit/ }).focus();
      await page.keyboard.down('Space');
      await page.locator('.exits li', { hasText: 'emergency' }).waitFor();
      await page.keyboard.up('Space');
      await page.locator('header.title').getByText('Closed').waitFor();
    });
  });

  describe('X6 the retry of a failed exit', () => {
    it('is offered only after the failure, with its reason, and sells the rest', async () => {
      const { stack, url, open } = rig();
      const [positionId = ''] = await openPositions(stack, ['stuck'], { tokenAddress: mint('RAY') });
      const page = await open(`${url}/#/positions/${positionId}`);
      await page.getByText('No exit so far').waitFor();
      const retry = page.getByRole('button', { name: 'Retry exit' });
      expect(await retry.count(), 'before any exit').to.equal(0);
      await stack.control('faults', { fault: 'no_route', mint: mint('RAY'), count: null });
      await page.getByRole('button', { name: 'Manual exit 100 %' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Sell 100 %' }).click();
      await page.locator('.retry').getByText('ATTEMPTS_EXHAUSTED').waitFor();
      await page.locator('.blocker').waitFor();
      await stack.control('faults/reset');
      await page.getByRole('textbox', { name: 'Most slippage in basis points' }).fill('350');
      await retry.click();
      await page.locator('header.title').getByText('Closed').waitFor();
      await eventually('the retry to go away', async () => (await retry.count()) === 0);
      const [again] = await exitsOf(rig(), positionId);
      expect(again).to.include({ status: OrderStatus.FILLED, exitReason: 'manual', maxSlippageBps: 350 });
    });
  });

  describe('X9 the exit plan', () => {
    it('is edited field by field, shows where it triggers, and is what the requestor holds', async () => {
      const { stack, url, open } = rig();
      const [positionId = ''] = await openPositions(stack, ['planned']);
      const page = await open(`${url}/#/positions/${positionId}`);
      await page.getByRole('textbox', { name: 'Stop-loss, percent below entry' }).fill('12.5');
      await page.getByRole('textbox', { name: 'Take-profit 1, percent above entry' }).fill('40');
      const save = page.getByRole('button', { name: 'Save plan' });
      expect(await save.isDisabled(), 'with half a step').to.equal(true);
      await page.getByRole('textbox', { name: 'Take-profit 1, percent to sell' }).fill('50');
      await page.getByRole('textbox', { name: 'Time limit in minutes' }).fill('90');
      const { entryPrice } = await positionOf(rig(), positionId);
      const stop = String(Number(entryPrice) * 0.875).slice(0, 6);
      expect(await page.locator('.rule', { hasText: 'Stop-loss' }).textContent()).to.contain(stop);
      await save.click();
      await page.getByText('The exit plan is set.').waitFor();
      const { exitPlan } = await positionOf(rig(), positionId);
      expect(exitPlan).to.deep.include({ stopLossPercent: 12.5, takeProfits: [{ gainPercent: 40, sellPercent: 50 }] });
      expect(exitPlan?.timeLimit?.seconds).to.equal(5_400n);
    });
  });
}

async function positionOf({ stack }: Rig, positionId: string) {
  const { position } = await call(stack.positions, 'getPosition', { positionId });
  if (!position) throw new Error('the answer holds no position');
  return position;
}

/** Newest first. */
async function exitsOf({ stack }: Rig, positionId: string) {
  const { orders } = await call(stack.orders, 'listOrders', ListOrdersRequest.create({ positionId }));
  return orders.filter(({ exitReason }) => exitReason !== '');
}
