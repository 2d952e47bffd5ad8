import Bottleneck from 'bottleneck';
import PQueue from 'p-queue';
import { ApiCallPriority } from '../shared/gate/api-call-priority.js';
import { ApiGate } from '../shared/gate/api-gate.js';
import { budgetOf } from '../shared/gate/budget.js';
import { median } from './figures.js';

/**
 * What the gate costs: an uncontended call, and the time from the end of a critical call to the start of the call that waited for
 * it; the same with p-queue and bottleneck, in turns in the same process, so that only the ratios count.
 * `node dist/bench/gate.js [calls] [rounds]`
 */
const calls = Number(process.argv[2] ?? 20_000);
const rounds = Number(process.argv[3] ?? 5);
const wakeUps = 200;
/** Rounds before the first that counts: code is compiled when it has run for a while. */
const warmUps = 2;

type Work = () => Promise<void>;

/** Something that decides when a call starts. */
interface Candidate {
  readonly name: string;
  /** Calls of one measurement; fewer where each takes long. */
  readonly calls: number;
  /** Runs a call when nothing is in its way. */
  readonly uncontended: (work: Work) => Promise<void>;
  /** Runs a call that others give way to, and one that waits for it. */
  readonly critical: (work: Work) => Promise<void>;
  readonly waiting: (work: Work) => Promise<void>;
}

function gate(): Candidate {
  // More than anyone can call, so that nothing waits for it, and yet counted.
  const budgets = { api: budgetOf({ requestsPerSecond: 100_000_000, windowMs: 1 }) };
  const it = new ApiGate({ budgets });
  const options = { host: 'api' };
  return {
    name: 'gate',
    calls,
    uncontended: (work) => it.executeWithPriority(work, ApiCallPriority.NORMAL, 'api:call', options),
    critical: (work) => it.executeWithPriority(work, ApiCallPriority.CRITICAL, 'api:critical', options),
    waiting: (work) => it.executeWithPriority(work, ApiCallPriority.NORMAL, 'api:call', options),
  };
}

function pQueue(): Candidate {
  const free = new PQueue({ concurrency: Number.POSITIVE_INFINITY });
  const one = new PQueue({ concurrency: 1 });
  return {
    name: 'p-queue',
    calls,
    uncontended: (work) => free.add(work, { priority: 0 }),
    critical: (work) => one.add(work, { priority: 1 }),
    waiting: (work) => one.add(work, { priority: 0 }),
  };
}

function bottleneck(): Candidate {
  const free = new Bottleneck({ maxConcurrent: null });
  const one = new Bottleneck({ maxConcurrent: 1 });
  return {
    name: 'bottleneck',
    // It starts every call by a timer, which takes a millisecond.
    calls: Math.ceil(calls / 40),
    uncontended: (work) => free.schedule({ priority: 5 }, work),
    critical: (work) => one.schedule({ priority: 0 }, work),
    waiting: (work) => one.schedule({ priority: 5 }, work),
  };
}

/** Microseconds per call, above what the call costs by itself. */
async function uncontendedUs({ uncontended, calls: count }: Candidate): Promise<number> {
  const work = async () => undefined;
  const time = async (call: (work: Work) => Promise<void>) => {
    const begin = performance.now();
    for (let n = 0; n < count; n++) await call(work);
    return ((performance.now() - begin) * 1_000) / count;
  };
  const gated = await time(uncontended);
  return Math.max(0, gated - (await time((bare) => bare())));
}

/** Microseconds from the end of a critical call to the start of the one that waited for it, the median of many. */
async function wakeUpUs({ critical, waiting }: Candidate): Promise<number> {
  const waits: number[] = [];
  for (let n = 0; n < wakeUps; n++) {
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    let endedAt = 0;
    const first = critical(() => ended);
    const second = waiting(async () => {
      waits.push((performance.now() - endedAt) * 1_000);
    });
    // Both are where they belong by now, and nothing else is under way.
    await new Promise((resolve) => setImmediate(resolve));
    endedAt = performance.now();
    end();
    await Promise.all([first, second]);
  }
  return median(waits);
}

const candidates = [gate(), pQueue(), bottleneck()];
const results = new Map(candidates.map(({ name }) => [name, { uncontended: [] as number[], wakeUp: [] as number[] }]));
for (let round = -warmUps; round < rounds; round++) {
  for (const candidate of candidates) {
    const measured = { uncontended: await uncontendedUs(candidate), wakeUp: await wakeUpUs(candidate) };
    if (round < 0) continue;
    results.get(candidate.name)?.uncontended.push(measured.uncontended);
    results.get(candidate.name)?.wakeUp.push(measured.wakeUp);
  }
}
for (const [what, of] of [
  ['uncontended call', 'uncontended'],
  ['wake-up after a critical call', 'wakeUp'],
] as const) {
  const own = median(results.get('gate')?.[of] ?? []);
  for (const [name, measured] of results) {
    const us = median(measured[of]);
    console.log(
      `${what}, ${name}: ${us.toFixed(2)} us, ${(us / own).toFixed(1)} times the gate's (median of ${rounds})`,
    );
  }
}
