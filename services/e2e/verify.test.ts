import { execFile } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { DeliveryServiceClient } from '../../proto/gen/exitlane/v1/delivery_service.js';
import { type Order, OrderStatus, OrderType } from '../../proto/gen/exitlane/v1/order.js';
import { OrderServiceClient, SubmitOrderRequest } from '../../proto/gen/exitlane/v1/order_service.js';
import { ListAuditEntriesRequest, SystemServiceClient } from '../../proto/gen/exitlane/v1/system_service.js';
import { silentLogger } from '../../shared/core/logger.js';
import { call, connect, openStream } from '../../shared/grpc/client.js';
import { newDataDir } from '../../shared/store/testing/pglite.js';
import { type DevStack, startDev } from '../dev.js';
import type { VerifyReport } from '../verify/report.js';

const run = promisify(execFile);
const CHECKER = fileURLToPath(new URL('../verify/main.js', import.meta.url));
const WIF = 'EKpQGSJtjMFqKZ9KQanSqYXRcF8fBopzLHYxdM65zcjm';
const BONK = 'DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263';

/** Nothing runs any more when it is checked, and no sender of alerts is configured. */
const NOTHING_TO_LOOK_AT = ['slots-within-limit', 'alert-news'];

/** The checker shares no code with the services: what it says of their work is a second opinion. */
describe('the checker, on what the services did', function () {
  this.timeout(120_000);
  const dataDir = mkdtempSync(path.join(tmpdir(), 'exitlane-e2e-verify-'));
  const witness = path.join(dataDir, 'witness.jsonl');
  const ledger = path.join(dataDir, 'sandbox', 'ledger.jsonl');
  let stack: DevStack | undefined;
  let orders: OrderServiceClient;
  let delivery: DeliveryServiceClient;
  /** The end of the audit log, as somebody noted it down while the services ran. */
  let head = '';

  before(async () => {
    renameSync(await newDataDir(), path.join(dataDir, 'database'));
    const ports = { requestorPort: 0, processorPort: 0, sandboxPort: 0 };
    const retryPolicy = { firstDelayMs: 100, maxDelayMs: 1_000 };
    stack = await startDev({
      dataDir,
      ...ports,
      slotMs: 50,
      maxConcurrentOrders: 1,
      retryPolicy,
      logger: silentLogger,
    });
    orders = connect(OrderServiceClient, stack.requestorAddress);
    delivery = connect(DeliveryServiceClient, stack.processorAddress);
    await control('volatility', { volatility: 0 });
    await trade();
    head = await auditHead();
    orders.close();
    delivery.close();
    await stack.close();
    stack = undefined;
  });
  after(async () => {
    await stack?.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  async function control(action: string, body: object = {}): Promise<void> {
    const headers = { 'content-type': 'application/json' };
    const url = `${stack?.sandboxUrl}/control/${action}`;
    const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`the sandbox refused ${action}: ${await answer.text()}`);
  }

  /** Submits an order and writes down that it was acknowledged. */
  async function submit(orderReqId: string, wanted: Parameters<typeof SubmitOrderRequest.create>[0]): Promise<void> {
    const request = SubmitOrderRequest.create({ orderReqId, ...wanted });
    const { order } = await call(orders, 'submitOrder', request);
    const { orderId, orderType, tokenAddress: mint } = order ?? ({} as Order);
    const amount = request.amountSol === '' ? { percent: request.percent } : { amountSol: request.amountSol };
    const line = { at: new Date().toISOString(), orderReqId, orderId, orderType, mint, ...amount };
    appendFileSync(witness, `${JSON.stringify(line)}\n`);
  }

  const enter = (orderReqId: string, tokenAddress: string, more: object = {}) =>
    submit(orderReqId, { orderType: OrderType.ENTRY, tokenAddress, amountSol: '0.25', ...more });
  const leave = (orderReqId: string, positionId: string, percent: number, exitReason: string, more: object = {}) =>
    submit(orderReqId, { orderType: OrderType.EXIT, positionId, percent, exitReason, ...more });

  /** Follows an order to this status, or to its end; the order then. */
  async function until(orderReqId: string, status: OrderStatus): Promise<Order> {
    const request = { orderReqId, afterSequence: 0n };
    for await (const { frame } of openStream(delivery, 'streamOrder', request, {
      signal: AbortSignal.timeout(30_000),
    })) {
      const content = frame?.$case === 'message' ? frame.value.content : undefined;
      if (content?.$case === 'status' && content.value.status === status) break;
    }
    const { order } = await call(orders, 'getOrder', { id: { $case: 'orderReqId', value: orderReqId } });
    if (!order) throw new Error(`${orderReqId} is gone`);
    return order;
  }

  async function fill(orderReqId: string): Promise<Order> {
    const order = await until(orderReqId, OrderStatus.FILLED);
    expect(order.status, `${orderReqId}: ${order.lastError}`).to.equal(OrderStatus.FILLED);
    return order;
  }

  /**
   * Entries, a partial and a full exit, a cancelled entry, an exit that slips and gives up, one that slips and is tried again, an
   * entry whose first transaction expires, and one on paper.
   */
  async function trade(): Promise<void> {
    await enter('wif', WIF);
    await enter('bonk', BONK);
    const [wif, bonk] = [(await fill('wif')).positionId, (await fill('bonk')).positionId];
    await leave('wif-half', wif, 50, 'take_profit_1');
    await fill('wif-half');
    await leave('bonk-all', bonk, 100, 'stop_loss');
    await fill('bonk-all');

    await control('pause');
    await leave('wif-gives-up', wif, 10, 'manual', { maxAttempts: 1 });
    await until('wif-gives-up', OrderStatus.CONFIRMING);
    await enter('waits', WIF);
    await call(orders, 'cancelOrder', { id: { $case: 'orderReqId', value: 'waits' }, cancelReason: 'changed my mind' });
    await control('price', { mint: WIF, multiply: '0.5' });
    await control('resume');
    expect((await until('wif-gives-up', OrderStatus.CANCELLED)).reason).to.equal('ATTEMPTS_EXHAUSTED');

    await control('pause');
    await leave('wif-slips', wif, 100, 'trailing_stop');
    await until('wif-slips', OrderStatus.CONFIRMING);
    await control('price', { mint: WIF, multiply: '0.5' });
    await control('resume');
    const slipped = await fill('wif-slips');
    expect(slipped.attempts, slipped.lastError).to.have.length(2);

    await control('faults', { fault: 'drop', resends: true, count: null });
    await enter('expires', BONK);
    await until('expires', OrderStatus.CONFIRMING);
    await control('advance', { blocks: 250 });
    await until('expires', OrderStatus.FAILED);
    await control('faults/reset');
    expect((await fill('expires')).attempts).to.have.length.of.at.least(2);

    await enter('paper', BONK, { isSimulated: true, expectedPrice: '0.0000001' });
    await fill('paper');
  }

  async function auditHead(): Promise<string> {
    const system = connect(SystemServiceClient, stack?.requestorAddress ?? '');
    try {
      const request = ListAuditEntriesRequest.create({ pageSize: 1 });
      const { headSequence, headHash } = await call(system, 'listAuditEntries', request);
      return `${headSequence}:${headHash}`;
    } finally {
      system.close();
    }
  }

  /** The checker as people run it. */
  async function check(noted = head): Promise<{ code: number; report: VerifyReport }> {
    const given = ['--data-dir', dataDir, '--witness', witness, '--audit-head', noted, '-o', 'json'];
    const { code, stdout } = await run(process.execPath, [CHECKER, ...given]).then(
      ({ stdout: text }) => ({ code: 0, stdout: text }),
      (error: { code: number; stdout: string }) => error,
    );
    return { code, report: JSON.parse(stdout) as VerifyReport };
  }

  it('finds nothing, and has looked at something in every check', async () => {
    const { code, report } = await check();
    expect(report.checks.filter(({ violations }) => violations.length > 0)).to.deep.equal([]);
    const empty = report.checks.filter(({ rows }) => rows === 0).map(({ name }) => name);
    expect(empty).to.deep.equal(NOTHING_TO_LOOK_AT);
    const rows = Object.fromEntries(report.checks.map((each) => [each.name, each.rows]));
    expect(rows).to.include({ 'acknowledged-orders': 9, 'amounts-match-chain': 6, 'no-unknown-signatures': 8 });
    expect(code).to.equal(0);
  });

  it('O1 has every call in a sealed audit log, and misses an end that was noted down and is not there', async () => {
    const { report } = await check();
    const audit = report.checks.filter(({ name }) => name.startsWith('audit-'));
    // Nine orders, one cancellation; nothing waits to be sealed after a clean stop.
    expect(audit.map(({ name, rows, notes }) => [name, rows, notes])).to.deep.equal([
      ['audit-chain', 10, []],
      ['audit-sealed', 10, []],
      ['audit-complete', 9, []],
    ]);
    const { code, report: cut } = await check(`99:${'a'.repeat(64)}`);
    const [finding] = cut.checks.flatMap(({ violations }) => violations);
    expect(finding).to.include({ subject: 'entry 99' });
    expect(finding?.detail).to.contain('the log ends with entry 10: it was cut');
    expect(code).to.equal(1);
  });

  it('finds a swap that somebody takes off the ledger, and says so with its exit code', async () => {
    const text = readFileSync(ledger, 'utf8');
    writeFileSync(ledger, `${text.trimEnd().split('\n').slice(0, -1).join('\n')}\n`);
    const { code, report } = await check();
    writeFileSync(ledger, text);
    expect(report.checks.filter(({ violations }) => violations.length > 0).map(({ name }) => name)).to.have.members([
      'fates-match-chain',
      'wallet-tokens',
      'wallet-lamports',
    ]);
    expect(code).to.equal(1);
  });

  it('says with its exit code that it could not check', async () => {
    const failure = async (...given: string[]) =>
      run(process.execPath, [CHECKER, ...given]).then(
        () => ({ code: 0, stderr: '' }),
        (error: { code: number; stderr: string }) => error,
      );
    expect(await failure()).to.include({ code: 2 });
    expect(await failure('--data-dir', path.join(dataDir, 'nowhere'))).to.include({ code: 2 });
    expect(await failure('--what')).to.include({ code: 2 });
    expect(await failure('--data-dir', dataDir, '--audit-head', 'nonsense')).to.include({ code: 2 });
    const missing = await failure('--data-dir', dataDir, '--witness', path.join(dataDir, 'nowhere'));
    expect(missing).to.include({ code: 2 });
    expect(missing.stderr).to.match(/^could not check: .*nowhere cannot be read/);
  });
});
