import { expect } from 'chai';
import { FAILPOINTS } from '../../../shared/core/failpoints.js';
import { PlacedKills } from './placed-kills.js';
import { LATE_SCENES, nameOf, SCENES } from './scenes.js';

const SEED = 20_261;
const OWNERS = ['requestor', 'processor'] as const;

describe('E7 E8 E10 S1 a process is killed exactly at each failpoint, and started again', function () {
  this.timeout(240_000);
  this.slow(60_000);
  const open: PlacedKills[] = [];
  const played = new Map<string, Promise<unknown>>();

  before(async () => {
    // Side by side, because much of the time of either is waiting: for leases, for blocks, for a start.
    for (const owner of OWNERS) {
      const kills = await PlacedKills.start(SEED);
      open.push(kills);
      playAll(owner, kills);
    }
  });
  afterEach(function () {
    if (this.currentTest?.state !== 'failed') return;
    for (const { seed, logs } of open) process.stderr.write(`seed ${seed}\n${logs}\n`);
  });
  after(async () => {
    await Promise.all(open.map((kills) => kills.close()));
    await Promise.allSettled(played.values());
  });

  function scenesOf(owner: string) {
    return [...SCENES, ...LATE_SCENES].filter(({ failpoint }) => failpoint.startsWith(`${owner}.`));
  }

  function playAll(owner: string, kills: PlacedKills): void {
    let before: Promise<unknown> = Promise.resolve();
    scenesOf(owner).forEach((scene, index) => {
      before = before.then(() => kills.play(scene, index % 2 === 1));
      before.catch(() => undefined);
      played.set(nameOf(scene), before);
    });
    const end = before.then(() => kills.finish());
    end.catch(() => undefined);
    played.set(owner, end);
  }

  it('there is a scene for every failpoint', () => {
    expect(SCENES.map(({ failpoint }) => failpoint)).to.deep.equal([...FAILPOINTS]);
  });

  for (const owner of OWNERS) {
    for (const scene of scenesOf(owner)) {
      it(nameOf(scene), async () => {
        expect(await played.get(nameOf(scene))).to.have.property('recoveredMs');
      });
    }

    it(`${owner}: in the end orders, positions, wallet and chain agree, and nothing acknowledged is missing`, async () => {
      const figures = await played.get(owner);
      expect(figures).to.deep.include({ landedTwice: 0, cancelled: 0, filled: 2 * scenesOf(owner).length });
    });
  }
});
