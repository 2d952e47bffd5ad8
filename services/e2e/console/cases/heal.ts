import { expect } from 'chai';
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
}
