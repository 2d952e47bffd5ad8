import type { Chaos } from './chaos.js';
import type {
  CallFault,
  CallTarget,
  FaultInput,
  FaultOf,
  FaultSpec,
  QuoteFault,
  TransactionFault,
} from './fault-specs.js';
import { faultSpec } from './fault-specs.js';
import { findMint } from './mints.js';

/** A fault that waits for its calls or transactions. */
export interface ActiveFault {
  readonly id: number;
  readonly spec: FaultSpec;
  /** Calls or transactions it will still meet; null: until it is removed. */
  remaining: number | null;
}

/** Faults that can wait at once. More than anyone arms by hand; keeps a runaway script from slowing every call. */
export const ACTIVE_FAULTS_MAX = 1_000;

/**
 * The faults that are armed, oldest first. Each call meets at most one fault of its kind; the oldest that fits. Where none is
 * armed, chance may bring one while {@link Faults.chaos} is set.
 */
export class Faults {
  readonly #active: ActiveFault[] = [];
  #lastId = 0;
  /** Mint address of the token last quoted: the one whose price jumps by chance. */
  #quoted: string | undefined;
  chaos: Chaos | undefined;

  /** Arms a fault. Throws a ZodError that names the field when the input is wrong, a RangeError when there are too many. */
  add(input: FaultInput): ActiveFault {
    const spec = faultSpec.parse(input);
    if (this.#active.length >= ACTIVE_FAULTS_MAX) {
      throw new RangeError(`${ACTIVE_FAULTS_MAX} faults are armed already: reset them first`);
    }
    this.#lastId += 1;
    const fault = { id: this.#lastId, spec, remaining: spec.count };
    this.#active.push(fault);
    return { ...fault };
  }

  list(): readonly ActiveFault[] {
    return this.#active.map((fault) => ({ ...fault }));
  }

  /** Disarms one fault, or all. Returns how many there were. */
  reset(id?: number): number {
    if (id === undefined) return this.#active.splice(0).length;
    const index = this.#active.findIndex((fault) => fault.id === id);
    return index < 0 ? 0 : this.#active.splice(index, 1).length;
  }

  /** The fault that the transaction now being sent meets, if any. */
  takeForTransaction(): TransactionFault | undefined {
    const armed = this.#take(isTransactionFault);
    const drawn = this.chaos?.draw({ part: 'transaction', target: 'sendTransaction' }, !armed);
    return armed ?? (drawn && isTransactionFault(drawn) ? drawn : undefined);
  }

  /** The fault that a call meets: `kind` is `rpc` with the method's name, or one of Jupiter's calls. */
  takeForCall(kind: CallTarget, method?: CallTarget): CallFault | undefined {
    const meets = (on: CallTarget) => on === 'any' || on === kind || on === method;
    const armed = this.#take((spec): spec is CallFault => isCallFault(spec) && meets(spec.on));
    const drawn = this.chaos?.draw({ part: 'call', target: method ?? kind }, !armed);
    return armed ?? (drawn && isCallFault(drawn) ? drawn : undefined);
  }

  /** The fault that a quote between these mints meets. */
  takeForQuote(inputMint: string, outputMint: string): QuoteFault | undefined {
    this.#quoted = [outputMint, inputMint].find(mayJump);
    const armed = this.#take((spec): spec is QuoteFault => {
      return isQuoteFault(spec) && (spec.mint === undefined || spec.mint === inputMint || spec.mint === outputMint);
    });
    const drawn = this.chaos?.draw({ part: 'route', target: 'quote' }, !armed);
    return armed ?? (drawn && isQuoteFault(drawn) ? drawn : undefined);
  }

  /** The price jump that follows a call, if any. */
  takePriceJump(kind: CallTarget, method?: CallTarget): FaultOf<'price_jump'> | undefined {
    const armed = this.#take((spec): spec is FaultOf<'price_jump'> => {
      return isJump(spec) && (spec.after === 'any' || spec.after === kind || spec.after === method);
    });
    const drawn = this.chaos?.draw({ part: 'jump', target: method ?? kind }, !armed, this.#quoted);
    return armed ?? (drawn && isJump(drawn) ? drawn : undefined);
  }

  #take<Wanted extends FaultSpec>(fits: (spec: FaultSpec) => spec is Wanted): Wanted | undefined {
    for (const [index, fault] of this.#active.entries()) {
      if (!fits(fault.spec)) continue;
      if (fault.remaining !== null) fault.remaining -= 1;
      if (fault.remaining === 0) this.#active.splice(index, 1);
      return fault.spec;
    }
    return undefined;
  }
}

function isTransactionFault(spec: FaultSpec): spec is TransactionFault {
  const { fault } = spec;
  return (
    fault === 'drop' || fault === 'delay' || fault === 'hide_status' || fault === 'history_lag' || fault === 'vanish'
  );
}

function isQuoteFault(spec: FaultSpec): spec is QuoteFault {
  return spec.fault === 'no_route' || spec.fault === 'not_tradable';
}

function isJump(spec: FaultSpec): spec is FaultOf<'price_jump'> {
  return spec.fault === 'price_jump';
}

function isCallFault(spec: FaultSpec): spec is CallFault {
  return !isTransactionFault(spec) && !isQuoteFault(spec) && !isJump(spec);
}

/** SOL would take all dollar prices along. */
function mayJump(address: string): boolean {
  const mint = findMint(address);
  return mint !== undefined && mint.symbol !== 'SOL' && mint.startPriceSol !== 'pegged';
}
