import { expect } from 'chai';
import { type Caller, currentCallFacts, runInCall } from '../../../shared/core/call-context.js';
import { ManualClock } from '../../../shared/core/clock.js';
import { ExitlaneError } from '../../../shared/core/errors.js';
import { silentLogger } from '../../../shared/core/logger.js';
import { currentOrderFacts } from '../../../shared/core/order-context.js';
import { seededRandom } from '../../../shared/core/random.js';
import type { Order } from '../../../shared/order/order.js';
import { requestIdOfOrder } from '../../../shared/order/order-move.js';
import { commitAttempt } from '../../../shared/store/attempts.js';
import { claimNextOrder } from '../../../shared/store/claim-next.js';
import { raiseFence } from '../../../shared/store/claims.js';
import type { Database } from '../../../shared/store/database.js';
import { getOrder } from '../../../shared/store/orders.js';
import { getPosition } from '../../../shared/store/positions.js';
import { submitOrder } from '../../../shared/store/submit.js';
import { entryDraft, exitDraft, LEASE_MS, openTestPosition } from '../../../shared/store/testing/drafts.js';
import { describeOnBothStores } from '../../../shared/store/testing/stores.js';
import { eventually } from '../../../shared/store/testing/waiting.js';
import type { Executor, Run } from './executor.js';
import { RunSupervisor } from './run-supervisor.js';

const ATTEMPT = {
  rawTransaction: new Uint8Array([1]),
  blockhash: '',
  lastValidBlockHeight: 1n,
  quote: {},
  proposalId: 'p',
  expectedPrice: '0.000001',
};
const FILL = { lamports: 10n, tokens: 10n, feeLamports: 1n, rentLamports: 0n, price: '0.000001' };

