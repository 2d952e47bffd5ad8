import { createHmac } from 'node:crypto';
import { expect } from 'chai';
import { AlertServiceClient, AlertState, WatchAlertsRequest } from '../../../proto/gen/exitlane/v1/alert_service.js';
import { OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import { call, connect, openStream } from '../../../shared/grpc/client.js';
import { eventually } from '../../../shared/store/testing/waiting.js';
import { type Received, type Receiver, startReceiver } from '../../requestor/alerts/testing/receiver.js';
import { START_MS, type Stack, startParts } from './stack.js';
import { mint, openPositions, reached, sell, WAIT_MS } from './support.js';

const SECRET = 'known to receiver and requestor';

describe('X5 X12 an exit that was given up', () => {
  let stack: Stack;
  let receiver: Receiver;
  let alerts: AlertServiceClient;
  before(async function () {
    this.timeout(START_MS);
    receiver = await startReceiver();
    const webhook = { url: `${receiver.url}/ops`, secret: SECRET };
    stack = await startParts({ processor: { executor: 'venue' }, requestor: { alerts: { webhook, modes: {} } } });
    alerts = connect(AlertServiceClient, stack.requestorAddress);
  });
  after(async () => {
    alerts?.close();
    await stack?.close();
    await receiver?.close();
  });

  /** Event and alert of a post whose signature is right. */
  function told({ headers, text, json }: Received) {
    const timestamp = String(headers['x-exitlane-timestamp']);
    const expected = createHmac('sha256', SECRET).update(`${timestamp}.${text}`).digest('hex');
    expect(headers['x-exitlane-signature']).to.equal(`v1=${expected}`);
    return { event: json.event, alert: json.alert as Record<string, unknown> };
  }

  it('is an alert that watchers see and a webhook gets, until somebody says that it is over', async () => {
    const [positionId = ''] = await openPositions(stack, ['alerted']);
    const signal = AbortSignal.timeout(WAIT_MS);
    const watch = openStream(alerts, 'watchAlerts', WatchAlertsRequest.create({ includeCurrent: true }), { signal });
    const seen = (async () => {
      for await (const { alert } of watch) if (alert) return alert;
      return undefined;
    })();
    await stack.control('faults', { fault: 'no_route', mint: 'WIF', count: 1 });
    await sell(stack, 'gives-up', positionId, { percent: 100, exitReason: 'stop_loss', maxAttempts: 1 });
    await reached(stack, 'gives-up', OrderStatus.CANCELLED);
    const alert = await seen;
    expect(alert).to.include({ alertType: 'exit_failed_critical', positionId, tokenAddress: mint('WIF'), attempts: 1 });
    const [raised] = await eventually('the webhook', () => receiver.received.length >= 1 && receiver.received);
    expect(raised && told(raised)).to.deep.include({ event: 'raised' });
    expect(raised && told(raised).alert).to.include({
      alert_id: alert?.alertId,
      position_id: positionId,
      state: 'OPEN',
    });

    const alertId = alert?.alertId ?? '';
    const over = await call(alerts, 'resolveAlert', { alertId, resolvedBy: 'alice', note: 'sold by hand' });
    expect(over.alert?.state).to.equal(AlertState.RESOLVED);
    const [, resolved] = await eventually('the webhook', () => receiver.received.length >= 2 && receiver.received);
    expect(resolved && told(resolved)).to.deep.include({ event: 'resolved' });
    expect(resolved && told(resolved).alert).to.include({ resolved_by: 'alice', resolve_note: 'sold by hand' });
    expect(receiver.received).to.have.lengthOf(2);
  });
});
