import { expect } from 'chai';
import { type ChaosStore, runChaos } from './chaos.js';

const SEED = 7;
const RUNS: readonly (readonly [store: ChaosStore, what: string, kills: number])[] = [
  ['postgres', 'processes of a stack on PostgreSQL', 10],
  ['embedded', 'the one process of the embedded stack, and its venue', 5],
];

for (const [store, what, kills] of RUNS) {
  describe(`E7 E8 E10 P4 S1 S6 ${what}: killed and frozen at random, under load and in bad weather`, function () {
    this.timeout(180_000);
    this.slow(60_000);

    it(`${kills} kills: nothing acknowledged is lost, and nothing lands twice`, async () => {
      const { monkey, end, load } = await runChaos({ store, seed: SEED, kills, minutesMax: 2, log: () => undefined });
      expect(monkey.killedAt).to.have.lengthOf.at.least(kills);
      expect(end.landedTwice).to.equal(0);
      expect(load.accepted).to.equal(end.orders.length - end.followers);
      expect(end.filled).to.be.above(0);
    });
  });
}
