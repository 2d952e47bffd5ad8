import { expect } from 'chai';
import { ManualClock } from '../core/clock.js';
import { OrderPriority } from '../order/priority.js';
import { PriorityQueueManager } from './priority-queue-manager.js';
import type { PriorityTaskInput, TaskFunction } from './task.js';
import type { TaskSource } from './task-source.js';
import { type Deferred, deferred, untilAborted } from './test-helpers.js';

/** A fresh, empty source and the way work gets into it. */
export interface SourceUnderTest {
  readonly source: TaskSource<PriorityTaskInput>;
  /**
   * Adds work as the source's own writers do, keeping `orderReqId` (unique within a test), `priority` and `createdAt`, and
   * running `task` once claimed. Whatever the source must be told when the task has ended is done by a wrapper in here.
   */
  submit(input: PriorityTaskInput): void | Promise<void>;
  /** Releases what the test used. */
  close?(): void | Promise<void>;
}

/** Moments for `createdAt`, in the past of any clock. */
const T0 = Date.UTC(2025, 0, 1);

/**
 * What every `TaskSource` owes a `PriorityQueueManager`, as tests: the same for memory and database. The manager's clock
 * stands still throughout, so nothing here can be the work of a timer.
 */
export function describeTaskSourceContract(name: string, makeSource: () => SourceUnderTest | Promise<SourceUnderTest>) {
  describe(`Q6 task source contract: ${name}`, () => {
    let subject: SourceUnderTest;
    let manager: PriorityQueueManager;
    let started: string[];
    let age: number;

    beforeEach(async () => {
      subject = await makeSource();
      started = [];
      age = 0;
    });

    afterEach(async () => {
      await manager?.stop();
      await subject.close?.();
    });

    const manage = (maxConcurrentTasks: number) => {
      manager = new PriorityQueueManager({ maxConcurrentTasks, source: subject.source, clock: new ManualClock() });
      return manager;
    };

    const submit = async (orderReqId: string, priority: number, task: TaskFunction, createdAt = T0 + age++) => {
      const noted: TaskFunction = (context) => {
        started.push(context.orderReqId);
        return task(context);
      };
      await subject.submit({ orderReqId, priority, task: noted, createdAt });
    };

    /** Submits tasks that end at once, runs them one by one, and returns the order of their starts. */
    const orderOf = async (work: readonly [orderReqId: string, priority: number, createdAt?: number][]) => {
      const ends: Promise<void>[] = [];
      for (const [orderReqId, priority, createdAt] of work) {
        const end = deferred();
        ends.push(end.promise);
        await submit(orderReqId, priority, async () => end.resolve(), createdAt);
      }
      manage(1).start();
      await Promise.all(ends);
      return started;
    };

    it('counts what waits and has nothing to claim when empty', async () => {
      expect(await subject.source.size()).to.equal(0);
      expect(await subject.source.claim()).to.equal(undefined);
      await submit('a', 10, async () => undefined);
      await submit('b', 10, async () => undefined);
      expect(await subject.source.size()).to.equal(2);
      expect((await subject.source.claim())?.orderReqId).to.equal('a');
      expect(await subject.source.size()).to.equal(1);
    });

    it('hands out each task once, however many claims are made at once', async () => {
      for (let n = 0; n < 20; n++) await submit(`order-${n}`, (n % 3) * 10, async () => undefined);
      const claims = await Promise.all(Array.from({ length: 25 }, () => subject.source.claim()));
      const ids = claims.flatMap((claim) => (claim === undefined ? [] : [claim.orderReqId]));
      expect(new Set(ids).size).to.equal(ids.length);
      for (let rest = await subject.source.claim(); rest !== undefined; rest = await subject.source.claim()) {
        ids.push(rest.orderReqId);
      }
      expect(ids).to.have.lengthOf(20);
      expect(new Set(ids).size).to.equal(20);
    });

    it('P2 runs 3 exits before 5 entries, stop-loss before take-profit, the older first within one level', async () => {
      const { ENTRY, EXIT_STOP_LOSS, EXIT_TAKE_PROFIT } = OrderPriority;
      const order = await orderOf([
        ['e1', ENTRY],
        ['e2', ENTRY],
        ['tp', EXIT_TAKE_PROFIT],
        ['e3', ENTRY],
        ['sl1', EXIT_STOP_LOSS],
        ['e4', ENTRY],
        ['sl2', EXIT_STOP_LOSS],
        ['e5', ENTRY],
      ]);
      expect(order).to.deep.equal(['sl1', 'sl2', 'tp', 'e1', 'e2', 'e3', 'e4', 'e5']);
    });

    it('P2 a retried order keeps its seniority', async () => {
      const order = await orderOf([
        ['young', 50, T0 + 30],
        ['retried', 50, T0 + 10],
        ['middle', 50, T0 + 20],
      ]);
      expect(order).to.deep.equal(['retried', 'middle', 'young']);
    });

    it('P3 an emergency runs before everything else, other exits included', async () => {
      const { ENTRY, EXIT_STOP_LOSS, EMERGENCY } = OrderPriority;
      const order = await orderOf([
        ['entry', ENTRY],
        ['stop', EXIT_STOP_LOSS],
        ['emergency', EMERGENCY],
      ]);
      expect(order).to.deep.equal(['emergency', 'stop', 'entry']);
    });

    it('P4 of 10 waiting at most 3 run, and each freed slot takes the best that waits', async () => {
      const ends = new Map<string, Deferred<void>>();
      let running = 0;
      let mostRunning = 0;
      let sawStart = deferred();
      for (let n = 0; n < 10; n++) {
        const end = deferred();
        ends.set(`o${n}`, end);
        await submit(`o${n}`, 100 - n * 10, async () => {
          running++;
          mostRunning = Math.max(mostRunning, running);
          sawStart.resolve();
          await end.promise;
          running--;
        });
      }
      manage(3).start();
      for (let n = 0; n < 10; n++) {
        while (started.length < Math.min(10, n + 3)) {
          await sawStart.promise;
          sawStart = deferred();
        }
        expect(started).to.have.lengthOf(Math.min(10, n + 3));
        ends.get(started[n] ?? '')?.resolve();
      }
      expect(started).to.deep.equal(['o9', 'o8', 'o7', 'o6', 'o5', 'o4', 'o3', 'o2', 'o1', 'o0']);
      expect(mostRunning).to.equal(3);
    });

    it('P7 a submitted task wakes an idle manager', async () => {
      manage(3).start();
      for (const orderReqId of ['first', 'second']) {
        const ran = deferred();
        await submit(orderReqId, 100, async () => ran.resolve());
        await ran.promise;
      }
      expect(started).to.deep.equal(['first', 'second']);
    });

    it('P4 the slot comes back on return, sync throw, rejection and the end of a stream', async () => {
      const last = deferred();
      await submit('returns', 1, () => 'at once');
      await submit('throws', 2, () => {
        throw new Error('thrown');
      });
      await submit('rejects', 3, () => Promise.reject(new Error('rejected')));
      await submit('streams', 4, async function* () {
        yield 'one';
        yield 'two';
      });
      await submit('breaks', 5, async function* () {
        yield 'one';
        throw new Error('broken stream');
      });
      await submit('last', 6, async () => last.resolve());
      manage(1).start();
      await last.promise;
      expect(started).to.deep.equal(['returns', 'throws', 'rejects', 'streams', 'breaks', 'last']);
    });

    it('Q1 stop ends what runs and leaves what waits; after start the rest runs', async () => {
      const running = deferred();
      await submit('running', 1, ({ signal }) => {
        running.resolve();
        return untilAborted(signal);
      });
      const waited = deferred();
      await submit('waiting', 2, async () => waited.resolve());
      manage(1).start();
      await running.promise;
      await manager.stop();
      expect(started).to.deep.equal(['running']);
      expect(await manager.readQueueStats()).to.include({ activeTasks: 0, priorityQueueSize: 1 });
      manager.start();
      await waited.promise;
      expect(started).to.deep.equal(['running', 'waiting']);
    });
  });
}
