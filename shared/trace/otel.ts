import { type Context, context, type Span, SpanKind, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { messageOf } from '../core/errors.js';
import type { Closable } from '../core/lifecycle.js';
import type { Logger } from '../core/logger.js';
import { type CallSpan, type SpanFacts, setTracer, type TracedOrder, type Tracer } from '../core/trace.js';
import { VERSION } from '../core/version.js';
import { DerivedIds, orderContext, parseTraceparent, spanIdOf, traceIdOf } from './ids.js';

/**
 * Traces by OpenTelemetry, made by hand: its automatic instrumentation makes none in ES modules.
 *
 *   trace of an order, named by the id of the call that made it
 *     SubmitOrder                    the call, unless its client brought a trace of its own: then accepted links to that
 *       accepted                     what everything else of the order hangs on
 *         queued                     from becoming due to the slot, once per claim
 *         run                        the requestor's part
 *           ExecuteOrder             the call to the processor
 *             execute -> quote, swap, simulate, sign, commit, send, confirm, settle
 *
 * An order waits in a table, for an hour or over a restart: its trace is not kept there but made anew from its request id.
 */

/** Time for the last spans to be sent when the process ends. */
const FLUSH_MS_MAX = 2_000;

export interface TracingOptions {
  readonly service: string;
  /** Of a collector, such as `http://127.0.0.1:4318`. */
  readonly endpoint: string;
  readonly logger: Logger;
}

/** Starts to trace this process; what cannot be sent is dropped. */
export function startTracing({ service, endpoint, logger }: TracingOptions): Closable {
  const contexts = new AsyncLocalStorageContextManager().enable();
  context.setGlobalContextManager(contexts);
  const ids = new DerivedIds();
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/+$/, '')}/v1/traces` });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': `exitlane-${service}`, 'service.version': VERSION }),
    idGenerator: ids,
    spanProcessors: [new BatchSpanProcessor({ exporter })],
  });
  setTracer(new OtelTracer(provider, ids));
  logger.info({ endpoint: new URL(endpoint).host }, 'traces are sent');
  return {
    async close() {
      setTracer(undefined);
      const late = new Promise<void>((resolve) => setTimeout(resolve, FLUSH_MS_MAX).unref());
      await Promise.race([provider.shutdown(), late]).catch((error: unknown) => {
        logger.warn({ err: messageOf(error) }, 'the last traces were not sent');
      });
      context.disable();
      contexts.disable();
    },
  };
}

class OtelTracer implements Tracer {
  readonly #tracer;
  readonly #ids: DerivedIds;

  constructor(provider: TracerProvider, ids: DerivedIds) {
    this.#tracer = provider.getTracer('exitlane', VERSION);
    this.#ids = ids;
  }

  span<T>(name: string, facts: SpanFacts, work: () => Promise<T>): Promise<T> {
    return this.#run(name, facts, context.active(), work);
  }

  orderSpan<T>(order: TracedOrder, name: string, facts: SpanFacts, work: () => Promise<T>): Promise<T> {
    const here = trace.getSpanContext(context.active());
    // Work for one order may be begun by another one's call: only its own trace counts.
    const parent = here?.traceId === traceIdOf(order.requestId) ? context.active() : orderContext(order);
    return this.#run(name, { ...factsOf(order), ...facts }, parent, work);
  }

  orderPast(
    order: TracedOrder,
    name: string,
    facts: SpanFacts,
    { from, to, isRoot = false }: { from: Date; to: Date; isRoot?: boolean },
  ): void {
    const options = { startTime: from, attributes: { ...factsOf(order), ...facts } };
    if (!isRoot) {
      this.#tracer.startSpan(name, options, orderContext(order)).end(to);
      return;
    }
    const traceId = traceIdOf(order.requestId);
    const caller = trace.getSpanContext(context.active());
    const isOurs = caller?.traceId === traceId;
    const links = caller && !isOurs ? [{ context: caller }] : [];
    this.#ids.next = { traceId, spanId: spanIdOf(order.orderId) };
    this.#tracer.startSpan(name, { ...options, links, root: !isOurs }, context.active()).end(to);
  }

  callSpan(method: string, requestId: string, traceparent: string | undefined): CallSpan {
    const name = method.slice(method.lastIndexOf('/') + 1);
    const attributes = { 'rpc.system': 'grpc', 'rpc.method': method, 'exitlane.request_id': requestId };
    const options = { kind: SpanKind.SERVER, attributes };
    const remote = parseTraceparent(traceparent);
    if (!remote) this.#ids.next = { traceId: traceIdOf(requestId), spanId: undefined };
    const opened = remote
      ? this.#tracer.startSpan(name, options, trace.setSpanContext(context.active(), remote))
      : this.#tracer.startSpan(name, { ...options, root: true }, context.active());
    const within = trace.setSpan(context.active(), opened);
    return {
      inside: (part) => context.with(within, part),
      end(status) {
        opened.setAttribute('rpc.grpc.status', status);
        if (status !== 'OK') opened.setStatus({ code: SpanStatusCode.ERROR, message: status });
        opened.end();
      },
    };
  }

  traceparent(): string | undefined {
    const here = trace.getSpanContext(context.active());
    if (!here) return undefined;
    const flags = (here.traceFlags & TraceFlags.SAMPLED).toString(16).padStart(2, '0');
    return `00-${here.traceId}-${here.spanId}-${flags}`;
  }

  async #run<T>(name: string, attributes: SpanFacts, parent: Context, work: () => Promise<T>): Promise<T> {
    const opened: Span = this.#tracer.startSpan(name, { attributes }, parent);
    try {
      return await context.with(trace.setSpan(parent, opened), work);
    } catch (error) {
      // The text of an error may hold what a stranger sent: its name is enough here, the log has the rest.
      opened.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.name : 'error' });
      throw error;
    } finally {
      opened.end();
    }
  }
}

function factsOf({ orderId, requestId }: TracedOrder): SpanFacts {
  return { 'exitlane.order_id': orderId, 'exitlane.request_id': requestId };
}
