import { expect } from 'chai';
import { FAILPOINTS } from '../../../shared/core/failpoints.js';
import { PlacedKills } from './placed-kills.js';
import { LATE_SCENES, nameOf, SCENES, type Scene } from './scenes.js';

const SEED = 20_261;

describe('E7 E8 E10 S1 a process is killed exactly at each failpoint, and started again', function () {
  this.timeout(240_000);
  this.slow(30_000);

  it('there is a scene for every failpoint', () => {
    expect(SCENES.map(({ failpoint }) => failpoint)).to.deep.equal([...FAILPOINTS]);
  });

  for (const owner of ['requestor', 'processor'] as const) {
    const scenes = [...SCENES, ...LATE_SCENES].filter(({ failpoint }) => failpoint.startsWith(`${owner}.`));
    describe(`of the ${owner}`, () => playEach(scenes));
  }
});

function playEach(scenes: readonly Scene[]): void {
  let kills: PlacedKills;
  before(async () => {
    kills = await PlacedKills.start(SEED);
  });
  afterEach(function () {
    if (this.currentTest?.state === 'failed') process.stderr.write(`seed ${kills.seed}\n${kills.logs}\n`);
  });
  after(() => kills?.close());

  scenes.forEach((scene, index) => {
    it(nameOf(scene), async () => {
      await kills.play(scene, index % 2 === 1);
    });
  });

  it('and in the end orders, positions, wallet and chain agree, and nothing acknowledged is missing', async () => {
    const { landedTwice, filled } = await kills.finish();
    expect(landedTwice).to.equal(0);
    expect(filled).to.equal(2 * scenes.length);
  });
}
