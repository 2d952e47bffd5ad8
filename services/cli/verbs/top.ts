import type { JsonValue } from '@bufbuild/protobuf';
import {
  type Alert,
  AlertState,
  ListAlertsRequest,
  ListAlertsResponse,
} from '../../../proto/gen/exitlane/v1/alert_service.js';
import { GetPnlResponse } from '../../../proto/gen/exitlane/v1/position_service.js';
import { GetQueueStatsResponse } from '../../../proto/gen/exitlane/v1/queue_service.js';
import { GetStatusResponse } from '../../../proto/gen/exitlane/v1/system_service.js';
import { CallError } from '../../../shared/grpc/call-error.js';
import { call } from '../../../shared/grpc/client.js';
import { ExitCode, Interrupted } from '../exit-codes.js';
import { timeSpan } from '../options.js';
import { LiveRegion } from '../render/live-region.js';
import { type Look, type ServiceLook, topLines } from '../render/top.js';
import type { Cli, Verb } from '../verb.js';
import { wireJson } from '../wire-json.js';

/** Who waits for a screen to be drawn does not wait longer. */
const ANSWER_MS_MAX = 2_000;
/** Alerts asked for; the screen has room for fewer. */
const ALERTS_MAX = 20;

const HELP = `
The console's overview in the terminal: what runs in which slot, what waits and
for how long, open alerts, profit. A service that is down is said to be down;
the numbers of before stay, marked as such. Where the output is no terminal, or
with --once, it is shown once; then the exit code is 5 when a service is down.

Examples:
  exitlane top
  exitlane top --once -o json | jq .requestor.queue.stats.queued`;

interface Options {
  readonly once?: boolean;
  readonly interval: number;
}

/** `exitlane top`: everything at a glance, until Ctrl-C. */
export const top: Verb = (program, action) => {
  program
    .command('top')
    .description('everything at a glance: slots, queue, alerts, profit')
    .option('--once', 'show it once')
    .option('--interval <time>', 'time between two looks, 100ms to 60s', timeSpan, 1_000)
    .addHelpText('after', HELP)
    .action(
      action('read', (cli, options: Options) => {
        const target = options.once ? undefined : cli.out.liveTarget;
        return target ? watch(cli, new LiveRegion(target), options.interval) : once(cli);
      }),
    );
};

async function once(cli: Cli): Promise<ExitCode> {
  const look = await lookAround(cli, undefined);
  cli.out.json(toJson(look));
  cli.out.text(...topLines(look, cli.out));
  return look.requestor.error === '' && look.processor.error === '' ? ExitCode.OK : ExitCode.UNREACHABLE;
}

async function watch(cli: Cli, region: LiveRegion, intervalMs: number): Promise<ExitCode> {
  const { out, clock, io } = cli;
  let look: Look | undefined;
  try {
    for (;;) {
      look = await lookAround(cli, look);
      region.draw(topLines(look, out).slice(0, out.rows - 1));
      await clock.sleep(intervalMs, io.signal);
    }
  } catch (error) {
    if (error instanceof Interrupted) return ExitCode.OK;
    throw error;
  } finally {
    region.close();
  }
}

/** Asks both services for everything. What a service that is down told before is kept. */
async function lookAround(cli: Cli, before: Look | undefined): Promise<Look> {
  const { clients, clock, io } = cli;
  const settings = { signal: io.signal, deadlineMs: ANSWER_MS_MAX };
  const open = ListAlertsRequest.fromPartial({
    states: [AlertState.OPEN, AlertState.ACKNOWLEDGED],
    pageSize: ALERTS_MAX,
  });
  const now = clock.now();
  const [requestor, processor] = await Promise.all([
    ask(now, before?.requestor, async () => {
      const [status, queue, pnl, alerts] = await Promise.all([
        call(clients.system('requestor'), 'getStatus', {}, settings),
        call(clients.queue, 'getQueueStats', {}, settings),
        ifThere(call(clients.positions, 'getPnl', { since: undefined }, settings)),
        ifThere(call(clients.alerts, 'listAlerts', open, settings)),
      ]);
      return { status, queue, pnl, alerts: alerts?.alerts };
    }),
    ask(now, before?.processor, async () => ({
      status: await call(clients.system('processor'), 'getStatus', {}, settings),
    })),
  ]);
  return { requestor, processor };
}

async function ask<Told>(
  now: number,
  before: ServiceLook<Told> | undefined,
  work: () => Promise<Told>,
): Promise<ServiceLook<Told>> {
  try {
    return { told: await work(), at: now, error: '', since: now };
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    const since = before && before.error !== '' ? before.since : now;
    return { told: before?.told, at: before?.at, error: `${error.status}: ${error.message}`, since };
  }
}

/** What an older service does not have is left out. */
async function ifThere<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof CallError && error.status === 'UNIMPLEMENTED') return undefined;
    throw error;
  }
}

function toJson({ requestor, processor }: Look): JsonValue {
  const { status, queue, pnl, alerts } = requestor.told ?? {};
  return {
    requestor: {
      error: requestor.error,
      status: status ? wireJson('GetStatusResponse', GetStatusResponse, status) : null,
      queue: queue ? wireJson('GetQueueStatsResponse', GetQueueStatsResponse, queue) : null,
      pnl: pnl ? wireJson('GetPnlResponse', GetPnlResponse, pnl) : null,
      alerts: alerts ? alertsJson(alerts) : null,
    },
    processor: {
      error: processor.error,
      status: processor.told ? wireJson('GetStatusResponse', GetStatusResponse, processor.told.status) : null,
    },
  };
}

function alertsJson(alerts: readonly Alert[]): JsonValue {
  return wireJson('ListAlertsResponse', ListAlertsResponse, { alerts: [...alerts], nextPageToken: '' });
}
