import type { Closable } from '../core/lifecycle.js';
import type { Logger } from '../core/logger.js';
import { staleReloads } from '../core/reloading.js';
import { VERSION } from '../core/version.js';
import { type MetricsSecurity, startMetricsServer } from './http.js';
import { Metrics } from './metrics.js';
import type { CheckResult, Readiness } from './readiness.js';
import type { ObserveConfig } from './settings.js';
import { connectionMetrics, observeStore } from './store-metrics.js';

export interface ObservingOptions {
  /** What runs in this process, such as `requestor`. */
  readonly service: string;
  readonly config: ObserveConfig;
  readonly logger: Logger;
  /** Of the service's port; counts where the numbers are told on an address that is open to others. */
  readonly security?: MetricsSecurity | undefined;
}

/** What a process tells of itself: numbers and health over HTTP, a line per transition, traces. */
export interface Observing extends Closable {
  /** Undefined: nobody can ask for them, so nothing is counted. */
  readonly metrics: Metrics | undefined;
  /** For `openDatabase`. */
  readonly store: ReturnType<typeof observeStore>;
  /** Port of the HTTP endpoint, if it is open. */
  readonly port: number | undefined;
  watchConnections(db: {
    connections?(): Parameters<typeof connectionMetrics>[1] extends () => infer C ? C : never;
  }): void;
  /** From now on `/readyz` tells about this service too. */
  watchReadiness(service: string, watch: { look(): Promise<Readiness> }): void;
}

const STARTING: CheckResult = { name: 'started', ok: false, detail: 'the service is starting' };

/** Starts first and is closed last, so that a process can be asked how it is while it starts and stops. */
export async function startObserving({ service, config, logger, security }: ObservingOptions): Promise<Observing> {
  const metrics = config.metrics.port === undefined ? undefined : new Metrics();
  const watches = new Map<string, { look(): Promise<Readiness> }>();
  const readiness = async (): Promise<Readiness> => {
    if (watches.size === 0) return { ready: false, checks: [STARTING] };
    const found = await Promise.all([...watches].map(async ([name, watch]) => ({ name, ...(await watch.look()) })));
    const named = (of: string, name: string) => (watches.size === 1 ? name : `${of} ${name}`);
    return {
      ready: found.every(({ ready }) => ready),
      checks: found.flatMap(({ name: of, checks }) => checks.map((each) => ({ ...each, name: named(of, each.name) }))),
    };
  };
  metrics?.addProcessDefaults();
  metrics
    ?.gauge({
      name: 'exitlane_info',
      help: 'Always 1; its labels tell what runs here.',
      labels: ['service', 'version'],
    })
    .set({ service, version: VERSION }, 1);
  if (metrics) reloadMetrics(metrics);
  const tracing = await openTracing(service, config, logger);
  const server =
    metrics && (await startMetricsServer({ config: config.metrics, metrics, readiness, logger, security }));
  return {
    metrics,
    store: observeStore({ logger, metrics }),
    get port() {
      return server?.port;
    },
    watchConnections(db) {
      if (metrics) connectionMetrics(metrics, () => db.connections?.());
    },
    watchReadiness: (name, watch) => void watches.set(name, watch),
    async close() {
      await server?.close();
      await tracing?.close();
    },
  };
}

/** A certificate that is not taken runs out one day; a token that was withdrawn in a file that is not taken still opens the door. */
function reloadMetrics(metrics: Metrics): void {
  const failed = metrics.gauge({
    name: 'exitlane_reload_failed',
    help: '1 while a file that changed is not taken, and what was read before stays in force.',
    labels: ['what'],
  });
  metrics.onScrape(() => {
    failed.reset();
    for (const [what, isStale] of staleReloads()) failed.set({ what }, isStale ? 1 : 0);
  });
}

/** Loaded only where traces are wanted. */
async function openTracing(service: string, { tracing }: ObserveConfig, logger: Logger): Promise<Closable | undefined> {
  if (!tracing) return undefined;
  const { startTracing } = await import('../trace/otel.js');
  return startTracing({ service, endpoint: tracing.endpoint, logger });
}
