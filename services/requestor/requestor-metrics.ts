import { messageOf } from '../../shared/core/errors.js';
import type { Logger } from '../../shared/core/logger.js';
import type { Metrics } from '../../shared/metrics/metrics.js';
import type { ReadyCheck } from '../../shared/metrics/readiness.js';
import type { ProcessorLink } from './processor-link.js';

export interface ProcessorCheckOptions {
  readonly link: Pick<ProcessorLink, 'reached'>;
  readonly address: string;
  readonly logger: Logger;
  readonly metrics: Metrics | undefined;
}

/**
 * Tells whether a processor is reached, and never that the requestor is not ready without one: emergency exits, cancels and the
 * trading state are accepted and kept all the same (P9), and whoever cannot find a requestor could not submit them at all.
 */
export function processorCheck({ link, address, logger, metrics }: ProcessorCheckOptions): ReadyCheck {
  const reachable = metrics?.gauge({
    name: 'exitlane_requestor_processor_reachable',
    help: '1 while this requestor reaches a processor; without one it accepts orders, and none of them starts.',
  });
  let was = true;
  const note = (is: boolean): void => {
    reachable?.set(is ? 1 : 0);
    if (was && !is) logger.warn({ address }, 'no processor is reached: orders are accepted, and none starts');
    else if (is && !was) logger.info({ address }, 'a processor is reached again');
    was = is;
  };
  return {
    name: 'processor',
    async look() {
      try {
        await link.reached();
      } catch (error) {
        note(false);
        return `NOT reached (${messageOf(error)}); ready all the same: orders are accepted, and start when one is back`;
      }
      note(true);
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
