import { ExitPositionRequest, ExitPositionResponse } from '../../../proto/gen/exitlane/v1/position_service.js';
import { isUuid } from '../../../shared/core/ids.js';
import { call } from '../../../shared/grpc/client.js';
import { findPosition, POSITION_ARGUMENT } from '../find-position.js';
import { wholeNumber } from '../options.js';
import { commandOf, optionWord, orderReqIdOf, type PlaceOptions, placeOptions, placeOrder } from '../place-order.js';
import type { Verb } from '../verb.js';

interface Options extends PlaceOptions {
  readonly percent?: number;
  readonly reason?: string;
  readonly emergency?: boolean;
  readonly slippageBps?: number;
}

const HELP = `
Reasons: stop_loss, trailing_stop, take_profit_1, take_profit_2, take_profit_3,
time_limit, stagnation, manual, emergency. The reason decides how urgent it is;
--emergency runs before everything else. A more urgent exit takes over one that
waits; what is on the wire already is left to land.

A repeat with the same --id and position_id is the same exit, never a second
one. The beginning of an id and a token mean open positions only.

Examples:
  exitlane exit BONK --watch                  all of the one open BONK position
  exitlane exit 01a1fe42-d157 --percent 30 --reason take_profit_1
  exitlane exit <position_id> --emergency
  exitlane retry-exit BONK                    when an exit of it was given up`;

/** `exitlane exit`: sells a part of a position, or all of it. */
export const exit: Verb = (program, action) => {
  const command = program
    .command('exit')
    .description('leave a position, in part or whole')
    .argument('<position>', POSITION_ARGUMENT)
    .option('--percent <1-100>', 'part of the tokens still held (default: all)', wholeNumber(1, 100))
    .option('--reason <reason>', 'why, see below (default: manual, or emergency with --emergency)')
    .option('--emergency', 'run before everything else')
    .option('--slippage-bps <n>', 'most slippage accepted, in basis points', wholeNumber(1, 10_000));
  placeOptions(command)
    .addHelpText('after', HELP)
    .action(
      action('write', async (cli, text: string, options: Options) => {
        // An emergency exit is never refused for its client's rate; a look before it could be.
        const isSure = options.emergency === true && isUuid(text.toLowerCase());
        const positionId = isSure ? text.toLowerCase() : (await findPosition(cli, text)).positionId;
        const request = ExitPositionRequest.fromPartial({
          orderReqId: orderReqIdOf(options),
          positionId,
          percent: options.percent,
          exitReason: options.reason ?? '',
          emergency: options.emergency ?? false,
          maxSlippageBps: options.slippageBps,
        });
        return placeOrder(cli, {
          options,
          orderReqId: request.orderReqId,
          typeName: 'ExitPositionResponse',
          encoder: ExitPositionResponse,
          repeat: repeatCommand(cli.command, request),
          ask: () => call(cli.clients.positions, 'exitPosition', request, { signal: cli.io.signal }),
          hints: ({ reason }) =>
            reason === 'PRICE_UNAVAILABLE'
              ? [`without waiting for a price: ${cli.command} exit ${positionId} --emergency`]
              : [],
        });
      }),
    );
};

function repeatCommand(command: string, request: ExitPositionRequest): string {
  return commandOf(
    command,
    `exit ${request.positionId}`,
    optionWord('id', request.orderReqId),
    optionWord('percent', request.percent),
    optionWord('reason', request.exitReason),
    optionWord('slippage-bps', request.maxSlippageBps),
    request.emergency && '--emergency',
  );
}
