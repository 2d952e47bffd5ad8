import { PublicKey } from '@solana/web3.js';
import { ExitlaneError, invalidField, messageOf } from '../../../shared/core/errors.js';
import type { Queryable } from '../../../shared/store/database.js';
import { findMint, type Mint, saveMint } from '../../../shared/store/mints.js';
import type { Endpoints } from '../venue/endpoints.js';
import type { Rpc } from '../venue/rpc.js';
import { WELL_KNOWN_SYMBOLS } from './well-known-mints.js';

/** Mints kept in memory, about 300 bytes each; the one longest in it goes first. */
const MINTS_MAX = 10_000;

/** Asks one endpoint. */
type ReadMint = (rpc: Rpc) => ReturnType<Rpc['mint']>;

export interface MintRegistryOptions {
  readonly db: Queryable;
  readonly endpoints: Pick<Endpoints, 'first'>;
}

/** Facts of mints: read from the chain once, then from the database. Decimals never change. */
export class MintRegistry {
  readonly #options: MintRegistryOptions;
  readonly #known = new Map<string, Mint>();

  constructor(options: MintRegistryOptions) {
    this.#options = options;
  }

  /**
   * @throws ExitlaneError INVALID_FIELD (not an address), MINT_NOT_FOUND (no mint there), VENUE_UNAVAILABLE (never read
   * before, and no endpoint answers)
   */
  get(mint: string, signal?: AbortSignal): Promise<Mint> {
    return this.#get(mint, (rpc) => rpc.mint(mint, signal), signal);
  }

  /** The same for looking at the market, which gives way to all else. */
  getForScan(mint: string, signal?: AbortSignal): Promise<Mint> {
    return this.#get(mint, (rpc) => rpc.mintForScan(mint, signal), signal);
  }

  async #get(mint: string, read: ReadMint, signal: AbortSignal | undefined): Promise<Mint> {
    const known = this.#known.get(mint);
    if (known) return known;
    checkAddress(mint);
    const found = (await findMint(this.#options.db, mint)) ?? (await this.#read(mint, read, signal));
    this.#known.set(mint, found);
    if (this.#known.size > MINTS_MAX) this.#known.delete(this.#known.keys().next().value ?? '');
    return found;
  }

  async #read(address: string, read: ReadMint, signal: AbortSignal | undefined): Promise<Mint> {
    const facts = await this.#fromChain(address, read, signal);
    if (!facts) {
      const description = `there is no token mint at ${address}: check the address, and that it is on the network the processor uses`;
      throw new ExitlaneError('MINT_NOT_FOUND', `token_address: ${description}`, {
        violations: [{ field: 'token_address', description }],
        metadata: { token_address: address },
      });
    }
    const mint = { mint: address, decimals: facts.decimals, symbol: WELL_KNOWN_SYMBOLS.get(address) ?? '' };
    await saveMint(this.#options.db, mint);
    return mint;
  }

  async #fromChain(address: string, read: ReadMint, signal: AbortSignal | undefined) {
    try {
      return await this.#options.endpoints.first(read, signal);
    } catch (cause) {
      signal?.throwIfAborted();
      const text = `mint ${address} cannot be read now: ${messageOf(cause)}`;
      throw new ExitlaneError('VENUE_UNAVAILABLE', text, {
        cause,
        metadata: { token_address: address },
        retryDelayMs: 1_000,
      });
    }
  }
}

/** @throws ExitlaneError INVALID_FIELD */
export function checkAddress(address: string): void {
  if (!isMintAddress(address)) throw invalidField('token_address', 'must be a mint address: 32 bytes in base58');
}

export function isMintAddress(text: string): boolean {
  try {
    return new PublicKey(text).toBase58() === text;
  } catch {
    // What PublicKey throws says no more than that it is none.
    return false;
  }
}
