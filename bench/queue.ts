import { PriorityQueueManager } from '../shared/queue/index.js';

/**
 * A pool of 3 with a backlog of tasks at 10 priority levels: throughput, and the time from adding an urgent task behind
 * the whole backlog to its start. `node dist/bench/queue.js [tasks] [rounds]`
 */
const tasks = Number(process.argv[2] ?? 100_000);
const rounds = Number(process.argv[3] ?? 7);

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

async function throughput(): Promise<number> {
  const manager = new PriorityQueueManager();
  let left = tasks;
  let finish: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const task = async () => {
    left--;
    if (left === 0) finish();
  };
  const begin = performance.now();
  for (let n = 0; n < tasks; n++) manager.addPriorityTask({ orderReqId: 'ORD', priority: (n % 10) * 10, task });
  manager.start();
  await finished;
  const seconds = (performance.now() - begin) / 1_000;
  await manager.stop();
  return tasks / seconds;
}

/** Each of 200 urgent tasks is added while the slot is taken, and starts when the one before it ends. */
async function urgentStartMs(): Promise<number> {
  const manager = new PriorityQueueManager({ maxConcurrentTasks: 1 });
  const idle = () => undefined;
  for (let n = 0; n < tasks; n++)
    manager.addPriorityTask({ orderReqId: 'ORD', priority: 10 + (n % 10) * 10, task: idle });
  const waits: number[] = [];
  let endPrevious: () => void = () => undefined;
  const addUrgent = () => {
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const addedAt = performance.now();
    const started = new Promise<void>((resolve) => {
      const task = () => {
        waits.push(performance.now() - addedAt);
        resolve();
        return ended;
      };
      manager.addPriorityTask({ orderReqId: 'EXIT', priority: 0, task });
    });
    endPrevious();
    endPrevious = end;
    return started;
  };
  const first = addUrgent();
  manager.start();
  await first;
  for (let n = 0; n < 200; n++) await addUrgent();
  endPrevious();
  await manager.stop();
  return median(waits);
}

const rates: number[] = [];
const starts: number[] = [];
for (let n = 0; n < rounds; n++) {
  rates.push(await throughput());
  starts.push(await urgentStartMs());
}
console.log(`tasks/s, pool of 3, ${tasks} waiting at 10 levels: ${Math.round(median(rates))} (median of ${rounds})`);
console.log(`urgent task behind ${tasks}: starts ${median(starts).toFixed(4)} ms after it was added`);
