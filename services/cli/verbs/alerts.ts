import {
  AcknowledgeAlertResponse,
  Alert,
  AlertSeverity,
  AlertState,
  GetAlertResponse,
  ListAlertsRequest,
  ListAlertsResponse,
  ResolveAlertResponse,
  WatchAlertsRequest,
  type WatchAlertsResponse,
} from '../../../proto/gen/exitlane/v1/alert_service.js';
import { PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX } from '../../../shared/core/limits.js';
import { call, openStream } from '../../../shared/grpc/client.js';
import { followWithResume } from '../../../shared/grpc/resume.js';
import { ExitCode, Interrupted } from '../exit-codes.js';
import { choicesOf, oneOf, oneOfMany, wholeNumber } from '../options.js';
import { alertDetails, alertLine, alertTable } from '../render/alert.js';
import { tokenOf } from '../tokens.js';
import type { Cli, Verb } from '../verb.js';
import { userName } from './cancel.js';

const HELP = `
Without --status, alerts that are not resolved are shown. While a critical alert
about a token is not resolved, no entry buys that token.
Examples:
  exitlane alerts
  exitlane alerts --status resolved --severity critical
  exitlane alerts <id>                  the whole story, and how its news fared
  exitlane alerts ack <id>
  exitlane alerts resolve <id> --note "sold by hand"
  exitlane alerts watch`;

/** `exitlane alerts [id]`, `ack`, `resolve`, `watch`: what a person should know or do. */
export const alerts: Verb = (program, action) => {
  const severity = oneOf(choicesOf(AlertSeverity), 'ALERT_SEVERITY_');
  const parent = program
    .command('alerts')
    .description('list, acknowledge, resolve and watch alerts')
    .addHelpText('after', HELP);
  parent
    .command('list', { isDefault: true })
    .description('list alerts, newest first, or show one')
    .argument('[id]', 'alert_id of the one to show')
    .option(
      '--status <status>',
      'only these: open, acknowledged, resolved',
      oneOfMany(choicesOf(AlertState), 'ALERT_STATE_'),
    )
    .option('--severity <severity>', 'this or worse: info, warning, critical', severity)
    .option('--type <type>', 'only this type, such as exit_failed_critical')
    .option('--token <mint or symbol>', 'only about this token')
    .option('--position <id>', 'only about this position')
    .option('--order <order_id>', 'only about this order')
    .option('--limit <n>', 'how many', wholeNumber(1, 1_000_000), PAGE_SIZE_DEFAULT)
    .option('--all', 'every page, however many')
    .addHelpText('after', HELP)
    .action(
      action('read', (cli, id: string | undefined, options: ListOptions) =>
        id === undefined ? list(cli, options) : showOne(cli, id),
      ),
    );
  for (const [name, description, work] of [
    ['ack', 'say that you have seen one', acknowledge],
    ['resolve', 'say that one is over', resolve],
  ] as const) {
    parent
      .command(name)
      .description(description)
      .argument('<id>', 'alert_id')
      .option('--note <text>', 'what to say about it, for the record')
      .option('--by <name>', 'who, for the record (default: your user name)')
      .addHelpText('after', HELP)
      .action(action('write', work));
  }
  parent
    .command('watch')
    .description('show what is not resolved, then every change, until Ctrl-C')
    .option('--severity <severity>', 'this or worse: info, warning, critical', severity)
    .addHelpText('after', HELP)
    .action(action('read', watch));
};

interface ListOptions {
  readonly status?: readonly AlertState[];
  readonly severity?: AlertSeverity;
  readonly type?: string;
  readonly token?: string;
  readonly position?: string;
  readonly order?: string;
  readonly limit: number;
  readonly all?: boolean;
}

interface RemarkOptions {
  readonly note?: string;
  readonly by?: string;
}

