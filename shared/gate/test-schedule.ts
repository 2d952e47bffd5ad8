import { expect } from 'chai';
import * as fc from 'fast-check';
import { ManualClock } from '../core/clock.js';
import { type Deferred, deferred, settle } from '../queue/test-helpers.js';
import { API_CALL_PRIORITIES, ApiCallPriority, levelName } from './api-call-priority.js';
import { ApiGate } from './api-gate.js';
import type { HostBudget } from './budget.js';

const { CRITICAL } = ApiCallPriority;
/** Narrow enough that a random schedule meets every bound. */
const MAX_WAIT_MS = 500;
export const BUDGET_WAIT_MS = 2_000;
export const CRITICAL_WAIT_MS = 1_000;
export const ENTRY = 100;

export const BUDGETS: Readonly<Record<string, HostBudget>> = {
  narrow: { requests: 4, windowMs: 400, reserve: 2, burst: 1 },
  wide: { requests: 12, windowMs: 300, reserve: 3, burst: 6 },
};
const HOSTS = ['narrow', 'wide', 'free'];

export type Step =
  | { do: 'ask'; level: ApiCallPriority; host: string; urgency: number }
  | { do: 'finish' | 'fail' | 'abort' | 'refuse' | 'time'; n: number };

export const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('ask' as const),
      // Where most is asked for, most has to wait.
      level: fc.constantFrom(CRITICAL, CRITICAL, ...API_CALL_PRIORITIES),
      host: fc.constantFrom('narrow', 'narrow', ...HOSTS),
      urgency: fc.constantFrom(0, 10, 50, ENTRY),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('finish' as const, 'finish' as const, 'fail' as const, 'abort' as const),
      n: fc.nat(99),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('time' as const),
      n: fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 60, max: 1_500 })),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('refuse' as const), n: fc.nat(99) }) },
);

interface Asked {
  readonly level: ApiCallPriority;
  readonly host: string;
  readonly urgency: number;
  readonly arrival: number;
  readonly since: number;
  readonly end: Deferred<void>;
  readonly stop: AbortController;
  startedAt: number | undefined;
  /** When it left the gate: ended, aborted or refused. */
  endedAt: number | undefined;
  /** Its promise settled. */
  isSettled: boolean;
}

/** A gate under a random schedule, and what it did by the rules written down a second time, call by call. */
export class Schedule {
  readonly clock = new ManualClock();
  readonly asked: Asked[] = [];
  readonly broken: string[] = [];
  readonly gate: ApiGate;

  constructor(refusableUrgency: number) {
    const waits = { maxWaitMs: MAX_WAIT_MS, budgetWaitMs: BUDGET_WAIT_MS, criticalWaitMs: CRITICAL_WAIT_MS };
    this.gate = new ApiGate({ clock: this.clock, budgets: BUDGETS, refusableUrgency, ...waits });
  }

  get waiting(): Asked[] {
    return this.asked.filter(({ startedAt, endedAt }) => startedAt === undefined && endedAt === undefined);
  }

  get inFlight(): Asked[] {
    return this.asked.filter(({ startedAt, endedAt }) => startedAt !== undefined && endedAt === undefined);
  }

  async run(action: Step): Promise<void> {
    if (action.do === 'ask') this.#ask(action);
    else if (action.do === 'time') await this.clock.advance(action.n);
    else if (action.do === 'refuse') {
      const host = HOSTS[action.n % HOSTS.length] ?? '';
      const level = API_CALL_PRIORITIES[action.n % API_CALL_PRIORITIES.length] ?? CRITICAL;
      this.gate.noteAnswer(host, level, { limited: true, retryAfterMs: 100 + 20 * action.n });
    } else {
      const candidates = action.do === 'abort' ? [...this.waiting, ...this.inFlight] : this.inFlight;
      const target = candidates[action.n % Math.max(1, candidates.length)];
      if (action.do === 'finish') target?.end.resolve();
      if (action.do === 'fail') target?.end.reject(new Error('failed on demand'));
      if (action.do === 'abort' && target) {
        this.#ended(target);
        target.stop.abort(new Error('aborted on demand'));
      }
    }
    await settle();
    this.#check();
  }

