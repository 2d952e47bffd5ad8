import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { silentLogger } from '../../../shared/core/logger.js';
import { ApiGate } from '../../../shared/gate/api-gate.js';
import { memoryLogger } from '../../../shared/gate/test-helpers.js';
import { type Database, openDatabase } from '../../../shared/store/database.js';
import { MintRegistry } from '../../processor/market/mint-registry.js';
import { PriceOracle } from '../../processor/market/price-oracle.js';
import { readWallet } from '../../processor/market/wallet-view.js';
import { type Call, type CallLevel, directCalls } from '../../processor/venue/calls.js';
import { gatedCalls } from '../../processor/venue/gated-calls.js';
import { orderOf, RecordingRun } from '../../processor/venue/testing/recording-run.js';
import { type Bench, startBench, token } from './harness.js';

/** Node tells of every request that fetch makes. */
const REQUESTS = 'undici:request:create';

describe('A1 A4 the calls of the venue', () => {
  let folder: string;
  let db: Database;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'exitlane-calls-'));
    await chmod(folder, 0o700);
    db = await openDatabase({ dataDir: path.join(folder, 'db'), logger: silentLogger });
  });
  after(async () => {
    await db.close();
    await rm(folder, { recursive: true });
  });

  let bench: Bench;
  beforeEach(async () => {
    await db.query('DELETE FROM mints');
    bench = await startBench();
  });
  afterEach(() => bench.close());

  const market = (call: Call) => {
    const { venue, executor } = bench.another({}, { call });
    const mints = new MintRegistry({ db, endpoints: venue.endpoints });
    return { venue, executor, mints, oracle: new PriceOracle({ jupiter: venue.jupiter, mints, clock: bench.clock }) };
  };
  const direct = () => directCalls({ clock: bench.clock, timeoutMs: 3_600_000 });

  it('A1 no request leaves the process that the gate has not counted', async () => {
    const { clock, sandbox, signer } = bench;
    const gate = new ApiGate({ clock });
    const { executor, oracle, mints, venue } = market(gatedCalls({ gate, call: direct(), clock }));
    const requests: string[] = [];
    const onRequest = (message: unknown) => {
      const { request } = message as { request: { origin: string; path: string } };
      if (request.origin === sandbox.url) requests.push(request.path);
    };
    subscribe(REQUESTS, onRequest);
    try {
      await bench.drive(executor.execute(new RecordingRun(orderOf(token('WIF')))));
      const { mint } = token('BONK');
      await oracle.price(mint, 'POSITION');
      await oracle.prices([token('JUP').mint], 'SCAN');
      await mints.get(mint);
      await readWallet({ signer, endpoints: venue.endpoints, mints });
    } finally {
      unsubscribe(REQUESTS, onRequest);
    }
    const counted = gate.stats().levels.reduce((sum, { calls }) => sum + calls, 0);
    expect(requests.length).to.be.greaterThan(15);
    expect(counted).to.equal(requests.length);
    for (const level of gate.stats().levels) expect(level).to.include({ inFlight: 0, waiting: 0 });
  });

  it('A1 what guards positions is HIGH, what looks at the market is NORMAL, in every use', async () => {
    const levels = new Set<string>();
    const note: Call = (level: CallLevel, name, work) => {
      levels.add(`${name.split(':').at(-1)} ${level}`);
      return direct()(level, name, work);
    };
    const uses = async (purpose: 'POSITION' | 'SCAN', symbol: string) => {
      await db.query('DELETE FROM mints');
      const { oracle } = market(note);
      levels.clear();
      bench.sandbox.control.addFault({ fault: 'http', on: 'price', status: 500 });
      await oracle.price(token(symbol).mint, purpose);
      return [...levels].sort();
    };
    expect(await uses('POSITION', 'BONK')).to.deep.equal(['getAccountInfo HIGH', 'price HIGH', 'quote HIGH']);
    expect(await uses('SCAN', 'WIF')).to.deep.equal(['getAccountInfo NORMAL', 'price NORMAL', 'quote NORMAL']);
    const { mints, venue } = market(note);
    levels.clear();
    await readWallet({ signer: bench.signer, endpoints: venue.endpoints, mints });
    expect([...levels].sort()).to.deep.equal(['getBalance HIGH', 'getTokenAccountsByOwner HIGH']);
  });

  it('A6 a price that is refused for the limit is not asked for in another way, from the same budget', async () => {
    const names: string[] = [];
    const { oracle } = market((level, name, work) => {
      names.push(name.split(':').at(-1) ?? '');
      return direct()(level, name, work);
    });
    bench.sandbox.control.addFault({ fault: 'rate_limit', on: 'price' });
    const thrown = await oracle.price(token('BONK').mint, 'SCAN').catch((error: unknown) => error);
    expect(thrown).to.include({ reason: 'PRICE_UNAVAILABLE' });
    expect(names).to.deep.equal(['price']);
  });

  it('A4 the log names every critical call of an order with its arguments, and no key', async () => {
    const { logger, lines } = memoryLogger('trace');
    const { clock, sandbox } = bench;
    const gate = new ApiGate({ clock, logger });
    const keys = { jupiterApiKey: 'jupiter-secret-key', rpcUrls: [`${sandbox.url}/?api-key=rpc-secret-key`] };
    const call = gatedCalls({ gate, call: direct(), clock });
    const { executor } = bench.another(keys, { call });
    const run = new RecordingRun(orderOf(token('WIF')));
    await bench.drive(executor.execute(run));
    const told = new Map(
      lines
        .filter(({ msg }) => msg === 'critical call')
        .map(({ call: name, args }) => [String(name).split(':').at(-1), args]),
    );
    expect([...told.keys()].sort()).to.deep.equal([
      'getLatestBlockhash',
      'getMultipleAccounts',
      'quote',
      'sendTransaction',
      'simulateTransaction',
      'swap',
    ]);
    expect(told.get('quote')).to.include({ outputMint: token('WIF').mint, amount: '1000000000', slippageBps: 100 });
    expect(told.get('sendTransaction')).to.include({ signature: run.committed[0]?.signature });
    expect(JSON.stringify(lines)).not.to.match(/secret-key|https?:|x-api-key/);
  });
});
