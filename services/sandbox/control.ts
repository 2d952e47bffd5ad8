import { z } from 'zod';
import type { Logger } from '../../shared/core/logger.js';
import type { BlockClock } from './block-clock.js';
import type { Chain } from './chain.js';
import { Chaos, type ChaosState } from './chaos.js';
import type { ChaosInput, ChaosSettings } from './chaos-specs.js';
import { ControlError, mintNamed, movableMintNamed } from './control-mints.js';
import type { FaultInput } from './fault-specs.js';
import type { ActiveFault, Faults } from './faults.js';
import type { Market } from './market.js';
import { SANDBOX_MINTS, type SandboxMint } from './mints.js';
import { formatPrice, PRICE_SCALE_DECIMALS } from './prices.js';
import type { ScenarioProgress } from './scenario.js';

/** Blocks one call may add: a second of work, and more than any transaction's life. */
const ADVANCE_BLOCKS_MAX = 10_000;

const decimal = z
  .string()
  .regex(/^\d{1,15}(\.\d{1,18})?$/, 'must be a plain decimal such as "0.0045"')
  .refine((text) => /[1-9]/.test(text), 'must be greater than 0');

/** What POST /control/price takes. */
export const priceChange = z
  .strictObject({
    /** Mint address or symbol. For `walk` alone it may be left out: all tokens. */
    mint: z.string().optional(),
    /** New price: SOL per whole token; for SOL itself USD. */
    price: decimal.optional(),
    /** Factor on the current price. */
    multiply: decimal.optional(),
    /** Whether the price walks by itself. A price that was set still walks on from there. */
    walk: z.boolean().optional(),
  })
  .refine((change) => change.price === undefined || change.multiply === undefined, {
    path: ['multiply'],
    message: 'give either price or multiply',
  })
  .refine((change) => change.price !== undefined || change.multiply !== undefined || change.walk !== undefined, {
    path: ['price'],
    message: 'give price, multiply or walk',
  });

export type PriceChange = z.infer<typeof priceChange>;

export interface TokenState {
  readonly mint: string;
  readonly symbol: string;
  readonly decimals: number;
  /** SOL per whole token, and USD per whole token: plain decimals. */
  readonly priceSol: string;
  readonly priceUsd: string;
  readonly walking: boolean;
}

export interface SandboxState {
  readonly slot: number;
  readonly blockHeight: number;
  readonly confirmedBlockHeight: number;
  readonly finalizedBlockHeight: number;
  readonly slotMs: number;
  readonly paused: boolean;
  readonly wallet: string;
  /** Transactions accepted and not yet in a block. */
  readonly pendingTransactions: number;
  /** Transactions in blocks, as far as memory goes. */
  readonly landedTransactions: number;
  readonly volatility: number;
  readonly tokens: readonly TokenState[];
  readonly faults: readonly ActiveFault[];
  /** Null: nothing happens by chance. */
  readonly chaos: (Pick<ChaosSettings, 'seed' | 'intensity'> & { readonly drawn: number }) | null;
  /** Null: no scenario is loaded. */
  readonly scenario: ScenarioProgress | null;
}

export interface ControlParts {
  readonly chain: Chain;
  readonly blocks: BlockClock;
  readonly market: Market;
  readonly faults: Faults;
  readonly wallet: string;
  readonly scenario: { progress(): ScenarioProgress } | undefined;
  readonly logger: Logger;
}

/** The hands on the sandbox, for tests in the same process and for /control alike. */
export class Control {
  readonly #parts: ControlParts;

  constructor(parts: ControlParts) {
    this.#parts = parts;
  }

