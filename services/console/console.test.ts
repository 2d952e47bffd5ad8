import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { QueueServiceService, TradingState } from '../../proto/gen/exitlane/v1/queue_service.js';
import { type CallFacts, currentCallFacts } from '../../shared/core/call-context.js';
import { type Clock, systemClock } from '../../shared/core/clock.js';
import { silentLogger as logger } from '../../shared/core/logger.js';
import { startGrpcServer } from '../../shared/grpc/server.js';
import { unary } from '../../shared/grpc/unary.js';
import { eventually } from '../../shared/store/testing/waiting.js';
import { CONSOLE_DEFAULTS, type ConsoleConfig } from './config.js';
import { type Console, startConsole } from './console.js';
import { SESSION_MS_MAX, SIGN_IN_FAILURES_MAX, SIGN_IN_WINDOW_MS, TABS_PER_SESSION_MAX } from './limits.js';
import type { SessionView } from './model/events.js';
import { type ConsoleSecurity, openConsoleSecurity } from './security.js';

const hash = (token: string) => createHash('sha256').update(token).digest('hex');
const USERS = [
  { name: 'alice', role: 'operator', tokenHash: hash('alice-token') },
  { name: 'bob', role: 'viewer', tokenHash: hash('bob-token') },
] as const;

describe('the console without any service', () => {
  let started: Console | undefined;
  afterEach(async () => {
    await started?.close();
    started = undefined;
  });

  async function start(
    config: Partial<ConsoleConfig> = {},
    clock = systemClock,
    security?: ConsoleSecurity,
  ): Promise<Browser> {
    const nowhere = { requestorAddress: '127.0.0.1:1', processorAddress: '127.0.0.1:1' };
    started = await startConsole({
      config: { ...CONSOLE_DEFAULTS, ...nowhere, port: 0, ...config },
      clock,
      logger,
      security,
    });
    return new Browser(started.url);
  }

  describe('O1 signing in', () => {
    it('without users everyone on this machine has the configured role', async () => {
      const browser = await start({ role: 'viewer' });
      const { identity } = await browser.session();
      expect(identity).to.include({ role: 'viewer', signedIn: false });
    });

    it('with users nothing is shown and nothing done before', async () => {
      const browser = await start({ users: USERS });
      expect((await browser.session()).identity).to.equal(null);
      for (const path of ['/api/events', '/api/orders', '/api/audit']) {
        expect((await browser.get(path)).status, path).to.equal(401);
      }
      expect((await browser.post('/api/trading-state', { state: 'HALTED', reason: 'x' })).status).to.equal(401);
    });

    it('gives name and role of the token, and takes them back', async () => {
      const browser = await start({ users: USERS });
      await browser.session();
      expect((await browser.post('/api/session', { token: 'nonsense' })).status).to.equal(401);
      expect((await browser.post('/api/session', { token: 'bob-token' })).status).to.equal(200);
      expect((await browser.session()).identity).to.deep.equal({ name: 'bob', role: 'viewer', signedIn: true });
      expect((await browser.post('/api/trading-state', { state: 'HALTED', reason: 'x' })).status).to.equal(403);
      expect((await browser.post('/api/session', { token: 'alice-token' })).status).to.equal(200);
      await browser.session();
      // Allowed now, and past the console: there is no requestor.
      expect((await browser.post('/api/trading-state', { state: 'HALTED', reason: 'x' })).status).to.equal(503);
      expect((await browser.delete('/api/session')).status).to.equal(204);
      expect((await browser.session()).identity).to.equal(null);
    });

    it('shows the audit log to operators only, as the services show it to admins only', async () => {
      const browser = await start({ users: USERS });
      await browser.session();
      await browser.post('/api/session', { token: 'bob-token' });
      expect((await browser.get('/api/audit')).status).to.equal(403);
      await browser.session();
      await browser.post('/api/session', { token: 'alice-token' });
      // Past the console: there is no requestor.
      expect((await browser.get('/api/audit')).status).to.equal(503);
    });

    it('reads the users again, and ends the sessions of those who are gone or have another role', async () => {
      const folder = mkdtempSync(path.join(tmpdir(), 'exitlane-console-'));
      const usersFile = path.join(folder, 'users');
      const write = (...lines: string[]) => writeFileSync(usersFile, `${lines.join('\n')}\n`, { mode: 0o600 });
      const [alice, bob] = [`alice operator ${hash('alice-token')}`, `bob viewer ${hash('bob-token')}`];
      write(alice, bob, `carol viewer ${hash('carol-token')}`);
      const files = { certFile: undefined, keyFile: undefined, usersFile, client: {} };
      const security = openConsoleSecurity(files, { logger, clock: systemClock });
      try {
        const first = await start({}, systemClock, security);
        const browsers = { alice: first, bob: new Browser(first.url), carol: new Browser(first.url) };
        for (const [name, browser] of Object.entries(browsers)) {
          await browser.session();
          expect((await browser.post('/api/session', { token: `${name}-token` })).status, name).to.equal(200);
        }
        const tab = await browsers.bob.tab();
        write(alice, 'bob viewer half a line');
        security.reload();
        expect((await browsers.bob.session()).identity, 'a slip changes nothing').to.include({ name: 'bob' });
        write(alice, bob.replace('viewer', 'operator'));
        security.reload();
        await eventually('the end of his stream', () => tab.text().includes('event: signedOut'));
        expect((await browsers.alice.session()).identity).to.include({ name: 'alice' });
        expect((await browsers.bob.session()).identity, 'another role').to.equal(null);
        expect((await browsers.carol.session()).identity, 'gone').to.equal(null);
        expect((await browsers.carol.post('/api/session', { token: 'carol-token' })).status).to.equal(401);
        expect((await browsers.bob.post('/api/session', { token: 'bob-token' })).status).to.equal(200);
        expect((await browsers.bob.session()).identity).to.include({ role: 'operator' });
      } finally {
        security.close();
        rmSync(folder, { recursive: true });
      }
    });

    it('takes a new session id at sign-in: one that was planted before is worth nothing', async () => {
      const browser = await start({ users: USERS });
      await browser.session();
      const planted = browser.cookie;
      await browser.post('/api/session', { token: 'alice-token' });
      expect(browser.cookie).not.to.equal(planted);
      const thief = new Browser(browser.url);
      thief.cookie = planted;
      expect((await thief.session()).identity).to.equal(null);
    });

    it('ends a session after half a day, and pauses after too many wrong tokens', async () => {
      let laterMs = 0;
      const clock: Clock = { ...systemClock, now: () => Date.now() + laterMs };
      const browser = await start({ users: USERS }, clock);
      await browser.session();
      await browser.post('/api/session', { token: 'alice-token' });
      laterMs += SESSION_MS_MAX;
      expect((await browser.session()).identity).to.equal(null);
      for (let n = 0; n < SIGN_IN_FAILURES_MAX; n += 1) await browser.post('/api/session', { token: `guess ${n}` });
      expect((await browser.post('/api/session', { token: 'one more' })).status).to.equal(429);
      expect((await browser.post('/api/session', { token: 'alice-token' })).status, 'not for the right one').to.equal(
        200,
      );
      await browser.session();
      expect((await browser.post('/api/session', { token: 'one more' })).status, 'and goes on').to.equal(429);
      laterMs += SIGN_IN_WINDOW_MS;
      expect((await browser.post('/api/session', { token: 'one more' })).status).to.equal(401);
      expect((await browser.post('/api/session', { token: 'alice-token' })).status).to.equal(200);
    });
  });

  it('O1 tells the services for whom it acts, for their audit log', async () => {
    let facts: CallFacts | undefined;
    const setTradingState = unary(() => {
      facts = currentCallFacts();
      return { state: TradingState.HALTED, changedAt: undefined };
    });
    const requestor = await startGrpcServer({
      name: 'requestor',
      port: 0,
      logger,
      services: [{ definition: QueueServiceService, implementation: { setTradingState } }],
    });
    try {
      const browser = await start({ users: USERS, requestorAddress: requestor.address });
      await browser.session();
      await browser.post('/api/session', { token: 'alice-token' });
      await browser.session();
      expect((await browser.post('/api/trading-state', { state: 'HALTED', reason: 'x' })).status).to.equal(200);
      expect(facts?.caller).to.include({ name: 'local', actingFor: 'alice' });
    } finally {
      await requestor.close();
    }
  });

  describe('P6 the stream of a tab', () => {
    it('says which services are down since when, and invents no queue', async () => {
      const browser = await start();
      await browser.session();
      const tab = await browser.tab();
      await eventually('the bad news', () => /"service":"requestor"[^{]*"up":false,"since":\d+/.test(tab.text()));
      expect(tab.text()).not.to.contain('event: queue');
      expect(tab.text()).to.contain('"currency":"waiting"');
      tab.close();
    });

    it('lets the oldest tab of a browser rest, so that its requests still get through', async () => {
      const browser = await start();
      await browser.session();
      const tabs: Awaited<ReturnType<Browser['tab']>>[] = [];
      for (let n = 0; n <= TABS_PER_SESSION_MAX; n += 1) {
        const tab = await browser.tab();
        await eventually('the tab to be greeted', () => tab.text().includes('event: hello'));
        tabs.push(tab);
      }
      await eventually('the first tab to rest', () => tabs[0]?.text().includes('event: paused'));
      expect(tabs[1]?.text()).not.to.contain('event: paused');
      for (const tab of tabs) tab.close();
    });

    it('follows orders only for its own session', async () => {
      const browser = await start();
      await browser.session();
      const tab = await browser.tab();
      const tabId = await eventually('the tab to be named', () => /"tabId":"([^"]+)"/.exec(tab.text())?.[1]);
      const stranger = new Browser(browser.url);
      await stranger.session();
      expect((await stranger.post('/api/follow', { tabId, orderReqId: 'x' })).status).to.equal(404);
      expect((await browser.post('/api/follow', { tabId, orderReqId: 'x' })).status).to.equal(204);
      await eventually('the problem', () => tab.text().includes('The processor does not answer'));
      tab.close();
    });
  });

  it('refuses bodies that are too large, wrong, or no JSON, and says which field', async () => {
    const browser = await start();
    await browser.session();
    const wrong = await browser.post('/api/positions/exit', { positionId: 'x', percent: 101 });
    expect(wrong.status).to.equal(400);
    const { violations } = (await wrong.json()) as { violations: { field: string }[] };
    expect(violations.map(({ field }) => field)).to.include.members([
      'positionId',
      'percent',
      'emergency',
      'requestId',
    ]);
    const large = await browser.post('/api/trading-state', { state: 'ACTIVE', reason: 'x'.repeat(20_000) });
    expect(large.status).to.equal(413);
  });

  it('names the port that is taken', async () => {
    const { url } = await start();
    const port = Number(new URL(url).port);
    const config = { ...CONSOLE_DEFAULTS, port };
    const failed = await startConsole({ config, clock: systemClock, logger }).catch((error: unknown) => error);
    expect(String(failed)).to.contain(`127.0.0.1:${port} is in use`);
  });
});