describeOnBothStores('runs of the processor', (open) => {
  let db: Database;
  let supervisor: RunSupervisor;
  const clock = new ManualClock();
  beforeEach(async () => {
    db = await open();
  });
  afterEach(async () => {
    await supervisor.close();
    await db.close();
  });

  const supervise = (execute: Executor['execute'], isReal = true) => {
    const executor: Executor = { name: 'test', isReal, execute };
    supervisor = new RunSupervisor({
      db,
      executorFor: () => executor,
      clock,
      random: seededRandom(1),
      logger: silentLogger,
    });
    return supervisor;
  };
  const claimed = async (submission = entryDraft()): Promise<Order> => {
    await submitOrder(db, submission);
    const order = await claimNextOrder(db, 'test', LEASE_MS);
    if (!order) throw new Error('nothing to claim');
    return order;
  };
  const now = (order: Order) => getOrder(db, { orderId: order.orderId });
  const gate = () => {
    let pass: () => void = () => undefined;
    const opened = new Promise<void>((resolve) => {
      pass = resolve;
    });
    return { opened, pass };
  };

  it('refuse a dial with an old fence', async () => {
    const order = await claimed();
    await raiseFence(db, order, 'test', LEASE_MS);
    supervise(() => Promise.reject(new Error('must not run')));
    const error = await supervisor.execute(order.orderId, order.fence).catch((caught: unknown) => caught);
    expect(error).to.be.instanceOf(ExitlaneError).with.property('reason', 'STALE_FENCE');
  });

  it('do not begin when the close comes while the order is being read', async () => {
    const order = await claimed();
    supervise(() => Promise.reject(new Error('must not run')));
    const dial = supervisor.execute(order.orderId, order.fence).catch((caught: unknown) => caught);
    await supervisor.close();
    expect(await dial)
      .to.be.instanceOf(ExitlaneError)
      .with.property('reason', 'SHUTTING_DOWN');
    expect({ runs: supervisor.activeRuns, status: (await now(order)).status }).to.deep.equal({
      runs: 0,
      status: 'SUBMITTED',
    });
  });

  it('adopt the fence of a second dial and go on: one execution, settled under the new fence', async () => {
    const order = await claimed();
    const { opened, pass } = gate();
    let executions = 0;
    supervise(async (run) => {
      executions += 1;
      await opened;
      const number = await run.commitAttempt({ ...ATTEMPT, signature: 'adopted' });
      await run.settle({ number, slot: 1n }, FILL);
    });
    const first = await supervisor.execute(order.orderId, order.fence);
    const raised = await raiseFence(db, order, 'test', LEASE_MS);
    const second = await supervisor.execute(order.orderId, raised?.fence ?? 0n);
    pass();
    await Promise.all([first.ended, second.ended]);
    expect(executions).to.equal(1);
    expect(await now(order)).to.include({ status: 'FILLED', txSignature: 'adopted' });
  });

  it('E7 start anew when the fence was raised more than once: another processor may have had the order meanwhile', async () => {
    const order = await claimed();
    const { opened, pass } = gate();
    const begun: string[] = [];
    supervise(async (run) => {
      begun.push(run.openAttempt?.signature ?? 'none');
      if (run.openAttempt) return run.settle({ number: run.openAttempt.number, slot: 1n }, FILL);
      await opened;
      run.signal.throwIfAborted();
      await run.fail({ reason: 'QUOTE_FAILED', error: 'What this run knows is over.' });
    });
    const first = await supervisor.execute(order.orderId, order.fence);
    await eventually('the first run to begin', () => Promise.resolve(begun.length === 1));
    const elsewhere = await raiseFence(db, order, 'test', LEASE_MS);
    if (!elsewhere) throw new Error('the fence was not raised');
    await db.transaction((tx) => commitAttempt(tx, elsewhere, { ...ATTEMPT, signature: 'elsewhere' }));
    const back = await raiseFence(db, elsewhere, 'test', LEASE_MS);
    const dial = supervisor.execute(order.orderId, back?.fence ?? 0n);
    pass();
    await Promise.all([first.ended, (await dial).ended]);
    expect(begun).to.deep.equal(['none', 'elsewhere']);
    expect(await now(order)).to.include({ status: 'FILLED', txSignature: 'elsewhere', attemptCount: 0 });
  });

  it('write nothing once another claim has the order', async () => {
    const order = await claimed();
    const { opened, pass } = gate();
    supervise(async (run) => {
      await opened;
      await run.commitAttempt({ ...ATTEMPT, signature: 'late' });
    });
    const run = await supervisor.execute(order.orderId, order.fence);
    await raiseFence(db, order, 'test', LEASE_MS);
    pass();
    await run.ended;
    expect(await now(order)).to.include({ status: 'SUBMITTED', txSignature: '' });
  });

  it('E3 fail when the executor breaks before a commit', async () => {
    const order = await claimed();
    supervise(() => Promise.reject(new Error('a defect')));
    await (await supervisor.execute(order.orderId, order.fence)).ended;
    expect(await now(order)).to.include({ status: 'FAILED', reason: 'EXECUTOR_ERROR', attemptCount: 1 });
  });

  it('E7 never fail when the executor breaks after a commit: the attempt is taken up again', async () => {
    const order = await claimed();
    const runs: (string | undefined)[] = [];
    supervise(async (run: Run) => {
      runs.push(run.openAttempt?.signature);
      if (run.openAttempt) return run.settle({ number: run.openAttempt.number, slot: 1n }, FILL);
      await run.commitAttempt({ ...ATTEMPT, signature: 'kept' });
      throw new Error('a defect');
    });
    const run = await supervisor.execute(order.orderId, order.fence);
    await eventually('the first run to have failed', () => Promise.resolve(clock.pendingTimers > 0));
    expect((await now(order)).status).to.equal('CONFIRMING');
    await clock.advance(1_000);
    await run.ended;
    expect(runs).to.deep.equal([undefined, 'kept']);
    expect(await now(order)).to.include({ status: 'FILLED', attemptCount: 0 });
  });

  it('E10 O1 settle for whoever owns the order, whatever the call that dialled them may see', async () => {
    const { positionId } = await openTestPosition(db);
    const order = await claimed(exitDraft(positionId, 'manual', { percent: 100 }));
    const inside: unknown[] = [];
    supervise(async (run) => {
      inside.push(currentCallFacts(), currentOrderFacts()?.requestId);
      const number = await run.commitAttempt({ ...ATTEMPT, signature: 'settles' });
      await run.settle({ number, slot: 1n }, FILL);
    });
    const caller: Caller = { name: 'requestor', role: 'service', client: 'desk', actingFor: '' };
    const dial = { method: 'exitlane.v1.ExecutionService/ExecuteOrder', requestId: 'dial', peer: '', caller };
    const run = await runInCall(dial, () => supervisor.execute(order.orderId, order.fence));
    await eventually('the fill', async () => (await now(order)).status === 'FILLED');
    await run.ended;
    expect(await now(order)).to.include({ status: 'FILLED', txSignature: 'settles' });
    expect((await getPosition(db, positionId)).soldTokens > 0n).to.equal(true);
    expect(inside, 'no call, and the id of the order in its log lines').to.deep.equal([
      undefined,
      requestIdOfOrder(order),
    ]);
  });

  it('E8 take committed attempts up again at the start, without being dialled', async () => {
    const order = await claimed();
    const stopped = supervise(async (run) => {
      await run.commitAttempt({ ...ATTEMPT, signature: 'open' });
      await new Promise((_, reject) => run.signal.addEventListener('abort', () => reject(run.signal.reason)));
    });
    await stopped.execute(order.orderId, order.fence);
    await eventually('the commit', async () => (await now(order)).status === 'CONFIRMING');
    await stopped.close();
    supervise((run) => run.settle({ number: run.openAttempt?.number ?? 0, slot: 1n }, FILL));
    expect(await supervisor.recover()).to.equal(1);
    await eventually('the fill', async () => (await now(order)).status === 'FILLED');
  });

  describe('E4 that only simulate', () => {
    it('mark an entry as simulated before anything else happens to it', async () => {
      const order = await claimed();
      let marked: boolean | undefined;
      supervise(async (run) => {
        marked = (await now(order)).isSimulated && run.order.isSimulated;
        await run.fail({ reason: 'PRICE_UNAVAILABLE', error: 'No price.' });
      }, false);
      await (await supervisor.execute(order.orderId, order.fence)).ended;
      expect(marked).to.equal(true);
    });

    it('do not sell a real position', async () => {
      const { positionId } = await openTestPosition(db);
      const order = await claimed(exitDraft(positionId, 'manual', { percent: 100 }));
      supervise(() => Promise.reject(new Error('must not run')), false);
      await (await supervisor.execute(order.orderId, order.fence)).ended;
      expect(await now(order)).to.include({ status: 'FAILED', reason: 'NO_WALLET', isSimulated: false });
      expect(await getPosition(db, positionId)).to.include({ status: 'EXIT_PENDING', soldTokens: 0n });
    });

    it('do not settle a real attempt: it waits for a processor on the venue', async () => {
      const order = await claimed();
      const real = supervise(async (run) => {
        await run.commitAttempt({ ...ATTEMPT, signature: 'real' });
        await new Promise((_, reject) => run.signal.addEventListener('abort', () => reject(run.signal.reason)));
      });
      await real.execute(order.orderId, order.fence);
      await eventually('the commit', async () => (await now(order)).status === 'CONFIRMING');
      await real.close();
      supervise(() => Promise.reject(new Error('must not run')), false);
      await supervisor.recover();
      await eventually('the refusal', () => Promise.resolve(clock.pendingTimers > 0));
      expect(await now(order)).to.include({ status: 'CONFIRMING', isSimulated: false, attemptCount: 0 });
    });
  });
});
