import { createHmac } from 'node:crypto';
import { expect } from 'chai';
import { pino } from 'pino';
import type { Alert } from '../../../shared/alert/alert.js';
import { ManualClock } from '../../../shared/core/clock.js';
import type { Closable } from '../../../shared/core/lifecycle.js';
import { seededRandom } from '../../../shared/core/random.js';
import { claimDeliveries, listDeliveries, nextDeliveryMs } from '../../../shared/store/alert-outbox.js';
import { acknowledgeAlert, raiseAlert, resolveAlert } from '../../../shared/store/alerts.js';
import type { Database } from '../../../shared/store/database.js';
import { advanceDatabaseTime, setDatabaseTime } from '../../../shared/store/testing/drafts.js';
import { describeOnBothStores } from '../../../shared/store/testing/stores.js';
import { eventually } from '../../../shared/store/testing/waiting.js';
import { type AlertConfig, modeIn, sendersOf } from './config.js';
import { CLAIM_MS, SEND_ATTEMPTS_MAX, SEND_RETRY, SEND_TIMEOUT_MS } from './limits.js';
import { startAlertOutbox } from './outbox.js';
import { type Received, type Receiver, startReceiver } from './testing/receiver.js';

const SECRET = 'a secret that nobody else knows';
const START = new Date('2026-01-01T00:00:00.000Z');
const alice = { by: 'alice', note: '' };

