import type { Timer } from '../core/clock.js';
import { TaskQueue, type Ticket } from '../queue/task-queue.js';
import { ApiCallPriority } from './api-call-priority.js';
import { Budget, type HostBudget } from './budget.js';
import type { GateHostStats } from './gate-stats.js';
import { HostWord } from './host-word.js';
import type { RateLimitAnswer } from './rate-limit.js';

/** A call that may not start yet. */
export interface WaitingCall {
  readonly lane: Lane;
  readonly level: ApiCallPriority;
  readonly name: string;
  /** Among critical calls the lower number goes first. */
  readonly urgency: number;
  /** Order of arrival at the gate. */
  readonly arrival: number;
  /** Clock times, ms: when it came, and until when it waits for critical calls. */
  readonly since: number;
  readonly holdUntil: number;
  /** What it waits for, in words; the newest reason. */
  why: string;
  /** Lets it start. */
  readonly start: () => void;
  readonly refuse: (error: unknown) => void;
  /** Its place in the lane; empty once it waits no more. */
  ticket: Ticket<WaitingCall> | undefined;
}

export function isWaiting(call: WaitingCall): boolean {
  return call.ticket?.item !== undefined;
}

const NO_RESERVE = { part: 0, calls: 0 } as const;

/** One host: its budget, what it said, and the calls that wait for it by level. */
export class Lane {
  readonly host: string;
  readonly #budget: Budget | undefined;
  readonly #word = new HostWord();
  readonly #reserve: { readonly part: number; readonly calls: number };
  readonly #queues: Readonly<Record<ApiCallPriority, TaskQueue<WaitingCall>>>;
  inFlight = 0;
  limited = 0;
  overBudget = 0;
  /** Milliseconds until the next look; Infinity: only events matter. */
  wakeInMs = Number.POSITIVE_INFINITY;
  timer: Timer | undefined;

  constructor(host: string, budget: HostBudget | undefined) {
    this.host = host;
    this.#budget = budget && new Budget(budget);
    this.#reserve = budget ? { part: budget.reserve / budget.requests, calls: budget.reserve } : NO_RESERVE;
    this.#queues = { 1: new TaskQueue(), 2: new TaskQueue(), 3: new TaskQueue(), 4: new TaskQueue() };
  }

  /** Whether time has to be asked for at all. */
  get isCounted(): boolean {
    return this.#budget !== undefined || this.#word.holds;
  }

  get waiting(): number {
    const { 1: critical, 2: high, 3: normal, 4: low } = this.#queues;
    return critical.size + high.size + normal.size + low.size;
  }

  waitingAt(level: ApiCallPriority): number {
    return this.#queues[level].size;
  }

  /** Critical calls by urgency, others in order of arrival. */
  push(call: WaitingCall): void {
    call.ticket = this.#queues[call.level].push(call, call.level === ApiCallPriority.CRITICAL ? call.urgency : 0);
  }

  /** False when it waits no more. */
  remove(call: WaitingCall): boolean {
    return call.ticket !== undefined && this.#queues[call.level].remove(call.ticket);
  }

  peek(level: ApiCallPriority): WaitingCall | undefined {
    return this.#queues[level].peek();
  }

  pop(level: ApiCallPriority): WaitingCall | undefined {
    return this.#queues[level].pop();
  }

  /** Milliseconds until its budget and its own word let a call start; 0: now. */
  budgetWaitMs(level: ApiCallPriority, now: number): number {
    const critical = level === ApiCallPriority.CRITICAL;
    return Math.max(this.#budget?.waitMs(critical, now) ?? 0, this.#word.waitMs(critical, this.#reserve, now));
  }

  /** Counts a call that starts. */
  take(level: ApiCallPriority, now: number): void {
    this.inFlight++;
    this.#budget?.take(level === ApiCallPriority.CRITICAL, now);
    this.#word.took();
  }

  heard(level: ApiCallPriority, answer: RateLimitAnswer, now: number): void {
    if (answer.limited) this.limited++;
    // The answered call is still in flight.
    this.#word.heard(answer, level === ApiCallPriority.CRITICAL, Math.max(0, this.inFlight - 1), now);
  }

  /** Why its calls wait, in words. */
  reason(now: number): string {
    const limited = this.#word.limitedUntil(now) !== undefined || this.#word.left(now)?.calls === 0;
    return limited ? `${this.host} limits our calls` : `the budget of ${this.host}`;
  }

  stats(now: number): GateHostStats {
    const { host, inFlight, waiting, limited, overBudget } = this;
    const told = this.#word.left(now);
    const counts = [this.#budget?.left(now), told?.calls].filter((count) => count !== undefined);
    const left = counts.length === 0 ? undefined : Math.min(...counts);
    const budget = this.#budget?.limits;
    const limitedUntil = this.#word.limitedUntil(now);
    return { host, inFlight, waiting, budget, left, resetsAt: told?.until, limitedUntil, limited, overBudget };
  }
}
