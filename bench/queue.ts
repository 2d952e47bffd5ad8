import PQueue from 'p-queue';
import { PriorityQueueManager } from '../shared/queue/index.js';
import { median, times } from './figures.js';

/**
 * A pool of 3 with a backlog of tasks at 10 priority levels, in turns with p-queue in the same process: tasks per second, from
 * adding the first to the end of the last, and the time from adding an urgent task behind the whole backlog to its start.
 * `node dist/bench/queue.js [rounds] [backlog ...]`
 */
const rounds = Number(process.argv[2] ?? 3);
const backlogs = process.argv.length > 3 ? process.argv.slice(3).map(Number) : [1_000, 100_000];
const SLOTS = 3;
const URGENT_TASKS = 100;
/** At least so many tasks make one measurement, or the clock would decide. */
const TASKS_MIN = 20_000;

type Task = () => Promise<void>;

/** A queue with priorities; 0 is the most urgent. */
interface Candidate {
  add(priority: number, task: Task): void;
  start(): void;
  stop(): Promise<void>;
}

type Make = (slots: number) => Candidate;

const manager: Make = (slots) => {
  const it = new PriorityQueueManager({ maxConcurrentTasks: slots });
  return {
    add: (priority, task) => {
      it.addPriorityTask({ orderReqId: 'ORD', priority, task });
    },
    start: () => it.start(),
    stop: () => it.stop(),
  };
};

const pQueue: Make = (slots) => {
  const it = new PQueue({ concurrency: slots, autoStart: false });
  return {
    add: (priority, task) => void it.add(task, { priority: -priority }),
    start: () => void it.start(),
    stop: async () => it.clear(),
  };
};

/** Tasks per second, of a backlog that is added first and then run. */
async function tasksPerSecond(make: Make, backlog: number): Promise<number> {
  const repeats = Math.max(1, Math.ceil(TASKS_MIN / backlog));
  const begin = performance.now();
  for (let n = 0; n < repeats; n++) await runBacklog(make(SLOTS), backlog);
  return (repeats * backlog * 1_000) / (performance.now() - begin);
}

async function runBacklog(queue: Candidate, backlog: number): Promise<void> {
  let left = backlog;
  const all = signal();
  const task = async () => {
    left -= 1;
    if (left === 0) all.give();
  };
  for (let n = 0; n < backlog; n++) queue.add((n % 10) * 10, task);
  queue.start();
  await all.given;
  await queue.stop();
}

/** Milliseconds, the median. Each urgent task is added while the one slot is taken, and starts when the one before it ends. */
async function urgentStartMs(make: Make, backlog: number): Promise<number> {
  const queue = make(1);
  for (let n = 0; n < backlog; n++) queue.add(10 + (n % 10) * 10, async () => undefined);
  const waits: number[] = [];
  let previous = signal();
  const addUrgent = async () => {
    const end = signal();
    const started = signal();
    const addedAt = performance.now();
    queue.add(0, () => {
      waits.push(performance.now() - addedAt);
      started.give();
      return end.given;
    });
    previous.give();
    previous = end;
    return started.given;
  };
  const first = addUrgent();
  queue.start();
  await first;
  for (let n = 0; n < URGENT_TASKS; n++) await addUrgent();
  // What is left is dropped, not run.
  await queue.stop();
  previous.give();
  return median(waits);
}

function signal(): { readonly given: Promise<void>; give(): void } {
  let give: () => void = () => undefined;
  const given = new Promise<void>((resolve) => {
    give = resolve;
  });
  return { given, give: () => give() };
}

const candidates = { 'priority manager': manager, 'p-queue': pQueue };
for (const backlog of backlogs) {
  const rates = new Map<string, number[]>();
  const starts = new Map<string, number[]>();
  // The first round is not counted: code is compiled when it has run for a while.
  for (let round = -1; round < rounds; round++) {
    for (const [name, make] of Object.entries(candidates)) {
      const rate = await tasksPerSecond(make, backlog);
      const start = await urgentStartMs(make, backlog);
      if (round < 0) continue;
      rates.set(name, [...(rates.get(name) ?? []), rate]);
      starts.set(name, [...(starts.get(name) ?? []), start]);
    }
  }
  const of = (figures: Map<string, number[]>, name: string) => median(figures.get(name) ?? []);
  for (const name of Object.keys(candidates)) {
    const rate = of(rates, name);
    console.log(
      `${backlog} tasks at 10 levels, pool of ${SLOTS}, ${name}: ${Math.round(rate)} tasks/s, ` +
        `${times(rate, of(rates, 'p-queue'))} p-queue's (median of ${rounds})`,
    );
  }
  for (const name of Object.keys(candidates)) {
    const start = of(starts, name);
    console.log(
      `urgent task behind ${backlog}, ${name}: starts ${(start * 1_000).toFixed(1)} us after it was added, ` +
        `${times(start, of(starts, 'p-queue'))} p-queue's`,
    );
  }
}
