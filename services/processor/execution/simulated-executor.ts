import type { Clock } from '../../../shared/core/clock.js';
import { messageOf } from '../../../shared/core/errors.js';
import { newId } from '../../../shared/core/ids.js';
import type { Order } from '../../../shared/order/order.js';
import type { PriceOracle } from '../market/price-oracle.js';
import type { Executor, Run } from './executor.js';
import { fillAt, fromAttempt, type PaperFill, toQuote } from './simulated-executor-fill.js';

export interface SimulatedExecutorOptions {
  readonly clock: Clock;
  /** Price of orders that came without `expected_price`; undefined: those fail. */
  readonly oracle: Pick<PriceOracle, 'price'> | undefined;
  /** Stands for quoting and signing, milliseconds; default 500. */
  readonly prepareDelayMs?: number;
  /** Stands for sending and confirming, milliseconds; default 1,000. */
  readonly confirmDelayMs?: number;
}

/**
 * Executes on paper (E4): no transaction, no fee, the fill price is the expected one. The order walks the same states as a real
 * one, with a proposal and a committed attempt whose signature begins with `sim_`.
 */
export class SimulatedExecutor implements Executor {
  readonly name = 'simulated';
  readonly isReal = false;
  readonly #options: SimulatedExecutorOptions;

  constructor(options: SimulatedExecutorOptions) {
    this.#options = options;
  }

  async execute(run: Run): Promise<void> {
    const { clock, prepareDelayMs = 500, confirmDelayMs = 1_000 } = this.#options;
    const { openAttempt: open, signal } = run;
    if (open) return settle(run, open.number, fromAttempt(open));
    const fill = await this.#price(run);
    if (!fill) return;
    const proposalId = `sim-${newId()}`;
    await run.propose({ proposalId, source: 'simulated', ...fill, note: 'simulated', expiresAt: null });
    await run.acceptProposal(proposalId);
    await clock.sleep(prepareDelayMs, signal);
    const number = await run.commitAttempt({
      signature: `sim_${newId()}`,
      rawTransaction: new Uint8Array(),
      blockhash: '',
      lastValidBlockHeight: 0n,
      quote: toQuote(fill),
      proposalId,
      expectedPrice: fill.price,
    });
    await run.markSent(number);
    await clock.sleep(confirmDelayMs, signal);
    await settle(run, number, fill);
  }

  /** Undefined when the order failed instead. */
  async #price(run: Run): Promise<PaperFill | undefined> {
    const { order, signal } = run;
    signal.throwIfAborted();
    let price: string;
    try {
      price = order.expectedPrice ?? (await this.#oraclePrice(order, signal));
    } catch (error) {
      signal.throwIfAborted();
      await run.fail({ reason: 'PRICE_UNAVAILABLE', error: `No price to simulate with: ${messageOf(error)}` });
      return undefined;
    }
    const fill = fillAt(order, price);
    if (!fill) await run.fail({ reason: 'QUOTE_FAILED', error: 'The amount is too small to trade at this price.' });
    return fill;
  }

  async #oraclePrice(order: Order, signal: AbortSignal): Promise<string> {
    if (!this.#options.oracle) throw new Error('the order has no expected_price and there is no price source');
    const { price } = await this.#options.oracle.price(order.mint, 'POSITION', signal);
    return price;
  }
}

async function settle(run: Run, number: number, fill: PaperFill): Promise<void> {
  run.signal.throwIfAborted();
  await run.settle({ number, slot: 0n }, { ...fill, feeLamports: 0n, rentLamports: 0n });
}
