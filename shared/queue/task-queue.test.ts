import { expect } from 'chai';
import * as fc from 'fast-check';
import { Fifo } from './fifo.js';
import { TaskQueue, type Ticket } from './task-queue.js';

interface Item {
  readonly name: number;
}

/** The same queue, slow and obvious: a list that is searched. */
class ModelQueue {
  readonly entries: { item: Item; priority: number; createdAt: number }[] = [];

  best(): Item | undefined {
    const [first, ...rest] = this.entries;
    if (first === undefined) return undefined;
    let best = first;
    for (const entry of rest) {
      const better =
        entry.priority < best.priority || (entry.priority === best.priority && entry.createdAt < best.createdAt);
      if (better) best = entry;
    }
    return best.item;
  }

  delete(item: Item): boolean {
    const index = this.entries.findIndex((entry) => entry.item === item);
    if (index >= 0) this.entries.splice(index, 1);
    return index >= 0;
  }
}

type Step = { do: 'push'; priority: number; createdAt: number } | { do: 'pop' } | { do: 'remove'; which: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('push' as const),
      priority: fc.oneof(fc.constantFrom(0, 10, 50, 100), fc.double({ noNaN: true, noDefaultInfinity: true })),
      createdAt: fc.nat(20),
    }),
  },
  { weight: 3, arbitrary: fc.constant({ do: 'pop' as const }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('remove' as const), which: fc.nat(300) }) },
);

describe('Q2 task queue', () => {
  it('serves lower priorities first and is first in, first out within one', () => {
    const queue = new TaskQueue<Item>();
    [100, 10, 50, 10, 0, 100].forEach((priority, name) => {
      queue.push({ name }, priority);
    });
    const served = Array.from({ length: 6 }, () => queue.pop()?.name);
    expect(served).to.deep.equal([4, 1, 3, 2, 0, 5]);
    expect(queue.pop()).to.equal(undefined);
    expect(queue.size).to.equal(0);
  });

  it('puts an older item before younger ones of its priority, equals by arrival', () => {
    const queue = new TaskQueue<Item>();
    const ages: [number, number][] = [
      [1, 10],
      [2, 20],
      [3, 30],
      [4, 20],
      [5, 5],
    ];
    for (const [name, createdAt] of ages) queue.push({ name }, 10, createdAt);
    expect(Array.from({ length: 5 }, () => queue.pop()?.name)).to.deep.equal([5, 1, 2, 4, 3]);
  });

  it('behaves like a searched list under any pushes, pops and removals', () => {
    return fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const queue = new TaskQueue<Item>();
        const model = new ModelQueue();
        const tickets: { ticket: Ticket<Item>; item: Item }[] = [];
        for (const action of steps) {
          if (action.do === 'push') {
            const item = { name: tickets.length };
            tickets.push({ ticket: queue.push(item, action.priority, action.createdAt), item });
            model.entries.push({ item, priority: action.priority, createdAt: action.createdAt });
          } else if (action.do === 'pop') {
            const expected = model.best();
            expect(queue.peek()).to.equal(expected);
            expect(queue.pop()).to.equal(expected);
            if (expected !== undefined) model.delete(expected);
          } else {
            const chosen = tickets[action.which % Math.max(1, tickets.length)];
            if (chosen) expect(queue.remove(chosen.ticket)).to.equal(model.delete(chosen.item));
          }
          expect(queue.size).to.equal(model.entries.length);
        }
        const levels = queue.levels();
        expect(levels.map(({ priority }) => priority)).to.deep.equal(
          [...new Set(model.entries.map(({ priority }) => (priority === 0 ? 0 : priority)))].sort((a, b) => a - b),
        );
        expect(levels.reduce((sum, { size }) => sum + size, 0)).to.equal(model.entries.length);
        expect(levels[0]?.oldest).to.equal(model.best());
      }),
      { numRuns: 300 },
    );
  });

  it('gives back the memory of consumed items while the queue never empties', () => {
    const queue = new TaskQueue<Item>();
    for (let name = 0; name < 100; name++) queue.push({ name }, 10);
    for (let name = 0; name < 100_000; name++) {
      queue.push({ name }, 10);
      queue.pop();
    }
    expect(queue.size).to.equal(100);
    expect(queue.slotsHeld).to.be.lessThan(5_000);
  });

  it('gives back the memory of removed items that are never reached', () => {
    const queue = new TaskQueue<Item>();
    queue.push({ name: -1 }, 10);
    for (let name = 0; name < 100_000; name++) queue.remove(queue.push({ name }, 10));
    expect(queue.size).to.equal(1);
    expect(queue.slotsHeld).to.be.lessThan(500);
    const ticket = queue.push({ name: 5 }, 10);
    queue.remove(ticket);
    expect(ticket.item).to.equal(undefined);
  });

  it('gives back the memory of levels that emptied by removal', () => {
    const queue = new TaskQueue<Item>();
    queue.push({ name: -1 }, -1);
    for (let priority = 0; priority < 10_000; priority++) queue.remove(queue.push({ name: 1 }, priority));
    expect(queue.slotsHeld).to.be.lessThan(500);
    queue.push({ name: 7 }, 3);
    expect([queue.pop()?.name, queue.pop()?.name, queue.pop()]).to.deep.equal([-1, 7, undefined]);
  });

  it('refuses a priority or an age that is not a number', () => {
    const queue = new TaskQueue<Item>();
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => queue.push({ name: 1 }, bad)).to.throw(RangeError, 'priority');
      expect(() => queue.push({ name: 1 }, 1, bad)).to.throw(RangeError, 'createdAt');
    }
    expect(queue.size).to.equal(0);
  });
});

describe('Q3 message FIFO', () => {
  it('keeps order and gives back the memory of what was taken', () => {
    const fifo = new Fifo<number>();
    for (let n = 0; n < 2_000; n++) fifo.push(n);
    for (let n = 0; n < 50_000; n++) {
      expect(fifo.shift()).to.equal(n);
      fifo.push(n + 2_000);
    }
    expect(fifo.size).to.equal(2_000);
    expect(fifo.slotsHeld).to.be.lessThan(8_000);
    for (let n = 0; n < 2_000; n++) fifo.shift();
    expect(fifo.shift()).to.equal(undefined);
    expect([fifo.size, fifo.slotsHeld]).to.deep.equal([0, 0]);
  });
});
