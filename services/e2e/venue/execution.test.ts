import { BigNumber } from 'bignumber.js';
import { expect } from 'chai';
import { ExitlaneError } from '../../../shared/core/errors.js';
import { silentLogger } from '../../../shared/core/logger.js';
import { VenueExecutor } from '../../processor/execution/venue-executor.js';
import { type Call, type CallLevel, directCalls } from '../../processor/venue/calls.js';
import { orderOf, RecordingRun } from '../../processor/venue/testing/recording-run.js';
import { type Bench, startBench, token } from './harness.js';

const HAPPY = ['propose', 'accept', 'commit', 'sent', 'settle'];

describe('venue executor against the sandbox', () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await startBench();
  });
  afterEach(() => bench.close());

  const balance = (mint: string) =>
    bench.venue.endpoints.first((rpc) => rpc.tokenBalances(bench.signer.publicKey)).then((all) => all.get(mint) ?? 0n);
  const lamports = () => bench.venue.endpoints.first((rpc) => rpc.solBalance(bench.signer.publicKey));

  for (const symbol of ['WHOLE', 'BONK', 'USDC', 'JTO']) {
    const { mint, decimals } = token(symbol);

    it(`E2 E10 buys and sells a token with ${decimals} decimals; amounts are those of the chain`, async () => {
      const before = await lamports();
      const buy = new RecordingRun(orderOf({ mint, decimals, requestedLamports: 2_000_000_000n }));
      await bench.drive(bench.executor.execute(buy));
      expect(buy.calls).to.deep.equal(HAPPY);
      const bought = buy.settled[0]?.fill;
      const after = await lamports();
      // The sandbox makes one token account: its rent is neither price nor fee.
      expect(bought?.lamports).to.equal(2_000_000_000n);
      expect(bought?.tokens).to.equal(await balance(mint));
      expect(before - after).to.equal(2_000_000_000n + (bought?.feeLamports ?? 0n) + 2_039_280n);
      expect(Number(bought?.feeLamports)).to.be.within(5_001, 1_010_000);

      const tokens = bought?.tokens ?? 0n;
      const exit = { orderType: 'EXIT', requestedTokens: tokens, requestedLamports: null } as const;
      const sell = new RecordingRun(orderOf({ mint, decimals, ...exit }));
      await bench.drive(bench.executor.execute(sell));
      expect(sell.calls).to.deep.equal(HAPPY);
      const sold = sell.settled[0]?.fill;
      expect(sold?.tokens).to.equal(tokens);
      expect(await balance(mint)).to.equal(0n);
      expect((await lamports()) - after).to.equal((sold?.lamports ?? 0n) - (sold?.feeLamports ?? 0n));
      // Spread and impact both ways: a few basis points lost, nothing like a wrong decimal.
      expect(Number(sold?.lamports) / 2e9).to.be.within(0.99, 1);
      const price = new BigNumber(sold?.price ?? 0).dividedBy(bought?.price ?? 1).toNumber();
      expect(price).to.be.within(0.99, 1);
    });
  }

  it('E7 commits signature, bytes, block height and quote before the first send', async () => {
    const { mint, decimals } = token('BONK');
    const run = new RecordingRun(orderOf({ mint, decimals }));
    const pending: Record<string, number> = {};
    run.onCall = (call) => {
      pending[call] = bench.sandbox.control.state().pendingTransactions;
      if (call === 'sent') run.controller.abort();
    };
    await bench.drive(bench.executor.execute(run), { blocks: 0 }).catch(() => undefined);
    const [attempt] = run.committed;
    expect(pending).to.deep.equal({ propose: 0, accept: 0, commit: 0, sent: 1 });
    expect(attempt?.signature).to.match(/^[1-9A-HJ-NP-Za-km-z]{86,88}$/);
    expect(attempt?.rawTransaction.length).to.be.greaterThan(200);
    expect(attempt?.lastValidBlockHeight).to.equal(BigInt(bench.sandbox.control.state().blockHeight) + 150n);
    expect(attempt?.quote).to.include({ inputMint: 'So11111111111111111111111111111111111111112', outputMint: mint });
    expect(attempt?.expectedPrice).to.equal(run.offers[0]?.price);
    expect(run.offers[0]).to.include({ source: 'jupiter', note: 'Exitlane Sandbox', lamports: 1_000_000_000n });
    expect(run.offers[0]?.proposalId).to.match(/^jup-[0-9a-f-]{36}$/);
  });

  it('A1 every call goes through the one door with its level', async () => {
    const levels = new Map<string, CallLevel>();
    const direct = directCalls({ clock: bench.clock, timeoutMs: 3_600_000 });
    const call: Call = (level, name, fn) => {
      levels.set(name.split(':').at(-1) ?? '', level);
      return direct(level, name, fn);
    };
    const { executor } = bench.another({}, { call });
    const { mint, decimals } = token('WIF');
    const run = new RecordingRun(orderOf({ mint, decimals }));
    await bench.drive(executor.execute(run));
    expect(Object.fromEntries(levels)).to.deep.equal({
      quote: 'CRITICAL',
      swap: 'CRITICAL',
      getLatestBlockhash: 'CRITICAL',
      getMultipleAccounts: 'CRITICAL',
      simulateTransaction: 'CRITICAL',
      sendTransaction: 'CRITICAL',
      getSignatureStatuses: 'HIGH',
      getEpochInfo: 'HIGH',
      getTransaction: 'HIGH',
    });
  });

  it('E2 three orders of one wallet at once, each with amounts of its own', async () => {
    const symbols = ['BONK', 'WIF', 'JUP'];
    const runs = symbols.map((symbol, index) => {
      return new RecordingRun(orderOf({ ...token(symbol), requestedLamports: BigInt(index + 1) * 1_000_000_000n }));
    });
    await bench.drive(Promise.all(runs.map((run) => bench.executor.execute(run))));
    expect(runs.map((run) => run.settled[0]?.fill.lamports)).to.deep.equal([
      1_000_000_000n,
      2_000_000_000n,
      3_000_000_000n,
    ]);
    expect(bench.venue.watcher.size).to.equal(0);
  });

  it('a stopped run throws its reason, fails nothing, and leaves nothing under watch', async () => {
    const { mint, decimals } = token('WIF');
    for (const at of ['propose', 'accept', 'commit', 'sent']) {
      const run = new RecordingRun(orderOf({ mint, decimals }));
      const reason = new Error(`taken away after ${at}`);
      run.onCall = (call) => {
        if (call === at) run.controller.abort(reason);
      };
      const thrown = await bench.drive(bench.executor.execute(run), { blocks: 0 }).then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(thrown).to.equal(reason);
      expect(run.calls.at(-1)).to.equal(at);
    }
    expect(bench.venue.watcher.size).to.equal(0);
  });

  it('E7 what the commit throws means that nothing is sent', async () => {
    const { mint, decimals } = token('WIF');
    const run = new RecordingRun(orderOf({ mint, decimals }));
    run.onCall = (call) => {
      if (call === 'commit') throw new ExitlaneError('STALE_FENCE', 'taken over');
    };
    const thrown = await bench.drive(bench.executor.execute(run)).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(thrown).to.have.property('reason', 'STALE_FENCE');
    bench.sandbox.control.advanceBlocks(3);
    expect(bench.sandbox.ledger.lines()).to.deep.equal([]);
  });

  it('E7 a run that lost its order signs nothing', async () => {
    const { mint, decimals } = token('BONK');
    const run = new RecordingRun(orderOf({ mint, decimals }));
    const lost = new ExitlaneError('STALE_FENCE', 'another claim has it');
    run.rights = () => Promise.reject(lost);
    let signatures = 0;
    const signer = {
      publicKey: bench.signer.publicKey,
      source: bench.signer.source,
      signTransaction: (transaction: Parameters<typeof bench.signer.signTransaction>[0]) => {
        signatures += 1;
        return bench.signer.signTransaction(transaction);
      },
    };
    const executor = new VenueExecutor({ venue: bench.venue, signer, logger: silentLogger });
    const outcome = await bench.drive(executor.execute(run)).catch((error: unknown) => error);
    expect(outcome).to.equal(lost);
    expect({ signatures, calls: run.calls }).to.deep.equal({ signatures: 0, calls: ['propose', 'accept'] });
  });

  it('without a key new orders fail with NO_WALLET, and an attempt on its way is still settled', async () => {
    const { mint, decimals } = token('WIF');
    const keyless = new VenueExecutor({ venue: bench.venue, signer: undefined, logger: silentLogger });
    const refused = new RecordingRun(orderOf({ mint, decimals }));
    await keyless.execute(refused);
    expect(refused.failed[0]?.failure.reason).to.equal('NO_WALLET');

    const run = new RecordingRun(orderOf({ mint, decimals }));
    await bench.drive(bench.executor.execute(run));
    const later = run.resume();
    await bench.drive(keyless.execute(later));
    expect(later.settled).to.deep.equal(run.settled);
  });
});
