import { expect } from 'chai';
import { OrderStatus } from '../../../../proto/gen/exitlane/v1/order.js';
import { TradingState } from '../../../../proto/gen/exitlane/v1/queue_service.js';
import { call } from '../../../../shared/grpc/client.js';
import { buy, filled, orderOf } from '../../api/support.js';
import type { Rig } from '../rig.js';

/** What is seen without a reload. */
export function liveCases(rig: () => Rig): void {
  describe('P6 what waits and what runs', () => {
    it('an order is seen from the queue to its fill, message by message', async () => {
      const { stack, url, open } = rig();
      await stack.control('pause');
      const page = await open(url);
      await buy(stack, 'seen-live');
      const lane = page.locator('.slots li.busy', { hasText: 'seen-live' });
      await lane.getByText('Confirming').waitFor();
      expect(await page.locator('.slots .counts').textContent()).to.equal('0 queued1 processing2 available');
      await lane.getByRole('link').click();
      const timeline = page.locator('.timeline');
      await timeline.getByText('ATTEMPT_COMMITTED').waitFor();
      await page.getByText('following live').waitFor();
      await stack.control('resume');
      await timeline.locator('li.filled').waitFor();
      const said = await timeline.locator('li').allInnerTexts();
      expect(said.map((text) => text.split('\n')[0])).to.deep.equal([
        'Pending',
        'Submitted',
        'Proposal new',
        'Proposal accepted',
        'Confirming',
        'Filled',
      ]);
      const { actualPrice } = await filled(stack, 'seen-live');
      expect(await timeline.locator('li.filled').textContent())
        .to.contain('Actual')
        .and.to.contain(actualPrice.slice(0, 7));
      await page.locator('.attempts').getByText('On chain', { exact: true }).waitFor();
      await page.locator('header.title').getByText('Filled').waitFor();
    });

    it('keys lead through the pages and to the search', async () => {
      const { url, open } = rig();
      const page = await open(url);
      await page.getByRole('heading', { name: 'Overview' }).waitFor();
      for (const [key, name] of [
        ['3', 'Positions'],
        ['4', 'Alerts'],
        ['5', 'Health'],
        ['1', 'Overview'],
      ] as const) {
        await page.keyboard.press(key);
        await page.getByRole('heading', { name, level: 1 }).waitFor();
      }
      await page.keyboard.press('/');
      await page.locator('input.search:focus').waitFor();
      await page.keyboard.press('Escape');
      await page.keyboard.press('?');
      await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    });
  });

  describe('P9 the trading state', () => {
    it('switches to EXITS_ONLY with a reason, and shows who did it on every page', async () => {
      const { stack, url, open } = rig();
      const page = await open(url);
      await page.getByRole('button', { name: 'Exits only' }).click();
      const dialog = page.getByRole('dialog');
      const confirm = dialog.getByRole('button', { name: 'Switch to exits only' });
      expect(await confirm.isDisabled(), 'without a reason').to.equal(true);
      await dialog.getByRole('textbox').fill('a storm is coming');
      await confirm.click();
      await page.locator('.trading .state').getByText('Exits only').waitFor();
      await page.locator('.trading .who').getByText('a storm is coming').waitFor();
      await page.locator('.environment').getByText('Exits only').waitFor();
      const state = await call(stack.queue, 'getTradingState', {});
      expect(state).to.include({ state: TradingState.EXITS_ONLY, changeReason: 'a storm is coming' });
      expect(state.changedBy).to.match(/^\S+ \(console\)$/);
      await buy(stack, 'held-by-the-storm');
      await page.keyboard.press('2');
      await page.locator('tr', { hasText: 'held-by-the-storm' }).getByText('Pending').waitFor();
      await page.locator('tr', { hasText: 'held-by-the-storm' }).click();
      await page.getByText('Exits only: no entry starts.').waitFor();
      await page.getByRole('button', { name: 'Cancel order' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Cancel order' }).click();
      await page.locator('header.title').getByText('Cancelled').waitFor();
      expect((await orderOf(stack, 'held-by-the-storm')).status).to.equal(OrderStatus.CANCELLED);
    });
  });
}
