import { expect } from 'chai';
import * as fc from 'fast-check';
import { ManualClock } from '../core/clock.js';
import { silentLogger } from '../core/logger.js';
import { ClaimLoop } from './claim-loop.js';
import { CLAIM_RETRY_MAX_MS, CLAIM_RETRY_MIN_MS } from './limits.js';
import type { TaskSource } from './task-source.js';
import { type Deferred, deferred, settle } from './test-helpers.js';

/** A source whose every claim is answered by hand. */
class HandSource implements TaskSource<string> {
  readonly claims: Deferred<string | undefined>[] = [];
  readonly givenBack: string[] = [];
  #listener: (() => void) | undefined;

  claim(): Promise<string | undefined> {
    const claim = deferred<string | undefined>();
    this.claims.push(claim);
    return claim.promise;
  }

  onWake(listener: () => void): () => void {
    this.#listener = listener;
    return () => {
      this.#listener = undefined;
    };
  }

  get listening(): boolean {
    return this.#listener !== undefined;
  }

  wake(): Promise<void> {
    this.#listener?.();
    return settle();
  }

  size(): number {
    return 0;
  }

  async giveBack(task: string): Promise<void> {
    await settle();
    this.givenBack.push(task);
  }

  answer(index: number, task: string | undefined): Promise<void> {
    this.claims[index]?.resolve(task);
    return settle();
  }

  fail(index: number): Promise<void> {
    this.claims[index]?.reject(new Error('database away'));
    return settle();
  }
}

function setUp(slots = 3) {
  const source = new HandSource();
  const clock = new ManualClock();
  const ran: string[] = [];
  const loop = new ClaimLoop<string>({ source, slots, clock, logger: silentLogger, run: (task) => ran.push(task) });
  return { source, clock, ran, loop };
}

