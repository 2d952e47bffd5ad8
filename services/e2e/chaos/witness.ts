import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { Order } from '../../../proto/gen/exitlane/v1/order.js';
import { OrderType } from '../../../proto/gen/exitlane/v1/order.js';
import type { SubmitOrderRequest } from '../../../proto/gen/exitlane/v1/order_service.js';

/** What a client was promised: one line of the witness file. */
export interface Acknowledgement {
  /** ISO 8601. */
  readonly at: string;
  readonly orderReqId: string;
  readonly orderId: string;
  readonly orderType: 'ENTRY' | 'EXIT';
  /** ENTRY: decimal string in SOL. */
  readonly amountSol?: string;
  /** EXIT: decimal string in whole tokens, as the answer said; a stop-loss sells more than was asked for. */
  readonly amountTokens?: string;
  /** EXIT by part of the position, 1 to 100, as it was asked for. */
  readonly percent?: number;
  readonly mint: string;
  /** Status the answer told. */
  readonly status: string;
}

/**
 * The memory of a client that outlives everything: each acknowledgement is on disk before the client acts on it. What stands
 * here and not in the database afterwards was lost.
 */
export class Witness {
  readonly path: string;
  readonly #file: number;
  readonly #ids = new Map<string, string>();

  constructor(path: string) {
    this.path = path;
    this.#file = openSync(path, 'a', 0o600);
  }

  /** Distinct orders acknowledged. */
  get size(): number {
    return this.#ids.size;
  }

  /** Throws when the same request was acknowledged as another order before. */
  note(request: Partial<SubmitOrderRequest>, order: Order): void {
    const { orderReqId, orderId } = order;
    const before = this.#ids.get(orderReqId);
    if (before !== undefined && before !== orderId) {
      throw new Error(`${orderReqId} was acknowledged as order ${before}, and again as order ${orderId}`);
    }
    this.#ids.set(orderReqId, orderId);
    const line: Acknowledgement = {
      at: new Date().toISOString(),
      orderReqId,
      orderId,
      orderType: order.orderType === OrderType.ENTRY ? 'ENTRY' : 'EXIT',
      ...(request.amountSol ? { amountSol: request.amountSol } : {}),
      ...(order.orderType === OrderType.EXIT ? { amountTokens: order.amountTokens } : {}),
      ...(request.percent === undefined ? {} : { percent: request.percent }),
      mint: order.tokenAddress,
      status: order.status.replace(/^ORDER_STATUS_/, ''),
    };
    writeSync(this.#file, `${JSON.stringify(line)}\n`);
    fsyncSync(this.#file);
  }

  /** Everything in the file, read from disk. */
  lines(): Acknowledgement[] {
    const text = readFileSync(this.path, 'utf8');
    const lines = text.split('\n').filter((line) => line !== '');
    return lines.map((line) => JSON.parse(line) as Acknowledgement);
  }

  close(): void {
    closeSync(this.#file);
  }
}
