import type { Clock } from '../../../shared/core/clock.js';
import type { Logger } from '../../../shared/core/logger.js';
import type { Call } from './calls.js';

/** How Jupiter sets the priority fee: a level of its estimate, and the most it may be. */
export type PriorityLevel = 'medium' | 'high' | 'veryHigh';

/** Where orders trade and how patiently. Times are milliseconds, amounts lamports. */
export interface VenueOptions {
  /** Base URL of Jupiter's API without a path, such as `https://api.jup.ag`; the local sandbox's URL works as well. */
  readonly jupiterUrl: string;
  /** Sent as `x-api-key`; never logged. */
  readonly jupiterApiKey?: string | undefined;
  /**
   * Solana RPC endpoints, at least one, most preferred first. With two or more, "this transaction is dead" needs two of
   * them to agree; with one it is asked twice, which is weaker.
   */
  readonly rpcUrls: readonly string[];
  /** One request may take this long; default 10,000. */
  readonly requestTimeoutMs?: number;
  /** Without a verdict for this long the order says UNKNOWN (and is watched on); default 60,000. */
  readonly confirmTimeoutMs?: number;
  /** The same bytes are sent again this often until there is a verdict; default 2,000. */
  readonly resendIntervalMs?: number;
  /** Statuses are asked for this often while something is watched; default 400, a block. */
  readonly pollIntervalMs?: number;
  /** A landed transaction that cannot be read for this long makes the order say SETTLING; default 3,000. */
  readonly settlingNoteMs?: number;
  /** The most one transaction may pay for priority, lamports; default 1,000,000 (0.001 SOL). */
  readonly priorityFeeMaxLamports?: bigint;
  /** Level of Jupiter's estimate; emergencies always use `veryHigh`. Default `high`. */
  readonly priorityLevel?: PriorityLevel;
  /** Programs a swap may call besides those of every swap, base58. Default none. */
  readonly extraPrograms?: readonly string[];
  /**
   * Lamports a swap may spend on rent of accounts that are not the wallet's own (some pools keep one per trader); default
   * 5,000,000. Rent of the wallet's own token accounts is not part of it.
   */
  readonly rentAllowanceLamports?: bigint;
}

/** What the venue needs from its process. */
export interface VenueParts {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Every external call goes through it; default: at once, with `requestTimeoutMs`. */
  readonly call?: Call;
}

export type VenueSettings = Required<Omit<VenueOptions, 'jupiterApiKey'>> & Pick<VenueOptions, 'jupiterApiKey'>;

/** The options with every default filled in. */
export function venueSettings(options: VenueOptions): VenueSettings {
  return {
    jupiterUrl: options.jupiterUrl,
    jupiterApiKey: options.jupiterApiKey,
    rpcUrls: options.rpcUrls,
    requestTimeoutMs: options.requestTimeoutMs ?? 10_000,
    confirmTimeoutMs: options.confirmTimeoutMs ?? 60_000,
    resendIntervalMs: options.resendIntervalMs ?? 2_000,
    pollIntervalMs: options.pollIntervalMs ?? 400,
    settlingNoteMs: options.settlingNoteMs ?? 3_000,
    priorityFeeMaxLamports: options.priorityFeeMaxLamports ?? 1_000_000n,
    priorityLevel: options.priorityLevel ?? 'high',
    extraPrograms: options.extraPrograms ?? [],
    rentAllowanceLamports: options.rentAllowanceLamports ?? 5_000_000n,
  };
}
