import { createHash } from 'node:crypto';
import { type Context, ROOT_CONTEXT, type SpanContext, TraceFlags, trace } from '@opentelemetry/api';
import { type IdGenerator, RandomIdGenerator } from '@opentelemetry/sdk-trace';
import type { TracedOrder } from '../core/trace.js';

/** Ids of the spans that are made next, where they are not to be random. */
interface NextIds {
  readonly traceId: string;
  /** Undefined: random. */
  readonly spanId: string | undefined;
}

/** Random ids, but for the one span for which `next` was set just before. */
export class DerivedIds implements IdGenerator {
  readonly #random = new RandomIdGenerator();
  next: NextIds | undefined;

  /** Asked for roots only, after the span's id. */
  generateTraceId(): string {
    return this.#traceId ?? this.#random.generateTraceId();
  }

  #traceId: string | undefined;

  /** Asked first for every span. */
  generateSpanId(): string {
    const { traceId, spanId } = this.next ?? {};
    this.next = undefined;
    this.#traceId = traceId;
    return spanId ?? this.#random.generateSpanId();
  }
}

/** Trace of everything that one call led to, 32 hexadecimal digits. */
export function traceIdOf(requestId: string): string {
  return hash(`trace ${requestId}`).slice(0, 32);
}

/** Span that all others of an order hang on, 16 hexadecimal digits. */
export function spanIdOf(orderId: string): string {
  return hash(`order ${orderId}`).slice(0, 16);
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Within the span `accepted` of an order, wherever and whenever that was made. */
export function orderContext({ orderId, requestId }: TracedOrder): Context {
  const spanContext: SpanContext = {
    traceId: traceIdOf(requestId),
    spanId: spanIdOf(orderId),
    traceFlags: TraceFlags.SAMPLED,
    isRemote: true,
  };
  return trace.setSpanContext(ROOT_CONTEXT, spanContext);
}

/** https://www.w3.org/TR/trace-context/#traceparent-header; anything else is as if there were none. */
export function parseTraceparent(text: string | undefined): SpanContext | undefined {
  const match = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(text ?? '');
  const [, traceId = '', spanId = '', flags = ''] = match ?? [];
  if (!match || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & TraceFlags.SAMPLED, isRemote: true };
}