describe('Q6 claim loop', () => {
  it('asks an empty source once per wake-up, not once per slot', async () => {
    const { source, loop } = setUp();
    loop.start();
    await settle();
    expect(source.claims).to.have.lengthOf(1);
    await source.answer(0, undefined);
    expect(source.claims).to.have.lengthOf(1);
    await source.wake();
    expect(source.claims).to.have.lengthOf(2);
  });

  it('a wake-up during a claim in flight is not lost when that claim comes back empty', async () => {
    const { source, ran, loop } = setUp(1);
    loop.start();
    await settle();
    await source.wake();
    expect(source.claims).to.have.lengthOf(1);
    await source.answer(0, undefined);
    expect(source.claims).to.have.lengthOf(2);
    await source.answer(1, 'late');
    expect(ran).to.deep.equal(['late']);
  });

  it('a wake-up begins another claim at once while a slot is free, and claims in flight count as slots', async () => {
    const { source, loop } = setUp(3);
    loop.start();
    await settle();
    for (let n = 0; n < 10; n++) await source.wake();
    expect(source.claims).to.have.lengthOf(3);
    for (let n = 0; n < 3; n++) await source.answer(n, `task ${n}`);
    expect(loop.held).to.equal(3);
    expect(source.claims).to.have.lengthOf(3);
    loop.release();
    expect(source.claims).to.have.lengthOf(4);
  });

  it('backs off after a rejected claim, doubling to a bound, and starts over after a success', async () => {
    const { source, clock, ran, loop } = setUp(1);
    loop.start();
    await settle();
    let ceiling = CLAIM_RETRY_MIN_MS;
    for (let n = 0; n < 9; n++) {
      await source.fail(n);
      await source.wake();
      expect(source.claims, 'no claim during the pause, whatever wakes').to.have.lengthOf(n + 1);
      await clock.advance(Math.floor(ceiling / 2) - 1);
      expect(source.claims, `retry ${n} too early`).to.have.lengthOf(n + 1);
      await clock.advance(ceiling);
      expect(source.claims, `retry ${n} missing`).to.have.lengthOf(n + 2);
      ceiling = Math.min(CLAIM_RETRY_MAX_MS, ceiling * 2);
    }
    await source.answer(9, 'recovered');
    expect(ran).to.deep.equal(['recovered']);
    loop.release();
    await source.fail(10);
    await clock.advance(CLAIM_RETRY_MIN_MS);
    expect(source.claims).to.have.lengthOf(12);
  });

  it('a claim that succeeds ends the back-off of one that failed beside it', async () => {
    const { source, clock, loop } = setUp(3);
    loop.start();
    await settle();
    await source.wake();
    await source.fail(0);
    expect(clock.pendingTimers).to.equal(1);
    expect(source.claims).to.have.lengthOf(2);
    await source.answer(1, 'a task');
    expect(clock.pendingTimers).to.equal(0);
    expect(source.claims).to.have.lengthOf(3);
  });

  it('survives a source that throws instead of rejecting', async () => {
    let calls = 0;
    const clock = new ManualClock();
    const ran: string[] = [];
    const source: TaskSource<string> = {
      claim() {
        calls++;
        if (calls === 1) throw new Error('thrown');
        return calls === 2 ? 'task' : undefined;
      },
      onWake: () => () => undefined,
      size: () => 0,
    };
    const loop = new ClaimLoop({
      source,
      slots: 1,
      clock,
      logger: silentLogger,
      run: (task: string) => ran.push(task),
    });
    loop.start();
    await settle();
    expect(ran).to.deep.equal([]);
    await clock.advance(CLAIM_RETRY_MIN_MS);
    expect(ran).to.deep.equal(['task']);
  });

  it('stop waits for claims in flight and gives back what they bring', async () => {
    const { source, ran, loop } = setUp(2);
    loop.start();
    await settle();
    await source.wake();
    let stopped = false;
    const stopping = loop.stop().then(() => {
      stopped = true;
    });
    await source.answer(0, 'too late');
    expect(stopped).to.equal(false);
    source.claims[1]?.reject(new Error('database away'));
    await stopping;
    expect(source.givenBack).to.deep.equal(['too late']);
    expect(ran).to.deep.equal([]);
    expect(source.listening, 'nobody listens to the source any more').to.equal(false);
    await source.wake();
    expect(source.claims).to.have.lengthOf(2);
  });

  it('P4 never exceeds its slots and never sleeps on work, whatever the source does and when', async () => {
    const event = fc.record({
      kind: fc.constantFrom('add', 'answer', 'answer', 'fail', 'release', 'wait'),
      which: fc.nat(5),
    });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.array(event, { maxLength: 60 }), async (slots, events) => {
        const { source, clock, ran, loop } = setUp(slots);
        let waiting = 0;
        let answered = 0;
        const open: number[] = [];
        const answerNext = async (which: number, failing: boolean) => {
          while (answered < source.claims.length) open.push(answered++);
          const [index] = open.splice(which % Math.max(1, open.length), 1);
          if (index === undefined) return;
          if (failing) return source.fail(index);
          // The source decides when it answers: what was added meanwhile may be missed only if a wake-up followed.
          if (waiting > 0) {
            waiting--;
            return source.answer(index, `task ${index}`);
          }
          return source.answer(index, undefined);
        };
        const check = () => {
          const inFlight = source.claims.length - answered + open.length;
          expect(loop.held + inFlight).to.be.at.most(slots);
        };
        loop.start();
        await settle();
        for (const { kind, which } of events) {
          if (kind === 'add') {
            waiting++;
            await source.wake();
          } else if (kind === 'answer') await answerNext(which, false);
          else if (kind === 'fail') await answerNext(which, true);
          else if (kind === 'release' && loop.held > 0) loop.release();
          else await clock.advance(20);
          check();
        }
        for (let n = 0; n < 500 && (waiting > 0 || loop.held > 0); n++) {
          await answerNext(0, false);
          if (loop.held > 0) loop.release();
          await clock.advance(CLAIM_RETRY_MAX_MS);
          check();
        }
        expect(waiting, 'work left behind').to.equal(0);
        expect(ran.length).to.equal(events.filter(({ kind }) => kind === 'add').length);
      }),
      { numRuns: 150 },
    );
  });
});
