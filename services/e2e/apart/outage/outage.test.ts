import { expect } from 'chai';
import { EACH_ONCE, runOutage } from './outage.js';

const SEED = 11;
/** The second of a pair is no other program: `make outage` takes it in turn. */
const DEEDS = EACH_ONCE.filter(({ victim }) => !victim.endsWith('-2'));

describe('O3 E7 E8 E10 P4 S1 S6 what make up starts loses one process of each kind, under load', function () {
  this.timeout(180_000);
  this.slow(90_000);

  it('nothing acknowledged is lost, nothing lands twice, the others carry on, and make up starts what is missing', async () => {
    const { done, end, load } = await runOutage({ deeds: DEEDS, seed: SEED, log: () => undefined });
    expect(done).to.have.length(DEEDS.length);
    expect(end.landedTwice).to.equal(0);
    expect(load.accepted).to.equal(end.orders.length - end.followers);
    expect(end.filled).to.be.above(done.length);
  });
});
