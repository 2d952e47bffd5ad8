import { expect } from 'chai';
import {
  type AcknowledgeAlertRequest,
  Alert,
  AlertDeliveryState,
  AlertEvent,
  AlertSeverity,
  AlertState,
  type ListAlertsRequest,
  type ResolveAlertRequest,
  type WatchAlertsRequest,
} from '../../../proto/gen/exitlane/v1/alert_service.js';
import { ExitlaneError } from '../../../shared/core/errors.js';
import type { GrpcServer } from '../../../shared/grpc/server.js';
import { serverStream } from '../../../shared/grpc/stream.js';
import { unary } from '../../../shared/grpc/unary.js';
import { ExitCode, Interrupted } from '../exit-codes.js';
import { type Answers, run, serve } from '../testing/rig.js';

const ALERT = Alert.fromPartial({
  alertId: '01a1fe42-d157-7ba9-9dff-4079dbdf5270',
  alertType: 'exit_failed_critical',
  severity: AlertSeverity.CRITICAL,
  state: AlertState.OPEN,
  title: 'EXIT FAILED - Manual action required',
  message: 'The stop_loss exit failed after 5 attempts. Last error: No route.',
  orderId: '01990000-0000-7000-8000-000000000001',
  positionId: '01990000-0000-7000-8000-000000000002',
  tokenAddress: 'DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263',
  tokenSymbol: 'BONK',
  requiresAction: true,
  attempts: 5,
  repeats: 2,
  metadata: { exit_reason: 'stop_loss' },
  createdAt: new Date('2026-01-02T03:04:05.678Z'),
  lastRaisedAt: new Date('2026-01-02T03:05:05.678Z'),
  deliveries: [
    { event: AlertEvent.RAISED, sender: 'telegram', state: AlertDeliveryState.SENT, attempts: 1 },
    {
      event: AlertEvent.RAISED,
      sender: 'slack',
      state: AlertDeliveryState.GIVEN_UP,
      attempts: 20,
      lastError: 'HTTP 404',
    },
  ],
});
const RESOLVED = Alert.fromPartial({
  ...ALERT,
  state: AlertState.RESOLVED,
  resolvedAt: new Date('2026-01-02T04:00:00.000Z'),
  resolvedBy: 'bob',
  resolveNote: 'sold by hand',
});

