import type { Clock, Timer } from '../core/clock.js';
import { ExitlaneError } from '../core/errors.js';
import { ORDER_QUEUE_GETTERS_MAX } from './limits.js';
import { isPromiseLike } from './outcomes.js';
import { TaskQueue, type Ticket } from './task-queue.js';

interface Getter<M> {
  readonly resolve: (message: M | undefined) => void;
  readonly reject: (error: unknown) => void;
  ticket: Ticket<Getter<M>> | undefined;
  timer: Timer | undefined;
  /** Its time was up, or the queue removed, while the store was asked on its behalf. */
  late: boolean;
}

/**
 * Those who wait for messages of one queue, served first come, first served. A message is only taken from the store on
 * behalf of the getter at the head, and while that is under way this getter cannot leave: if its time is up meanwhile, it
 * gets what the store brings. So no message is ever taken for nobody.
 */
export class OrderQueueGetters<M> {
  readonly #clock: Clock;
  readonly #take: () => M | undefined | Promise<M | undefined>;
  readonly #waiting = new TaskQueue<Getter<M>>();
  #serving: Getter<M> | undefined;
  /** Messages may have come while the store was being asked: ask once more before believing that there are none. */
  #again = false;

  constructor(clock: Clock, take: () => M | undefined | Promise<M | undefined>) {
    this.#clock = clock;
    this.#take = take;
  }

  /** The next message; undefined when `timeoutMs` has passed (undefined: never) or the queue is removed. */
  get(timeoutMs: number | undefined): Promise<M | undefined> {
    if (this.#waiting.size >= ORDER_QUEUE_GETTERS_MAX) {
      const text = `${ORDER_QUEUE_GETTERS_MAX} getters wait on the queue of this order already; let some end first`;
      return Promise.reject(new ExitlaneError('QUEUE_FULL', text));
    }
    return new Promise((resolve, reject) => {
      const getter: Getter<M> = { resolve, reject, ticket: undefined, timer: undefined, late: false };
      getter.ticket = this.#waiting.push(getter, 0);
      this.serve();
      if (getter.ticket.item === undefined || timeoutMs === undefined) return;
      if (timeoutMs === 0) this.#timeIsUp(getter);
      else getter.timer = this.#clock.setTimer(() => this.#timeIsUp(getter), timeoutMs);
    });
  }

  /** Messages may have come: hands out as many as there are getters. */
  serve(): void {
    if (this.#serving !== undefined) {
      this.#again = true;
      return;
    }
    for (let getter = this.#waiting.peek(); getter !== undefined; getter = this.#waiting.peek()) {
      let taken: M | undefined | Promise<M | undefined>;
      try {
        taken = this.#take();
      } catch (error) {
        this.#leave(getter);
        getter.reject(error);
        continue;
      }
      if (isPromiseLike(taken)) {
        void this.#serveLater(getter, taken);
        return;
      }
      if (taken === undefined && !getter.late) return;
      this.#leave(getter);
      getter.resolve(taken);
    }
  }

  /** Everybody who waits gets undefined, except one for whom the store is being asked and brings something. */
  close(): void {
    for (let getter = this.#waiting.pop(); getter !== undefined; getter = this.#waiting.pop()) {
      this.#timeIsUp(getter);
    }
  }

  async #serveLater(getter: Getter<M>, taking: PromiseLike<M | undefined>): Promise<void> {
    this.#serving = getter;
    this.#again = false;
    try {
      const message = await taking;
      this.#serving = undefined;
      const askAgain = this.#again && getter.ticket?.item !== undefined;
      if (message !== undefined || (getter.late && !askAgain)) {
        this.#leave(getter);
        getter.resolve(message);
        this.serve();
      } else if (askAgain) this.serve();
    } catch (error) {
      this.#serving = undefined;
      this.#leave(getter);
      getter.reject(error);
      this.serve();
    }
  }

  #timeIsUp(getter: Getter<M>): void {
    if (getter === this.#serving) {
      getter.late = true;
      return;
    }
    this.#leave(getter);
    getter.resolve(undefined);
  }

  #leave(getter: Getter<M>): void {
    getter.timer?.cancel();
    if (getter.ticket !== undefined) this.#waiting.remove(getter.ticket);
  }
}
