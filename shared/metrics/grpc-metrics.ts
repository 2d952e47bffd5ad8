import { type Metrics, SECONDS_BUCKETS } from './metrics.js';

interface BegunCall {
  readonly method: string;
  readonly kind: 'unary' | 'stream';
}

/** Counts the calls to a gRPC server, for its `observer`. Methods are those of the server: nothing a client can make up. */
export function grpcMetrics(metrics: Metrics) {
  const calls = metrics.counter({
    name: 'exitlane_grpc_calls_total',
    help: 'gRPC calls that ended, by the name of their status; refused ones included.',
    labels: ['method', 'status'],
  });
  const durations = metrics.histogram({
    name: 'exitlane_grpc_call_duration_seconds',
    help: 'Unary gRPC calls from their headers to their status, seconds.',
    labels: ['method'],
    buckets: SECONDS_BUCKETS,
  });
  const streams = metrics.gauge({
    name: 'exitlane_grpc_streams_open',
    help: 'gRPC streams open now.',
    labels: ['method'],
  });
  const messages = metrics.counter({
    name: 'exitlane_grpc_stream_messages_total',
    help: 'Messages sent on gRPC streams.',
    labels: ['method'],
  });
  const resumes = metrics.counter({
    name: 'exitlane_grpc_stream_resumes_total',
    help: 'gRPC streams that began after a message their client had seen before.',
    labels: ['method'],
  });
  return {
    begin({ method, kind }: BegunCall) {
      const ended = (status: string): void => calls.inc({ method, status });
      if (kind === 'unary') {
        return {
          ended(status: string, tookMs: number): void {
            ended(status);
            durations.observe({ method }, tookMs / 1_000);
          },
        };
      }
      const sent = messages.labels(method);
      streams.inc({ method });
      return {
        received(message: unknown): void {
          if (isResume(message)) resumes.inc({ method });
        },
        sent: () => sent.inc(),
        ended(status: string): void {
          ended(status);
          streams.dec({ method });
        },
      };
    },
  };
}

function isResume(message: unknown): boolean {
  if (typeof message !== 'object' || message === null || !('afterSequence' in message)) return false;
  return typeof message.afterSequence === 'bigint' && message.afterSequence > 0n;
}
