import { expect } from 'chai';
import { ManualClock } from '../core/clock.js';
import { seededRandom } from '../core/random.js';
import type { PriorityTaskInput } from './task.js';
import { MemoryTaskSource, mapTaskSource, type TaskSource } from './task-source.js';
import { describeTaskSourceContract, type SourceUnderTest } from './task-source-contract.js';
import { settle } from './test-helpers.js';

function memorySource() {
  const source = new MemoryTaskSource<PriorityTaskInput>();
  const submit = (input: PriorityTaskInput) => {
    source.offer(input, input.priority, input.createdAt ?? 0);
  };
  return { source, submit };
}

describeTaskSourceContract('memory', memorySource);

/** Answers like a database: later, out of step with its callers, and one claim at a time. */
function slowSource(): SourceUnderTest {
  const { source, submit } = memorySource();
  const random = seededRandom(7);
  let turn: Promise<unknown> = Promise.resolve();
  const slow: TaskSource<PriorityTaskInput> = {
    claim() {
      const claim = turn.then(async () => {
        for (let n = random.int(0, 3); n > 0; n--) await settle();
        return source.claim();
      });
      turn = claim;
      return claim;
    },
    onWake: (listener) => source.onWake(listener),
    size: async () => source.size(),
  };
  return { source: slow, submit };
}

describeTaskSourceContract('answers by promise', slowSource);

/** Orders claimed with a fence and a lease, as from a table, seen as tasks. */
function claimedOrders(): SourceUnderTest {
  interface OrderClaim {
    readonly orderId: string;
    readonly orderReqId: string;
    readonly priority: number;
    readonly createdAt: number;
    readonly fence: number;
    readonly leaseUntil: number;
  }
  const orders = new MemoryTaskSource<OrderClaim>();
  const tasks = new Map<string, PriorityTaskInput>();
  const clock = new ManualClock();
  let fence = 0;
  const source = mapTaskSource(orders, (claim): PriorityTaskInput => {
    const task = tasks.get(claim.orderReqId)?.task ?? (() => undefined);
    return { orderReqId: claim.orderReqId, priority: claim.priority, createdAt: claim.createdAt, task };
  });
  const submit = (input: PriorityTaskInput) => {
    const { orderReqId, priority, createdAt = 0 } = input;
    tasks.set(orderReqId, input);
    const leaseUntil = clock.now() + 4_000;
    orders.offer(
      { orderId: `id-${orderReqId}`, orderReqId, priority, createdAt, fence: ++fence, leaseUntil },
      priority,
      createdAt,
    );
  };
  return { source, submit };
}

describeTaskSourceContract('claims mapped to tasks', claimedOrders);

describe('Q6 mapped task source', () => {
  it('gives back the very claim the task came from, and closes what it maps', async () => {
    const returned: unknown[] = [];
    const claim = { fence: 3 };
    const source = mapTaskSource(
      {
        claim: async () => claim,
        onWake: () => () => undefined,
        size: () => 1,
        giveBack: (given: { fence: number }) => {
          returned.push(given);
        },
        close: () => {
          returned.push('closed');
        },
      },
      ({ fence }) => ({ text: `fence ${fence}` }),
    );
    const task = await source.claim();
    expect(task).to.deep.equal({ text: 'fence 3' });
    if (task !== undefined) await source.giveBack?.(task);
    await source.close?.();
    expect(returned).to.have.lengthOf(2);
    expect(returned[0]).to.equal(claim);
    expect(returned[1]).to.equal('closed');
  });
});
