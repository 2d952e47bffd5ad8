import { expect } from 'chai';
import fc from 'fast-check';
import { RateBucket } from '../auth/rate-bucket.js';
import { ManualClock } from '../core/clock.js';
import { ExitlaneError } from '../core/errors.js';
import { ClientLimiter } from './client-limiter.js';

const LIMITS = { ratePerSecond: 10, exitRatePerSecond: 5, streamsMax: 2, connectionsMax: 2 };

describe('O1 limits of one client', () => {
  let clock: ManualClock;
  let limiter: ClientLimiter;

  beforeEach(() => {
    clock = new ManualClock();
    limiter = new ClientLimiter(LIMITS, clock);
  });

  const refused = (work: () => void): ExitlaneError | undefined => {
    try {
      work();
      return undefined;
    } catch (error) {
      if (error instanceof ExitlaneError) return error;
      throw error;
    }
  };
  const call = (name: string, urgency: 'emergency' | 'exit' | 'other') =>
    refused(() => limiter.countCall(name, urgency));
  const empty = (name: string, urgency: 'exit' | 'other') => {
    for (let n = 0; n < 1_000; n += 1) if (call(name, urgency)) return;
    throw new Error('never refused');
  };

  it('refuses calls beyond the rate, says when to come back, and then lets in again', async () => {
    empty('bot', 'other');
    const error = call('bot', 'other');
    expect(error).to.include({ reason: 'RATE_LIMITED', status: 'RESOURCE_EXHAUSTED' });
    expect(error?.message).to.include('bot may make 10 calls a second');
    await clock.advance(error?.retryDelayMs ?? 0);
    expect(call('bot', 'other')).to.equal(undefined);
  });

  it('exits have a bucket of their own: neither empties the other', () => {
    empty('bot', 'other');
    expect(call('bot', 'exit')).to.equal(undefined);
    empty('bot', 'exit');
    expect(call('bot', 'exit')?.metadata).to.include({ bucket: 'exits' });
  });

  it('P9 an emergency exit is never refused', () => {
    empty('bot', 'other');
    empty('bot', 'exit');
    for (let n = 0; n < 1_000; n += 1) expect(call('bot', 'emergency')).to.equal(undefined);
  });

  it('P9 emergency exits of one client take turns beyond so many, none is lost, and others do not wait for them', () => {
    const started: number[] = [];
    const ends = Array.from({ length: 20 }, (_, n) => limiter.emergencyTurn('bot', () => started.push(n)));
    expect(started).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7]);
    limiter.emergencyTurn('other', () => started.push(100));
    expect(started).to.include(100);
    // One that waits gives up, one that runs ends: the next in line begins.
    ends[8]?.();
    ends[0]?.();
    expect(started.slice(-1)).to.deep.equal([9]);
    for (const end of ends) end();
    expect(started.filter((n) => n < 100).sort((a, b) => a - b)).to.deep.equal([
      0,
      1,
      2,
      3,
      4,
      5,
      6,
      7,
      9,
      ...started.filter((n) => n >= 10 && n < 100),
    ]);
    for (const end of ends) end();
    let again = 0;
    for (let n = 0; n < 8; n += 1) limiter.emergencyTurn('bot', () => (again += 1));
    expect(again, 'every turn was given back, and only once').to.equal(8);
  });

  it('bounds the streams without a name of one address', () => {
    for (let n = 0; n < 20; n += 1) limiter.countNamelessStream('10.0.0.1');
    expect(refused(() => limiter.countNamelessStream('10.0.0.1'))?.reason).to.equal('TOO_MANY_STREAMS');
    expect(refused(() => limiter.countNamelessStream('10.0.0.2'))).to.equal(undefined);
    limiter.namelessStreamEnded('10.0.0.1');
    expect(refused(() => limiter.countNamelessStream('10.0.0.1'))).to.equal(undefined);
  });

  it('one client does not use up what is another’s', () => {
    empty('bot', 'other');
    expect(call('other', 'other')).to.equal(undefined);
  });

  it('bounds streams and connections, and gives them back', () => {
    limiter.countStream('bot');
    limiter.countStream('bot');
    expect(refused(() => limiter.countStream('bot'))?.reason).to.equal('TOO_MANY_STREAMS');
    limiter.streamEnded('bot');
    expect(refused(() => limiter.countStream('bot'))).to.equal(undefined);
    limiter.countConnection('bot', 'a:1');
    limiter.countConnection('bot', 'a:2');
    limiter.countConnection('bot', 'a:1');
    expect(refused(() => limiter.countConnection('bot', 'a:3'))?.reason).to.equal('TOO_MANY_CONNECTIONS');
    expect(refused(() => limiter.countConnection('other', 'a:3'))).to.equal(undefined);
    limiter.connectionClosed('a:1');
    expect(refused(() => limiter.countConnection('bot', 'a:3'))).to.equal(undefined);
  });

  it('in any time a bucket gives no more than its rate and its burst', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.array(fc.nat(300), { maxLength: 400 }), (rate, gaps) => {
        const bucket = new RateBucket(rate, 0);
        let now = 0;
        let taken = 0;
        for (const gap of gaps) {
          now += gap;
          if (bucket.take(now) === 0) taken += 1;
        }
        expect(taken).to.be.at.most(2 * rate + (now / 1_000) * rate + 1e-6);
      }),
    );
  });

  it('what a bucket says to wait is enough', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), fc.nat(10_000), (rate, start) => {
        const bucket = new RateBucket(rate, start);
        let waitMs = 0;
        for (let n = 0; n <= 2 * rate; n += 1) waitMs = bucket.take(start);
        expect(waitMs).to.be.greaterThan(0);
        expect(bucket.take(start + waitMs)).to.equal(0);
      }),
    );
  });
});
