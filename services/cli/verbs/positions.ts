import type { Position } from '../../../proto/gen/exitlane/v1/position.js';
import { PositionStatus } from '../../../proto/gen/exitlane/v1/position.js';
import { GetPositionResponse, ListPositionsResponse } from '../../../proto/gen/exitlane/v1/position_service.js';
import { PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX } from '../../../shared/core/limits.js';
import { call } from '../../../shared/grpc/client.js';
import { ExitCode } from '../exit-codes.js';
import { findPosition, POSITION_ARGUMENT } from '../find-position.js';
import { followPositions } from '../follow-positions.js';
import { choicesOf, oneOfMany, wholeNumber } from '../options.js';
import { positionDetails, positionLines } from '../render/position.js';
import { tokenOf } from '../tokens.js';
import type { Cli, Verb } from '../verb.js';

interface Options {
  readonly status?: readonly PositionStatus[];
  readonly token?: string;
  readonly limit: number;
  readonly all?: boolean;
  readonly watch?: boolean;
}

const HELP = `
Examples:
  exitlane positions
  exitlane positions --status open,partial_exit
  exitlane positions <id or token>
  exitlane positions --watch --token BONK
  exitlane positions --watch -o json | jq -c '{position_id, unrealized_pnl}'`;

/** `exitlane positions [id]`: lists positions, or shows one. */
export const positions: Verb = (program, action) => {
  const statuses = oneOfMany(choicesOf(PositionStatus), 'POSITION_STATUS_');
  program
    .command('positions')
    .description('list positions, newest first, or show one')
    .argument('[id]', POSITION_ARGUMENT)
    .option('--status <status>', 'only these: open, exit_pending, partial_exit, closed', statuses)
    .option('--token <mint or symbol>', 'only this token')
    .option('--limit <n>', 'how many', wholeNumber(1, 1_000_000), PAGE_SIZE_DEFAULT)
    .option('--all', 'every page, however many')
    .option('--watch', 'show what is open, then every change, until Ctrl-C')
    .addHelpText('after', HELP)
    .action(
      action('read', (cli, id: string | undefined, options: Options) => {
        if (options.watch) return watch(cli, id, options);
        return id === undefined ? list(cli, options) : showOne(cli, id);
      }),
    );
};

async function watch(cli: Cli, text: string | undefined, options: Options): Promise<ExitCode> {
  const one = text === undefined ? undefined : (await findPosition(cli, text)).positionId;
  return followPositions(cli, wantedBy(one, options));
}

/** The stream tells of every position; which of them are shown is decided here. */
function wantedBy(id: string | undefined, { status, token }: Options): (position: Position) => boolean {
  const mint = token === undefined ? undefined : tokenOf(token).address;
  return (position) =>
    (id === undefined || position.positionId === id) &&
    (mint === undefined || position.tokenAddress === mint) &&
    (status === undefined || status.includes(position.status));
}

async function list(cli: Cli, options: Options): Promise<ExitCode> {
  const { out } = cli;
  const limit = options.all ? Number.POSITIVE_INFINITY : options.limit;
  const statuses = [...(options.status ?? [])];
  const tokenAddress = options.token === undefined ? '' : tokenOf(options.token).address;
  const found: Position[] = [];
  let pageToken = '';
  do {
    const pageSize = Math.min(PAGE_SIZE_MAX, limit - found.length);
    const request = { statuses, tokenAddress, pageSize, pageToken };
    const page = await call(cli.clients.positions, 'listPositions', request, { signal: cli.io.signal });
    found.push(...page.positions);
    pageToken = page.nextPageToken;
  } while (pageToken !== '' && found.length < limit);
  out.message('ListPositionsResponse', ListPositionsResponse, { positions: found, nextPageToken: pageToken });
  if (found.length === 0) out.text('no positions');
  else out.text(...positionLines(found, out));
  if (pageToken !== '') out.text(out.style.dim(`more: --limit ${options.limit * 2}, or --all`));
  return ExitCode.OK;
}

async function showOne(cli: Cli, text: string): Promise<ExitCode> {
  const position = await findPosition(cli, text);
  cli.out.message('GetPositionResponse', GetPositionResponse, { position });
  cli.out.text(...positionDetails(position, cli.out, cli.command));
  return ExitCode.OK;
}
