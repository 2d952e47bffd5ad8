import { GetPnlResponse } from '../../../proto/gen/exitlane/v1/position_service.js';
import { call } from '../../../shared/grpc/client.js';
import { ExitCode } from '../exit-codes.js';
import { since } from '../options.js';
import { pnlLines } from '../render/pnl.js';
import type { Verb } from '../verb.js';

interface Options {
  readonly since?: (now: number) => Date;
}

const HELP = `
Realized: of what was sold. Unrealized: of what is held, at current prices.
--since counts whole positions, by when they were opened.

Examples:
  exitlane pnl
  exitlane pnl --since 24h
  exitlane pnl --since 2026-01-01T00:00:00Z -o json | jq -r .realized_pnl`;

/** `exitlane pnl`: profit of all positions. */
export const pnl: Verb = (program, action) => {
  program
    .command('pnl')
    .description('show the profit of all positions')
    .option('--since <time>', 'only positions opened since: 24h, 7d, or ISO 8601', since)
    .addHelpText('after', HELP)
    .action(
      action('read', async (cli, options: Options) => {
        const from = options.since?.(cli.clock.now());
        const response = await call(cli.clients.positions, 'getPnl', { since: from }, { signal: cli.io.signal });
        cli.out.message('GetPnlResponse', GetPnlResponse, response);
        cli.out.text(...pnlLines(response, from, cli.out));
        return ExitCode.OK;
      }),
    );
};
