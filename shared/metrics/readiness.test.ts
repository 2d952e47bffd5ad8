import { expect } from 'chai';
import { ManualClock } from '../core/clock.js';
import { silentLogger } from '../core/logger.js';
import { databaseCheck } from './checks.js';
import { READY_CHECK_MS_MAX, READY_LOOK_MS } from './limits.js';
import { Metrics } from './metrics.js';
import { ReadinessWatch, type ReadyCheck } from './readiness.js';

describe('O3 readiness', () => {
  let clock: ManualClock;
  let told: boolean[];
  let looks: number;
  /** Undefined: it holds. */
  let failure: Error | undefined;
  const check: ReadyCheck = {
    name: 'thing',
    look() {
      looks += 1;
      if (failure) throw failure;
      return 'all\nis well';
    },
  };
  const watchOf = (checks: readonly ReadyCheck[], metrics?: Metrics) =>
    new ReadinessWatch({
      service: 'requestor',
      checks,
      onChange: (ready) => told.push(ready),
      logger: silentLogger,
      clock,
      metrics,
    });

  beforeEach(() => {
    clock = new ManualClock();
    told = [];
    looks = 0;
    failure = undefined;
  });

  it('is told once at the start and at each change, by looks of its own', async () => {
    const watch = watchOf([check]);
    await watch.start();
    expect(told).to.deep.equal([true]);
    failure = new Error('gone');
    await clock.advance(READY_LOOK_MS);
    await clock.advance(READY_LOOK_MS);
    expect(told).to.deep.equal([true, false]);
    expect(await watch.look()).to.deep.equal({ ready: false, checks: [{ name: 'thing', ok: false, detail: 'gone' }] });
    failure = undefined;
    await clock.advance(READY_LOOK_MS);
    expect(told).to.deep.equal([true, false, true]);
    expect((await watch.look()).checks).to.deep.equal([{ name: 'thing', ok: true, detail: 'all is well' }]);
    watch.drain();
  });

  it('many questions at once are one look', async () => {
    const watch = watchOf([check]);
    await Promise.all(Array.from({ length: 50 }, () => watch.look()));
    await watch.look();
    expect(looks).to.equal(1);
  });

  it('a check that hangs has failed when its time is up', async () => {
    const watch = watchOf([{ name: 'hangs', look: () => new Promise(() => undefined) }]);
    const looking = watch.look();
    await clock.advance(READY_CHECK_MS_MAX);
    const found = await looking;
    expect(found.ready).to.equal(false);
    expect(found.checks[0]?.detail).to.equal('no answer within 1500 ms');
  });

  it('a service that drains is not ready any more, whatever its checks say, and looks no more', async () => {
    const watch = watchOf([check]);
    await watch.start();
    watch.drain();
    watch.drain();
    await clock.advance(10 * READY_LOOK_MS);
    expect(looks).to.equal(1);
    expect(told).to.deep.equal([true, false]);
    const { ready, checks } = await watch.look();
    expect(ready).to.equal(false);
    expect(checks.map(({ name, ok }) => [name, ok])).to.deep.equal([
      ['draining', false],
      ['thing', true],
    ]);
  });

  it('is in the numbers, by service and check', async () => {
    const metrics = new Metrics();
    failure = new Error('gone');
    const watch = watchOf([check], metrics);
    const text = await metrics.text();
    expect(text).to.contain('exitlane_ready{service="requestor"} 0');
    expect(text).to.contain('exitlane_ready_check{service="requestor",check="thing"} 0');
    watch.drain();
  });

  it('a database that hangs is asked one question, not one per look', async () => {
    let asked = 0;
    let answer: () => void = () => undefined;
    const db = {
      query: () => {
        asked += 1;
        return new Promise<void>((resolve) => {
          answer = resolve;
        });
      },
    };
    const { look } = databaseCheck(db);
    const { signal } = new AbortController();
    const asking = [look(signal), look(signal), look(signal)];
    expect(asked).to.equal(1);
    answer();
    await Promise.all(asking);
    void look(signal);
    expect(asked).to.equal(2);
  });
});
