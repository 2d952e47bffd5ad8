import { expect } from 'chai';
import { ALERT_TYPES, type NewAlert } from '../alert/alert.js';
import { exitBlockedAlert, orderUnknownAlert, priceUnavailableAlert } from '../alert/known-alerts.js';
import { newId } from '../core/ids.js';
import {
  acknowledgeAlert,
  findOpenCritical,
  getAlert,
  listAlerts,
  raiseAlert,
  resolveAlert,
  resolveAlertOf,
  resolvePositionAlerts,
} from './alerts.js';
import type { Database } from './database.js';
import { ALERT_MESSAGE_CHARS_MAX } from './limits.js';
import { getPosition, type Position } from './positions.js';
import { submitOrder } from './submit.js';
import { advanceDatabaseTime, BONK, entryDraft, openTestPosition, setDatabaseTime } from './testing/drafts.js';
import { describeOnBothStores } from './testing/stores.js';
import { failureOf } from './testing/waiting.js';

const START = new Date('2026-01-01T00:00:00.000Z');
const alice = { by: 'alice', note: 'looking into it' };
const bob = { by: 'bob', note: '' };

describeOnBothStores('X12 alerts', (open) => {
  let db: Database;
  let position: Position;
  beforeEach(async () => {
    db = await open();
    position = await getPosition(db, (await openTestPosition(db)).positionId);
    await setDatabaseTime(db, START);
  });
  afterEach(() => db.close());

  /** A failed exit of the position, as an alert. */
  const failed = async (): Promise<NewAlert> => {
    const { order } = await submitOrder(db, entryDraft());
    const { positionId, mint, symbol } = position;
    return {
      alertType: 'exit_failed_critical',
      message: 'The stop_loss exit failed after 5 attempts. Last error: No route.',
      dedupKey: `exit_failed_critical:${order.orderId}`,
      orderId: order.orderId,
      positionId,
      mint,
      symbol,
      attempts: 5,
      metadata: { exit_reason: 'stop_loss' },
    };
  };
  const raise = (draft: NewAlert) => db.transaction((tx) => raiseAlert(tx, draft));
  const outbox = async () => {
    const { rows } = await db.query<{ event: string; sender: string }>(
      'SELECT event, sender FROM alert_outbox ORDER BY delivery_id',
    );
    return rows.map(({ event, sender }) => `${event}${sender}`);
  };

  it('say what happened, to which order, position and token, and what to do', async () => {
    const draft = await failed();
    const { alert, isNew } = await raise(draft);
    expect(isNew).to.equal(true);
    expect(await getAlert(db, alert.alertId)).to.deep.equal(alert);
    expect(alert).to.deep.include({
      alertType: 'exit_failed_critical',
      severity: 'CRITICAL',
      status: 'OPEN',
      title: 'EXIT FAILED - Manual action required',
      requiresAction: true,
      orderId: draft.orderId,
      positionId: position.positionId,
      mint: BONK,
      symbol: 'BONK',
      attempts: 5,
      repeats: 0,
      createdAt: START,
      lastRaisedAt: START,
      acknowledgedAt: null,
      resolvedAt: null,
    });
    expect(alert).to.include({ message: draft.message });
    expect(alert.metadata).to.deep.equal({ exit_reason: 'stop_loss' });
  });

  it('say in words what is in the way', async () => {
    const { order } = await submitOrder(db, entryDraft({ symbol: '' }));
    const told = [
      exitBlockedAlert(position, 'stop_loss', 'trading is HALTED.'),
      priceUnavailableAlert(position, 30_400, 'no route'),
      orderUnknownAlert({ ...order, txSignature: '5Ktx' }),
    ].map(({ message }) => message);
    expect(told[0]).to.equal(`A stop_loss exit of BONK (${BONK}) is due and cannot start: trading is HALTED.`);
    expect(told[1]).to.match(/^There has been no usable price of BONK .* for 30 s, .*: no route$/);
    expect(told[2]).to.match(new RegExp(`^The entry entry-\\d+ of ${BONK} was sent as 5Ktx and has no verdict yet`));
    for (const type of ALERT_TYPES) expect(type).to.match(/^[a-z_]{5,40}$/);
  });

  it('about the same fact are one, which counts and is brought up to date', async () => {
    const draft = await failed();
    const first = await raise(draft);
    await advanceDatabaseTime(db, 1_000);
    const again = await raise({ ...draft, message: 'still', attempts: 6, metadata: { a: 'b' } });
    expect(again.isNew).to.equal(false);
    expect(again.alert).to.deep.equal({
      ...first.alert,
      message: 'still',
      attempts: 6,
      metadata: { a: 'b' },
      repeats: 1,
      lastRaisedAt: new Date(START.getTime() + 1_000),
    });
    expect(await outbox()).to.deep.equal(['RAISED']);
  });

  it('raised by many at once are one', async () => {
    const draft = await failed();
    const raised = await Promise.all(Array.from({ length: 8 }, () => raise(draft)));
    expect(raised.filter(({ isNew }) => isNew)).to.have.lengthOf(1);
    const alerts = await listAlerts(db, { limit: 10 });
    expect(alerts.map(({ repeats }) => repeats)).to.deep.equal([7]);
    expect(await outbox()).to.deep.equal(['RAISED']);
  });

  it('that were acknowledged still count the fact; a resolved one does not, so that it is raised anew', async () => {
    const draft = await failed();
    const { alert } = await raise(draft);
    await acknowledgeAlert(db, alert.alertId, alice);
    const again = await raise(draft);
    expect(again.alert).to.include({ alertId: alert.alertId, status: 'ACKNOWLEDGED', repeats: 1 });
    await resolveAlert(db, alert.alertId, alice);
    const anew = await raise(draft);
    expect(anew.isNew).to.equal(true);
    expect(anew.alert.alertId).not.to.equal(alert.alertId);
    expect(await outbox()).to.deep.equal(['RAISED', 'ACKNOWLEDGED', 'RESOLVED', 'RAISED']);
  });

  it('are part of the transaction that raises them', async () => {
    const draft = await failed();
    const undone = db.transaction(async (tx) => {
      await raiseAlert(tx, draft);
      throw new Error('undone');
    });
    expect(await failureOf(undone)).to.match(/undone/);
    expect(await listAlerts(db, { limit: 10 })).to.deep.equal([]);
    expect(await outbox()).to.deep.equal([]);
  });

  it('with a very long error are cut to what a chat takes', async () => {
    const { alert } = await raise({ ...(await failed()), message: 'x'.repeat(5_000) });
    expect(alert.message).to.have.lengthOf(ALERT_MESSAGE_CHARS_MAX);
    expect(alert.message.endsWith('...')).to.equal(true);
  });

  it('go from OPEN to ACKNOWLEDGED to RESOLVED, with who and when', async () => {
    const { alert } = await raise(await failed());
    await advanceDatabaseTime(db, 1_000);
    const seen = await acknowledgeAlert(db, alert.alertId, alice);
    const acknowledgedAt = new Date(START.getTime() + 1_000);
    const acknowledged = { acknowledgedBy: 'alice', acknowledgeNote: 'looking into it', acknowledgedAt };
    expect(seen).to.deep.equal({ ...alert, ...acknowledged, status: 'ACKNOWLEDGED' });
    await advanceDatabaseTime(db, 1_000);
    const over = await resolveAlert(db, alert.alertId, { by: 'bob', note: 'sold by hand' });
    const resolvedAt = new Date(START.getTime() + 2_000);
    expect(over).to.deep.equal({
      ...seen,
      status: 'RESOLVED',
      resolvedBy: 'bob',
      resolveNote: 'sold by hand',
      resolvedAt,
    });
  });

  it('may be resolved without having been acknowledged', async () => {
    const { alert } = await raise(await failed());
    expect(await resolveAlert(db, alert.alertId, bob)).to.include({ status: 'RESOLVED', acknowledgedAt: null });
  });

  it('take the same word twice, and refuse what somebody else did before, saying who', async () => {
    const { alert } = await raise(await failed());
    const { alertId } = alert;
    const seen = await acknowledgeAlert(db, alertId, alice);
    expect(await acknowledgeAlert(db, alertId, { by: 'alice', note: 'again' })).to.deep.equal(seen);
    const taken = await failureOf(acknowledgeAlert(db, alertId, bob));
    expect(taken).to.include({ reason: 'ALERT_ALREADY_ACKNOWLEDGED' });
    expect(taken.message).to.contain('acknowledged by alice at 2026-01-01T00:00:00.000Z');
    const over = await resolveAlert(db, alertId, bob);
    expect(await resolveAlert(db, alertId, bob)).to.deep.equal(over);
    for (const say of [resolveAlert, acknowledgeAlert]) {
      expect(await failureOf(say(db, alertId, alice))).to.include({ reason: 'ALERT_ALREADY_RESOLVED' });
    }
    expect(await outbox()).to.deep.equal(['RAISED', 'ACKNOWLEDGED', 'RESOLVED']);
    const unknown = newId();
    for (const say of [acknowledgeAlert, resolveAlert]) {
      expect(await failureOf(say(db, unknown, bob))).to.include({ reason: 'ALERT_NOT_FOUND' });
    }
  });

  it('acknowledged by many at once are acknowledged by one of them', async () => {
    const { alert } = await raise(await failed());
    const names = ['a', 'b', 'c', 'd'];
    const answers = await Promise.allSettled(names.map((by) => acknowledgeAlert(db, alert.alertId, { by, note: '' })));
    expect(answers.filter(({ status }) => status === 'fulfilled')).to.have.lengthOf(1);
    expect(await outbox()).to.deep.equal(['RAISED', 'ACKNOWLEDGED']);
  });

  it('are resolved by whoever sees that it is over: by fact, or all of a position', async () => {
    const [one, two] = [await failed(), await failed()];
    const price = priceUnavailableAlert(position, 30_000, 'no route');
    for (const draft of [one, two, price]) await raise(draft);
    const end = { by: 'exitlane', note: 'closed' };
    const single = await db.transaction((tx) => resolveAlertOf(tx, price.dedupKey, end));
    expect(single).to.include({ alertType: 'price_unavailable', status: 'RESOLVED', resolvedBy: 'exitlane' });
    expect(await db.transaction((tx) => resolveAlertOf(tx, price.dedupKey, end))).to.equal(undefined);
    const all = await db.transaction((tx) =>
      resolvePositionAlerts(tx, position.positionId, ['exit_failed_critical', 'exit_blocked'], end),
    );
    expect(all.map(({ dedupKey }) => dedupKey)).to.have.members([one.dedupKey, two.dedupKey]);
    expect(await listAlerts(db, { statuses: ['OPEN', 'ACKNOWLEDGED'], limit: 10 })).to.deep.equal([]);
  });

  it('X12 that are critical stand against their token until they are resolved', async () => {
    expect(await findOpenCritical(db, BONK)).to.equal(undefined);
    await raise(priceUnavailableAlert(position, 30_000, 'a warning does not'));
    expect(await findOpenCritical(db, BONK)).to.equal(undefined);
    const { alert } = await raise(await failed());
    expect((await findOpenCritical(db, BONK))?.alertId).to.equal(alert.alertId);
    expect(await findOpenCritical(db, 'another token')).to.equal(undefined);
    await acknowledgeAlert(db, alert.alertId, alice);
    expect((await findOpenCritical(db, BONK))?.alertId).to.equal(alert.alertId);
    await resolveAlert(db, alert.alertId, alice);
    expect(await findOpenCritical(db, BONK)).to.equal(undefined);
  });

  it('are listed newest first, page by page, by every filter', async () => {
    const exit = await raise(await failed());
    const { order } = await submitOrder(db, entryDraft({ mint: 'another', symbol: 'OTHER' }));
    const unknown = await raise(orderUnknownAlert({ ...order, txSignature: 'signature' }));
    const price = await raise(priceUnavailableAlert(position, 1_000, 'no route'));
    await acknowledgeAlert(db, price.alert.alertId, alice);
    await resolveAlert(db, unknown.alert.alertId, alice);
    const found = async (filter: Partial<Parameters<typeof listAlerts>[1]>) =>
      (await listAlerts(db, { limit: 10, ...filter })).map(({ alertType }) => alertType);
    expect(await found({})).to.deep.equal(['price_unavailable', 'order_unknown', 'exit_failed_critical']);
    expect(await found({ limit: 1 })).to.deep.equal(['price_unavailable']);
    expect(await found({ beforeAlertId: price.alert.alertId })).to.deep.equal([
      'order_unknown',
      'exit_failed_critical',
    ]);
    expect(await found({ statuses: ['OPEN'] })).to.deep.equal(['exit_failed_critical']);
    expect(await found({ statuses: ['RESOLVED', 'ACKNOWLEDGED'] })).to.deep.equal([
      'price_unavailable',
      'order_unknown',
    ]);
    expect(await found({ minSeverity: 'CRITICAL' })).to.deep.equal(['exit_failed_critical']);
    expect(await found({ minSeverity: 'WARNING' })).to.have.lengthOf(3);
    expect(await found({ alertTypes: ['order_unknown', 'nonsense'] })).to.deep.equal(['order_unknown']);
    expect(await found({ mint: 'another' })).to.deep.equal(['order_unknown']);
    expect(await found({ positionId: position.positionId })).to.deep.equal([
      'price_unavailable',
      'exit_failed_critical',
    ]);
    expect(await found({ orderId: exit.alert.orderId ?? '' })).to.deep.equal(['exit_failed_critical']);
  });

  it('tell who listens of every change, after it is committed', async () => {
    const heard: string[] = [];
    db.onHint('alert', (key) => heard.push(key));
    const { alert } = await raise(await failed());
    await acknowledgeAlert(db, alert.alertId, alice);
    await resolveAlert(db, alert.alertId, alice);
    expect(heard).to.deep.equal([alert.alertId, alert.alertId, alert.alertId]);
  });
});
