import { expect } from 'chai';
import {
  AlertDeliveryState,
  AlertEvent,
  AlertServiceClient,
  AlertSeverity,
  AlertState,
  ListAlertsRequest,
  WatchAlertsRequest,
  type WatchAlertsResponse,
} from '../../../proto/gen/exitlane/v1/alert_service.js';
import type { Alert, AlertType } from '../../../shared/alert/alert.js';
import { systemClock } from '../../../shared/core/clock.js';
import { newId } from '../../../shared/core/ids.js';
import { silentLogger } from '../../../shared/core/logger.js';
import { CallError } from '../../../shared/grpc/call-error.js';
import { call, connect, openStream } from '../../../shared/grpc/client.js';
import { type GrpcServer, startGrpcServer } from '../../../shared/grpc/server.js';
import { claimDeliveries, handOutNews, noteDelivered } from '../../../shared/store/alert-outbox.js';
import { acknowledgeAlert, raiseAlert, resolveAlert } from '../../../shared/store/alerts.js';
import type { Database } from '../../../shared/store/database.js';
import { BONK, openTestPosition } from '../../../shared/store/testing/drafts.js';
import { describeOnBothStores } from '../../../shared/store/testing/stores.js';
import { failureOf } from '../../../shared/store/testing/waiting.js';
import { alertService } from './alert-handlers.js';

const alice = { by: 'alice', note: '' };

