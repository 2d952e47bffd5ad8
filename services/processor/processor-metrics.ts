import type { Clock } from '../../shared/core/clock.js';
import type { ApiGate } from '../../shared/gate/api-gate.js';
import type { GateHostStats } from '../../shared/gate/gate-stats.js';
import { type Metrics, setTotal } from '../../shared/metrics/metrics.js';
import type { ReadyCheck } from '../../shared/metrics/readiness.js';
import type { PriceFeed } from './market/price-feed.js';
import type { PricePurpose } from './market/price-oracle.js';
import type { EndpointHealth } from './venue/endpoint-health.js';

export interface ProcessorNumbers {
  readonly gate: Pick<ApiGate, 'stats'>;
  readonly health: EndpointHealth;
  readonly feeds: Readonly<Record<PricePurpose, PriceFeed>>;
  readonly supervisor: { readonly activeRuns: number };
  readonly clock: Clock;
}

/** What a processor counts of itself: all of it is its own, so sum over processors. */
export function processorMetrics(metrics: Metrics, { gate, health, feeds, supervisor, clock }: ProcessorNumbers): void {
  const runs = metrics.gauge({
    name: 'exitlane_runs_active',
    help: 'Orders at work in this process, watched ones included.',
  });
  const age = metrics.gauge({
    name: 'exitlane_price_age_seconds',
    help: 'Age of the oldest price that somebody follows, seconds; 0: nobody follows any.',
    labels: ['purpose'],
  });
  const followed = metrics.gauge({
    name: 'exitlane_prices_followed',
    help: 'Tokens whose price somebody follows.',
    labels: ['purpose'],
  });
  const endpoints = metrics.gauge({
    name: 'exitlane_venue_endpoint_up',
    help: '1 if the last call to this endpoint was answered.',
    labels: ['endpoint', 'host'],
  });
  const showLevels = levelMetrics(metrics);
  const showHosts = hostMetrics(metrics);
  metrics.onScrape(() => {
    runs.set(supervisor.activeRuns);
    for (const [purpose, feed] of Object.entries(feeds)) {
      const { tokens, oldestMs } = feed.followed(clock.now());
      age.set({ purpose }, oldestMs / 1_000);
      followed.set({ purpose }, tokens);
    }
    for (const { name: endpoint, url, healthy } of health.list()) {
      endpoints.set({ endpoint, host: new URL(url).host }, healthy ? 1 : 0);
    }
    const stats = gate.stats();
    showLevels(stats);
    showHosts(stats);
  });
}

type Show = (stats: ReturnType<ApiGate['stats']>) => void;

function levelMetrics(metrics: Metrics): Show {
  const labels = ['level'] as const;
  const inFlight = metrics.gauge({ name: 'exitlane_gate_calls_in_flight', help: 'Calls under way.', labels });
  const waiting = metrics.gauge({
    name: 'exitlane_gate_calls_waiting',
    help: 'Calls that wait for their turn.',
    labels,
  });
  const calls = metrics.counter({ name: 'exitlane_gate_calls_total', help: 'Calls that were started.', labels });
  const waits = metrics.counter({ name: 'exitlane_gate_waits_total', help: 'Calls that had to wait.', labels });
  const waited = metrics.counter({
    name: 'exitlane_gate_wait_seconds_total',
    help: 'Time that calls have waited, seconds.',
    labels,
  });
  const refused = metrics.counter({
    name: 'exitlane_gate_refused_total',
    help: 'Calls that were not started: they had waited too long, or too many waited.',
    labels,
  });
  return ({ levels }) => {
    const totals = (value: (level: (typeof levels)[number]) => number) =>
      levels.map((each) => ({ labels: { level: each.level }, value: value(each) }));
    for (const { level, inFlight: now, waiting: wait } of levels) {
      inFlight.set({ level }, now);
      waiting.set({ level }, wait);
    }
    setTotal(
      calls,
      totals((each) => each.calls),
    );
    setTotal(
      waits,
      totals((each) => each.waits.count),
    );
    setTotal(
      waited,
      totals((each) => each.waits.totalMs / 1_000),
    );
    setTotal(
      refused,
      totals((each) => each.refused),
    );
  };
}

function hostMetrics(metrics: Metrics): Show {
  const labels = ['service', 'host'] as const;
  const left = metrics.gauge({
    name: 'exitlane_gate_budget_left',
    help: 'Calls that may still start in the present window, by our count or by that of the host.',
    labels,
  });
  const granted = metrics.gauge({
    name: 'exitlane_gate_budget_requests',
    help: 'Calls that may start in a window.',
    labels,
  });
  const limited = metrics.counter({
    name: 'exitlane_gate_limited_total',
    help: 'Calls that the host refused for its limit (HTTP 429).',
    labels,
  });
  const over = metrics.counter({
    name: 'exitlane_gate_over_budget_total',
    help: 'Critical calls that went on over the budget at the end of their longest wait.',
    labels,
  });
  return ({ hosts }) => {
    for (const host of hosts) {
      if (host.left !== undefined) left.set(labelsOf(host), host.left);
      if (host.budget !== undefined) granted.set(labelsOf(host), host.budget.requests);
    }
    setTotal(
      limited,
      hosts.map((host) => ({ labels: labelsOf(host), value: host.limited })),
    );
    setTotal(
      over,
      hosts.map((host) => ({ labels: labelsOf(host), value: host.overBudget })),
    );
  };
}

/** The gate knows hosts as `jupiter api.jup.ag`: those of the settings, a handful. */
function labelsOf({ host: name }: GateHostStats): { service: string; host: string } {
  const [service = '', host = ''] = name.split(' ');
  return { service, host };
}

/**
 * Tells how the venue is, and never that the processor is not ready: what is sent must be watched, streams want to be read, and another
 * processor would find the same venue.
 */
export function venueCheck(health: EndpointHealth): ReadyCheck {
  return {
    name: 'venue',
    look() {
      const told = health.list().map(({ name, url, healthy, lastError }) => {
        return `${name} ${new URL(url).host} ${healthy ? 'ok' : `failed (${lastError})`}`;
      });
      const failed = health.list().some(({ healthy }) => !healthy);
      return `${told.join(', ')}${failed ? '; ready all the same: orders are watched and tried again, streams are served' : ''}`;
    },
  };
}
