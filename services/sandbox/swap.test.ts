import type { SwapRequest } from '@jup-ag/api';
import { PublicKey, type VersionedTransactionResponse } from '@solana/web3.js';
import { expect } from 'chai';
import { Harness, signatureOf } from './harness.js';
import { mintOf, type SandboxMint, SOL_MINT } from './mints.js';

const SOL = mintOf('SOL');
const ONE_SOL = 1_000_000_000n;

describe('E2 E10 sandbox swaps with the real clients', () => {
  let harness: Harness;
  beforeEach(async () => {
    harness = await Harness.start();
  });
  afterEach(() => harness.stop());

  /** Sends, makes a block, and reads the transaction back from the chain. */
  async function landed(transaction: Parameters<Harness['send']>[0]): Promise<VersionedTransactionResponse> {
    const signature = await harness.send(transaction);
    expect(signature).to.equal(signatureOf(transaction));
    harness.control.advanceBlocks(2);
    expect(await harness.status(signature)).to.deep.include({ err: null, confirmationStatus: 'confirmed' });
    const found = await harness.connection.getTransaction(signature, {
      commitment: 'confirmed',
      maxSupportedTransactionVersion: 0,
    });
    if (!found) throw new Error('the transaction cannot be read');
    return found;
  }

  /** Base units of `mint` that the wallet gained. */
  function tokenChange({ meta }: VersionedTransactionResponse, mint: SandboxMint): bigint {
    const owner = harness.wallet.publicKey.toBase58();
    const sum = (balances: NonNullable<typeof meta>['preTokenBalances']) =>
      (balances ?? [])
        .filter((balance) => balance.owner === owner && balance.mint === mint.address)
        .reduce((total, balance) => total + BigInt(balance.uiTokenAmount.amount), 0n);
    return sum(meta?.postTokenBalances) - sum(meta?.preTokenBalances);
  }

  function lamportChange({ meta }: VersionedTransactionResponse): bigint {
    return BigInt(meta?.postBalances[0] ?? 0) - BigInt(meta?.preBalances[0] ?? 0);
  }

  for (const symbol of ['WHOLE', 'BONK', 'WIF', 'POPCAT']) {
    const token = mintOf(symbol);

    it(`buys and sells ${symbol} (${token.decimals} decimals) with exact balances on chain`, async () => {
      const { connection, wallet } = harness;
      const rent = BigInt(await connection.getMinimumBalanceForRentExemption(165));

      const buyQuote = await harness.quote(SOL, token, ONE_SOL);
      const bought = await landed(await harness.signedSwap(buyQuote));
      const fee = BigInt(bought.meta?.fee ?? 0);
      expect(fee).to.equal(2n * 5_000n + 5_000n);
      expect(tokenChange(bought, token)).to.equal(BigInt(buyQuote.outAmount));
      expect(lamportChange(bought)).to.equal(-ONE_SOL - fee - rent);
      const shown = bought.meta?.postTokenBalances?.find((balance) => balance.owner === wallet.publicKey.toBase58());
      expect(shown?.uiTokenAmount.decimals).to.equal(token.decimals);

      const held = await connection.getParsedTokenAccountsByOwner(
        wallet.publicKey,
        { mint: new PublicKey(token.address) },
        'confirmed',
      );
      const [account] = held.value;
      expect(account?.account.data.parsed.info.tokenAmount.amount).to.equal(buyQuote.outAmount);

      const sellQuote = await harness.quote(token, SOL, BigInt(buyQuote.outAmount));
      const sold = await landed(await harness.signedSwap(sellQuote));
      expect(tokenChange(sold, token)).to.equal(-BigInt(buyQuote.outAmount));
      expect(lamportChange(sold)).to.equal(BigInt(sellQuote.outAmount) - BigInt(sold.meta?.fee ?? 0));
      const left = await connection.getTokenAccountBalance(account?.pubkey ?? PublicKey.default, 'confirmed');
      expect(left.value.amount).to.equal('0');
    });
  }

  it('leaves no wrapped SOL behind and shows none in the token balances of the wallet', async () => {
    const bought = await landed(await harness.signedBuy('BONK', ONE_SOL));
    const owner = harness.wallet.publicKey.toBase58();
    const balances = [...(bought.meta?.preTokenBalances ?? []), ...(bought.meta?.postTokenBalances ?? [])];
    expect(balances.filter((each) => each.owner === owner && each.mint === SOL_MINT)).to.deep.equal([]);
    const wrapped = { mint: new PublicKey(SOL_MINT) };
    const accounts = await harness.connection.getTokenAccountsByOwner(harness.wallet.publicKey, wrapped, 'confirmed');
    expect(accounts.value).to.deep.equal([]);
  });

  it('keeps wrapped SOL when wrapAndUnwrapSol is off', async () => {
    await landed(await harness.signedBuy('WIF', ONE_SOL));
    const quote = await harness.quote(mintOf('WIF'), SOL, 1_000_000n);
    const sold = await landed(await harness.signedSwap(quote, { wrapAndUnwrapSol: false }));
    expect(tokenChange(sold, SOL)).to.equal(BigInt(quote.outAmount));
  });

  it('swaps one token for another', async () => {
    const quote = await harness.quote(SOL, mintOf('USDC'), ONE_SOL);
    await landed(await harness.signedSwap(quote));
    const cross = await harness.quote(mintOf('USDC'), mintOf('BONK'), BigInt(quote.outAmount));
    const swapped = await landed(await harness.signedSwap(cross));
    expect(tokenChange(swapped, mintOf('USDC'))).to.equal(-BigInt(quote.outAmount));
    expect(tokenChange(swapped, mintOf('BONK'))).to.equal(BigInt(cross.outAmount));
  });

  it('takes the priority fee asked for, up to its maximum', async () => {
    const fee = async (prioritizationFeeLamports: SwapRequest['prioritizationFeeLamports']) => {
      const quote = await harness.quote(SOL, mintOf('JUP'), ONE_SOL);
      const { meta } = await landed(await harness.signedSwap(quote, { prioritizationFeeLamports }));
      return (meta?.fee ?? 0) - 10_000;
    };
    const level = (priorityLevel: 'medium' | 'veryHigh', maxLamports: number) => ({
      priorityLevelWithMaxLamports: { priorityLevel, maxLamports, global: false },
    });
    expect(await fee(level('veryHigh', 123_456))).to.equal(123_456);
    expect(await fee(level('veryHigh', 9_000_000))).to.equal(500_000);
    expect(await fee(level('medium', 9_000_000))).to.equal(5_000);
    expect(await fee(undefined)).to.equal(5_000);
    expect(await fee({ jitoTipLamports: 10_000 })).to.equal(0);
  });

  it('takes a priority fee given as a bare number for none given', async () => {
    const quoteResponse = await harness.quote(SOL, mintOf('JUP'), ONE_SOL);
    const userPublicKey = harness.wallet.publicKey.toBase58();
    const request = { userPublicKey, quoteResponse, prioritizationFeeLamports: 77_777 };
    const answer = (await (await harness.post('/swap/v1/swap', request)).json()) as object;
    expect(answer).to.deep.include({ prioritizationFeeLamports: 5_000, simulationError: null });
  });

  it('pays a Jito tip on top of the swap', async () => {
    await landed(await harness.signedBuy('JTO', ONE_SOL));
    const quote = await harness.quote(SOL, mintOf('JTO'), ONE_SOL);
    const transaction = await harness.signedSwap(quote, { prioritizationFeeLamports: { jitoTipLamports: 1_000_000 } });
    const bought = await landed(transaction);
    expect(lamportChange(bought)).to.equal(-ONE_SOL - 1_000_000n - BigInt(bought.meta?.fee ?? 0));
  });

  it('pays what the market gives at swap time, which may be better than the quote', async () => {
    const quote = await harness.quote(SOL, mintOf('PYTH'), ONE_SOL);
    harness.control.movePrice({ mint: 'PYTH', multiply: '0.5' });
    const bought = await landed(await harness.signedSwap(quote));
    const gain = tokenChange(bought, mintOf('PYTH')) - 2n * BigInt(quote.outAmount);
    expect(gain).to.be.oneOf([0n, 1n]);
  });

  it('writes one ledger line per landed transaction, with the balances the chain shows', async () => {
    const quote = await harness.quote(SOL, mintOf('RAY'), ONE_SOL);
    const transaction = await harness.signedSwap(quote);
    const { meta, slot } = await landed(transaction);
    const [line, ...others] = harness.sandbox.ledger.lines();
    expect(others).to.deep.equal([]);
    expect(line).to.deep.include({ signature: signatureOf(transaction), slot, err: null, fee: String(meta?.fee) });
    expect(line?.wire).to.equal(Buffer.from(transaction.serialize()).toString('base64'));
    expect(line?.postBalances).to.deep.equal(meta?.postBalances.map(String));
    const owner = harness.wallet.publicKey.toBase58();
    expect(line?.postTokenBalances.find((balance) => balance.owner === owner)?.amount).to.equal(quote.outAmount);
  });
});