/** What a browser does without a window: keeps the cookie, sends its origin and the CSRF token. */
class Browser {
  cookie = '';
  #csrf = '';

  constructor(readonly url: string) {}

  async session(): Promise<SessionView> {
    const session = (await (await this.get('/api/session')).json()) as SessionView;
    this.#csrf = session.csrfToken;
    return session;
  }

  get(path: string): Promise<Response> {
    return this.#fetch(path, {});
  }

  post(path: string, body: object): Promise<Response> {
    return this.#fetch(path, { method: 'POST', body: JSON.stringify(body) });
  }

  delete(path: string): Promise<Response> {
    return this.#fetch(path, { method: 'DELETE' });
  }

  /** Opens the stream and gathers what it says. */
  async tab(): Promise<{ text(): string; close(): void }> {
    const stop = new AbortController();
    const response = await this.#fetch('/api/events', { signal: stop.signal });
    let text = '';
    const read = async () => {
      const decoder = new TextDecoder();
      for await (const chunk of response.body ?? []) text += decoder.decode(chunk, { stream: true });
    };
    // Closing it is how every stream ends here.
    void read().catch(() => undefined);
    return { text: () => text, close: () => stop.abort() };
  }

  async #fetch(path: string, init: RequestInit): Promise<Response> {
    const headers = {
      origin: this.url,
      ...(this.cookie === '' ? {} : { cookie: this.cookie }),
      ...(this.#csrf === '' ? {} : { 'x-csrf-token': this.#csrf }),
      ...(init.body === undefined ? {} : { 'content-type': 'application/json' }),
    };
    const response = await fetch(this.url + path, { ...init, headers });
    const [cookie] = response.headers.get('set-cookie')?.split(';') ?? [];
    if (cookie) this.cookie = cookie;
    return response;
  }
}
