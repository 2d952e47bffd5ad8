import { formatAmount } from '../../shared/core/decimals.js';
import type { Random } from '../../shared/core/random.js';
import { findMint, SANDBOX_MINTS, type SandboxMint, SOL_MINT, SOL_START_USD } from './mints.js';

/** Prices are integers scaled by 10^18: BONK at 0.00000012 SOL still has 11 digits to move in. */
export const PRICE_SCALE_DECIMALS = 18;
const SCALE = 10n ** 18n;

/** A walk turns back at 3 times or a third of where it was last set, so that a demo left running keeps sane prices. */
const WALK_BAND = 3n;

const STEP_SCALE = 1_000_000_000n;

/** What a checkpoint keeps of the prices; all values are decimal integers scaled by 10^18. */
export interface PriceSnapshot {
  readonly solUsd: string;
  readonly sol: Readonly<Record<string, string>>;
}

interface Walker {
  value: bigint;
  anchor: bigint;
  walks: boolean;
}

/**
 * One price per token in SOL, plus SOL in USD. Prices move only when a block is produced, so that between two blocks every
 * quote sees the same market.
 */
export class PriceWalk {
  readonly #walkers = new Map<string, Walker>();
  readonly #random: Random;
  /** Standard deviation of a price after one second, as a fraction: 0.003 is 0.3 %. */
  volatility: number;

  constructor(random: Random, volatility: number) {
    this.#random = random;
    this.volatility = volatility;
    this.#walkers.set(SOL_MINT, walker(scaled(SOL_START_USD)));
    for (const mint of SANDBOX_MINTS) {
      if (mint.address === SOL_MINT || mint.startPriceSol === 'pegged') continue;
      this.#walkers.set(mint.address, walker(scaled(mint.startPriceSol)));
    }
  }

  /** SOL per whole token, times 10^18. */
  solPrice(mint: SandboxMint): bigint {
    if (mint.address === SOL_MINT) return SCALE;
    const own = this.#walkers.get(mint.address);
    return own ? own.value : (SCALE * SCALE) / this.#sol().value;
  }

  /** USD per whole token, times 10^18. */
  usdPrice(mint: SandboxMint): bigint {
    if (mint.startPriceSol === 'pegged') return SCALE;
    return (this.solPrice(mint) * this.#sol().value) / SCALE;
  }

  /** Sets the price: SOL per whole token times 10^18, for SOL itself USD. False for a token pegged to the dollar. */
  set(mint: SandboxMint, value: bigint): boolean {
    const own = this.#walkers.get(mint.address);
    if (!own) return false;
    own.value = own.anchor = value < 1n ? 1n : value;
    return true;
  }

  /** The number {@link set} takes: for SOL in USD, for other tokens in SOL. */
  settable(mint: SandboxMint): bigint | undefined {
    return this.#walkers.get(mint.address)?.value;
  }

  setWalking(mint: SandboxMint | undefined, walks: boolean): void {
    for (const [address, each] of this.#walkers) {
      if (!mint || mint.address === address) each.walks = walks;
    }
  }

  isWalking(mint: SandboxMint): boolean {
    return this.#walkers.get(mint.address)?.walks ?? false;
  }

  /** One step of the random walk for `elapsedMs` of market time. */
  step(elapsedMs: number): void {
    if (this.volatility <= 0 || elapsedMs <= 0) return;
    // Uniform on [-sqrt 3, sqrt 3] has standard deviation 1.
    const width = this.volatility * Math.sqrt(elapsedMs / 1000) * Math.sqrt(3);
    for (const each of this.#walkers.values()) {
      const draw = (this.#random.next() * 2 - 1) * width;
      if (each.walks) each.value = stepped(each, draw);
    }
  }

  snapshot(): PriceSnapshot {
    const sol: Record<string, string> = {};
    for (const [address, each] of this.#walkers) {
      if (address !== SOL_MINT) sol[address] = each.value.toString();
    }
    return { solUsd: this.#sol().value.toString(), sol };
  }

  restore(snapshot: PriceSnapshot): void {
    this.#sol().value = BigInt(snapshot.solUsd);
    for (const [address, value] of Object.entries(snapshot.sol)) {
      const own = findMint(address) && this.#walkers.get(address);
      if (own) own.value = own.anchor = BigInt(value);
    }
  }

  #sol(): Walker {
    const sol = this.#walkers.get(SOL_MINT);
    if (!sol) throw new Error('SOL has no price');
    return sol;
  }
}

/** A price scaled by 10^18 as a plain decimal. */
export function formatPrice(value: bigint): string {
  return formatAmount(value, PRICE_SCALE_DECIMALS);
}

/** SOL per whole token at the start, times 10^18. Pool depths are fixed on it. */
export function startSolPrice(mint: SandboxMint): bigint {
  return mint.startPriceSol === 'pegged' ? (SCALE * SCALE) / scaled(SOL_START_USD) : scaled(mint.startPriceSol);
}

function walker(value: bigint): Walker {
  return { value, anchor: value, walks: true };
}

function stepped({ value, anchor }: Walker, draw: number): bigint {
  const pulled = value > anchor * WALK_BAND ? -Math.abs(draw) : value * WALK_BAND < anchor ? Math.abs(draw) : draw;
  const factor = STEP_SCALE + BigInt(Math.round(Math.max(-0.5, Math.min(0.5, pulled)) * Number(STEP_SCALE)));
  const next = (value * factor) / STEP_SCALE;
  return next < 1n ? 1n : next;
}

function scaled(decimal: string): bigint {
  const [whole = '0', fraction = ''] = decimal.split('.');
  return BigInt(whole + fraction.padEnd(PRICE_SCALE_DECIMALS, '0'));
}
