import { expect } from 'chai';
import { silentLogger } from '../../shared/core/logger.js';
import { Chaos } from './chaos.js';
import { CHAOS_KINDS, type ChaosKind, type ChaosPoint, chaosSettings, drawFault } from './chaos-specs.js';
import { Faults } from './faults.js';
import { Harness } from './harness.js';
import { mintOf, SOL_MINT } from './mints.js';

const BONK = mintOf('BONK').address;
const ONE_SOL = 1_000_000_000n;
const QUOTE = `/swap/v1/quote?inputMint=${SOL_MINT}&outputMint=${BONK}&amount=1000000000`;
const CALLS = ['quote', 'swap', 'price', 'getSlot', 'sendTransaction', 'simulateTransaction'] as const;
const POINTS: ChaosPoint[] = [
  { part: 'transaction', target: 'sendTransaction' },
  ...CALLS.flatMap((target) => (['call', 'route', 'jump'] as const).map((part) => ({ part, target }))),
];

/** What the first `times` arrivals at every point meet. */
function fates(input: Parameters<typeof chaosSettings.parse>[0], times = 400) {
  const settings = chaosSettings.parse(input);
  return POINTS.map((point) => Array.from({ length: times }, (_, nth) => drawFault(settings, point, nth, BONK)));
}

