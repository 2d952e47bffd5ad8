import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { AlertState, ListAlertsRequest } from '../../../proto/gen/exitlane/v1/alert_service.js';
import { SubmitProposalRequest } from '../../../proto/gen/exitlane/v1/delivery_service.js';
import { OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import { ProcessSignalRequest } from '../../../proto/gen/exitlane/v1/order_service.js';
import { ExitPlan } from '../../../proto/gen/exitlane/v1/position.js';
import { ExitPositionRequest, RetryExitRequest } from '../../../proto/gen/exitlane/v1/position_service.js';
import { TradingState } from '../../../proto/gen/exitlane/v1/queue_service.js';
import {
  type AuditEntry,
  ListAuditEntriesRequest,
  type SystemServiceClient,
} from '../../../proto/gen/exitlane/v1/system_service.js';
import { call } from '../../../shared/grpc/client.js';
import { CHANGING_METHODS } from '../../../shared/grpc/method-effects.js';
import type { Database } from '../../../shared/store/database.js';
import { eventually } from '../../../shared/store/testing/waiting.js';
import { verify } from '../../verify/verify.js';
import { START_MS, type Stack, startParts } from './stack.js';
import { buy, entryRequest, exitRequest, expectViolation, mint, openPositions, reached, refusal } from './support.js';

type Method = (typeof CHANGING_METHODS)[number];
/** What makes one entry: two calls with it are the same request. */
type Doing = (settings: { readonly requestId: string; readonly actingFor: string }) => Promise<unknown>;

describe('O1 every call that changes something leaves one audit entry', () => {
  let stack: Stack & { readonly db: Database };
  let position = '';
  let other = '';
  const told = new Set<Method>();
  before(async function () {
    this.timeout(START_MS);
    stack = await startParts({ processor: { executor: 'venue' } });
    [position = '', other = ''] = await openPositions(stack, ['first', 'second']);
  });
  after(() => stack?.close());

  const list = async (more: Parameters<typeof ListAuditEntriesRequest.create>[0] = {}, of?: SystemServiceClient) =>
    call(of ?? stack.requestorSystem, 'listAuditEntries', ListAuditEntriesRequest.create(more));
  const entriesOf = async (requestId: string) =>
    (await list({ pageSize: 500 })).entries.filter((entry) => entry.requestId === requestId);

  /** Does it, and expects exactly one sealed entry of it; the answer. */
  async function leaves<Answer>(
    method: Method,
    doing: (settings: Parameters<Doing>[0]) => Promise<Answer>,
    subjectOf: (answer: Answer) => string | undefined,
  ): Promise<{ answer: Answer; entry: AuditEntry }> {
    const requestId = randomUUID();
    const answer = await doing({ requestId, actingFor: 'alice' });
    const [entry] = await eventually('the entry to be sealed', async () => {
      const found = await entriesOf(requestId);
      expect(found, `entries of ${method}`).to.have.length(1);
      return found.every(({ sequence }) => sequence > 0n) && found;
    });
    if (!entry) throw new Error('no entry');
    const subject = subjectOf(answer);
    expect(entry).to.include({
      action: method,
      subject,
      actor: 'local',
      actingFor: 'alice',
      role: 'admin',
      client: '*',
    });
    expect(entry.peer).to.match(/^(127\.0\.0\.1|::1)$/);
    expect(entry.hash).to.match(/^[0-9a-f]{64}$/);
    told.add(method);
    return { answer, entry };
  }

  async function leavesNothing(doing: Doing): Promise<void> {
    const requestId = randomUUID();
    await doing({ requestId, actingFor: 'alice' });
    expect(await entriesOf(requestId)).to.deep.equal([]);
  }

  it('SubmitOrder, once, however often it is asked', async () => {
    const submit = (settings: object) => call(stack.orders, 'submitOrder', entryRequest('audited'), settings);
    const { entry } = await leaves('OrderService/SubmitOrder', submit, ({ order }) => order?.orderId);
    expect(entry.facts).to.include({ order_req_id: 'audited', order_type: 'ENTRY', token: mint('WIF') });
    expect(entry.detail).to.contain('order_req_id=audited');
    await leavesNothing(submit);
    const refused = (settings: object) =>
      refusal(call(stack.orders, 'submitOrder', entryRequest('audited', { amountSol: '9' }), settings));
    await leavesNothing(refused);
  });

  it('ProcessSignal, once', async () => {
    const request = ProcessSignalRequest.create({ orderReqId: 'signal', tokenAddress: mint('BONK'), amountSol: '0.1' });
    const signal = (settings: object) => call(stack.orders, 'processSignal', request, settings);
    await leaves('OrderService/ProcessSignal', signal, ({ order }) => order?.orderId);
    await leavesNothing(signal);
  });

  it('RetryOrder, once, naming the order that is tried again', async () => {
    await stack.control('faults', { fault: 'no_route', mint: mint('JUP'), count: null });
    const { orderId } = await buy(stack, 'gone', { tokenAddress: mint('JUP'), maxAttempts: 1 });
    await reached(stack, 'gone', OrderStatus.CANCELLED);
    await stack.control('faults/reset');
    const retry = (settings: object) => call(stack.orders, 'retryOrder', { orderId, orderReqId: 'again' }, settings);
    const { entry } = await leaves('OrderService/RetryOrder', retry, ({ order }) => order?.orderId);
    expect(entry.facts.retry_of).to.equal(orderId);
    await leavesNothing(retry);
  });

  it('SetExitPlan, with the plan', async () => {
    const exitPlan = ExitPlan.create({ stopLossPercent: 40 });
    const plan = (settings: object) =>
      call(stack.positions, 'setExitPlan', { positionId: position, exitPlan }, settings);
    const { entry } = await leaves('PositionService/SetExitPlan', plan, () => position);
    expect(JSON.parse(entry.facts.plan ?? '')).to.include({ stopLossPercent: 40 });
  });

  it('ExitPosition, once', async () => {
    const request = ExitPositionRequest.create({ orderReqId: 'out', positionId: position, percent: 50 });
    const exit = (settings: object) => call(stack.positions, 'exitPosition', request, settings);
    const { entry } = await leaves('PositionService/ExitPosition', exit, ({ order }) => order?.orderId);
    expect(entry.facts).to.include({ position_id: position, exit_reason: 'manual' });
    await leavesNothing(exit);
    expect((await list({ subject: position })).entries.map(({ action }) => action)).to.include(entry.action);
  });

  it('RetryExit, AcknowledgeAlert and ResolveAlert, once each', async () => {
    await stack.control('faults', { fault: 'no_route', mint: mint('WIF'), count: null });
    await call(stack.orders, 'submitOrder', exitRequest('fails', other, { percent: 100, maxAttempts: 1 }));
    await reached(stack, 'fails', OrderStatus.CANCELLED);
    await stack.control('faults/reset');
    const { alerts } = await call(stack.alerts, 'listAlerts', ListAlertsRequest.create({ positionId: other }));
    const alertId = alerts[0]?.alertId ?? '';
    const seen = { alertId, acknowledgedBy: 'alice', note: 'looking' };
    const acknowledge = (settings: object) => call(stack.alerts, 'acknowledgeAlert', seen, settings);
    const { entry } = await leaves('AlertService/AcknowledgeAlert', acknowledge, () => alertId);
    expect(entry.facts).to.include({ alert_type: 'exit_failed_critical', by: 'alice', note: 'looking' });
    await leavesNothing(acknowledge);
    const over = { alertId, resolvedBy: 'alice', note: '' };
    const resolve = (settings: object) => call(stack.alerts, 'resolveAlert', over, settings);
    const { answer } = await leaves('AlertService/ResolveAlert', resolve, () => alertId);
    expect(answer.alert?.state).to.equal(AlertState.RESOLVED);
    await leavesNothing(resolve);
    const request = RetryExitRequest.create({ orderReqId: 'out-again', positionId: other });
    const retry = (settings: object) => call(stack.positions, 'retryExit', request, settings);
    await leaves('PositionService/RetryExit', retry, ({ order }) => order?.orderId);
    await leavesNothing(retry);
  });

  it('SetTradingState, with what it was before and why', async () => {
    const request = { state: TradingState.EXITS_ONLY, changedBy: 'alice', changeReason: 'news' };
    const set = (settings: object) => call(stack.queue, 'setTradingState', request, settings);
    const { entry } = await leaves('QueueService/SetTradingState', set, () => '');
    expect(entry.facts).to.deep.equal({ state: 'EXITS_ONLY', before: 'ACTIVE', changed_by: 'alice', reason: 'news' });
  });

  it('SubmitProposal and CancelOrder, once each; a refused cancellation leaves none', async () => {
    const { orderId } = await buy(stack, 'waits');
    const offer = { orderReqId: 'waits', proposalId: 'p1', source: 'maker', amountSol: '0.1', amountTokens: '5' };
    const propose = (settings: object) =>
      call(stack.delivery, 'submitProposal', SubmitProposalRequest.create(offer), settings);
    const { entry } = await leaves('DeliveryService/SubmitProposal', propose, () => orderId);
    expect(entry.facts).to.include({ proposal_id: 'p1', source: 'maker', amount_sol: '0.1' });
    await leavesNothing(propose);
    const request = { id: { $case: 'orderId' as const, value: orderId }, cancelReason: 'enough' };
    const cancel = (settings: object) => call(stack.orders, 'cancelOrder', request, settings);
    const cancelled = await leaves('OrderService/CancelOrder', cancel, () => orderId);
    expect(cancelled.entry.facts.reason).to.contain('enough');
    await leavesNothing((settings) => refusal(cancel(settings)));
  });

  it('and this was every method that changes something', () => {
    expect([...told]).to.have.members([...CHANGING_METHODS]);
  });

  it('what Exitlane does by itself is no entry: each is of a call of these tests', async () => {
    const { entries } = await list({ pageSize: 500 });
    expect(new Set(entries.map(({ action }) => action))).to.deep.equal(new Set(CHANGING_METHODS));
    expect(new Set(entries.map(({ entryId }) => entryId)).size).to.equal(entries.length);
  });

  it('can be listed at both services, page by page, newest first, and by every filter', async () => {
    const all = (await list({ pageSize: 500 })).entries;
    const paged: AuditEntry[] = [];
    let pageToken = '';
    do {
      const page = await list({ pageSize: 4, pageToken }, stack.processorSystem);
      paged.push(...page.entries);
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    expect(paged).to.deep.equal(all);
    const times = all.map(({ createdAt }) => createdAt?.getTime() ?? 0);
    expect(times).to.deep.equal(times.toSorted((a, b) => b - a));
    const { entries: changes } = await list({ action: 'SetTradingState' });
    expect(changes.map(({ facts }) => facts.state)).to.deep.equal(['EXITS_ONLY']);
    expect((await list({ actor: 'alice' })).entries.length).to.be.within(CHANGING_METHODS.length, all.length - 1);
    expect((await list({ actor: 'mallory' })).entries).to.deep.equal([]);
    expect((await list({ until: changes[0]?.createdAt, pageSize: 500 })).entries.length).to.be.lessThan(all.length);
    expectViolation(await refusal(list({ pageSize: 501 })), 'page_size', /500/);
    expectViolation(await refusal(list({ pageToken: 'nonsense' })), 'page_token', /not a next_page_token/);
    expectViolation(await refusal(list({ subject: 'x'.repeat(201) })), 'subject', /200 characters/);
  });

  it('is one chain up to the head that it tells, as the checker finds it', async () => {
    const { entries, headSequence, headHash } = await list({ pageSize: 500 });
    expect(headSequence).to.equal(BigInt(entries.length));
    const auditHead = { sequence: headSequence, hash: headHash };
    const { checks } = await verify({ db: stack.db, auditHead });
    const audit = checks.filter(({ name }) => name.startsWith('audit-'));
    expect(audit.map(({ violations }) => violations)).to.deep.equal([[], [], []]);
    expect(audit.every(({ rows }) => rows > 0)).to.equal(true);
  });
});
