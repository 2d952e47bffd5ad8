import { BigNumber } from 'bignumber.js';
import type { Clock } from '../../../shared/core/clock.js';
import { PRICE_DECIMALS } from '../../../shared/core/decimals.js';
import { newId } from '../../../shared/core/ids.js';
import { type Random, seededRandom } from '../../../shared/core/random.js';
import type { Order } from '../../../shared/order/order.js';
import type { Fill } from '../../../shared/store/positions.js';
import type { Executor, Run } from './executor.js';
import { fillAt, fromAttempt, type PaperFill, toQuote } from './simulated-executor-fill.js';

export interface MockExecutorOptions {
  readonly clock: Clock;
  /** Share of executions that succeed, 0 to 1; default 1. */
  readonly successRate?: number;
  /** Average slippage against the trader in basis points, drawn between half and one and a half times it; default 50. */
  readonly averageSlippageBps?: number;
  /** Time one execution takes in milliseconds; default 100. */
  readonly delayMs?: number;
  /** Price of orders without `expected_price`, SOL per whole token; default 0.001. */
  readonly defaultPrice?: string;
  /** The same seed gives the same fills and failures. */
  readonly seed?: number;
}

/** An order that was executed, and how it ended; `fill` is undefined when it failed. */
export interface ExecutedOrder {
  readonly order: Order;
  readonly signature: string;
  readonly fill: Fill | undefined;
}

/** The error of a drawn failure. */
export const MOCK_ERROR = 'Simulated failure';

/** Executes for tests (E5): quick, with slippage and failures by chance, replayable, and it remembers what it did. */
export class MockExecutor implements Executor {
  readonly name = 'mock';
  readonly isReal = false;
  readonly #options: MockExecutorOptions;
  readonly #executed: ExecutedOrder[] = [];
  #random: Random;

  constructor(options: MockExecutorOptions) {
    const { successRate = 1 } = options;
    if (!(successRate >= 0 && successRate <= 1)) throw new RangeError('successRate must be between 0 and 1');
    this.#options = options;
    this.#random = seededRandom(options.seed);
  }

  /** In the order they ended. */
  get executedOrders(): readonly ExecutedOrder[] {
    return this.#executed;
  }

  /** For replaying a run whose seed was not chosen. */
  get seed(): number {
    return this.#random.seed;
  }

  /** Forgets what was executed and starts the random numbers anew. */
  reset(): void {
    this.#executed.length = 0;
    this.#random = seededRandom(this.#random.seed);
  }

  async execute(run: Run): Promise<void> {
    const { order, openAttempt: open, signal } = run;
    signal.throwIfAborted();
    if (open) return this.#settle(run, open.number, open.signature, fromAttempt(open));
    const { clock, successRate = 1, delayMs = 100 } = this.#options;
    const failure = this.#random.next() >= successRate;
    const slippage = this.#slippageBps();
    await clock.sleep(delayMs, signal);
    if (failure) return this.#fail(run, MOCK_ERROR);
    const expected = order.expectedPrice ?? this.#options.defaultPrice ?? '0.001';
    const fill = fillAt(order, slipped(order, expected, slippage));
    if (!fill) return this.#fail(run, 'The amount is too small to trade at this price.');
    const signature = `mock_tx_${newId()}`;
    const proposalId = `mock-${newId()}`;
    await run.propose({ proposalId, source: 'mock', ...fill, note: 'mock', expiresAt: null });
    await run.acceptProposal(proposalId);
    const number = await run.commitAttempt({
      signature,
      rawTransaction: new Uint8Array(),
      blockhash: '',
      lastValidBlockHeight: 0n,
      quote: toQuote(fill),
      proposalId,
      expectedPrice: expected,
    });
    await run.markSent(number);
    await this.#settle(run, number, signature, fill);
  }

  async #settle(run: Run, number: number, signature: string, paper: PaperFill): Promise<void> {
    const fill = { ...paper, feeLamports: 0n, rentLamports: 0n };
    await run.settle({ number, slot: 0n }, fill);
    this.#executed.push({ order: run.order, signature, fill });
  }

  async #fail(run: Run, error: string): Promise<void> {
    await run.fail({ reason: 'EXECUTOR_ERROR', error });
    this.#executed.push({ order: run.order, signature: '', fill: undefined });
  }

  /** Hundredths of a basis point keep the draw exact in decimal arithmetic. */
  #slippageBps(): BigNumber {
    const { averageSlippageBps = 50 } = this.#options;
    return new BigNumber(averageSlippageBps).multipliedBy(this.#random.int(5_000, 15_000)).dividedBy(10_000);
  }
}

/** Against the trader: buys pay more, sales bring less. */
function slipped(order: Order, price: string, bps: BigNumber): string {
  const share = bps.dividedBy(10_000);
  const factor = order.orderType === 'ENTRY' ? share.plus(1) : share.negated().plus(1);
  return new BigNumber(price).multipliedBy(factor).decimalPlaces(PRICE_DECIMALS, BigNumber.ROUND_HALF_EVEN).toFixed();
}
