import { expect } from 'chai';
import * as fc from 'fast-check';
import { ManualClock } from '../core/clock.js';
import { DRAIN_MS } from '../core/limits.js';
import { PriorityQueueManager } from './priority-queue-manager.js';
import type { TaskContext, TaskResult } from './task.js';
import { type Deferred, deferred, settle, untilAborted } from './test-helpers.js';

const KINDS = ['async', 'sync', 'throw', 'stream', 'deaf', 'watch'] as const;
type Kind = (typeof KINDS)[number];
type Step =
  | { do: 'add'; kind: Kind; priority: number }
  | { do: 'cancel' | 'finish' | 'fail'; which: number }
  | { do: 'settle' | 'stop' | 'start' | 'time'; which?: undefined };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('add' as const),
      kind: fc.constantFrom(...KINDS),
      priority: fc.constantFrom(0, 10, 50, 100),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('cancel' as const, 'finish' as const, 'fail' as const),
      which: fc.nat(99),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('settle' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('stop' as const, 'start' as const, 'time' as const) }) },
);

interface Added {
  readonly taskId: string;
  readonly priority: number;
  readonly arrival: number;
  readonly end: Deferred<void>;
  readonly results: TaskResult[];
}

/** A manager under a random schedule, with everything it promised written down. */
class Schedule {
  readonly clock = new ManualClock();
  readonly manager: PriorityQueueManager;
  readonly added: Added[] = [];
  readonly #slots: number;
  #holding = 0;
  #stopping = false;

  constructor(slots: number) {
    this.#slots = slots;
    this.manager = new PriorityQueueManager({ clock: this.clock, maxConcurrentTasks: slots });
  }

  add(kind: Kind, priority: number): void {
    const end = deferred();
    end.promise.catch(() => undefined);
    const arrival = this.added.length;
    const task = (context: TaskContext) => {
      this.#checkStart(priority, arrival);
      return this.#body(kind, context, end);
    };
    const taskId = this.manager.addPriorityTask({ orderReqId: `ORD${arrival}`, priority, task });
    const entry: Added = { taskId, priority, arrival, end, results: [] };
    this.added.push(entry);
    void this.manager.waitForTask(taskId).then((result) => entry.results.push(result));
  }

  async run(action: Step): Promise<void> {
    if (action.do === 'add') this.add(action.kind, action.priority);
    else if (action.do === 'settle') await settle();
    else if (action.do === 'time') await this.clock.advance(DRAIN_MS / 2);
    else if (action.do === 'start') {
      if (!this.#stopping) this.manager.start();
    } else if (action.do === 'stop') {
      this.#stopping = true;
      void this.manager.stop().then(() => {
        this.#stopping = false;
      });
    } else {
      const target = this.added[(action.which ?? 0) % Math.max(1, this.added.length)];
      if (action.do === 'cancel' && target) this.manager.cancelTask(target.taskId);
      if (action.do === 'finish') target?.end.resolve();
      if (action.do === 'fail') target?.end.reject(new Error('failed on demand'));
    }
    expect(this.manager.getQueueStats().activeTasks).to.be.at.most(this.#slots);
  }

  #checkStart(priority: number, arrival: number): void {
    for (const other of this.added) {
      if (this.manager.getTask(other.taskId)?.state !== 'WAITING') continue;
      const better = other.priority < priority || (other.priority === priority && other.arrival < arrival);
      expect(better, `a task of priority ${priority} started while one of ${other.priority} waited`).to.equal(false);
    }
  }

  #body(kind: Kind, context: TaskContext, end: Deferred<void>): unknown {
    if (kind === 'sync') return arrivalOf(context);
    if (kind === 'throw') throw new Error('sync throw');
    // A task that ignores its signal loses its slot after the grace time: it is counted by the manager's stats only.
    if (kind === 'deaf') return end.promise;
    if (kind === 'stream') return this.#stream(context, end);
    return this.#hold(context, end, kind === 'watch');
  }

  async #hold({ signal, releaseSlot }: TaskContext, end: Deferred<void>, watch: boolean): Promise<void> {
    this.#take();
    let held = true;
    try {
      if (watch) {
        this.#holding--;
        held = false;
        releaseSlot();
      }
      await Promise.race([end.promise, untilAborted(signal)]);
    } finally {
      if (held) this.#holding--;
    }
  }

  async *#stream({ signal }: TaskContext, end: Deferred<void>): AsyncGenerator<string> {
    this.#take();
    try {
      yield 'first';
      await Promise.race([end.promise, untilAborted(signal)]);
      yield 'last';
    } finally {
      this.#holding--;
    }
  }

  #take(): void {
    this.#holding++;
    expect(this.#holding, 'tasks that hold a slot').to.be.at.most(this.#slots);
  }
}

function arrivalOf({ orderReqId }: TaskContext): string {
  return orderReqId;
}

describe('Q1 PriorityQueueManager under random schedules', () => {
  it('P2 P4 best first, never too many, and exactly one result for each task', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.boolean(),
        fc.array(step, { maxLength: 80 }),
        async (slots, startFirst, steps) => {
          const schedule = new Schedule(slots);
          const { manager, clock, added } = schedule;
          if (startFirst) manager.start();
          for (const action of steps) await schedule.run(action);
          // Twice: what was added while an earlier stop was under way belongs to the time after it.
          for (let n = 0; n < 2; n++) {
            const stopping = manager.stop();
            await clock.advance(DRAIN_MS);
            await stopping;
          }
          await settle();
          for (const { results, taskId } of added) {
            expect(results, `results of ${taskId}`).to.have.lengthOf(1);
            expect(manager.getTaskResult(taskId)).to.equal(results[0]);
            const failure = results[0]?.success === false ? results[0].error : undefined;
            if (failure?.name === 'AssertionError') throw failure;
          }
          expect(manager.getQueueStats()).to.deep.equal({
            priorityQueueSize: 0,
            activeTasks: 0,
            completedTasks: added.length,
          });
          expect(clock.pendingTimers).to.equal(0);
        },
      ),
      { numRuns: 300 },
    );
  });
});
