import { Keypair } from '@solana/web3.js';
import { expect } from 'chai';
import { Harness } from './harness.js';
import { mintOf, SOL_MINT } from './mints.js';

const BONK = mintOf('BONK').address;
const UNKNOWN = Keypair.generate().publicKey.toBase58();

interface JupiterRefusal {
  readonly error: string;
  readonly errorCode: string;
}

describe("E2 the sandbox's Jupiter", () => {
  let harness: Harness;
  before(async () => {
    harness = await Harness.start();
  });
  after(() => harness.stop());

  const quoteUrl = (query: Record<string, string>) => `/swap/v1/quote?${new URLSearchParams(query)}`;
  const good = { inputMint: SOL_MINT, outputMint: BONK, amount: '1000000000' };

  async function refusal(answer: Promise<Response>): Promise<JupiterRefusal> {
    const response = await answer;
    expect(response.status).to.equal(400);
    return (await response.json()) as JupiterRefusal;
  }

  it('quotes with price impact, threshold and the slot', async () => {
    const quote = await harness.quote(mintOf('SOL'), mintOf('BONK'), 1_000_000_000n, 100);
    // 1 SOL at 0.00000012 SOL a BONK, less 5 basis points spread and 0.5 impact.
    expect(quote.outAmount).to.equal('832875022499');
    expect(quote.otherAmountThreshold).to.equal('824546272274');
    expect(quote.priceImpactPct).to.equal('0.000049997500');
    expect(quote.contextSlot).to.equal(harness.control.state().slot);
    expect(quote.routePlan).to.have.length(1);
    const large = await harness.quote(mintOf('SOL'), mintOf('BONK'), 200_000_000_000n);
    expect(Number(large.priceImpactPct)).to.be.within(0.0099, 0.01);
    expect(BigInt(large.outAmount) < 200n * BigInt(quote.outAmount)).to.equal(true);
  });

  it('quotes amounts beyond what a JavaScript number can hold, exactly', async () => {
    const answer = await harness.get(
      quoteUrl({ ...good, inputMint: BONK, outputMint: SOL_MINT, amount: '9007199254740993' }),
    );
    expect(await answer.json()).to.include({ inAmount: '9007199254740993' });
  });

  it('gives prices in USD with decimals, and leaves unknown mints out', async () => {
    const ids = [SOL_MINT, BONK, mintOf('USDC').address, UNKNOWN].join(',');
    const prices = await (await harness.get(`/price/v3?ids=${ids}`)).json();
    const blockId = harness.control.state().slot;
    expect(prices).to.deep.equal({
      [SOL_MINT]: { usdPrice: 150, blockId, decimals: 9, priceChange24h: 0 },
      [BONK]: { usdPrice: 0.000018, blockId, decimals: 5, priceChange24h: 0 },
      [mintOf('USDC').address]: { usdPrice: 1, blockId, decimals: 6, priceChange24h: 0 },
    });
  });

  const wrongQuotes: [string, Record<string, string>, string][] = [
    ['an unknown token', { ...good, outputMint: UNKNOWN }, 'TOKEN_NOT_TRADABLE'],
    ['the same token twice', { ...good, outputMint: SOL_MINT }, 'CIRCULAR_ARBITRAGE_IS_DISABLED'],
    [
      'an amount too small to bring anything',
      { ...good, inputMint: BONK, outputMint: SOL_MINT, amount: '0' },
      'INVALID_PARAMETER',
    ],
    [
      'an amount that buys less than one unit',
      { ...good, outputMint: mintOf('WHOLE').address, amount: '1000' },
      'COULD_NOT_FIND_ANY_ROUTE',
    ],
    ['no amount', { inputMint: SOL_MINT, outputMint: BONK }, 'INVALID_PARAMETER'],
    ['a fraction', { ...good, amount: '1.5' }, 'INVALID_PARAMETER'],
    ['a negative amount', { ...good, amount: '-1' }, 'INVALID_PARAMETER'],
    ['more than 64 bits', { ...good, amount: '18446744073709551616' }, 'INVALID_PARAMETER'],
    ['a mint that is none', { ...good, inputMint: 'SOL' }, 'INVALID_PARAMETER'],
    ['a slippage above 100 %', { ...good, slippageBps: '10001' }, 'INVALID_PARAMETER'],
    ['ExactOut, which is not modelled', { ...good, swapMode: 'ExactOut' }, 'NOT_SUPPORTED'],
  ];
  for (const [what, query, errorCode] of wrongQuotes) {
    it(`refuses a quote for ${what}`, async () => {
      const body = await refusal(harness.get(quoteUrl(query)));
      expect(body.errorCode).to.equal(errorCode);
      expect(body.error).to.be.a('string').and.not.equal('');
    });
  }

  it('refuses a swap whose body is wrong, naming the field', async () => {
    const quoteResponse = await harness.quote(mintOf('SOL'), mintOf('BONK'), 1_000_000_000n);
    const userPublicKey = harness.wallet.publicKey.toBase58();
    const bodies: [unknown, RegExp][] = [
      ['{', /^body: /],
      ['', /^body: /],
      [{ quoteResponse }, /^userPublicKey: /],
      [{ userPublicKey: 'me', quoteResponse }, /^userPublicKey: must be a base58 public key/],
      [{ userPublicKey }, /^quoteResponse: /],
      [{ userPublicKey, quoteResponse: { ...quoteResponse, inAmount: '1e9' } }, /^quoteResponse.inAmount: /],
      [{ userPublicKey, quoteResponse: { ...quoteResponse, inAmount: '0' } }, /^quoteResponse.inAmount: /],
      [{ userPublicKey, quoteResponse: { ...quoteResponse, outputMint: UNKNOWN } }, /is not tradable/],
      [{ userPublicKey, quoteResponse, feeAccount: UNKNOWN }, /does not model feeAccount/],
      [{ userPublicKey, quoteResponse, asLegacyTransaction: true }, /does not model asLegacyTransaction/],
    ];
    for (const [body, error] of bodies) {
      expect((await refusal(harness.post('/swap/v1/swap', body))).error).to.match(error);
    }
  });

  it('refuses a price call without mints or with too many', async () => {
    expect((await refusal(harness.get('/price/v3'))).error).to.match(/^ids: /);
    const many = Array(51).fill(SOL_MINT).join(',');
    expect((await refusal(harness.get(`/price/v3?ids=${many}`))).error).to.match(/at most 50/);
  });

  it('builds the swap of a wallet without funds, and says that it would fail', async () => {
    const quoteResponse = await harness.quote(mintOf('SOL'), mintOf('BONK'), 1_000_000_000n);
    const answer = await harness.post('/swap/v1/swap', { userPublicKey: UNKNOWN, quoteResponse });
    const body = (await answer.json()) as { swapTransaction: string; simulationError: { error: string } };
    expect(body.swapTransaction).to.be.a('string');
    expect(body.simulationError.error).to.match(/no record of a prior credit/);
  });

  it('uses an older blockhash when asked for a shorter life', async () => {
    const quoteResponse = await harness.quote(mintOf('SOL'), mintOf('BONK'), 1_000_000_000n);
    const userPublicKey = harness.wallet.publicKey.toBase58();
    const answer = await harness.post('/swap/v1/swap', { userPublicKey, quoteResponse, blockhashSlotsToExpiry: 5 });
    const body = (await answer.json()) as { lastValidBlockHeight: number };
    expect(body.lastValidBlockHeight).to.equal(harness.control.state().blockHeight + 5);
  });

  it('has nothing elsewhere', async () => {
    const answer = await harness.get('/swap/v2/quote');
    expect(answer.status).to.equal(404);
    expect(await answer.json()).to.deep.equal({ error: 'nothing at GET /swap/v2/quote' });
  });
});
