import type { Logger } from '../../shared/core/logger.js';
import { type ChaosInput, type ChaosPoint, type ChaosSettings, chaosSettings, drawFault } from './chaos-specs.js';
import { type FaultSpec, faultSpec } from './fault-specs.js';

/** A fault that chance brought. */
export interface ChaosDraw extends ChaosPoint {
  /** It met the nth arrival at its point, counted from 1. */
  readonly nth: number;
  readonly spec: FaultSpec;
}

export interface ChaosState extends ChaosSettings {
  /** Faults drawn since it was started. */
  readonly drawn: number;
  /** The newest of them, oldest first. */
  readonly draws: readonly ChaosDraw[];
}

/** Draws that are remembered for the state; the log has them all. */
const DRAWS_REMEMBERED = 1_000;

/** Faults by chance, from a seed: counts the arrivals at each point and says what each one meets. */
export class Chaos {
  readonly #settings: ChaosSettings;
  readonly #logger: Logger;
  readonly #arrivals = new Map<string, number>();
  readonly #draws: ChaosDraw[] = [];
  #drawn = 0;

  /** Throws a ZodError that names the field when a setting is wrong. */
  constructor(input: ChaosInput, logger: Logger) {
    this.#settings = chaosSettings.parse(input);
    this.#logger = logger;
  }

  /**
   * The fault that this arrival meets. Every arrival counts; one that is not `wanted` (an armed fault has it already) meets
   * nothing of ours.
   */
  draw(point: ChaosPoint, wanted: boolean, mint?: string): FaultSpec | undefined {
    const key = `${point.part} ${point.target}`;
    const nth = (this.#arrivals.get(key) ?? 0) + 1;
    this.#arrivals.set(key, nth);
    const input = wanted ? drawFault(this.#settings, point, nth, mint) : undefined;
    if (!input) return undefined;
    const draw = { ...point, nth, spec: faultSpec.parse(input) };
    this.#drawn += 1;
    this.#draws.push(draw);
    if (this.#draws.length > DRAWS_REMEMBERED) this.#draws.shift();
    this.#logger.info({ seed: this.#settings.seed, ...draw }, 'chaos drew a fault');
    return draw.spec;
  }

  state(): ChaosState {
    return { ...this.#settings, drawn: this.#drawn, draws: [...this.#draws] };
  }
}
