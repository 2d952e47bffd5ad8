import { type Order, OrderType } from '../../../proto/gen/exitlane/v1/order.js';
import { RetryOrderResponse } from '../../../proto/gen/exitlane/v1/order_service.js';
import { PositionStatus } from '../../../proto/gen/exitlane/v1/position.js';
import { RetryExitRequest, RetryExitResponse } from '../../../proto/gen/exitlane/v1/position_service.js';
import { CallError } from '../../../shared/grpc/call-error.js';
import { call } from '../../../shared/grpc/client.js';
import { CliError, ExitCode } from '../exit-codes.js';
import { withEitherId } from '../find-order.js';
import { asRead, findPosition, POSITION_ARGUMENT } from '../find-position.js';
import { wholeNumber } from '../options.js';
import { commandOf, optionWord, orderReqIdOf, type PlaceOptions, placeOptions, placeOrder } from '../place-order.js';
import type { Cli, Verb } from '../verb.js';

const ENTRY_HELP = `
The same token, amount, slippage and exit plan as a new order. Entries that may
not start now are refused with the reason. An exit that was given up is tried
again with exitlane retry-exit.

Examples:
  exitlane orders --status cancelled --type entry
  exitlane retry my-bot:42 --id my-bot:42-again --watch`;

const EXIT_HELP = `
For a position whose exit was given up: sells all that remains for the same
reason, with more slippage than the one that failed. Its alert is resolved when
the tokens are sold.

Examples:
  exitlane positions                      BLOCKED says which exits were given up
  exitlane retry-exit BONK --watch
  exitlane retry-exit <position_id> --slippage-bps 500`;

/** `exitlane retry`: a CANCELLED entry once more, as a new order. */
export const retry: Verb = (program, action) => {
  const command = program
    .command('retry')
    .description('submit a CANCELLED entry again, as a new order')
    .argument('<order>', 'order_req_id or order_id of the CANCELLED entry');
  placeOptions(command)
    .addHelpText('after', ENTRY_HELP)
    .action(
      action('write', async (cli, id: string, options: PlaceOptions) => {
        const { orderId, orderType, positionId } = await triedOrder(cli, id);
        const request = { orderId, orderReqId: orderReqIdOf(options) };
        return placeOrder(cli, {
          options,
          orderReqId: request.orderReqId,
          typeName: 'RetryOrderResponse',
          encoder: RetryOrderResponse,
          repeat: commandOf(cli.command, `retry ${orderId}`, optionWord('id', request.orderReqId)),
          ask: () => call(cli.clients.orders, 'retryOrder', request, { signal: cli.io.signal }),
          hints: ({ reason }) =>
            reason === 'NOTHING_TO_RETRY' && orderType === OrderType.EXIT
              ? [`for an exit that was given up: ${cli.command} retry-exit ${positionId}`]
              : [],
        });
      }),
    );
};

interface ExitOptions extends PlaceOptions {
  readonly slippageBps?: number;
}

/** `exitlane retry-exit`: an exit that was given up once more, with more slippage. */
export const retryExit: Verb = (program, action) => {
  const command = program
    .command('retry-exit')
    .description('try an exit again that was given up')
    .argument('<position>', POSITION_ARGUMENT)
    .option('--slippage-bps <n>', 'most slippage accepted, in basis points', wholeNumber(1, 10_000));
  placeOptions(command)
    .addHelpText('after', EXIT_HELP)
    .action(
      action('write', async (cli, text: string, options: ExitOptions) => {
        const { positionId, status } = await findPosition(cli, text);
        const request = RetryExitRequest.fromPartial({
          orderReqId: orderReqIdOf(options),
          positionId,
          maxSlippageBps: options.slippageBps,
        });
        const words = [optionWord('id', request.orderReqId), optionWord('slippage-bps', request.maxSlippageBps)];
        return placeOrder(cli, {
          options,
          orderReqId: request.orderReqId,
          typeName: 'RetryExitResponse',
          encoder: RetryExitResponse,
          repeat: commandOf(cli.command, `retry-exit ${positionId}`, ...words),
          ask: () => call(cli.clients.positions, 'retryExit', request, { signal: cli.io.signal }),
          hints: ({ reason }) =>
            reason === 'NOTHING_TO_RETRY' && status !== PositionStatus.CLOSED
              ? [`for a new exit: ${cli.command} exit ${positionId}`]
              : [],
        });
      }),
    );
};

/** The service wants its own id of the order, people know theirs. */
async function triedOrder(cli: Cli, id: string): Promise<Order> {
  try {
    const { order } = await withEitherId(id, (either) =>
      call(cli.clients.orders, 'getOrder', { id: either }, { signal: cli.io.signal }),
    );
    if (!order) throw new CliError('the requestor answered without the order', ExitCode.UNREACHABLE);
    return order;
  } catch (error) {
    throw error instanceof CallError ? asRead(cli, `order ${id}`, error) : error;
  }
}