describeOnBothStores('X12 AlertService', (open) => {
  let db: Database;
  let server: GrpcServer;
  let client: AlertServiceClient;
  let positionId: string;
  let orderId: string;
  let raised = 0;

  before(async () => {
    db = await open();
    const services = [alertService({ db, clock: systemClock, logger: silentLogger })];
    server = await startGrpcServer({ port: 0, name: 'test service', logger: silentLogger, services });
    client = connect(AlertServiceClient, server.address);
    ({ positionId, orderId } = await openTestPosition(db));
  });
  after(async () => {
    client.close();
    await server.close();
    await db.close();
  });
  beforeEach(() => db.query('TRUNCATE alerts, alert_outbox'));

  const raise = async (alertType: AlertType = 'exit_failed_critical', aboutPosition = true): Promise<Alert> => {
    raised += 1;
    const about = aboutPosition
      ? { orderId, positionId, mint: BONK, symbol: 'BONK' }
      : { orderId: null, positionId: null, mint: null, symbol: '' };
    const draft = { ...about, alertType, message: 'why', dedupKey: `${raised}`, attempts: 5, metadata: { a: 'b' } };
    return (await db.transaction((tx) => raiseAlert(tx, draft))).alert;
  };
  const list = (request: Parameters<typeof ListAlertsRequest.create>[0] = {}) =>
    call(client, 'listAlerts', ListAlertsRequest.create(request));
  const typesOf = async (request: Parameters<typeof list>[0]) =>
    (await list(request)).alerts.map(({ alertType }) => alertType);
  const refused = async (promise: Promise<unknown>): Promise<CallError> => {
    const error = await failureOf(promise);
    if (!(error instanceof CallError)) throw error;
    return error;
  };

  it('tells everything of an alert, with what became of its news', async () => {
    const { alertId } = await raise();
    await handOutNews(db, () => [{ sender: 'slack', silent: false }], 10);
    const [claim] = await claimDeliveries(db, { senders: ['slack'], leaseMs: 1_000, limit: 1 });
    if (claim) await noteDelivered(db, claim.delivery);
    const { alert } = await call(client, 'getAlert', { alertId });
    expect(alert).to.deep.include({
      alertId,
      alertType: 'exit_failed_critical',
      severity: AlertSeverity.CRITICAL,
      state: AlertState.OPEN,
      title: 'EXIT FAILED - Manual action required',
      message: 'why',
      orderId,
      positionId,
      tokenAddress: BONK,
      tokenSymbol: 'BONK',
      requiresAction: true,
      attempts: 5,
      repeats: 0,
      metadata: { a: 'b' },
      acknowledgedBy: '',
      deliveries: [
        { event: AlertEvent.RAISED, sender: 'slack', state: AlertDeliveryState.SENT, attempts: 1, lastError: '' },
      ],
    });
    expect((await list()).alerts).to.deep.equal([alert]);
  });

  it('lists newest first, page by page, by every filter', async () => {
    await raise('exit_failed_critical');
    const unknown = await raise('order_unknown', false);
    const price = await raise('price_unavailable');
    await acknowledgeAlert(db, price.alertId, alice);
    await resolveAlert(db, unknown.alertId, alice);
    const { OPEN, ACKNOWLEDGED, RESOLVED } = AlertState;
    expect(await typesOf({})).to.deep.equal(['price_unavailable', 'order_unknown', 'exit_failed_critical']);
    expect(await typesOf({ states: [OPEN, RESOLVED] })).to.deep.equal(['order_unknown', 'exit_failed_critical']);
    expect(await typesOf({ states: [ACKNOWLEDGED] })).to.deep.equal(['price_unavailable']);
    expect(await typesOf({ minSeverity: AlertSeverity.CRITICAL })).to.deep.equal(['exit_failed_critical']);
    expect(await typesOf({ alertTypes: ['order_unknown'] })).to.deep.equal(['order_unknown']);
    for (const filter of [{ tokenAddress: BONK }, { positionId }, { orderId }]) {
      expect(await typesOf(filter)).to.deep.equal(['price_unavailable', 'exit_failed_critical']);
    }
    const first = await list({ pageSize: 2 });
    const second = await list({ pageSize: 2, pageToken: first.nextPageToken });
    expect([...first.alerts, ...second.alerts]).to.deep.equal((await list()).alerts);
    expect(second.nextPageToken).to.equal('');
  });

  it('takes who has seen it and who says that it is over, with a note', async () => {
    const { alertId } = await raise();
    const seen = await call(client, 'acknowledgeAlert', { alertId, acknowledgedBy: 'alice', note: 'on it' });
    expect(seen.alert).to.include({
      state: AlertState.ACKNOWLEDGED,
      acknowledgedBy: 'alice',
      acknowledgeNote: 'on it',
    });
    expect(seen.alert?.acknowledgedAt).not.to.equal(undefined);
    const again = await call(client, 'acknowledgeAlert', { alertId, acknowledgedBy: 'alice', note: '' });
    expect(again).to.deep.equal(seen);
    const taken = await refused(call(client, 'acknowledgeAlert', { alertId, acknowledgedBy: 'bob', note: '' }));
    expect(taken).to.include({ status: 'FAILED_PRECONDITION', reason: 'ALERT_ALREADY_ACKNOWLEDGED' });
    expect(taken.metadata).to.include({ alert_id: alertId, acknowledged_by: 'alice' });
    const over = await call(client, 'resolveAlert', { alertId, resolvedBy: 'bob', note: 'sold' });
    expect(over.alert).to.include({ state: AlertState.RESOLVED, resolvedBy: 'bob', resolveNote: 'sold' });
    const late = await refused(call(client, 'resolveAlert', { alertId, resolvedBy: 'alice', note: '' }));
    expect(late).to.include({ status: 'FAILED_PRECONDITION', reason: 'ALERT_ALREADY_RESOLVED' });
    const lost = await refused(call(client, 'getAlert', { alertId: newId() }));
    expect(lost).to.include({ status: 'NOT_FOUND', reason: 'ALERT_NOT_FOUND' });
  });

  it('names every wrong field', async () => {
    const wrong = await refused(call(client, 'resolveAlert', { alertId: 'x', resolvedBy: '', note: 'n'.repeat(501) }));
    expect(wrong.status).to.equal('INVALID_ARGUMENT');
    expect(wrong.violations.map(({ field }) => field)).to.deep.equal(['alert_id', 'resolved_by', 'note']);
    const long = { alertId: newId(), acknowledgedBy: 'n'.repeat(201), note: '' };
    const violations = async (promise: Promise<unknown>) => (await refused(promise)).violations[0]?.field;
    expect(await violations(call(client, 'acknowledgeAlert', long))).to.equal('acknowledged_by');
    expect(await violations(call(client, 'getAlert', { alertId: '' }))).to.equal('alert_id');
    expect(await violations(list({ positionId: 'x' }))).to.equal('position_id');
    expect(await violations(list({ orderId: 'x' }))).to.equal('order_id');
    expect(await violations(list({ states: [AlertState.UNSPECIFIED] }))).to.equal('states');
    expect(await violations(list({ minSeverity: AlertSeverity.UNRECOGNIZED }))).to.equal('min_severity');
    expect(await violations(list({ pageToken: 'x' }))).to.equal('page_token');
  });

  it('lets clients watch: what is there, and every change after it', async () => {
    const there = await raise();
    const gone = await raise();
    await resolveAlert(db, gone.alertId, alice);
    const seen: string[] = [];
    const watched = watch({ includeCurrent: true }, async ({ alert, currentComplete }) => {
      seen.push(currentComplete ? 'complete' : `${alert?.alertId === there.alertId ? 'there' : 'new'} ${alert?.state}`);
      if (currentComplete) await raise('order_unknown');
      if (seen.length === 3) await acknowledgeAlert(db, there.alertId, alice);
      if (seen.length === 4) await resolveAlert(db, there.alertId, alice);
      return seen.length === 5;
    });
    await watched;
    expect(seen).to.deep.equal([
      'there ALERT_STATE_OPEN',
      'complete',
      'new ALERT_STATE_OPEN',
      'there ALERT_STATE_ACKNOWLEDGED',
      'there ALERT_STATE_RESOLVED',
    ]);
  });

  it('lets clients watch what is bad enough only', async () => {
    await raise('order_unknown');
    await raise('exit_failed_critical');
    const seen: (string | undefined)[] = [];
    await watch({ includeCurrent: true, minSeverity: AlertSeverity.CRITICAL }, async ({ alert, currentComplete }) => {
      seen.push(alert?.alertType);
      if (!currentComplete) return seen.length === 3;
      await raise('price_unavailable');
      await raise('exit_failed_critical');
      return false;
    });
    expect(seen).to.deep.equal(['exit_failed_critical', undefined, 'exit_failed_critical']);
  });

  /** Follows WatchAlerts until `enough`. */
  async function watch(
    request: Parameters<typeof WatchAlertsRequest.create>[0],
    enough: (frame: WatchAlertsResponse) => Promise<boolean>,
  ): Promise<void> {
    const signal = AbortSignal.timeout(20_000);
    for await (const frame of openStream(client, 'watchAlerts', WatchAlertsRequest.create(request), { signal })) {
      if (await enough(frame)) return;
    }
    throw new Error('the stream ended by itself');
  }
});
