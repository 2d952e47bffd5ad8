import { ExitlaneError, messageOf } from '../../../shared/core/errors.js';
import type { Endpoints } from '../venue/endpoints.js';
import type { Signer } from '../wallet/signer.js';
import type { MintRegistry } from './mint-registry.js';

export interface WalletBalance {
  readonly mint: string;
  readonly symbol: string;
  /** Base units. */
  readonly amount: bigint;
  readonly decimals: number;
}

export interface Wallet {
  /** Base58; empty when no key is loaded. */
  readonly address: string;
  /** `keypair-file`, `keystore-file`, or `none`. */
  readonly keySource: string;
  readonly lamports: bigint;
  /** Tokens held, by mint address. */
  readonly tokens: readonly WalletBalance[];
}

export interface WalletViewOptions {
  readonly signer: Signer | undefined;
  readonly endpoints: Pick<Endpoints, 'first'>;
  readonly mints: Pick<MintRegistry, 'get'>;
}

/** What the wallet is and holds; never its key. @throws ExitlaneError VENUE_UNAVAILABLE */
export async function readWallet(
  { signer, endpoints, mints }: WalletViewOptions,
  signal?: AbortSignal,
): Promise<Wallet> {
  if (!signer) return { address: '', keySource: 'none', lamports: 0n, tokens: [] };
  const { publicKey, source: keySource } = signer;
  const [lamports, balances] = await Promise.all([
    endpoints.first((rpc) => rpc.solBalance(publicKey, signal), signal),
    endpoints.first((rpc) => rpc.tokenBalances(publicKey, signal), signal),
  ]).catch((cause: unknown) => {
    signal?.throwIfAborted();
    throw new ExitlaneError('VENUE_UNAVAILABLE', `the wallet's balances cannot be read now: ${messageOf(cause)}`, {
      cause,
    });
  });
  const tokens: WalletBalance[] = [];
  for (const [mint, amount] of [...balances].sort(([one], [other]) => (one < other ? -1 : 1))) {
    const { symbol, decimals } = await mints.get(mint, signal);
    tokens.push({ mint, symbol, amount, decimals });
  }
  return { address: publicKey.toBase58(), keySource, lamports, tokens };
}
