import { createHash } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { expect } from 'chai';
import { TradingState } from '../../../../proto/gen/exitlane/v1/queue_service.js';
import { call } from '../../../../shared/grpc/client.js';
import type { SessionView } from '../../../console/model/events.js';
import { buy, filled } from '../../api/support.js';
import type { Rig } from '../rig.js';

/** Who may do what from where. */
export function safetyCases(rig: () => Rig): void {
  describe('P9 a viewer', () => {
    it('is not shown the audit log, which an operator sees', async () => {
      const { url, viewerUrl, open } = rig();
      for (const [address, seen] of [
        [url, 1],
        [viewerUrl, 0],
      ] as const) {
        const page = await open(`${address}/#/health`);
        await page.getByText('You are').waitFor();
        expect(await page.getByText('Who changed what').count(), address).to.equal(seen);
      }
    });

    it('sees everything and can act on nothing: the server refuses what the page does not offer', async () => {
      const { stack, viewerUrl, open } = rig();
      const page = await open(viewerUrl);
      await page.locator('.person').getByText('viewer').waitFor();
      await page.locator('.trading .state').getByText('Active').waitFor();
      const button = page.getByRole('button', { name: 'Halted' });
      expect(await button.isDisabled()).to.equal(true);
      const session = await sessionAt(viewerUrl);
      const before = await call(stack.queue, 'getTradingState', {});
      const refused = await ask(viewerUrl, '/api/trading-state', {
        headers: { origin: viewerUrl, cookie: session.cookie, 'x-csrf-token': session.csrfToken },
        body: { state: 'HALTED', reason: 'I should not be able to' },
      });
      expect(refused.status).to.equal(403);
      expect(refused.body).to.contain('"FORBIDDEN"').and.to.contain('operator');
      expect(await call(stack.queue, 'getTradingState', {})).to.deep.equal(before);
    });
  });

  describe('O1 signing in', () => {
    it('asks for a token, knows the person by it, and forgets again', async () => {
      const { open, openConsole, complaints } = rig();
      const tokenHash = createHash('sha256').update('open sesame').digest('hex');
      const console = await openConsole({ users: [{ name: 'alice', role: 'viewer', tokenHash }] });
      try {
        const page = await open(console.url);
        const field = page.getByLabel('Token');
        await field.fill('a wrong one');
        await page.getByRole('button', { name: 'Sign in' }).click();
        await page.getByRole('alert').getByText('nobody').waitFor();
        await field.fill('open sesame');
        await page.keyboard.press('Enter');
        await page.locator('.person').getByText('alice').waitFor();
        await page.locator('.trading .state').getByText('Active').waitFor();
        await page.getByRole('button', { name: 'Sign out' }).click();
        await field.waitFor();
        expect(complaints(), 'the refusal of the wrong token').to.have.lengthOf(1);
      } finally {
        await console.close();
      }
    });
  });

  describe('X12 text from the chain', () => {
    it('is text: a token named <img onerror=...> makes no element and runs nothing', async () => {
      const { stack, url, open } = rig();
      const name = '<img src=x onerror=alert(1)>';
      await buy(stack, 'named-badly', { tokenSymbol: name });
      const { positionId } = await filled(stack, 'named-badly');
      const page = await open(url);
      let alerts = 0;
      page.on('dialog', () => {
        alerts += 1;
      });
      for (const address of ['orders', 'orders/named-badly', 'positions', `positions/${positionId}`]) {
        await page.goto(`${url}/#/${address}`);
        const seen = page.getByText(name).first().waitFor();
        await seen.catch(async (error: unknown) => {
          const shown = (await page.locator('body').textContent()) ?? '';
          throw new Error(`at ${address}: ${String(error)}\nthe page shows: ${shown.slice(0, 1_500)}`);
        });
        expect(await page.locator('img').count(), `images at ${address}`).to.equal(0);
      }
      expect(alerts).to.equal(0);
    });
  });

  describe('P9 strangers', () => {
    it('a foreign Host is refused, whatever is asked: a name pointed at this machine reaches nothing', async () => {
      const { url } = rig();
      for (const path of ['/', '/api/session', '/api/events']) {
        const refused = await ask(url, path, { headers: { host: 'evil.example' } });
        expect(refused.status, path).to.equal(421);
        expect(refused.headers['set-cookie'], path).to.equal(undefined);
      }
    });

    it('a foreign Origin is refused, with and without the right token', async () => {
      const { stack, url } = rig();
      const session = await sessionAt(url);
      const body = { state: 'HALTED', reason: 'from elsewhere' };
      const own = { cookie: session.cookie, 'x-csrf-token': session.csrfToken };
      for (const origin of ['http://evil.example', 'null', url.replace(/\d+$/, '1')]) {
        const refused = await ask(url, '/api/trading-state', { headers: { ...own, origin }, body });
        expect(refused.status, origin).to.equal(403);
        expect(refused.body).to.contain('FOREIGN_ORIGIN');
      }
      const read = await ask(url, '/api/session', { headers: { 'sec-fetch-site': 'cross-site' } });
      expect(read.status, 'reading from another site').to.equal(403);
      const state = await call(stack.queue, 'getTradingState', {});
      expect(state.state).to.equal(TradingState.ACTIVE);
    });

    it('without the CSRF token of its own session nothing is changed', async () => {
      const { url } = rig();
      const [one, other] = [await sessionAt(url), await sessionAt(url)];
      for (const token of ['', other.csrfToken, `${one.csrfToken}x`]) {
        const headers = { origin: url, cookie: one.cookie, 'x-csrf-token': token };
        const refused = await ask(url, '/api/trading-state', { headers, body: { state: 'HALTED', reason: 'no' } });
        expect(refused.status).to.equal(403);
        expect(refused.body).to.contain('"CSRF"');
      }
    });

    it('a page of another origin cannot frame it, nor send it a form', async () => {
      const { url } = rig();
      const { headers } = await ask(url, '/', {});
      const policy = String(headers['content-security-policy']);
      expect(policy).to.contain("frame-ancestors 'none'").and.to.contain("script-src 'self'");
      expect(policy).not.to.contain('unsafe');
      expect(headers['x-content-type-options']).to.equal('nosniff');
      const form = await ask(url, '/api/trading-state', {
        headers: { origin: url, 'content-type': 'application/x-www-form-urlencoded' },
        body: 'state=HALTED',
      });
      expect(form.status).to.equal(403);
    });
  });
}

interface Asked {
  readonly headers?: Record<string, string>;
  /** Makes it a POST. */
  readonly body?: object | string;
}

/** A request as another program could send it: browsers and fetch do not let one choose Host and Origin. */
function ask(url: string, path: string, { headers = {}, body }: Asked) {
  return new Promise<{ status: number; headers: Record<string, unknown>; body: string }>((resolve, reject) => {
    const options = {
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'content-type': 'application/json', ...headers },
    };
    const sent = httpRequest(new URL(path, url), options, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
    });
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body));
  });
}

async function sessionAt(url: string): Promise<{ cookie: string; csrfToken: string }> {
  const { headers, body } = await ask(url, '/api/session', {});
  const [cookie = ''] = String(headers['set-cookie']).split(';');
  const { csrfToken } = JSON.parse(body) as SessionView;
  return { cookie, csrfToken };
}
