import { expect } from 'chai';
import { Harness } from './harness.js';
import { mintOf, SOL_MINT } from './mints.js';

describe('O3 the control endpoint of the sandbox', () => {
  let harness: Harness;
  beforeEach(async () => {
    harness = await Harness.start();
  });
  afterEach(() => harness.stop());

  const state = async () => (await (await harness.get('/control/state')).json()) as Record<string, unknown>;

  it('shows the state', async () => {
    const shown = await state();
    expect(shown).to.deep.include({
      blockHeight: 1_000,
      slot: 21_000,
      finalizedBlockHeight: 968,
      paused: true,
      wallet: harness.wallet.publicKey.toBase58(),
      pendingTransactions: 0,
      faults: [],
    });
    expect((shown.tokens as unknown[])[0]).to.deep.equal({
      mint: SOL_MINT,
      symbol: 'SOL',
      decimals: 9,
      priceSol: '1',
      priceUsd: '150',
      walking: true,
    });
  });

  it('moves prices, blocks and the timer', async () => {
    await harness.post('/control/price', { mint: 'BONK', price: '0.00000024' });
    await harness.post('/control/price', { mint: mintOf('WIF').address, multiply: '2' });
    await harness.post('/control/price', { mint: 'SOL', price: '300' });
    await harness.post('/control/price', { walk: false });
    const tokens = new Map(harness.control.state().tokens.map((token) => [token.symbol, token]));
    expect(tokens.get('BONK')).to.include({ priceSol: '0.00000024', priceUsd: '0.000072', walking: false });
    expect(tokens.get('WIF')?.priceSol).to.equal('0.009');
    expect(tokens.get('USDC')?.priceSol).to.equal('0.003333333333333333');
    await harness.post('/control/advance', { blocks: 5 });
    expect((await state()).blockHeight).to.equal(1_005);
    await harness.post('/control/resume', undefined);
    expect((await state()).paused).to.equal(false);
    await harness.clock.advance(400);
    await harness.post('/control/pause', '');
    expect(await state()).to.include({ paused: true, blockHeight: 1_006 });
    await harness.post('/control/volatility', { volatility: 0.01 });
    expect((await state()).volatility).to.equal(0.01);
  });

  it('arms, lists and disarms faults', async () => {
    const added = await (await harness.post('/control/faults', { fault: 'drop', count: 3 })).json();
    expect(added).to.deep.equal({ id: 1, spec: { fault: 'drop', count: 3, resends: false }, remaining: 3 });
    await harness.post('/control/faults', { fault: 'slow', on: 'any', ms: 5 });
    const listed = (await (await harness.get('/control/faults')).json()) as { faults: unknown[] };
    // The listing itself is no call of the venue: control calls meet no faults.
    expect(listed.faults).to.have.length(2);
    const one = await fetch(`${harness.sandbox.url}/control/faults/1`, { method: 'DELETE' });
    expect(await one.json()).to.deep.equal({ removed: 1 });
    const all = await fetch(`${harness.sandbox.url}/control/faults`, { method: 'DELETE' });
    expect(await all.json()).to.deep.equal({ removed: 1 });
  });

  const wrong: [string, unknown, RegExp][] = [
    ['/control/price', {}, /^price: give price, multiply or walk/],
    ['/control/price', { mint: 'NOPE', price: '1' }, /^mint: unknown token; the sandbox has SOL, USDC/],
    ['/control/price', { mint: 'BONK', price: 1 }, /^price: /],
    ['/control/price', { mint: 'BONK', price: '0' }, /^price: must be greater than 0/],
    ['/control/price', { mint: 'BONK', price: '-1' }, /^price: must be a plain decimal/],
    ['/control/price', { mint: 'BONK', price: '1', multiply: '2' }, /^multiply: give either/],
    ['/control/price', { price: '1' }, /^mint: say which token/],
    ['/control/price', { mint: 'USDC', price: '1' }, /^mint: USDC is worth 1 USD/],
    ['/control/price', { mint: 'BONK', walk: 'on' }, /^walk: /],
    ['/control/price', { mint: 'BONK', price: '1', extra: 1 }, /extra/],
    ['/control/advance', { blocks: 0 }, /^blocks: /],
    ['/control/advance', { blocks: 10_001 }, /^blocks: /],
    ['/control/advance', '{', /^body: /],
    ['/control/volatility', {}, /^volatility: /],
    ['/control/faults', {}, /^fault: /],
    ['/control/faults', { fault: 'melt' }, /^fault: /],
    ['/control/faults', { fault: 'slow', on: 'quote' }, /^ms: /],
    ['/control/faults', { fault: 'slow', on: 'getSlott', ms: 1 }, /^on: /],
    ['/control/faults', { fault: 'drop', count: 0 }, /^count: /],
    ['/control/faults', { fault: 'http', on: 'quote', status: 200 }, /^status: /],
    ['/control/faults', { fault: 'price_jump', mint: 'NOPE', multiply: '2' }, /^mint: unknown token/],
  ];
  for (const [target, body, error] of wrong) {
    it(`refuses ${target} with ${JSON.stringify(body)}`, async () => {
      const answer = await harness.post(target, body);
      expect(answer.status).to.equal(400);
      const shown = (await answer.json()) as { error: string; violations: { field: string }[] };
      expect(shown.error).to.match(error);
      expect(shown.violations).to.not.deep.equal([]);
    });
  }
});
