import { expect } from 'chai';
import fc from 'fast-check';
import type { LandedTransaction, TokenBalance } from './landed-transaction.js';
import { settlementAmounts } from './settlement-amounts.js';
import { SOL_MINT } from './spl.js';

const WALLET = 'wallet';
const MINT = 'mint';
const RENT = 2_039_280n;

interface Account {
  readonly key: string;
  readonly lamports: readonly [before: bigint, after: bigint];
  /** Left out: not a token account. Undefined on a side: it does not exist there. */
  readonly token?: {
    mint: string;
    owner: string;
    amounts: readonly [bigint | undefined, bigint | undefined];
    decimals?: number;
  };
}

function transaction(
  fee: bigint,
  accounts: readonly Account[],
  more: Partial<LandedTransaction> = {},
): LandedTransaction {
  const side = (at: 0 | 1): TokenBalance[] =>
    accounts.flatMap(({ token }, accountIndex) => {
      const amount = token?.amounts[at];
      if (!token || amount === undefined) return [];
      return [{ accountIndex, mint: token.mint, owner: token.owner, amount, decimals: token.decimals ?? 6 }];
    });
  return {
    slot: 99n,
    err: null,
    fee,
    keys: accounts.map(({ key }) => key),
    preBalances: accounts.map(({ lamports }) => lamports[0]),
    postBalances: accounts.map(({ lamports }) => lamports[1]),
    preTokenBalances: side(0),
    postTokenBalances: side(1),
    logs: [],
    programs: [],
    ...more,
  };
}

const own = (mint: string, ...amounts: [bigint | undefined, bigint | undefined]) => ({ mint, owner: WALLET, amounts });

describe('E10 settlement amounts', () => {
  it('a first buy: rent of the new token account and the fee are not part of the price', () => {
    // The wallet's balance alone would say 1,002,059,280 lamports: off by fee and rent.
    const amounts = settlementAmounts(
      transaction(20_000n, [
        { key: WALLET, lamports: [10_000_000_000n, 10_000_000_000n - 1_000_000_000n - 20_000n - RENT] },
        { key: 'tokens', lamports: [0n, RENT], token: own(MINT, undefined, 5_000_000n) },
        {
          key: 'pool',
          lamports: [1n, 1_000_000_001n],
          token: { mint: SOL_MINT, owner: 'pool', amounts: [1n, 1_000_000_001n] },
        },
      ]),
      WALLET,
      MINT,
    );
    expect(amounts).to.deep.equal({
      lamports: -1_000_000_000n,
      tokens: 5_000_000n,
      feeLamports: 20_000n,
      rentLamports: RENT,
      decimals: 6,
      slot: 99n,
      err: null,
    });
  });

  it('a buy from SOL that was wrapped before', () => {
    const amounts = settlementAmounts(
      transaction(5_000n, [
        { key: WALLET, lamports: [1_000_000_000n, 1_000_000_000n - 5_000n] },
        { key: 'wrapped', lamports: [RENT + 700n, RENT + 200n], token: own(SOL_MINT, 700n, 200n) },
        { key: 'tokens', lamports: [RENT, RENT], token: own(MINT, 10n, 25n) },
      ]),
      WALLET,
      MINT,
    );
    expect(amounts).to.include({ lamports: -500n, tokens: 15n, rentLamports: 0n, feeLamports: 5_000n });
  });

  it('a sale that closes both the token account and the wrapped SOL', () => {
    const amounts = settlementAmounts(
      transaction(5_000n, [
        { key: WALLET, lamports: [100n, 100n - 5_000n + 900_000n + 300n + 2n * RENT] },
        { key: 'wrapped', lamports: [RENT + 300n, 0n], token: own(SOL_MINT, 300n, undefined) },
        { key: 'tokens', lamports: [RENT, 0n], token: own(MINT, 40n, undefined) },
      ]),
      WALLET,
      MINT,
    );
    expect(amounts).to.include({ lamports: 900_000n, tokens: -40n, rentLamports: -2n * RENT });
  });

  it('several accounts of the mint count together, those of others and other mints do not', () => {
    const { tokens } = settlementAmounts(
      transaction(0n, [
        { key: WALLET, lamports: [0n, 0n] },
        { key: 'a', lamports: [1n, 1n], token: own(MINT, 10n, 0n) },
        { key: 'b', lamports: [1n, 1n], token: own(MINT, 5n, 8n) },
        { key: 'c', lamports: [1n, 1n], token: own('another', 5n, 800n) },
        { key: 'd', lamports: [1n, 1n], token: { mint: MINT, owner: 'pool', amounts: [0n, 7n] } },
      ]),
      WALLET,
      MINT,
    );
    expect(tokens).to.equal(-7n);
  });

  it('a fee that someone else paid is not ours', () => {
    const accounts = [
      { key: 'relayer', lamports: [9_000n, 4_000n] as const },
      { key: WALLET, lamports: [500n, 400n] as const },
    ];
    expect(settlementAmounts(transaction(5_000n, accounts), WALLET, MINT)).to.include({
      lamports: -100n,
      feeLamports: 0n,
    });
  });

  it('a landed failure moved nothing and cost its fee', () => {
    const err = { InstructionError: [3, { Custom: 6001 }] };
    const failed = transaction(5_100n, [{ key: WALLET, lamports: [10_000n, 4_900n] }], { err });
    const amounts = settlementAmounts(failed, WALLET, MINT);
    expect(amounts).to.deep.include({ lamports: 0n, tokens: 0n, feeLamports: 5_100n, decimals: undefined, err });
  });

  it('holds for any mix of rent, wrapped SOL and fee', () => {
    const lamports = fc.bigInt({ min: 0n, max: 10n ** 15n });
    fc.assert(
      fc.property(
        lamports,
        lamports,
        lamports,
        fc.boolean(),
        fc.boolean(),
        (swap, wrappedBefore, fee, opens, unwraps) => {
          const rent = opens ? RENT : 0n;
          const start = 10n ** 16n;
          const freed = unwraps ? wrappedBefore + RENT : 0n;
          const amounts = settlementAmounts(
            transaction(fee, [
              { key: WALLET, lamports: [start, start - swap - fee - rent + freed] },
              {
                key: 'wrapped',
                lamports: [wrappedBefore + RENT, unwraps ? 0n : wrappedBefore + RENT],
                token: own(SOL_MINT, wrappedBefore, unwraps ? undefined : wrappedBefore),
              },
              { key: 'tokens', lamports: [RENT - rent, RENT], token: own(MINT, opens ? undefined : 0n, 1n) },
            ]),
            WALLET,
            MINT,
          );
          expect(amounts.lamports).to.equal(-swap);
          expect(amounts.rentLamports).to.equal(rent - (unwraps ? RENT : 0n));
        },
      ),
    );
  });
});
