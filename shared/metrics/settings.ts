import { z } from 'zod';
import { urlSetting } from '../core/env.js';
import { isLoopbackHost } from '../core/loopback.js';

/** Where the numbers and the health of a process are told over HTTP. */
export interface MetricsConfig {
  readonly host: string;
  /** Somebody said that whoever reaches the host may read: a network of its own, behind policies. Default: loopback only. */
  readonly isOpen?: boolean;
  /** 0 takes any free port; undefined: nowhere. */
  readonly port: number | undefined;
}

/** Where traces are sent, such as `http://127.0.0.1:4318`; undefined: there are none. */
export type TracingConfig = { readonly endpoint: string } | undefined;

/** What a process tells of itself. */
export interface ObserveConfig {
  readonly metrics: MetricsConfig;
  readonly tracing: TracingConfig;
}

/** Where collectors listen by default. */
const COLLECTOR = 'http://127.0.0.1:4318';

/** Ports of the three services on one machine. */
export const METRICS_PORTS = { requestor: 9_464, processor: 9_465, console: 9_466 } as const;

/**
 * Whether the endpoint may be opened on this host without more words. It tells nothing secret, but how much is traded and how the service
 * fares: only on this machine, unless EXITLANE_METRICS_OPEN_HOST says that the network is closed by other means. Probes and scrapers
 * of containers come from outside of them, and speak neither our TLS nor tokens.
 */
export function mayListenOn(host: string): boolean {
  return isLoopbackHost(host);
}

// Not undefined for off: zod takes a result that is undefined for a missing value, and puts the default in its place.
const portOrOff = z.string().transform((text, context): number | 'off' => {
  if (text === 'off') return text;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  context.addIssue({ code: 'custom', message: 'must be a port from 0 to 65535, or off' });
  return z.NEVER;
});

/** Where traces go; off unless one of the two is set. */
const TRACING_SETTINGS = {
  EXITLANE_OTEL: z
    .enum(['0', '1'], { message: 'must be 1 (send traces) or 0' })
    .optional()
    .describe('1 sends traces; default: when OTEL_EXPORTER_OTLP_ENDPOINT is set.'),
  OTEL_EXPORTER_OTLP_ENDPOINT: urlSetting
    .optional()
    .describe('Where traces are sent, OTLP over HTTP, without `/v1/traces`.'),
};

/** The environment variables, for `readEnv`. */
export function metricsSettings(service: keyof typeof METRICS_PORTS) {
  return {
    EXITLANE_METRICS_HOST: z
      .string()
      .min(1)
      .default('127.0.0.1')
      .describe(
        'Address on which metrics and health are told over HTTP. Another than this machine: of requestor and processor with TLS and an access file, metrics to a token; of the console by EXITLANE_METRICS_OPEN_HOST alone.',
      ),
    EXITLANE_METRICS_OPEN_HOST: z
      .string()
      .min(1)
      .optional()
      .describe(
        'Address for that instead, readable by whoever gets there: for containers, whose network others keep closed.',
      ),
    EXITLANE_METRICS_PORT: portOrOff
      .default(METRICS_PORTS[service])
      .describe('Port of metrics and health over HTTP; `off`: none, 0: any free one.'),
    ...TRACING_SETTINGS,
  };
}

type Settings = z.infer<z.ZodObject<ReturnType<typeof metricsSettings>>>;

export function observeConfigOf(settings: Settings): ObserveConfig {
  const { EXITLANE_METRICS_OPEN_HOST: openHost, EXITLANE_METRICS_PORT: port } = settings;
  const host = openHost ?? settings.EXITLANE_METRICS_HOST;
  const { EXITLANE_OTEL: wanted, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint } = settings;
  const traced = wanted === '1' || (wanted === undefined && endpoint !== undefined);
  return {
    metrics: { host, port: port === 'off' ? undefined : port, isOpen: openHost !== undefined },
    tracing: traced ? { endpoint: endpoint ?? COLLECTOR } : undefined,
  };
}
