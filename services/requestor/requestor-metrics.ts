import type { Metrics } from '../../shared/metrics/metrics.js';
import type { ReadyCheck } from '../../shared/metrics/readiness.js';
import type { ProcessorLink } from './processor-link.js';

/** Orders need somebody to run them. */
export function processorCheck(link: Pick<ProcessorLink, 'reached'>, address: string): ReadyCheck {
  return {
    name: 'processor',
    async look() {
      await link.reached();
      return `${address} is reached`;
    },
  };
}

/** Counts tries to deliver news of alerts, each made by one requestor: sum over them. */
export function deliveryMetrics(metrics: Metrics): (sender: string, outcome: 'sent' | 'failed' | 'given_up') => void {
  const tries = metrics.counter({
    name: 'exitlane_alert_deliveries_total',
    help: 'Tries to deliver news of an alert, by outcome; given_up: the last one failed.',
    labels: ['sender', 'outcome'],
  });
  return (sender, outcome) => tries.inc({ sender, outcome });
}
