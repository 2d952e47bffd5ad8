import {
  GetQueueStatsResponse,
  QueueStats,
  type WatchQueueStatsResponse,
} from '../../../proto/gen/exitlane/v1/queue_service.js';
import { call, openStream } from '../../../shared/grpc/client.js';
import { durationOf } from '../../../shared/grpc/duration.js';
import { followWithResume } from '../../../shared/grpc/resume.js';
import { ExitCode, Interrupted } from '../exit-codes.js';
import { timeSpan } from '../options.js';
import { LiveRegion } from '../render/live-region.js';
import { queueLines, queueSummary } from '../render/queue.js';
import type { Cli, Verb } from '../verb.js';

const HELP = `
Examples:
  exitlane queue
  exitlane queue --watch
  exitlane queue --watch -o json | jq .queued`;

interface Options {
  readonly watch?: boolean;
  readonly interval: number;
}

/** `exitlane queue`: how full the queue is, what runs, and how long orders wait. */
export const queue: Verb = (program, action) => {
  program
    .command('queue')
    .description('show what waits and what runs')
    .option('--watch', 'go on until Ctrl-C')
    .option('--interval <time>', 'least time between two looks, 100ms to 60s', timeSpan, 500)
    .addHelpText('after', HELP)
    .action(action('read', (cli, options: Options) => (options.watch ? follow(cli, options.interval) : once(cli))));
};

async function once(cli: Cli): Promise<ExitCode> {
  const response = await call(cli.clients.queue, 'getQueueStats', {}, { signal: cli.io.signal });
  cli.out.message('GetQueueStatsResponse', GetQueueStatsResponse, response);
  if (response.stats) cli.out.text(...queueLines(response.stats, cli.out));
  return ExitCode.OK;
}

/** Drawn in place on a terminal, a line per change elsewhere. A requestor that restarts is waited for. */
async function follow(cli: Cli, intervalMs: number): Promise<ExitCode> {
  const { out, clock, clients, io } = cli;
  const region = out.liveTarget && new LiveRegion(out.liveTarget);
  const frames = followWithResume<WatchQueueStatsResponse>({
    open: (_after, signal) =>
      openStream(clients.queue, 'watchQueueStats', { minInterval: durationOf(intervalMs) }, { signal }),
    sequenceOf: () => undefined,
    signal: io.signal,
    clock,
    onReconnect: ({ attempt, cause }) => {
      if (attempt === 1) cli.note(`no connection to the requestor (${cause.status}): trying again until Ctrl-C`);
    },
  });
  try {
    for await (const { stats } of frames) {
      if (!stats) continue;
      out.messageLine('QueueStats', QueueStats, stats);
      if (region) region.draw(queueLines(stats, out).slice(0, out.rows - 1));
      else out.text(queueSummary(stats));
    }
    return ExitCode.OK;
  } catch (error) {
    if (error instanceof Interrupted) return ExitCode.OK;
    throw error;
  } finally {
    region?.close();
  }
}
