import { AlertServiceClient, AlertSeverity, AlertState } from '../../../proto/gen/exitlane/v1/alert_service.js';
import { QueueServiceClient } from '../../../proto/gen/exitlane/v1/queue_service.js';
import { messageOf } from '../../../shared/core/errors.js';
import { call, connect } from '../../../shared/grpc/client.js';
import type { ClientSecurity } from '../../../shared/grpc/client-security.js';
import { type Finding, ok, skipped, warning } from './check.js';

/** What is told of trading, wherever it was read. */
export interface TradingFacts {
  readonly state: string;
  readonly by: string;
  readonly why: string;
  /** Open or acknowledged, not resolved. */
  readonly criticalAlerts: number;
  readonly needSomebody: number;
}

export function tradingFindings({ state, by, why, criticalAlerts, needSomebody }: TradingFacts): Finding[] {
  const alerts = `${criticalAlerts} critical alerts open, ${needSomebody} of all need somebody`;
  return [
    state === 'ACTIVE'
      ? ok('trading state ACTIVE')
      : warning(`trading state ${state}, set by ${by}: ${why}`, 'exitlane state active, when that is over'),
    criticalAlerts + needSomebody > 0 ? warning(alerts, 'exitlane alerts, and the runbook') : ok(alerts),
  ];
}

/** Alerts of one page; more than these are enough to look. */
const ALERTS_MAX = 500;

/** From a requestor, where the database lets nobody else in. */
export async function askTrading(address: string, security: ClientSecurity, signal: AbortSignal): Promise<Finding[]> {
  const queue = connect(QueueServiceClient, address, {}, security);
  const alerts = connect(AlertServiceClient, address, {}, security);
  try {
    const unresolved = [AlertState.OPEN, AlertState.ACKNOWLEDGED];
    const [trading, page] = await Promise.all([
      call(queue, 'getTradingState', {}, { signal }),
      call(alerts, 'listAlerts', { ...EVERY_ALERT, pageSize: ALERTS_MAX, states: unresolved }, { signal }),
    ]);
    return tradingFindings({
      state: String(trading.state).replace(/^TRADING_STATE_/, ''),
      by: trading.changedBy,
      why: trading.changeReason,
      criticalAlerts: page.alerts.filter(({ severity }) => severity === AlertSeverity.CRITICAL).length,
      needSomebody: page.alerts.filter(({ requiresAction }) => requiresAction).length,
    });
  } catch (error) {
    return [skipped(`trading state and alerts cannot be asked: ${messageOf(error)}`)];
  } finally {
    queue.close();
    alerts.close();
  }
}

const EVERY_ALERT = {
  pageToken: '',
  minSeverity: AlertSeverity.UNSPECIFIED,
  alertTypes: [],
  tokenAddress: '',
  positionId: '',
  orderId: '',
};