describe('O3 faults by chance', () => {
  it('are the same for the same seed, and others for another', () => {
    expect(fates({ seed: 1 })).to.deep.equal(fates({ seed: 1 }));
    expect(fates({ seed: 1 })).to.not.deep.equal(fates({ seed: 2 }));
  });

  it('strike as often as the intensity says, whatever parts a call has', () => {
    for (const intensity of [0.05, 0.5, 1]) {
      const all = fates({ seed: 3, intensity }, 2_000);
      const rate = (part: ChaosPoint['part'], target: ChaosPoint['target']) => {
        const index = POINTS.findIndex((point) => point.part === part && point.target === target);
        return (all[index] ?? []).filter((fate) => fate !== undefined).length / 2_000;
      };
      const quote = rate('call', 'quote') + rate('route', 'quote') + rate('jump', 'quote');
      for (const seen of [quote, rate('transaction', 'sendTransaction'), rate('call', 'getSlot')]) {
        expect(seen, `at ${intensity}`).to.be.within(intensity - 0.03, intensity + 0.03);
      }
    }
  });

  it('know every kind there is, each where it belongs', () => {
    const drawn = new Set(fates({ seed: 4, intensity: 1 }, 1_000).flatMap((each) => each.map((fate) => fate?.fault)));
    expect([...drawn].filter((kind) => kind !== undefined)).to.have.members([...CHAOS_KINDS]);
    const armed = new Faults();
    for (const fate of fates({ seed: 5, intensity: 1 }, 30).flat()) if (fate) armed.add(fate);
  });

  it('are of the kinds wanted and none that is excluded', () => {
    const seen = (kinds: ChaosKind[] | undefined, exclude: ChaosKind[] = []) => {
      const settings = { seed: 6, intensity: 1, exclude, ...(kinds && { kinds }) };
      return new Set(fates(settings, 300).flatMap((each) => each.flatMap((fate) => fate?.fault ?? [])));
    };
    expect([...seen(['drop', 'no_route'])]).to.have.members(['drop', 'no_route']);
    expect([...seen(['drop', 'no_route'], ['drop'])]).to.deep.equal(['no_route']);
    expect([...seen(undefined, ['hang', 'drop'])]).to.have.members(
      CHAOS_KINDS.filter((kind) => kind !== 'hang' && kind !== 'drop'),
    );
  });

  it('do not shift when something else is called in between, or a fault is armed by hand', () => {
    const quotes = (between: (faults: Faults) => void) => {
      const faults = new Faults();
      faults.chaos = new Chaos({ seed: 7, intensity: 0.5 }, silentLogger);
      return Array.from({ length: 100 }, () => {
        between(faults);
        return faults.takeForCall('quote');
      });
    };
    const alone = quotes(() => undefined);
    expect(alone.filter((fault) => fault !== undefined).length).to.be.within(20, 50);
    const busy = quotes((faults) => {
      for (let poll = 0; poll < 3; poll++) faults.takeForCall('rpc', 'getSignatureStatuses');
    });
    expect(busy).to.deep.equal(alone);
    let calls = 0;
    const armed = quotes((faults) => {
      if (calls++ === 10) faults.add({ fault: 'garbage', on: 'quote' });
    });
    expect(armed[10]?.fault).to.equal('garbage');
    expect(armed.toSpliced(10, 1)).to.deep.equal(alone.toSpliced(10, 1));
  });

  describe('in a running sandbox', () => {
    let harness: Harness;
    beforeEach(async () => {
      harness = await Harness.start();
    });
    afterEach(() => harness.stop());

    /** Some calls and transactions, and what became of each. */
    const script = async (): Promise<string[]> => {
      const seen: string[] = [];
      for (let round = 0; round < 12; round++) {
        const answer = await harness.get(QUOTE).then(
          async (response) => `${response.status} ${(await response.text()).length}`,
          () => 'cut',
        );
        seen.push(answer);
        const slot = await harness.rpc('getSlot').then(
          ({ error }) => String(error?.code),
          () => 'cut',
        );
        seen.push(slot);
      }
      return seen;
    };

    it('start and stop by control, show what was drawn, and repeat with the seed', async () => {
      // A price that jumps would stay where it is between the two rounds.
      const settings = { seed: 11, intensity: 0.5, exclude: ['slow', 'hang', 'price_jump'] };
      const started = (await (await harness.post('/control/chaos', settings)).json()) as object;
      expect(started).to.include({ seed: 11, intensity: 0.5, drawn: 0 });
      const first = await script();
      const drawn = harness.control.chaos();
      expect(drawn?.drawn).to.be.greaterThan(4);
      expect(drawn?.draws).to.have.length(drawn?.drawn ?? 0);
      expect(harness.control.state().chaos).to.deep.equal({ seed: 11, intensity: 0.5, drawn: drawn?.drawn });

      await harness.post('/control/chaos', settings);
      expect(await script()).to.deep.equal(first);
      const shown = (await (await harness.get('/control/chaos')).json()) as { chaos: { draws: unknown } };
      expect(shown.chaos.draws).to.deep.equal(JSON.parse(JSON.stringify(drawn?.draws)));

      const stopped = await (await harness.post('/control/chaos/stop', {})).json();
      expect(stopped).to.deep.equal({ drawn: drawn?.drawn });
      expect(harness.control.chaos()).to.equal(null);
      expect(new Set(await script()).size).to.equal(2);
    });

    it('come with the start when a seed is given, and the wallet is funded all the same', async () => {
      await harness.restart({ chaosSeed: 12, chaosIntensity: 1, chaosExclude: ['hang', 'slow'] });
      expect(harness.control.chaos()).to.deep.include({ seed: 12, intensity: 1, exclude: ['hang', 'slow'] });
      harness.control.stopChaos();
      expect(await harness.connection.getBalance(harness.sandbox.wallet)).to.equal(1_000_000_000_000);
    });

    it('move the price of the token that was quoted', async () => {
      harness.control.startChaos({ seed: 13, intensity: 1, kinds: ['price_jump'] });
      const price = () => harness.control.state().tokens.find(({ symbol }) => symbol === 'BONK')?.priceSol;
      const before = price();
      await harness.quote(mintOf('SOL'), mintOf('BONK'), ONE_SOL);
      expect(price()).to.not.equal(before);
      expect(harness.control.chaos()?.draws[0]).to.deep.include({ part: 'jump', target: 'quote', nth: 1 });
    });

    it('hit transactions: dropped ones never land', async () => {
      const transaction = await harness.signedBuy('BONK', ONE_SOL);
      harness.control.startChaos({ seed: 14, intensity: 1, kinds: ['drop'] });
      const signature = await harness.send(transaction);
      harness.control.advanceBlocks(3);
      expect(await harness.status(signature)).to.equal(null);
    });

    const wrong: [object, RegExp][] = [
      [{}, /^seed: /],
      [{ seed: -1 }, /^seed: /],
      [{ seed: 1, intensity: 0 }, /^intensity: /],
      [{ seed: 1, intensity: 1.5 }, /^intensity: /],
      [{ seed: 1, kinds: [] }, /^kinds: /],
      [{ seed: 1, kinds: ['melt'] }, /^kinds\.0: /],
      [{ seed: 1, exclude: [...CHAOS_KINDS] }, /^exclude: leaves no kind of fault/],
      [{ seed: 1, extra: 1 }, /extra/],
    ];
    for (const [body, error] of wrong) {
      it(`refuse ${JSON.stringify(body).slice(0, 60)}`, async () => {
        const answer = await harness.post('/control/chaos', body);
        expect(answer.status).to.equal(400);
        expect(((await answer.json()) as { error: string }).error).to.match(error);
      });
    }
  });
});
