import { GetGateStatsResponse } from '../../../proto/gen/exitlane/v1/market_service.js';
import { call } from '../../../shared/grpc/client.js';
import { ExitCode } from '../exit-codes.js';
import { gateLines } from '../render/gate.js';
import type { Verb } from '../verb.js';

const HELP = `
Examples:
  exitlane gate
  exitlane gate -o json | jq '.hosts[] | {host, budget_left}'`;

/** `exitlane gate`: which calls to Jupiter and the RPC endpoints go through, and which wait for what. */
export const gate: Verb = (program, action) => {
  program
    .command('gate')
    .description('show calls to the venue by level, and what is left of its rate limits')
    .addHelpText('after', HELP)
    .action(
      action('read', async (cli) => {
        const response = await call(cli.clients.market, 'getGateStats', {}, { signal: cli.io.signal });
        cli.out.message('GetGateStatsResponse', GetGateStatsResponse, response);
        cli.out.text(...gateLines(response, cli.out));
        return ExitCode.OK;
      }),
    );
};