  state(): SandboxState {
    const { chain, blocks, market, faults, wallet, scenario } = this.#parts;
    const chaos = this.chaos();
    return {
      slot: blocks.slot,
      blockHeight: blocks.height,
      confirmedBlockHeight: chain.heightAt('confirmed'),
      finalizedBlockHeight: chain.heightAt('finalized'),
      slotMs: blocks.slotMs,
      paused: blocks.paused,
      wallet,
      pendingTransactions: chain.pendingCount,
      landedTransactions: chain.history.size,
      volatility: market.prices.volatility,
      tokens: SANDBOX_MINTS.map((mint) => this.#token(mint)),
      faults: faults.list(),
      chaos: chaos && { seed: chaos.seed, intensity: chaos.intensity, drawn: chaos.drawn },
      scenario: scenario?.progress() ?? null,
    };
  }

  /** Sets, moves or freezes a price. Takes effect at once: for quotes, and for what lands in the next block. */
  movePrice(change: PriceChange): SandboxState {
    const { prices } = this.#parts.market;
    const mint = change.mint === undefined ? undefined : mintNamed(change.mint);
    if (change.price !== undefined || change.multiply !== undefined) {
      if (!mint) throw new ControlError('mint', 'say which token, by mint address or symbol');
      const current = prices.settable(movableMintNamed(mint.address)) ?? 0n;
      prices.set(mint, change.price === undefined ? multiplied(current, change.multiply ?? '1') : scaled(change.price));
    }
    if (change.walk !== undefined) prices.setWalking(mint, change.walk);
    return this.state();
  }

  /** Standard deviation of prices after one second, as a fraction; 0 stops all walks. */
  setVolatility(volatility: number): void {
    if (!(volatility >= 0 && volatility <= 1)) throw new ControlError('volatility', 'must be between 0 and 1');
    this.#parts.market.prices.volatility = volatility;
  }

  /** Produces blocks now, whether the timer is paused or not. */
  advanceBlocks(blocks: number): SandboxState {
    if (!Number.isInteger(blocks) || blocks < 1 || blocks > ADVANCE_BLOCKS_MAX) {
      throw new ControlError('blocks', `must be a whole number from 1 to ${ADVANCE_BLOCKS_MAX}`);
    }
    for (let made = 0; made < blocks; made++) this.#parts.chain.produceBlock();
    return this.state();
  }

  /** Stops the block timer: transactions wait, blockhashes do not age. */
  pauseBlocks(): SandboxState {
    this.#parts.blocks.pause();
    return this.state();
  }

  resumeBlocks(): SandboxState {
    this.#parts.blocks.resume();
    return this.state();
  }

  /** Arms a fault; see fault-specs.ts for the kinds. Returns it with its id. */
  addFault(fault: FaultInput): ActiveFault {
    return this.#parts.faults.add(withMintAddress(fault));
  }

  listFaults(): readonly ActiveFault[] {
    return this.#parts.faults.list();
  }

  /** Disarms one fault, or all of them. Returns how many. */
  resetFaults(id?: number): number {
    return this.#parts.faults.reset(id);
  }

  /** Faults by chance from now on, counted anew; in place of those of an earlier seed. Throws a ZodError. */
  startChaos(settings: ChaosInput): ChaosState {
    const chaos = new Chaos(settings, this.#parts.logger);
    this.#parts.faults.chaos = chaos;
    return chaos.state();
  }

  /** Ends faults by chance; armed ones stay. Returns how many were drawn. */
  stopChaos(): number {
    const drawn = this.#parts.faults.chaos?.state().drawn ?? 0;
    this.#parts.faults.chaos = undefined;
    return drawn;
  }

  /** Null: nothing happens by chance. */
  chaos(): ChaosState | null {
    return this.#parts.faults.chaos?.state() ?? null;
  }

  #token(mint: SandboxMint): TokenState {
    const { prices } = this.#parts.market;
    return {
      mint: mint.address,
      symbol: mint.symbol,
      decimals: mint.decimals,
      priceSol: formatPrice(prices.solPrice(mint)),
      priceUsd: formatPrice(prices.usdPrice(mint)),
      walking: prices.isWalking(mint),
    };
  }
}

/** The fault with its token by address. Throws a ControlError when there is no such token, or its price cannot jump. */
export function withMintAddress(fault: FaultInput): FaultInput {
  if (!('mint' in fault) || fault.mint === undefined) return fault;
  const named = fault.fault === 'price_jump' ? movableMintNamed : mintNamed;
  return { ...fault, mint: named(fault.mint).address };
}

function multiplied(value: bigint, factor: string): bigint {
  return (value * scaled(factor)) / 10n ** BigInt(PRICE_SCALE_DECIMALS);
}

function scaled(text: string): bigint {
  const [whole = '0', fraction = ''] = text.split('.');
  return BigInt(whole + fraction.padEnd(PRICE_SCALE_DECIMALS, '0'));
}
