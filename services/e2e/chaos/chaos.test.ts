import { expect } from 'chai';
import { runChaos } from './chaos.js';

const SEED = 7;
const KILLS = 10;

describe('E7 E8 E10 P4 S1 S6 processes are killed and frozen at random, under load and in bad weather', function () {
  this.timeout(180_000);
  this.slow(60_000);

  it('10 kills: nothing acknowledged is lost, and nothing lands twice', async () => {
    const { monkey, end, load } = await runChaos({ seed: SEED, kills: KILLS, minutesMax: 2, log: () => undefined });
    expect(monkey.killedAt).to.have.lengthOf.at.least(KILLS);
    expect(end.landedTwice).to.equal(0);
    expect(load.accepted).to.equal(end.orders.length);
    expect(end.filled).to.be.above(0);
  });
});
