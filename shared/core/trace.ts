/**
 * Where the code says what it is doing, for traces. Without a tracer - traces are off unless they are wanted - all of this costs one
 * comparison. `shared/trace` holds the tracer, and is loaded only where one is wanted.
 */

/** Short facts about a span: ids of ours, states; never keys, addresses or text that a client sent. */
export type SpanFacts = Readonly<Record<string, string | number | boolean>>;

/** The order that a span is about, wherever it runs. */
export interface TracedOrder {
  readonly orderId: string;
  /** See `requestIdOfOrder`: names the trace. */
  readonly requestId: string;
}

/** A call that a server is working on. */
export interface CallSpan {
  /** Runs a part of its handler. */
  inside(part: () => void): void;
  /** `status` is the name of its gRPC status. */
  end(status: string): void;
}

export interface Tracer {
  span<T>(name: string, facts: SpanFacts, work: () => Promise<T>): Promise<T>;
  /** The same for an order whose call may be long over: within the span at hand, else within the order's trace. */
  orderSpan<T>(order: TracedOrder, name: string, facts: SpanFacts, work: () => Promise<T>): Promise<T>;
  /** A part of an order's way that is over already. `isRoot`: the one that all others of the order hang on. */
  orderPast(order: TracedOrder, name: string, facts: SpanFacts, past: { from: Date; to: Date; isRoot?: boolean }): void;
  /** @param traceparent W3C trace context of the caller, if it sent one */
  callSpan(method: string, requestId: string, traceparent: string | undefined): CallSpan;
  /** W3C trace context of the span at hand, for a call that is made in it. */
  traceparent(): string | undefined;
}

let tracer: Tracer | undefined;

/** From now on this one is told; undefined: nobody. One per process. */
export function setTracer(next: Tracer | undefined): void {
  tracer = next;
}

/** Undefined where traces are off. */
export function currentTracer(): Tracer | undefined {
  return tracer;
}

/** Runs `work` as a span of what it is a part of. */
export function span<T>(name: string, work: () => Promise<T>, facts: SpanFacts = {}): Promise<T> {
  return tracer === undefined ? work() : tracer.span(name, facts, work);
}

/** Runs `work` as a span of an order. */
export function orderSpan<T>(
  order: TracedOrder,
  name: string,
  work: () => Promise<T>,
  facts: SpanFacts = {},
): Promise<T> {
  return tracer === undefined ? work() : tracer.orderSpan(order, name, facts, work);
}
