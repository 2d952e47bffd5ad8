import { expect } from 'chai';
import type { Alert } from '../alert/alert.js';
import {
  type ClaimedDelivery,
  claimDeliveries,
  giveUpOldDeliveries,
  handOutNews,
  listDeliveries,
  nextDeliveryMs,
  noteDelivered,
  noteNotDelivered,
} from './alert-outbox.js';
import { acknowledgeAlert, raiseAlert, resolveAlert } from './alerts.js';
import type { Database } from './database.js';
import { advanceDatabaseTime, setDatabaseTime } from './testing/drafts.js';
import { describeOnBothStores } from './testing/stores.js';

const LEASE_MS = 10_000;
const remark = { by: 'alice', note: '' };
const toBoth = () => [
  { sender: 'slack', silent: false },
  { sender: 'webhook', silent: true },
];

describeOnBothStores('X12 news of alerts', (open) => {
  let db: Database;
  let raised = 0;
  beforeEach(async () => {
    db = await open();
    await setDatabaseTime(db, new Date('2026-01-01T00:00:00.000Z'));
  });
  afterEach(() => db.close());

  const raise = async (): Promise<Alert> => {
    raised += 1;
    const draft = {
      alertType: 'exit_blocked' as const,
      message: 'no price',
      dedupKey: `exit_blocked:${raised}`,
      orderId: null,
      positionId: null,
      mint: null,
      symbol: '',
      attempts: null,
      metadata: {},
    };
    return (await db.transaction((tx) => raiseAlert(tx, draft))).alert;
  };
  const claim = (senders = ['slack', 'webhook'], limit = 10) =>
    claimDeliveries(db, { senders, leaseMs: LEASE_MS, limit });
  const names = (claims: readonly ClaimedDelivery[]) =>
    claims.map(({ delivery }) => `${delivery.event} ${delivery.sender} ${delivery.attempts}`).sort();
  const outcomes = async (alert: Alert) =>
    (await listDeliveries(db, [alert.alertId])).map(({ event, sender, outcome }) => `${event} ${sender} ${outcome}`);

  it('are handed out once, to everybody who wants them, and to nobody if nobody does', async () => {
    await raise();
    await raise();
    expect(await handOutNews(db, toBoth, 1)).to.equal(1);
    expect(await handOutNews(db, () => [], 10)).to.equal(1);
    expect(await handOutNews(db, toBoth, 10)).to.equal(0);
    const claims = await claim();
    expect(names(claims)).to.deep.equal(['RAISED slack 1', 'RAISED webhook 1']);
    expect(claims.map(({ delivery }) => delivery.silent).sort()).to.deep.equal([false, true]);
    expect(claims[0]?.alert).to.include({ alertType: 'exit_blocked', status: 'OPEN' });
  });

  it('are handed out by one of many who try at once', async () => {
    const alerts: Alert[] = [];
    for (let i = 0; i < 6; i++) alerts.push(await raise());
    const counts = await Promise.all([1, 2, 3, 4].map(() => handOutNews(db, toBoth, 10)));
    expect(counts.reduce((sum, count) => sum + count, 0)).to.equal(6);
    expect(
      await listDeliveries(
        db,
        alerts.map(({ alertId }) => alertId),
      ),
    ).to.have.lengthOf(12);
  });

  it('are claimed by one of many who try at once', async () => {
    for (let i = 0; i < 6; i++) await raise();
    await handOutNews(db, toBoth, 10);
    const claims = (await Promise.all([1, 2, 3, 4].map(() => claim(undefined, 4)))).flat();
    expect(new Set(claims.map(({ delivery }) => delivery.deliveryId)).size).to.equal(claims.length);
    expect(claims.length + (await claim(undefined, 100)).length).to.equal(12);
  });

  it('are free again when their claim has ended, and what the old claimer says changes nothing', async () => {
    const alert = await raise();
    await handOutNews(db, toBoth, 10);
    const [old] = await claim(['slack']);
    if (!old) throw new Error('nothing to claim');
    expect(await claim(['slack'])).to.deep.equal([]);
    await advanceDatabaseTime(db, LEASE_MS);
    const [taken] = await claim(['slack']);
    expect(taken?.delivery).to.include({ deliveryId: old.delivery.deliveryId, attempts: 2 });
    expect(await noteDelivered(db, old.delivery)).to.equal(false);
    expect(await noteNotDelivered(db, old.delivery, { error: 'late', retryDelayMs: undefined })).to.equal(false);
    expect(taken && (await noteDelivered(db, taken.delivery))).to.equal(true);
    expect(await outcomes(alert)).to.deep.equal(['RAISED slack SENT', 'RAISED webhook WAITING']);
    expect(taken && (await noteDelivered(db, taken.delivery)), 'once').to.equal(false);
  });

  it('that failed are due again after their delay, with the same id and the error', async () => {
    const alert = await raise();
    await handOutNews(db, toBoth, 10);
    const [first] = await claim(['slack']);
    if (!first) throw new Error('nothing to claim');
    await noteNotDelivered(db, first.delivery, { error: 'HTTP 500', retryDelayMs: 2_000.5 });
    expect(await nextDeliveryMs(db, ['slack'])).to.equal(2_001);
    await advanceDatabaseTime(db, 2_000);
    expect(await claim(['slack'])).to.deep.equal([]);
    await advanceDatabaseTime(db, 1);
    const [second] = await claim(['slack']);
    expect(second?.delivery).to.include({ deliveryId: first.delivery.deliveryId, attempts: 2, lastError: 'HTTP 500' });
    if (second) await noteNotDelivered(db, second.delivery, { error: 'HTTP 500', retryDelayMs: undefined });
    expect(await outcomes(alert)).to.deep.equal(['RAISED slack GIVEN_UP', 'RAISED webhook WAITING']);
    expect(await nextDeliveryMs(db, ['slack'])).to.equal(undefined);
  });

  it('of one alert reach one sender in the order they happened', async () => {
    const alert = await raise();
    await handOutNews(db, toBoth, 10);
    await acknowledgeAlert(db, alert.alertId, remark);
    await resolveAlert(db, alert.alertId, remark);
    await handOutNews(db, toBoth, 10);
    const [webhook] = await claim(['webhook']);
    const [slack] = await claim(['slack']);
    expect([webhook?.delivery.event, slack?.delivery.event]).to.deep.equal(['RAISED', 'RAISED']);
    if (!webhook || !slack) throw new Error('nothing to claim');
    await noteDelivered(db, webhook.delivery);
    await noteNotDelivered(db, slack.delivery, { error: 'HTTP 500', retryDelayMs: 60_000 });
    expect(names(await claim())).to.deep.equal(['ACKNOWLEDGED webhook 1']);
    expect(await nextDeliveryMs(db, ['slack']), 'what waits for another is not due').to.equal(60_000);
    await advanceDatabaseTime(db, 60_000);
    const [again] = await claim(['slack']);
    if (again) await noteNotDelivered(db, again.delivery, { error: 'HTTP 500', retryDelayMs: undefined });
    expect(names(await claim(['slack'])), 'one that was given up holds up nothing').to.deep.equal([
      'ACKNOWLEDGED slack 1',
    ]);
  });

  it('wait for earlier news that is not handed out yet', async () => {
    const alert = await raise();
    await handOutNews(db, toBoth, 10);
    const claims = await claim();
    await resolveAlert(db, alert.alertId, remark);
    for (const { delivery } of claims) await noteDelivered(db, delivery);
    await handOutNews(db, toBoth, 10);
    // As if somebody else had the acknowledgement in hand.
    await db.query(
      `INSERT INTO alert_outbox (delivery_id, alert_id, event, sender, created_at, due_at)
       VALUES (gen_random_uuid(), $1, 'ACKNOWLEDGED', '', now(), now())`,
      [alert.alertId],
    );
    expect(await claim()).to.deep.equal([]);
  });

  it('are looked for when the next is due, and not before', async () => {
    expect(await nextDeliveryMs(db, ['slack'])).to.equal(undefined);
    await raise();
    expect(await nextDeliveryMs(db, []), 'to be handed out').to.equal(0);
    await handOutNews(db, toBoth, 10);
    expect(await nextDeliveryMs(db, [])).to.equal(undefined);
    expect(await nextDeliveryMs(db, ['slack'])).to.equal(0);
    await claim();
    expect(await nextDeliveryMs(db, ['slack'])).to.equal(LEASE_MS);
  });

  it('for a sender that is gone end after a day, and say so', async () => {
    const alert = await raise();
    await handOutNews(db, toBoth, 10);
    await advanceDatabaseTime(db, 999);
    expect(await giveUpOldDeliveries(db, 1_000)).to.equal(0);
    await advanceDatabaseTime(db, 1);
    expect(await giveUpOldDeliveries(db, 1_000)).to.equal(2);
    expect(await outcomes(alert)).to.deep.equal(['RAISED slack GIVEN_UP', 'RAISED webhook GIVEN_UP']);
    expect((await listDeliveries(db, [alert.alertId]))[0]?.lastError).to.match(/is its sender still configured/);
  });

  it('that nobody handed out yet are never given up: they may be old, but nobody heard of them', async () => {
    await raise();
    await advanceDatabaseTime(db, 100_000_000);
    expect(await giveUpOldDeliveries(db, 1_000)).to.equal(0);
    await handOutNews(db, toBoth, 10);
    expect(await giveUpOldDeliveries(db, 1_000)).to.equal(0);
    expect(await claim()).to.have.lengthOf(2);
  });
});
