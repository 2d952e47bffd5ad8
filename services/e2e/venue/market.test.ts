import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { priceOf } from '../../../shared/core/decimals.js';
import { silentLogger } from '../../../shared/core/logger.js';
import { type Database, openDatabase } from '../../../shared/store/database.js';
import { MintRegistry } from '../../processor/market/mint-registry.js';
import { PriceOracle } from '../../processor/market/price-oracle.js';
import { readWallet } from '../../processor/market/wallet-view.js';
import { orderOf, RecordingRun } from '../../processor/venue/testing/recording-run.js';
import { type Bench, startBench, token } from './harness.js';

const BONK = token('BONK');

describe('prices, mints and the wallet against the sandbox', () => {
  let folder: string;
  let db: Database;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'exitlane-market-'));
    await chmod(folder, 0o700);
    db = await openDatabase({ dataDir: path.join(folder, 'db'), logger: silentLogger });
  });
  after(async () => {
    await db.close();
    await rm(folder, { recursive: true });
  });

  let bench: Bench;
  let mints: MintRegistry;
  let oracle: PriceOracle;
  beforeEach(async () => {
    await db.query('DELETE FROM mints');
    bench = await startBench();
    mints = new MintRegistry({ db, endpoints: bench.venue.endpoints });
    oracle = new PriceOracle({ jupiter: bench.venue.jupiter, mints, clock: bench.clock });
  });
  afterEach(() => bench.close());

  const thrown = (work: Promise<unknown>) => work.then(() => undefined).catch((error: unknown) => error);

  it('E2 decimals of a mint come from the chain, then from the database', async () => {
    for (const symbol of ['WHOLE', 'BONK', 'USDC', 'JTO', 'SOL']) {
      const { mint, decimals } = token(symbol);
      expect((await mints.get(mint)).decimals, symbol).to.equal(decimals);
    }
    expect(await mints.get(BONK.mint)).to.deep.equal(BONK);
    await bench.sandbox.close();
    const later = new MintRegistry({ db, endpoints: bench.another().venue.endpoints });
    expect(await later.get(BONK.mint)).to.deep.equal(BONK);
  });

  it('a mint that is none is the caller’s mistake, a silent chain is not', async () => {
    expect(await thrown(mints.get('no address'))).to.include({ reason: 'INVALID_FIELD' });
    const wallet = bench.signer.publicKey.toBase58();
    expect(await thrown(mints.get(wallet))).to.include({ reason: 'MINT_NOT_FOUND', status: 'INVALID_ARGUMENT' });
    bench.sandbox.control.addFault({ fault: 'http', on: 'rpc', status: 503 });
    expect(await thrown(mints.get(BONK.mint))).to.include({ reason: 'VENUE_UNAVAILABLE' });
    expect(await mints.get(BONK.mint)).to.deep.equal(BONK);
  });

  it('a price is the price API’s, in SOL, kept for a moment and asked for once', async () => {
    const [one, two] = await Promise.all([oracle.price(BONK.mint, 'SCAN'), oracle.price(BONK.mint, 'SCAN')]);
    expect(one).to.equal(two);
    expect(one.source).to.equal('jupiter-price');
    expect(Number(one.price)).to.be.closeTo(0.00000012, 1e-15);
    bench.sandbox.control.movePrice({ mint: 'BONK', multiply: '2' });
    expect(await oracle.price(BONK.mint, 'SCAN')).to.equal(one);
    await bench.clock.advance(2_001);
    expect(Number((await oracle.price(BONK.mint, 'SCAN')).price)).to.be.closeTo(0.00000024, 1e-15);
  });

  it('without the price API a small sale is quoted', async () => {
    for (const symbol of ['BONK', 'WHOLE', 'USDC']) {
      bench.sandbox.control.addFault({ fault: 'http', on: 'price', status: 500 });
      const { mint } = token(symbol);
      const quoted = await oracle.price(mint, 'POSITION');
      expect(quoted.source).to.equal('jupiter-quote');
      await bench.clock.advance(501);
      const listed = await oracle.price(mint, 'POSITION');
      expect(listed.source).to.equal('jupiter-price');
      expect(Number(quoted.price) / Number(listed.price)).to.be.within(0.99, 1);
    }
  });

  it('no price anywhere is PRICE_UNAVAILABLE, and many prices take one call', async () => {
    bench.sandbox.control.addFault({ fault: 'http', on: 'price', status: 500 });
    bench.sandbox.control.addFault({ fault: 'no_route', count: 9 });
    expect(await thrown(oracle.price(BONK.mint, 'SCAN'))).to.include({ reason: 'PRICE_UNAVAILABLE' });
    bench.sandbox.control.resetFaults();
    bench.sandbox.control.addFault({ fault: 'http', on: 'quote', status: 500, count: null });
    const symbols = ['BONK', 'WIF', 'JUP', 'SOL'].map((symbol) => token(symbol).mint);
    const prices = await oracle.prices([...symbols, bench.signer.publicKey.toBase58()], 'SCAN');
    expect([...prices.keys()].sort()).to.deep.equal([...symbols].sort());
    expect(prices.get(token('SOL').mint)?.price).to.equal('1');
  });

  it('the wallet shows address, SOL and tokens, and never a key', async () => {
    const { signer, venue } = bench;
    const run = new RecordingRun(orderOf(BONK));
    await bench.drive(bench.executor.execute(run));
    const wallet = await readWallet({ signer, endpoints: venue.endpoints, mints });
    const amount = run.settled[0]?.fill.tokens ?? 0n;
    expect(wallet).to.deep.include({ address: signer.publicKey.toBase58(), keySource: 'keypair-file' });
    expect(wallet.tokens).to.deep.equal([{ ...BONK, amount }]);
    expect(priceOf(wallet.lamports, 10n ** 9n, 9)).to.match(/^998\.99/);
    expect(await readWallet({ signer: undefined, endpoints: venue.endpoints, mints })).to.deep.equal({
      address: '',
      keySource: 'none',
      lamports: 0n,
      tokens: [],
    });
  });
});
