import { expect } from 'chai';
import * as fc from 'fast-check';
import { ManualClock } from '../core/clock.js';
import { type Random, seededRandom } from '../core/random.js';
import { OrderQueueManager } from './order-queue-manager.js';
import { InMemoryOrderQueueStore, type OrderQueueStore } from './order-queue-store.js';
import { type Deferred, deferred, settle } from './test-helpers.js';

/** A store elsewhere: `take` is answered by hand, and messages may come from another process. */
class RemoteStore extends InMemoryOrderQueueStore<string> {
  readonly takes: Deferred<void>[] = [];
  #listener: ((id: string) => void) | undefined;

  /** The take is in flight until its promise is resolved; then it looks. */
  remoteTake(id: string): Promise<string | undefined> {
    const gate = deferred();
    this.takes.push(gate);
    return gate.promise.then(() => this.take(id));
  }

  fromElsewhere(id: string, message: string): void {
    this.append(id, message);
    this.#listener?.(id);
  }

  asPort(): OrderQueueStore<string> {
    return {
      open: (id) => this.open(id),
      size: (id) => this.size(id),
      ids: () => this.ids(),
      append: async (id, message) => this.append(id, message),
      take: (id) => this.remoteTake(id),
      remove: async (id) => this.remove(id),
      onAppend: (listener) => {
        this.#listener = listener;
        return () => undefined;
      },
    };
  }

  async answer(index: number): Promise<void> {
    this.takes[index]?.resolve();
    await settle();
  }
}

function setUp() {
  const clock = new ManualClock();
  const store = new RemoteStore();
  const manager = new OrderQueueManager<string>({ clock, store: store.asPort() });
  return { clock, store, manager };
}

describe('Q3 OrderQueueManager on a store that takes time', () => {
  it('a getter whose time is up while the store is asked still gets the message taken for it', async () => {
    const { clock, store, manager } = setUp();
    const got = manager.getFromOrderQueue('ORD1', { timeout: 10 });
    store.fromElsewhere('ORD1', 'PROP1/New');
    await clock.advance(10);
    await store.answer(0);
    expect(await got).to.equal('PROP1/New');
  });

  it('its time being up, it gets nothing when the store has nothing', async () => {
    const { clock, store, manager } = setUp();
    const got = manager.getFromOrderQueue('ORD1', { timeout: 10 });
    await clock.advance(10);
    await store.answer(0);
    expect(await got).to.equal(undefined);
  });

  it('a message that comes while the store is asked is not slept through', async () => {
    const { store, manager } = setUp();
    const got = manager.getFromOrderQueue('ORD1');
    await store.answer(0);
    expect(store.takes).to.have.lengthOf(1);
    store.fromElsewhere('ORD1', 'PROP1/New');
    store.fromElsewhere('ORD1', 'PROP2/New');
    await store.answer(1);
    expect(await got).to.equal('PROP1/New');
    expect(await Promise.race([manager.getFromOrderQueue('ORD1'), store.answer(2).then(settle)])).to.equal('PROP2/New');
  });

  for (const timeout of [undefined, 10]) {
    it(`a message that comes after the store looked and before it answered is fetched (timeout ${timeout})`, async () => {
      const clock = new ManualClock();
      const memory = new InMemoryOrderQueueStore<string>();
      const answered = deferred();
      const looked = { times: 0 };
      const take = async (id: string) => {
        const message = memory.take(id);
        if (looked.times++ === 0) await answered.promise;
        return message;
      };
      const store: OrderQueueStore<string> = {
        open: (id) => memory.open(id),
        size: (id) => memory.size(id),
        ids: () => memory.ids(),
        append: (id, message) => memory.append(id, message),
        take,
        remove: (id) => memory.remove(id),
      };
      const manager = new OrderQueueManager<string>({ clock, store });
      const got = manager.getFromOrderQueue('ORD1', { timeout });
      await manager.addToOrderQueue('ORD1', 'PROP1/New');
      await clock.advance(10);
      answered.resolve();
      await settle();
      expect(looked.times).to.equal(2);
      expect(await got).to.equal('PROP1/New');
    });
  }

  it('a removed queue gives its getters nothing, except the one a message was being taken for', async () => {
    const { store, manager } = setUp();
    await manager.addToOrderQueue('ORD1', 'PROP1/New');
    const first = manager.getFromOrderQueue('ORD1');
    const second = manager.getFromOrderQueue('ORD1');
    await store.answer(0);
    expect(await first).to.equal('PROP1/New');
    const third = manager.getFromOrderQueue('ORD1');
    await manager.removeOrderQueue('ORD1');
    await store.answer(1);
    expect(await Promise.all([second, third])).to.deep.equal([undefined, undefined]);
  });

  it('a store that fails fails the getter it was asked for, and only that one', async () => {
    const { store, manager } = setUp();
    const first = manager.getFromOrderQueue('ORD1').catch((error: Error) => error.message);
    const second = manager.getFromOrderQueue('ORD1');
    store.takes[0]?.reject(new Error('database away'));
    expect(await first).to.equal('database away');
    await manager.addToOrderQueue('ORD1', 'PROP1/New');
    await store.answer(1);
    await store.answer(2);
    expect(await second).to.equal('PROP1/New');
  });
});

type Step = { do: 'add' | 'time' | 'settle'; timeout?: undefined } | { do: 'get'; timeout: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constantFrom('add' as const, 'time' as const, 'settle' as const) }),
  fc.record({ do: fc.constant('get' as const), timeout: fc.nat(4).map((n) => n * 10) }),
);

/** In memory, or with every answer late by a random number of turns. */
function randomlyLate(random: Random): OrderQueueStore<number> {
  const memory = new InMemoryOrderQueueStore<number>();
  const late = async <T>(answer: () => T): Promise<T> => {
    for (let n = random.int(0, 2); n > 0; n--) await settle();
    return answer();
  };
  return {
    open: (id) => memory.open(id),
    size: (id) => memory.size(id),
    ids: () => memory.ids(),
    append: (id, message) => memory.append(id, message),
    take: (id) => (random.next() < 0.5 ? memory.take(id) : late(() => memory.take(id))),
    remove: (id) => memory.remove(id),
  };
}

describe('Q3 messages under random time-outs', () => {
  for (const kind of ['memory', 'late'] as const) {
    it(`are neither lost, doubled nor re-ordered (${kind})`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 80 }), fc.nat(), async (steps, seed) => {
          const clock = new ManualClock();
          const store = kind === 'memory' ? undefined : randomlyLate(seededRandom(seed));
          const manager = new OrderQueueManager<number>({ clock, store });
          const taken: number[] = [];
          const gets: Promise<unknown>[] = [];
          let sent = 0;
          for (const action of steps) {
            if (action.do === 'add') void manager.addToOrderQueue('ORD1', sent++);
            else if (action.do === 'time') await clock.advance(10);
            else if (action.do === 'settle') await settle();
            else {
              const got = manager.getFromOrderQueue('ORD1', { timeout: action.timeout });
              gets.push(got.then((message) => (message === undefined ? 0 : taken.push(message))));
            }
          }
          await clock.advance(100);
          await settle();
          await settle();
          await Promise.all(gets);
          while ((manager.getQueueStats().queues.ORD1 ?? 0) > 0) {
            const message = await manager.getFromOrderQueue('ORD1');
            if (message !== undefined) taken.push(message);
          }
          expect(taken).to.deep.equal(Array.from({ length: sent }, (_, n) => n));
          expect(clock.pendingTimers).to.equal(0);
        }),
        { numRuns: 200 },
      );
    });
  }
});