describeOnBothStores('X12 sending news of alerts', (open) => {
  let db: Database;
  let hook: Receiver;
  let chat: Receiver;
  let clock: ManualClock;
  let outboxes: Closable[];
  let log: string[];
  let loops: number;
  /** Tries as they are told to who counts. */
  let tries: string[];
  let raised = 0;

  beforeEach(async () => {
    db = await open();
    await setDatabaseTime(db, START);
    [hook, chat] = await Promise.all([startReceiver(), startReceiver()]);
    clock = new ManualClock(START.getTime());
    outboxes = [];
    log = [];
    loops = 0;
    tries = [];
  });
  afterEach(async () => {
    for (const outbox of [...outboxes]) await outbox.close();
    await Promise.all([hook.close(), chat.close()]);
    await db.close();
  });

  const start = (config: Partial<AlertConfig> = { webhook: { url: `${hook.url}/alerts`, secret: SECRET } }) => {
    const logger = pino({ level: 'trace' }, { write: (line: string) => void log.push(line) });
    const whole = { modes: {}, ...config };
    const onTry = (sender: string, outcome: string) => void tries.push(`${sender} ${outcome}`);
    const senders = sendersOf(whole);
    const outbox = startAlertOutbox({
      db,
      senders,
      modeOf: modeIn(whole),
      clock,
      random: seededRandom(7),
      logger,
      onTry,
    });
    loops += senders.length + 1;
    const close = async () => {
      loops -= outboxes.includes(running) ? senders.length + 1 : 0;
      outboxes = outboxes.filter((each) => each !== running);
      await outbox.close();
    };
    const running = { close };
    outboxes.push(running);
    return running;
  };
  const both = () => ({
    webhook: { url: `${hook.url}/alerts`, secret: SECRET },
    slack: { url: `${chat.url}/services/T0/B0/slack-secret-key` },
  });
  const raise = async (message = 'no route'): Promise<Alert> => {
    raised += 1;
    const draft = {
      alertType: 'exit_failed_critical' as const,
      message,
      dedupKey: `exit_failed_critical:${raised}`,
      orderId: null,
      positionId: null,
      mint: null,
      symbol: 'BONK',
      attempts: 5,
      metadata: { order_req_id: 'bot:1' },
    };
    return (await db.transaction((tx) => raiseAlert(tx, draft))).alert;
  };
  /** Lets time pass for the database and for this process alike, once every loop waits for a timer or for a receiver. */
  const pass = async (ms: number) => {
    await eventually('loops that wait', () => clock.pendingTimers === loops);
    await advanceDatabaseTime(db, ms);
    await clock.advance(ms);
  };
  /** Waits for something that happens by itself; a timer that was set for "now" fires meanwhile. */
  const until = <T>(what: string, check: () => T | undefined | false | Promise<T | undefined | false>) =>
    eventually(what, async () => {
      const found = await check();
      if (!found) await clock.advance(1);
      return found;
    });
  const posts = (receiver: Receiver, count: number) =>
    until(`${count} posts`, () => receiver.received.length >= count && receiver.received);
  const delivery = async ({ alertId }: Alert, index = 0) => (await listDeliveries(db, [alertId]))[index];
  const outcome = (alert: Alert, wanted: string) =>
    until(`${alert.alertId} ${wanted}`, async () => (await delivery(alert))?.outcome === wanted);
  const failed = (alert: Alert, attempts: number) =>
    until(`failure ${attempts}`, async () => {
      const facts = `"alertId":"${alert.alertId}","event":"RAISED","attempts":${attempts},"error"`;
      return log.some((line) => line.includes(facts)) && delivery(alert);
    });

  it('posts the alert, signed, with an id of its own, and writes down that it was taken', async () => {
    start();
    const alert = await raise('The exit failed.');
    const [post] = await posts(hook, 1);
    await outcome(alert, 'SENT');
    expect(post?.path).to.equal('/alerts');
    expect(post?.headers['content-type']).to.equal('application/json');
    expect(post?.json).to.deep.include({
      delivery_id: post?.headers['idempotency-key'],
      event: 'raised',
      silent: false,
    });
    expect(post?.json.alert).to.deep.include({
      alert_id: alert.alertId,
      alert_type: 'exit_failed_critical',
      severity: 'CRITICAL',
      state: 'OPEN',
      title: 'EXIT FAILED - Manual action required',
      message: 'The exit failed.',
      token_symbol: 'BONK',
      requires_action: true,
      attempts: 5,
      metadata: { order_req_id: 'bot:1' },
      created_at: START.toISOString(),
      resolved_at: null,
    });
    const timestamp = String(post?.headers['x-exitlane-timestamp']);
    expect(Number(timestamp)).to.equal(Math.floor(clock.now() / 1_000));
    const signature = createHmac('sha256', SECRET).update(`${timestamp}.${post?.text}`).digest('hex');
    expect(post?.headers['x-exitlane-signature']).to.equal(`v1=${signature}`);
  });

  it('tries again after a 500, later and later, under the same id and with a fresh signature', async () => {
    hook.replies = [{ status: 500, body: '<html>oops</html>' }, { status: 502 }];
    start();
    const alert = await raise();
    const first = await failed(alert, 1);
    expect(first?.lastError).to.match(/^127\.0\.0\.1:\d+ answered with HTTP 500: <html>oops<\/html>$/);
    const { firstDelayMs } = SEND_RETRY;
    expect(await nextDeliveryMs(db, ['webhook'])).to.be.within(firstDelayMs / 2, firstDelayMs);
    await pass(firstDelayMs);
    await failed(alert, 2);
    expect(await nextDeliveryMs(db, ['webhook'])).to.be.within(firstDelayMs, 2 * firstDelayMs);
    await pass(2 * firstDelayMs);
    await outcome(alert, 'SENT');
    expect(hook.received).to.have.lengthOf(3);
    expect(new Set(hook.received.map(({ headers }) => headers['idempotency-key'])).size).to.equal(1);
    expect(new Set(hook.received.map(({ headers }) => headers['x-exitlane-timestamp'])).size).to.equal(3);
    expect(await delivery(alert)).to.include({ attempts: 3, lastError: '' });
  });

  it('gives a receiver that does not answer ten seconds', async () => {
    hook.replies = ['hang'];
    start();
    const alert = await raise();
    await posts(hook, 1);
    await pass(SEND_TIMEOUT_MS);
    expect((await failed(alert, 1))?.lastError).to.match(/did not answer within 10 s$/);
    await pass(SEND_RETRY.firstDelayMs);
    await outcome(alert, 'SENT');
  });

  it('tries again when nobody listens there, and when the connection is cut', async () => {
    const { url } = hook;
    await hook.close();
    start({ webhook: { url, secret: SECRET } });
    expect((await failed(await raise(), 1))?.lastError).to.match(/cannot be reached \(ECONNREFUSED\)$/);
  });

  for (const [title, reply] of [
    ['Retry-After in seconds', { status: 429, headers: { 'retry-after': '30' } }],
    ['Retry-After as a date', { status: 503, headers: { 'retry-after': 'Thu, 01 Jan 2026 00:00:30 GMT' } }],
    ["Telegram's way", { status: 429, body: '{"ok":false,"parameters":{"retry_after":30}}' }],
    ["Discord's way", { status: 429, body: '{"message":"slow","retry_after":30.0,"global":false}' }],
  ] as const) {
    it(`leaves a receiver alone that asks for it, by ${title}, with all its news; others go on`, async () => {
      hook.replies = [reply];
      start(both());
      const alert = await raise();
      await failed(alert, 1);
      expect(await nextDeliveryMs(db, ['webhook'])).to.be.within(29_000, 30_000);
      const second = await raise('another');
      await posts(chat, 2);
      expect(hook.received).to.have.lengthOf(1);
      await pass(30_000);
      await posts(hook, 3);
      await outcome(alert, 'SENT');
      await outcome(second, 'SENT');
    });
  }

  it('goes on after a restart where it stood, under the same id', async () => {
    hook.replies = [{ status: 500 }];
    const before = start();
    const alert = await raise();
    await failed(alert, 1);
    await before.close();
    await raise('while nobody was there');
    await pass(SEND_RETRY.firstDelayMs);
    expect(hook.received).to.have.lengthOf(1);
    start();
    const [first, second, third] = await posts(hook, 3);
    await outcome(alert, 'SENT');
    const again = [second, third].find(
      (post) => post?.headers['idempotency-key'] === first?.headers['idempotency-key'],
    );
    expect(again?.json.alert).to.deep.equal(first?.json.alert);
  });

  it('stops at once while a receiver is silent; the next one to start sends it without waiting', async () => {
    hook.replies = ['hang'];
    const before = start();
    const alert = await raise();
    await posts(hook, 1);
    await before.close();
    expect(await delivery(alert)).to.include({ outcome: 'WAITING', lastError: 'the requestor stopped meanwhile' });
    start();
    await outcome(alert, 'SENT');
    expect(hook.received).to.have.lengthOf(2);
  });

  it('sends what a requestor had taken that died, once its claim has ended', async () => {
    hook.replies = ['hang'];
    const first = start();
    const alert = await raise();
    await posts(hook, 1);
    await first.close();
    // Taken by somebody who never says what came of it.
    expect(await claimDeliveries(db, { senders: ['webhook'], leaseMs: CLAIM_MS, limit: 1 })).to.have.lengthOf(1);
    start();
    await clock.advance(1);
    await pass(CLAIM_MS);
    await outcome(alert, 'SENT');
    expect(await delivery(alert)).to.include({ attempts: 3 });
  });

  it('sends each piece of news once, however many requestors there are', async () => {
    for (let i = 0; i < 3; i++) start();
    const alerts = await Promise.all(Array.from({ length: 12 }, () => raise()));
    for (const alert of alerts) await outcome(alert, 'SENT');
    const told = hook.received.map(({ json }) => (json.alert as { alert_id: string }).alert_id);
    expect(told.sort()).to.deep.equal(alerts.map(({ alertId }) => alertId).sort());
  });

  it('tells what happened to an alert in the order it happened', async () => {
    hook.replies = [{ status: 500 }];
    start();
    const alert = await raise();
    await acknowledgeAlert(db, alert.alertId, alice);
    await resolveAlert(db, alert.alertId, alice);
    await failed(alert, 1);
    await pass(SEND_RETRY.firstDelayMs);
    await posts(hook, 4);
    expect(hook.received.map(({ json }) => json.event)).to.deep.equal(['raised', 'raised', 'acknowledged', 'resolved']);
    expect(hook.received.map(({ json }) => json.silent)).to.deep.equal([false, false, true, false]);
  });

  it('sends what is on, quietly what is silent, and nothing of what is off', async () => {
    start({ ...both(), modes: { exit_failed_critical: 'silent' } });
    await raise();
    const [post] = await posts(hook, 1);
    expect(post?.json.silent).to.equal(true);
    for (const outbox of [...outboxes]) await outbox.close();
    start({ ...both(), modes: { exit_failed_critical: 'off' } });
    const quiet = await raise();
    await until('hand-out', async () => (await nextDeliveryMs(db, [])) === undefined);
    expect(await delivery(quiet)).to.equal(undefined);
  });

  it('gives up after so many tries, and says so loudly', async () => {
    hook.replies = Array(SEND_ATTEMPTS_MAX).fill({ status: 404, body: 'no such hook' });
    start();
    const alert = await raise();
    for (let attempt = 1; attempt < SEND_ATTEMPTS_MAX; attempt++) {
      await failed(alert, attempt);
      await pass(SEND_RETRY.maxDelayMs);
    }
    await outcome(alert, 'GIVEN_UP');
    expect(hook.received).to.have.lengthOf(SEND_ATTEMPTS_MAX);
    expect(await nextDeliveryMs(db, ['webhook'])).to.equal(undefined);
    expect(log.some((line) => line.includes('"level":50') && line.includes('given up'))).to.equal(true);
    const told = [...Array.from({ length: SEND_ATTEMPTS_MAX - 1 }, () => 'failed'), 'given_up'];
    expect(tries).to.deep.equal(told.map((each) => `webhook ${each}`));
  });

  it('does not follow a redirect', async () => {
    hook.replies = [{ status: 307, headers: { location: `${chat.url}/elsewhere` } }];
    start();
    expect((await failed(await raise(), 1))?.lastError).to.match(/HTTP 307: a redirect, which is not followed$/);
    expect(chat.received).to.deep.equal([]);
  });

  it('O4 keeps its secrets out of the log and out of the database, even when receivers repeat them', async () => {
    const token = '123456:telegram-bot-token-that-is-secret';
    const keys = [SECRET, token, 'slack-secret-key', 'query-secret', 'discord-secret-key'];
    const config = {
      webhook: { url: `${hook.url}/alerts?key=query-secret`, secret: SECRET },
      telegram: { apiUrl: hook.url, token, chatId: '1' },
      slack: { url: `${chat.url}/services/T0/B0/slack-secret-key` },
      discord: { url: `${chat.url}/api/webhooks/1/discord-secret-key` },
    };
    /** What a careless receiver says: where it was called, and what it knows itself. */
    const echo = ({ path }: Received) => {
      return { status: 500, body: `${path} ${path.startsWith('/alerts') ? `${SECRET} ${config.webhook.url}` : ''}` };
    };
    hook.replies = [echo, echo];
    chat.replies = [echo, echo];
    start(config);
    const alert = await raise();
    await until('all failures', async () => {
      const all = await listDeliveries(db, [alert.alertId]);
      return all.length === 4 && all.every(({ lastError }) => lastError !== '');
    });
    for (const receiver of [hook, chat]) await receiver.close();
    await pass(SEND_RETRY.firstDelayMs);
    const all = await until('all failures again', async () => {
      const found = await listDeliveries(db, [alert.alertId]);
      return found.every(({ lastError }) => lastError.includes('cannot be reached')) && found;
    });
    const told = `${log.join('\n')} ${JSON.stringify(all)}`;
    expect(log.filter((line) => line.includes('HTTP 500'))).to.have.lengthOf(4);
    expect(told).to.contain('[hidden]');
    for (const key of keys) expect(told).not.to.contain(key);
    [hook, chat] = await Promise.all([startReceiver(), startReceiver()]);
  });
});
