import {
  ComputeBudgetProgram,
  PublicKey,
  SystemProgram,
  type TransactionInstruction,
  TransactionMessage,
  VersionedTransaction,
} from '@solana/web3.js';
import { guardInstruction } from './guard-program.js';
import { JITO_TIP_ACCOUNT, type Market } from './market.js';
import { type SandboxMint, SOL_MINT } from './mints.js';
import { effectiveIn, leastRate, outAmount } from './quote-math.js';
import {
  associatedTokenAddress,
  closeAccountInstruction,
  createIdempotentInstruction,
  syncNativeInstruction,
  transferInstruction,
} from './spl.js';

/** Compute units a swap may use; a swap through the sandbox needs less than half. */
export const SWAP_UNITS = 200_000;

export interface SwapOrder {
  readonly user: PublicKey;
  readonly input: SandboxMint;
  readonly output: SandboxMint;
  /** Base units of the input token. */
  readonly amountIn: bigint;
  /** Least output in base units; less makes the transaction fail with 6001. */
  readonly leastOut: bigint;
  readonly wrapAndUnwrapSol: boolean;
  /** Lamports above the base fee. */
  readonly priorityFee: bigint;
  readonly jitoTip: { readonly lamports: bigint; readonly payer: PublicKey } | undefined;
  readonly blockhash: string;
}

/**
 * Builds the swap as one v0 transaction, signed by the pool; the user, who pays, signs last and must not change the message.
 *
 * Modelled: what the user gets is fixed here, at the rate of this moment - not the quote's, which may be older. The guard
 * checks the rate of the block it lands in against `leastOut`. Not modelled: a rate that moves between here and the block
 * within the slippage does not change the amount.
 */
export function buildSwap(market: Market, order: SwapOrder): VersionedTransaction {
  const message = new TransactionMessage({
    payerKey: order.user,
    recentBlockhash: order.blockhash,
    instructions: [
      ComputeBudgetProgram.setComputeUnitLimit({ units: SWAP_UNITS }),
      ...priorityInstructions(order.priorityFee),
      ...setUp(order),
      ...swap(market, order),
      ...tearDown(order),
      ...tipInstructions(order),
    ],
  });
  const transaction = new VersionedTransaction(message.compileToV0Message());
  transaction.sign([market.authority]);
  return transaction;
}

function priorityInstructions(lamports: bigint): TransactionInstruction[] {
  if (lamports === 0n) return [];
  const microLamports = (lamports * 1_000_000n) / BigInt(SWAP_UNITS);
  return [ComputeBudgetProgram.setComputeUnitPrice({ microLamports })];
}

/** Creates the user's token accounts where missing and wraps the SOL to be sold. */
function setUp({ user, input, output, amountIn, wrapAndUnwrapSol }: SwapOrder): TransactionInstruction[] {
  const instructions: TransactionInstruction[] = [];
  if (isSol(input) && wrapAndUnwrapSol) {
    const wrapped = accountOf(user, input);
    instructions.push(
      createIdempotentInstruction(user, user, new PublicKey(input.address)),
      SystemProgram.transfer({ fromPubkey: user, toPubkey: wrapped, lamports: amountIn }),
      syncNativeInstruction(wrapped),
    );
  }
  instructions.push(createIdempotentInstruction(user, user, new PublicKey(output.address)));
  return instructions;
}

function swap(market: Market, order: SwapOrder): TransactionInstruction[] {
  const { user, input, output, amountIn } = order;
  const effective = effectiveIn(amountIn, input);
  const least = leastRate(order.leastOut, effective) ?? 0n;
  return [
    guardInstruction(market.oracle(input, output), least),
    transferInstruction({
      source: accountOf(user, input),
      mint: new PublicKey(input.address),
      destination: market.vault(input),
      owner: user,
      amount: amountIn,
      decimals: input.decimals,
    }),
    transferInstruction({
      source: market.vault(output),
      mint: new PublicKey(output.address),
      destination: accountOf(user, output),
      owner: market.authority.publicKey,
      amount: outAmount(market.rate(input, output), effective),
      decimals: output.decimals,
    }),
  ];
}

/** Unwraps SOL: the wrapped account is closed, its SOL and its rent go to the user. */
function tearDown({ user, input, output, wrapAndUnwrapSol }: SwapOrder): TransactionInstruction[] {
  const sol = isSol(input) ? input : isSol(output) ? output : undefined;
  return sol && wrapAndUnwrapSol ? [closeAccountInstruction(accountOf(user, sol), user)] : [];
}

function tipInstructions({ jitoTip }: SwapOrder): TransactionInstruction[] {
  if (!jitoTip || jitoTip.lamports === 0n) return [];
  const { payer, lamports } = jitoTip;
  return [SystemProgram.transfer({ fromPubkey: payer, toPubkey: JITO_TIP_ACCOUNT, lamports })];
}

function accountOf(user: PublicKey, mint: SandboxMint): PublicKey {
  return associatedTokenAddress(user, new PublicKey(mint.address));
}

function isSol(mint: SandboxMint): boolean {
  return mint.address === SOL_MINT;
}
