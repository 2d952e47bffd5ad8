import { expect } from 'chai';
import { call } from '../../../../shared/grpc/client.js';
import { buy, filled } from '../../api/support.js';
import type { Rig } from '../rig.js';

/** What happens while a service is away. */
export function healCases(rig: () => Rig): void {
  describe('P6 a requestor that restarts under an open page', () => {
    it('is said to be down since when, nothing goes on meanwhile, and the page heals by itself', async () => {
      const { stack, url, open } = rig();
      await buy(stack, 'before-the-fall');
      await filled(stack, 'before-the-fall');
      const page = await open(`${url}/#/orders`);
      await page.evaluate('window.sameAsBefore = true');
      await page.locator('tr', { hasText: 'before-the-fall' }).getByText('Filled').waitFor();
      await rig().stopRequestor();
      const banner = page.getByRole('alert').filter({ hasText: /Requestor down since \d\d:\d\d:\d\d/ });
      await banner.waitFor();
      await page.locator('tr', { hasText: 'before-the-fall' }).waitFor();
      expect(await page.locator('body').getAttribute('class')).to.contain('stale');
      await page.keyboard.press('1');
      const button = page.getByRole('button', { name: 'Halted' });
      expect(await button.isDisabled(), 'acting on what is not there').to.equal(true);
      expect(await button.getAttribute('title')).to.equal('The requestor is not connected.');
      await rig().startRequestor();
      await banner.waitFor({ state: 'detached' });
      await buy(stack, 'after-the-rise');
      await page.keyboard.press('2');
      await page.locator('tr', { hasText: 'after-the-rise' }).getByText('Filled').waitFor();
      expect(await page.locator('body').getAttribute('class')).not.to.contain('stale');
      expect(await page.evaluate('window.sameAsBefore'), 'the page was not loaded anew').to.equal(true);
    });
  });

  describe('P6 a console that restarts under an open page', () => {
    it('is waited for, and the page acts again without being loaded anew', async () => {
      const { stack, open, openConsole, complaints } = rig();
      let console = await openConsole({});
      const { url } = console;
      const page = await open(url);
      await page.locator('.trading .state').getByText('Active').waitFor();
      await page.evaluate('window.sameAsBefore = true');
      await console.close();
      await page.getByText(/No connection to the console since \d\d:\d\d:\d\d/).waitFor();
      expect(await page.title()).to.equal('No connection · Exitlane');
      console = await openConsole({ port: Number(new URL(url).port) });
      try {
        await page.getByText('No connection to the console').waitFor({ state: 'detached' });
        await page.getByRole('button', { name: 'Halted' }).click();
        await page.getByRole('dialog').getByRole('textbox').fill('still here');
        await page.getByRole('dialog').getByRole('button', { name: 'Switch to halted' }).click();
        await page.locator('.trading .state').getByText('Halted').waitFor();
        expect((await call(stack.queue, 'getTradingState', {})).changeReason).to.equal('still here');
        expect(await page.evaluate('window.sameAsBefore'), 'the page was not loaded anew').to.equal(true);
      } finally {
        await page.close();
        await console.close();
      }
      for (const complaint of complaints()) expect(complaint).to.match(/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED/);
    });
  });
}