async function list(cli: Cli, options: ListOptions): Promise<ExitCode> {
  const { out } = cli;
  const limit = options.all ? Number.POSITIVE_INFINITY : options.limit;
  const request = ListAlertsRequest.fromPartial({
    states: [...(options.status ?? [AlertState.OPEN, AlertState.ACKNOWLEDGED])],
    minSeverity: options.severity ?? AlertSeverity.UNSPECIFIED,
    alertTypes: options.type === undefined ? [] : [options.type],
    tokenAddress: options.token === undefined ? '' : tokenOf(options.token).address,
    positionId: options.position ?? '',
    orderId: options.order ?? '',
  });
  const found: Alert[] = [];
  let pageToken = '';
  do {
    const pageSize = Math.min(PAGE_SIZE_MAX, limit - found.length);
    const page = await call(
      cli.clients.alerts,
      'listAlerts',
      { ...request, pageSize, pageToken },
      { signal: cli.io.signal },
    );
    found.push(...page.alerts);
    pageToken = page.nextPageToken;
  } while (pageToken !== '' && found.length < limit);
  out.message('ListAlertsResponse', ListAlertsResponse, { alerts: found, nextPageToken: pageToken });
  if (found.length === 0) out.text(options.status === undefined ? 'no alerts that are not resolved' : 'no alerts');
  else out.text(...alertTable(found, out));
  if (pageToken !== '') out.text(out.style.dim(`more: --limit ${options.limit * 2}, or --all`));
  return ExitCode.OK;
}

async function showOne(cli: Cli, alertId: string): Promise<ExitCode> {
  const response = await call(cli.clients.alerts, 'getAlert', { alertId }, { signal: cli.io.signal });
  cli.out.message('GetAlertResponse', GetAlertResponse, response);
  return told(cli, response.alert);
}

async function acknowledge(cli: Cli, alertId: string, options: RemarkOptions): Promise<ExitCode> {
  const request = { alertId, acknowledgedBy: options.by ?? userName(), note: options.note ?? '' };
  const response = await call(cli.clients.alerts, 'acknowledgeAlert', request, { signal: cli.io.signal });
  cli.out.message('AcknowledgeAlertResponse', AcknowledgeAlertResponse, response);
  return told(cli, response.alert);
}

async function resolve(cli: Cli, alertId: string, options: RemarkOptions): Promise<ExitCode> {
  const request = { alertId, resolvedBy: options.by ?? userName(), note: options.note ?? '' };
  const response = await call(cli.clients.alerts, 'resolveAlert', request, { signal: cli.io.signal });
  cli.out.message('ResolveAlertResponse', ResolveAlertResponse, response);
  return told(cli, response.alert);
}

function told({ out, command }: Cli, alert: Alert | undefined): ExitCode {
  if (!alert) return ExitCode.UNKNOWN;
  out.text(...alertDetails(alert, out, command));
  return ExitCode.OK;
}

/** A requestor that restarts is waited for; then what is not resolved is shown again. */
async function watch(cli: Cli, { severity }: { readonly severity?: AlertSeverity }): Promise<ExitCode> {
  const { out, clock, clients, io } = cli;
  const request = WatchAlertsRequest.fromPartial({
    includeCurrent: true,
    minSeverity: severity ?? AlertSeverity.UNSPECIFIED,
  });
  const frames = followWithResume<WatchAlertsResponse>({
    open: (_after, signal) => openStream(clients.alerts, 'watchAlerts', request, { signal }),
    sequenceOf: () => undefined,
    signal: io.signal,
    clock,
    onReconnect: ({ attempt, cause }) => {
      if (attempt === 1) cli.note(`no connection to the requestor (${cause.status}): trying again until Ctrl-C`);
    },
  });
  try {
    for await (const { alert } of frames) {
      if (!alert) continue;
      out.messageLine('Alert', Alert, alert);
      out.text(alertLine(alert, out));
    }
    return ExitCode.OK;
  } catch (error) {
    if (error instanceof Interrupted) return ExitCode.OK;
    throw error;
  }
}