  #ask({ level, host, urgency }: Step & { do: 'ask' }): void {
    const asked: Asked = {
      level,
      host,
      urgency,
      arrival: this.asked.length,
      since: this.clock.now(),
      end: deferred(),
      stop: new AbortController(),
      startedAt: undefined,
      endedAt: undefined,
      isSettled: false,
    };
    const ended = () => this.#ended(asked);
    asked.end.promise.catch(() => undefined);
    const call = () => {
      this.#checkStart(asked);
      asked.startedAt = this.clock.now();
      // Before the gate hears of it: others start as soon as it does.
      asked.end.promise.then(ended, ended);
      return asked.end.promise;
    };
    this.asked.push(asked);
    const settled = () => {
      asked.isSettled = true;
      this.#ended(asked);
    };
    const options = { host, urgency, signal: asked.stop.signal };
    this.gate.executeWithPriority(call, level, `${host}:${asked.arrival}`, options).then(settled, settled);
  }

  #ended(asked: Asked): void {
    asked.endedAt ??= this.clock.now();
  }

  #checkStart(call: Asked): void {
    const now = this.clock.now();
    const criticals = this.inFlight.filter(({ level }) => level === CRITICAL).length;
    const isHeld = ({ level, since }: Asked) => level !== CRITICAL && criticals > 0 && now < since + MAX_WAIT_MS;
    if (isHeld(call)) this.#broke(call, 'started while a critical call was in flight');
    for (const other of this.waiting) {
      if (other === call || other.host !== call.host || isHeld(other) || other.stop.signal.aborted) continue;
      if (isBefore(other, call)) this.#broke(call, `started before ${other.arrival}, which was first in turn`);
    }
  }

  #broke(call: Asked, how: string): void {
    this.broken.push(`call ${call.arrival} (${levelName(call.level)} on ${call.host}) ${how}`);
  }

  /** What must hold whenever nothing moves. */
  #check(): void {
    const now = this.clock.now();
    const stats = this.gate.stats();
    for (const level of API_CALL_PRIORITIES) {
      const of = (calls: readonly Asked[]) => calls.filter((each) => each.level === level).length;
      const counted = stats.levels.find((each) => each.level === levelName(level));
      expect(counted, levelName(level)).to.include({ inFlight: of(this.inFlight), waiting: of(this.waiting) });
    }
    for (const call of this.waiting) {
      const longest = call.level === CRITICAL ? CRITICAL_WAIT_MS : BUDGET_WAIT_MS;
      expect(now - call.since, `wait of call ${call.arrival}`).to.be.lessThan(longest);
    }
    this.#checkBudgets();
  }

  #checkBudgets(): void {
    const over = new Map(this.gate.stats().hosts.map(({ host, overBudget }) => [host, overBudget]));
    for (const [host, { requests, windowMs, reserve }] of Object.entries(BUDGETS)) {
      const started = this.asked.filter((call) => call.host === host && call.startedAt !== undefined);
      let beyond = 0;
      for (const call of started) {
        const at = call.startedAt ?? 0;
        const span = started.filter(({ startedAt = 0 }) => startedAt > at - windowMs && startedAt <= at);
        if (call.level === CRITICAL && span.length > requests) beyond++;
        // All that started in this very millisecond may have started after it.
        const before = span.filter(({ startedAt }) => (startedAt ?? 0) < at).length;
        const others = span.filter(({ startedAt, level }) => startedAt === at && level !== CRITICAL).length;
        if (call.level !== CRITICAL) expect(before + others).to.be.at.most(requests - reserve);
      }
      if (over.get(host) === 0) expect(beyond, `calls over the budget of ${host}`).to.equal(0);
    }
  }
}

function isBefore(one: Asked, other: Asked): boolean {
  if (one.level !== other.level) return one.level < other.level;
  if (one.level === CRITICAL && one.urgency !== other.urgency) return one.urgency < other.urgency;
  return one.arrival < other.arrival;
}