describe('X12 exitlane alerts', () => {
  let server: GrpcServer | undefined;
  afterEach(() => server?.close());
  const at = async (answers: Answers['alerts']): Promise<GrpcServer> => {
    server = await serve({ alerts: answers });
    return server;
  };

  it('lists what is not resolved in 80 columns, with whole ids', async () => {
    let asked: ListAlertsRequest | undefined;
    const listAlerts = unary((request: ListAlertsRequest) => {
      asked = request;
      return { alerts: [ALERT], nextPageToken: '' };
    });
    const { lines, exitCode } = await run(['alerts', '--no-color'], { at: await at({ listAlerts }), columns: 80 });
    expect(exitCode).to.equal(ExitCode.OK);
    expect(asked?.states).to.deep.equal([AlertState.OPEN, AlertState.ACKNOWLEDGED]);
    for (const line of lines) expect(line.length).to.be.at.most(80);
    expect(lines[1]).to.match(/^01a1fe42-d157-7ba9-9dff-4079dbdf5270 {2}CRITICAL {2}OPEN +BONK +exit_failed/);
  });

  it('tells more on a wide terminal: how often, and who could not be told', async () => {
    const listAlerts = unary(() => ({ alerts: [ALERT], nextPageToken: '' }));
    const { stdout } = await run(['alerts'], { at: await at({ listAlerts }) });
    expect(stdout).to.match(/exit_failed_critical +yes +3 +slack failing +2026-01-02 03:04:05Z/);
  });

  it('asks for every filter, and says when there is nothing', async () => {
    let asked: ListAlertsRequest | undefined;
    const listAlerts = unary((request: ListAlertsRequest) => {
      asked = request;
      return { alerts: [], nextPageToken: '' };
    });
    const there = await at({ listAlerts });
    const filters = [
      '--status',
      'resolved',
      '--severity',
      'warning',
      '--type',
      'order_unknown',
      '--token',
      'BONK',
      '--position',
      'p',
      '--order',
      'o',
    ];
    const { stdout } = await run(['alerts', 'list', ...filters], { at: there });
    expect(stdout).to.equal('no alerts\n');
    expect(asked).to.deep.include({
      states: [AlertState.RESOLVED],
      minSeverity: AlertSeverity.WARNING,
      alertTypes: ['order_unknown'],
      positionId: 'p',
      orderId: 'o',
    });
    expect((await run(['alerts'], { at: there })).stdout).to.equal('no alerts that are not resolved\n');
    expect((await run(['alerts', '--severity', 'loud'], { at: there })).exitCode).to.equal(ExitCode.LOCAL);
  });

  it('shows one: the whole story, how its news fared, and what to do', async () => {
    const getAlert = unary(() => ({ alert: ALERT }));
    const { stdout } = await run(['alerts', ALERT.alertId], { at: await at({ getAlert }) });
    expect(stdout).to.match(/^CRITICAL {2}OPEN {2}EXIT FAILED - Manual action required\n {2}The stop_loss exit failed/);
    expect(stdout).to.match(/failed attempts +5\n/);
    expect(stdout).to.match(/raised again +2 times, last 2026-01-02 03:05:05Z/);
    expect(stdout).to.match(/exit_reason +stop_loss/);
    expect(stdout).to.contain('telegram: raised sent\nslack: raised given up after 20 tries: HTTP 404\n');
    expect(stdout).to.contain(`alerts ack ${ALERT.alertId}`).and.contain(`alerts resolve ${ALERT.alertId} --note`);
  });

  it('acknowledges and resolves in the name of whoever says so', async () => {
    const asked: (AcknowledgeAlertRequest | ResolveAlertRequest)[] = [];
    const there = await at({
      acknowledgeAlert: unary((request: AcknowledgeAlertRequest) => {
        asked.push(request);
        return { alert: { ...ALERT, state: AlertState.ACKNOWLEDGED } };
      }),
      resolveAlert: unary((request: ResolveAlertRequest) => {
        asked.push(request);
        return { alert: RESOLVED };
      }),
    });
    const seen = await run(['alerts', 'ack', ALERT.alertId, '--by', 'alice'], { at: there });
    expect(seen.exitCode).to.equal(ExitCode.OK);
    expect(seen.stdout).to.contain('ACKNOWLEDGED').and.not.contain('alerts ack');
    const over = await run(['alerts', 'resolve', ALERT.alertId, '--by', 'bob', '--note', 'sold by hand'], {
      at: there,
    });
    expect(over.stdout)
      .to.match(/resolved +2026-01-02 04:00:00Z by bob: sold by hand/)
      .and.not.contain('it is over');
    expect(asked).to.deep.equal([
      { alertId: ALERT.alertId, acknowledgedBy: 'alice', note: '' },
      { alertId: ALERT.alertId, resolvedBy: 'bob', note: 'sold by hand' },
    ]);
  });

  it('ends with 2 when somebody else was faster, and with 4 when there was no answer', async () => {
    const resolveAlert = unary(() => {
      throw new ExitlaneError('ALERT_ALREADY_RESOLVED', 'was resolved by bob');
    });
    const { exitCode, stderr } = await run(['alerts', 'resolve', ALERT.alertId], { at: await at({ resolveAlert }) });
    expect(exitCode).to.equal(ExitCode.REFUSED);
    expect(stderr).to.contain('was resolved by bob');
    expect((await run(['alerts', 'ack', ALERT.alertId])).exitCode).to.equal(ExitCode.UNKNOWN);
  });

  it('prints a line per change until told to stop, which is its usual end', async () => {
    let asked: WatchAlertsRequest | undefined;
    const watchAlerts = serverStream(async function* (request: WatchAlertsRequest) {
      asked = request;
      yield { alert: ALERT, currentComplete: false };
      yield { alert: undefined, currentComplete: true };
      yield { alert: RESOLVED, currentComplete: false };
      await new Promise(() => {});
    });
    const stop = new AbortController();
    let seen = 0;
    const onOutput = (): void => {
      seen += 1;
      if (seen === 2) stop.abort(new Interrupted('SIGINT'));
    };
    const options = { at: await at({ watchAlerts }), signal: stop.signal, onOutput };
    const { exitCode, lines } = await run(['alerts', 'watch', '--severity', 'critical'], options);
    expect(exitCode).to.equal(ExitCode.OK);
    expect(asked).to.deep.equal({ includeCurrent: true, minSeverity: AlertSeverity.CRITICAL });
    expect(lines).to.deep.equal([
      `03:05:05.678  CRITICAL      EXIT FAILED - Manual action required  (BONK)  ${ALERT.alertId}`,
      `04:00:00.000  RESOLVED      EXIT FAILED - Manual action required  (BONK)  by bob  ${ALERT.alertId}`,
    ]);
  });

  it('speaks JSON in the names of the API', async () => {
    const listAlerts = unary(() => ({ alerts: [ALERT], nextPageToken: '' }));
    const { stdout } = await run(['alerts', '-o', 'json'], { at: await at({ listAlerts }) });
    const [alert] = (JSON.parse(stdout) as { alerts: Record<string, unknown>[] }).alerts;
    expect(alert).to.include({ alert_type: 'exit_failed_critical', state: 'ALERT_STATE_OPEN', attempts: 5 });
  });

  it('lets a hostile token name do nothing to the terminal', async () => {
    const evil = { ...ALERT, tokenSymbol: '\u001b[31mRED\n', message: '\u001b]0;title\u0007x' };
    const getAlert = unary(() => ({ alert: evil }));
    const { stdout } = await run(['alerts', ALERT.alertId], { at: await at({ getAlert }) });
    expect(stdout).not.to.contain('\u001b').and.not.contain('\u0007');
  });
});
