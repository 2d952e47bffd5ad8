import { PublicKey, SystemProgram, TransactionMessage, VersionedTransaction } from '@solana/web3.js';
import { expect } from 'chai';
import { orderOf, RecordingRun } from '../../processor/venue/testing/recording-run.js';
import { type Bench, startBench, token } from './harness.js';
import { type LyingJupiter, startLyingJupiter } from './jupiter-proxy.js';

const BONK = token('BONK');
const WIF = token('WIF');
const STRANGER = new PublicKey(Buffer.alloc(32, 7));

describe('E2 a swap transaction that is not what the order wants is never signed', () => {
  let bench: Bench;
  let jupiter: LyingJupiter;
  beforeEach(async () => {
    bench = await startBench();
    jupiter = await startLyingJupiter(bench.sandbox.url);
  });
  afterEach(async () => {
    await jupiter.close();
    await bench.close();
  });

  const execute = async (order = orderOf(BONK)) => {
    const { executor } = bench.another({ jupiterUrl: jupiter.url });
    const run = new RecordingRun(order);
    await bench.drive(executor.execute(run));
    return run;
  };

  const refused = async (order = orderOf(BONK)) => {
    const run = await execute(order);
    expect(run.committed).to.deep.equal([]);
    bench.sandbox.control.advanceBlocks(2);
    return run.failed[0]?.failure;
  };

  /** Answers every swap with a transaction of these instructions, which only the wallet has to sign. */
  const answerWith = (...instructions: Parameters<typeof SystemProgram.transfer>[0][]) => {
    jupiter.onAnswer = async (path, body) => {
      if (!path.endsWith('/swap')) return body;
      const { blockhash } = await bench.venue.endpoints.first((rpc) => rpc.latestBlockhash());
      const message = new TransactionMessage({
        payerKey: bench.signer.publicKey,
        recentBlockhash: blockhash,
        instructions: instructions.map((transfer) => SystemProgram.transfer(transfer)),
      });
      const bytes = new VersionedTransaction(message.compileToV0Message()).serialize();
      return { ...body, swapTransaction: Buffer.from(bytes).toString('base64') };
    };
  };

  it('an honest Jupiter behind the same proxy is served', async () => {
    expect((await execute()).calls.at(-1)).to.equal('settle');
  });

  it('more of the input than the order says', async () => {
    jupiter.onSwapRequest = (body) => {
      const quoteResponse = body.quoteResponse as { inAmount: string };
      return { ...body, quoteResponse: { ...quoteResponse, inAmount: `${BigInt(quoteResponse.inAmount) * 2n}` } };
    };
    const failure = await refused();
    expect(failure?.reason).to.equal('POLICY_VIOLATION');
    expect(failure?.error).to.match(/spend 20\d+ lamports of SOL, 99\d+ more than allowed/);
  });

  it('another token than the one ordered', async () => {
    jupiter.onSwapRequest = (body) => {
      return {
        ...body,
        quoteResponse: { ...(body.quoteResponse as object), outputMint: WIF.mint, otherAmountThreshold: '1' },
      };
    };
    const failure = await refused();
    expect(failure?.reason).to.equal('POLICY_VIOLATION');
    expect(failure?.error).to.match(/bring 0 base units of tokens/);
  });

  it('a sale that sells more tokens, or another token of the wallet', async () => {
    for (const { mint, decimals } of [BONK, WIF]) await execute(orderOf({ mint, decimals }));
    const sale = orderOf({ ...BONK, orderType: 'EXIT', requestedLamports: null, requestedTokens: 100_000_000n });
    jupiter.onSwapRequest = (body) => {
      const quoteResponse = body.quoteResponse as { inAmount: string };
      return { ...body, quoteResponse: { ...quoteResponse, inAmount: `${BigInt(quoteResponse.inAmount) + 1n}` } };
    };
    expect((await refused(sale))?.error).to.match(/spend 100000001 base units of tokens, 1 more/);
    jupiter.onSwapRequest = (body) => {
      return {
        ...body,
        quoteResponse: { ...(body.quoteResponse as object), inputMint: WIF.mint, inAmount: '1000000' },
      };
    };
    expect((await refused(sale))?.error).to.match(/take 1000000 base units of another token, EKpQ/);
  });

  it('a plain theft of the amount, and of more', async () => {
    const theft = (lamports: bigint) => ({ fromPubkey: bench.signer.publicKey, toPubkey: STRANGER, lamports });
    answerWith(theft(1_000_000_000n));
    expect((await refused())?.error).to.match(/bring 0 base units of tokens/);
    answerWith(theft(100_000_000_000n));
    expect((await refused())?.reason).to.equal('POLICY_VIOLATION');
    expect(bench.sandbox.ledger.lines()).to.deep.equal([]);
  });

  it("another wallet's transaction", async () => {
    jupiter.onSwapRequest = (body) => ({ ...body, userPublicKey: STRANGER.toBase58() });
    expect((await refused())?.error).to.match(/fee payer is not the wallet/);
  });

  it('a message changed after the pool had signed it', async () => {
    jupiter.onAnswer = (path, body) => {
      if (!path.endsWith('/swap')) return body;
      const changed = VersionedTransaction.deserialize(Buffer.from(String(body.swapTransaction), 'base64'));
      changed.message.recentBlockhash = STRANGER.toBase58();
      const bytes = Buffer.from(changed.serialize());
      return { ...body, swapTransaction: bytes.toString('base64') };
    };
    expect((await refused())?.error).to.match(/signature of \w+ does not fit its message/);
  });

  it('a priority fee above the maximum', async () => {
    jupiter.onSwapRequest = (body) => {
      const high = { maxLamports: 400_000, priorityLevel: 'veryHigh' };
      return { ...body, prioritizationFeeLamports: { priorityLevelWithMaxLamports: high } };
    };
    const { executor } = bench.another({ jupiterUrl: jupiter.url, priorityFeeMaxLamports: 100_000n });
    const run = new RecordingRun(orderOf(BONK));
    await bench.drive(executor.execute(run));
    expect(run.failed[0]?.failure.error).to.match(/priority fee of 400000 lamports is above 100000/);
  });

  it('a quote with more slippage than the order allows, or for another amount', async () => {
    for (const change of [
      { otherAmountThreshold: '1' },
      { inAmount: '5' },
      { inputMint: WIF.mint },
      { outAmount: '0' },
    ]) {
      jupiter.onAnswer = (path, body) => (path.endsWith('/quote') ? { ...body, ...change } : body);
      const failure = await refused();
      expect(failure?.reason).to.equal('QUOTE_FAILED');
      expect(failure?.error).to.match(/something else than what was asked for/);
    }
  });

  it('E7 a last valid block height that is too low is corrected, one far too high is refused', async () => {
    const claim = (height: (honest: number) => number) => {
      jupiter.onAnswer = (path, body) => {
        if (!path.endsWith('/swap')) return body;
        return { ...body, lastValidBlockHeight: height(Number(body.lastValidBlockHeight)) };
      };
    };
    const honest = BigInt(bench.sandbox.control.state().confirmedBlockHeight) + 150n;
    claim((height) => height - 149);
    const run = await execute();
    expect(run.calls.at(-1)).to.equal('settle');
    expect(Number(run.committed[0]?.lastValidBlockHeight)).to.be.at.least(Number(honest));
    claim((height) => height + 20_000);
    expect((await refused())?.error).to.match(/claims to be valid until block height/);
  });
});
