import type { Clock } from '../core/clock.js';
import { API_CALL_PRIORITIES, ApiCallPriority } from './api-call-priority.js';
import type { GateLog, WaitFacts } from './gate-log.js';
import type { Tallies } from './gate-stats.js';
import { isWaiting, type Lane, type WaitingCall } from './lane.js';
import { LOOK_MS_MAX } from './limits.js';
import { hostLimited, shuttingDown, tooManyWaiting } from './refusals.js';

export interface WaitingRoomOptions {
  readonly clock: Clock;
  readonly log: GateLog;
  readonly tallies: Tallies;
  /** The longest waits, ms: for critical calls, for a budget, and of critical calls for a budget. */
  readonly holdMs: number;
  /** The same for HIGH calls. */
  readonly highHoldMs: number;
  readonly othersMs: number;
  readonly criticalMs: number;
  readonly refusableUrgency: number;
  readonly waitingMax: number;
  /** Counts a call that starts after its wait. */
  readonly begin: (lane: Lane, level: ApiCallPriority, name: string, waitedMs: number) => void;
  /** The critical call that started last. */
  readonly lastCritical: () => string;
}

/** What is asked of the gate, as far as waiting is concerned. */
export interface Turn {
  readonly lane: Lane;
  readonly level: ApiCallPriority;
  readonly name: string;
  readonly urgency: number;
  readonly signal: AbortSignal | undefined;
}

const { CRITICAL } = ApiCallPriority;

/**
 * The calls that may not start yet. They are looked at when something changes - a critical call ended, a call came or went, a host
 * said something - and when the earliest of their times is up; there is no polling. A lane with waiting calls always has a timer.
 */
export class WaitingRoom {
  readonly #options: WaitingRoomOptions;
  #size = 0;
  #arrivals = 0;

  constructor(options: WaitingRoomOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#size;
  }

  /** Resolves when the call may start; it is counted as started by then. Rejects when it may not, or its signal aborts. */
  turn({ lane, level, name, urgency, signal }: Turn): Promise<void> {
    const { clock, tallies, holdMs, highHoldMs, waitingMax } = this.#options;
    return new Promise((resolve, reject) => {
      const since = clock.now();
      const onAbort = () => this.#leave(call, signal?.reason, 'given up by its caller');
      const bound = clock.setTimer(() => this.#atBound(call), this.#longestMs(level));
      const done = () => {
        bound.cancel();
        signal?.removeEventListener('abort', onAbort);
      };
      const call: WaitingCall = {
        lane,
        level,
        name,
        urgency,
        arrival: this.#arrivals++,
        since,
        holdUntil: since + (level === ApiCallPriority.HIGH ? highHoldMs : holdMs),
        why: lane.reason(since),
        ticket: undefined,
        start: () => {
          done();
          resolve();
        },
        refuse: (error) => {
          done();
          reject(error);
        },
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      lane.push(call);
      this.#size++;
      tallies[level].waiting++;
      this.#isHeld(call, since);
      this.release([lane]);
      if (this.#size > waitingMax && isWaiting(call)) this.#atBound(call);
    });
  }

  /** Starts what may start now on these hosts: best level first; within it the more urgent, then the older call. */
  release(lanes: readonly Lane[]): void {
    const now = this.#options.clock.now();
    for (const lane of lanes) lane.wakeInMs = Number.POSITIVE_INFINITY;
    for (const level of API_CALL_PRIORITIES) this.#releaseLevel(level, new Set(lanes), now);
    for (const lane of lanes) this.#schedule(lane);
  }

  /** Ends every wait. */
  close(lanes: Iterable<Lane>): void {
    for (const lane of lanes) {
      lane.timer?.cancel();
      for (const level of API_CALL_PRIORITIES) {
        for (let call = lane.peek(level); call; call = lane.peek(level)) this.#leave(call, shuttingDown(), 'refused');
      }
    }
  }

  #longestMs(level: ApiCallPriority): number {
    return level === CRITICAL ? this.#options.criticalMs : this.#options.othersMs;
  }

  #releaseLevel(level: ApiCallPriority, open: Set<Lane>, now: number): void {
    for (let call = foremost(level, open); call; call = foremost(level, open)) {
      const waitMs = this.#waitMs(call, now);
      if (waitMs === 0) {
        this.#start(call, now, 'started');
        continue;
      }
      call.lane.wakeInMs = Math.min(call.lane.wakeInMs, waitMs);
      open.delete(call.lane);
    }
  }

  #waitMs(call: WaitingCall, now: number): number {
    const { lane, level, holdUntil } = call;
    if (this.#isHeld(call, now)) return holdUntil - now;
    const waitMs = lane.budgetWaitMs(level, now);
    if (waitMs > 0) call.why = lane.reason(now);
    return waitMs;
  }

  /** A2: whether it gives way to critical calls. */
  #isHeld(call: WaitingCall, now: number): boolean {
    const { tallies, lastCritical } = this.#options;
    const held = call.level !== CRITICAL && tallies[CRITICAL].inFlight > 0 && now < call.holdUntil;
    if (held) call.why = `critical calls in flight, the last one ${lastCritical()}`;
    return held;
  }

