import { expect } from 'chai';
import { type Clock, ManualClock, systemClock } from '../core/clock.js';
import { silentLogger } from '../core/logger.js';
import { decodeHints } from './hint-payload.js';
import { HINT_INTERVAL_MS } from './limits.js';
import { HintSender } from './postgres-notify.js';
import { deferred, eventually } from './testing/waiting.js';

describe('the sender of hints', () => {
  /** Takes notifications as a pool would; each ends when `answer` does. */
  const recorder = (answer: () => Promise<unknown>, clock: Clock = systemClock) => {
    const sent: { at: number; keys: string[] }[] = [];
    const query = (_sql: string, [, payload]: unknown[]) => {
      const keys = decodeHints(String(payload))?.hints.map(([, key]) => key) ?? [];
      sent.push({ at: clock.now(), keys });
      return answer();
    };
    return { sent, pool: { query } };
  };

  it('sends the first hint at once, and then at most one notification per interval, with all that came since', async () => {
    const clock = new ManualClock();
    const { sent, pool } = recorder(async () => undefined, clock);
    const sender = new HintSender('me', pool, silentLogger, clock);
    const keys = Array.from({ length: 45 }, (_, index) => String(index));
    for (const key of keys) {
      sender.send([['order', key]]);
      await clock.advance(1);
    }
    await clock.advance(HINT_INTERVAL_MS);
    expect(sent[0]?.keys).to.deep.equal(['0']);
    expect(sent.flatMap((each) => each.keys)).to.deep.equal(keys);
    const gaps = sent.slice(1).map(({ at }, index) => at - (sent[index]?.at ?? 0));
    expect(new Set(gaps)).to.deep.equal(new Set([HINT_INTERVAL_MS]));
    await sender.close();
  });

  it('waits for the answer to one before it sends the next, and sends what is left when it closes', async () => {
    const answer = deferred();
    const clock = new ManualClock();
    const { sent, pool } = recorder(() => answer.promise, clock);
    const sender = new HintSender('me', pool, silentLogger, clock);
    sender.send([['order', 'a']]);
    for (const key of ['b', 'c', 'b']) sender.send([['order', key]]);
    await clock.advance(3 * HINT_INTERVAL_MS);
    expect(sent.map(({ keys }) => keys)).to.deep.equal([['a']]);
    answer.resolve();
    await sender.close();
    expect(sent.map(({ keys }) => keys)).to.deep.equal([['a'], ['b', 'c']]);
  });

  it('goes on after a notification that failed', async () => {
    const { sent, pool } = recorder(() => Promise.reject(new Error('no connection')));
    const sender = new HintSender('me', pool, silentLogger);
    sender.send([['order', 'a']]);
    sender.send([['order', 'b']]);
    await eventually('the second', () => sent.length === 2);
    await sender.close();
  });
});
