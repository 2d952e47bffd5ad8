import { currentTracer } from '../core/trace.js';
import type { CallObserver } from './call-observer.js';

/** Header of https://www.w3.org/TR/trace-context/. */
export const TRACEPARENT_KEY = 'traceparent';

/** Methods whose spans would say nothing of orders: health, reflection, channelz. */
const OURS = 'exitlane.v1.';

/** Makes a span of every call of ours; undefined where traces are off. */
export function tracedCalls(): CallObserver | undefined {
  const tracer = currentTracer();
  if (!tracer) return undefined;
  return {
    begin({ method }) {
      if (!method.startsWith(OURS)) return { ended: () => undefined };
      let call: ReturnType<typeof tracer.callSpan> | undefined;
      return {
        entered(requestId, metadata) {
          const given = metadata.get(TRACEPARENT_KEY)[0];
          call = tracer.callSpan(method, requestId, typeof given === 'string' ? given : undefined);
        },
        inside: (part) => (call ? call.inside(part) : part()),
        ended: (status) => call?.end(status),
      };
    },
  };
}
