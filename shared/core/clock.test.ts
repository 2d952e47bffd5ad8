import { expect } from 'chai';
import { ManualClock, systemClock } from './clock.js';

describe('ManualClock', () => {
  it('fires timers in due order while it is moved, and not before', async () => {
    const clock = new ManualClock(0);
    const fired: string[] = [];
    clock.setTimer(() => fired.push(`b@${clock.now()}`), 20);
    clock.setTimer(() => fired.push(`a@${clock.now()}`), 10);
    clock.setTimer(() => fired.push(`c@${clock.now()}`), 20);
    await clock.advance(19);
    expect(fired).to.deep.equal(['a@10']);
    await clock.advance(1);
    expect(fired).to.deep.equal(['a@10', 'b@20', 'c@20']);
  });

  it('fires timers that timers set', async () => {
    const clock = new ManualClock(0);
    const fired: number[] = [];
    clock.setTimer(() => clock.setTimer(() => fired.push(clock.now()), 5), 5);
    await clock.advance(10);
    expect(fired).to.deep.equal([10]);
  });

  it('does not fire what was cancelled', async () => {
    const clock = new ManualClock(0);
    clock.setTimer(() => expect.fail('fired'), 5).cancel();
    await clock.advance(10);
    expect(clock.pendingTimers).to.equal(0);
  });
});

for (const [name, clock] of [
  ['systemClock', systemClock],
  ['ManualClock', new ManualClock()],
] as const) {
  describe(`${name}.sleep`, () => {
    it('ends with the reason of the signal', async () => {
      const stop = new AbortController();
      const reason = new Error('enough');
      const sleeping = clock.sleep(60_000, stop.signal);
      stop.abort(reason);
      const outcome = await sleeping.then(
        () => 'slept',
        (error: unknown) => error,
      );
      expect(outcome).to.equal(reason);
      const late = await clock.sleep(60_000, stop.signal).catch((error: unknown) => error);
      expect(late).to.equal(reason);
    });
  });
}
