import type { Metrics } from '../../shared/metrics/metrics.js';
import type { ReadyCheck } from '../../shared/metrics/readiness.js';
import type { Hub } from './hub/hub.js';

/** What a console counts of itself. */
export function consoleMetrics(metrics: Metrics, hub: Pick<Hub, 'tabs' | 'services'>): void {
  const tabs = metrics.gauge({ name: 'exitlane_console_tabs', help: 'Browser tabs that look at this console.' });
  const up = metrics.gauge({
    name: 'exitlane_console_service_up',
    help: '1 if this service answered the console the last time.',
    labels: ['service'],
  });
  metrics.onScrape(() => {
    tabs.set(hub.tabs);
    for (const { service, up: isUp } of hub.services) up.set({ service }, isUp ? 1 : 0);
  });
}

/** Tells how the services are. The console is ready all the same: it is there to show just that. */
export function servicesCheck(hub: Pick<Hub, 'services'>): ReadyCheck {
  return {
    name: 'services',
    look: () => hub.services.map(({ service, up }) => `${service} ${up ? 'answers' : 'does not answer'}`).join(', '),
  };
}