  #schedule(lane: Lane): void {
    lane.timer?.cancel();
    lane.timer = undefined;
    if (lane.wakeInMs === Number.POSITIVE_INFINITY) return;
    const delayMs = Math.min(Math.ceil(lane.wakeInMs), LOOK_MS_MAX);
    lane.timer = this.#options.clock.setTimer(() => this.release([lane]), delayMs);
  }

  /** Its time is up, or too many wait: an exit's critical call goes on, after those that are more urgent; others end. */
  #atBound(call: WaitingCall): void {
    const { clock, refusableUrgency, waitingMax } = this.#options;
    const { lane, level, since } = call;
    this.release([lane]);
    if (!isWaiting(call)) return;
    const now = clock.now();
    if (level === CRITICAL && call.urgency < refusableUrgency) {
      for (let next = lane.peek(CRITICAL); next && isWaiting(call); next = lane.peek(CRITICAL)) {
        lane.overBudget++;
        this.#start(next, now, 'started over the budget');
      }
      return;
    }
    const isLate = now - since >= this.#longestMs(level);
    const late = () => hostLimited(call, now - since, lane.budgetWaitMs(level, now));
    this.#leave(call, isLate ? late() : tooManyWaiting(call, waitingMax), 'refused');
  }

  #start(call: WaitingCall, now: number, outcome: WaitFacts['outcome']): void {
    const { lane, level, name, since } = call;
    if (!this.#forget(call, now, outcome)) return;
    this.#options.begin(lane, level, name, now - since);
    call.start();
  }

  #leave(call: WaitingCall, error: unknown, outcome: WaitFacts['outcome']): void {
    if (!this.#forget(call, this.#options.clock.now(), outcome)) return;
    if (outcome === 'refused') this.#options.tallies[call.level].refused++;
    call.refuse(error);
  }

  /** False when it was forgotten before. */
  #forget(call: WaitingCall, now: number, outcome: WaitFacts['outcome']): boolean {
    const { tallies, log } = this.#options;
    const { lane, level, name, since, why } = call;
    if (!lane.remove(call)) return false;
    const waitedMs = now - since;
    this.#size--;
    tallies[level].waiting--;
    if (outcome === 'started' && waitedMs === 0) return true;
    tallies[level].waited(waitedMs);
    log.waited({ name, level, host: lane.host, waitedMs, why, outcome });
    return true;
  }
}

/** The call that is first in turn at this level. */
function foremost(level: ApiCallPriority, lanes: Iterable<Lane>): WaitingCall | undefined {
  let first: WaitingCall | undefined;
  for (const lane of lanes) {
    const call = lane.peek(level);
    if (call && (!first || isBefore(call, first))) first = call;
  }
  return first;
}

function isBefore(one: WaitingCall, other: WaitingCall): boolean {
  const byUrgency = one.level === CRITICAL ? one.urgency - other.urgency : 0;
  return byUrgency === 0 ? one.arrival < other.arrival : byUrgency < 0;
}
