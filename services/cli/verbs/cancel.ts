import { userInfo } from 'node:os';
import { OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import { CancelOrderResponse } from '../../../proto/gen/exitlane/v1/order_service.js';
import { call } from '../../../shared/grpc/client.js';
import { ExitCode } from '../exit-codes.js';
import { withEitherId } from '../find-order.js';
import { statusName } from '../render/format.js';
import { statusColour } from '../render/style.js';
import type { Verb } from '../verb.js';
import { whyItStands } from '../why.js';

const HELP = `
A waiting order is cancelled at once, a running one is asked to stop. Once a
transaction of it may be on the wire, only the chain decides: a fill wins.

Examples:
  exitlane cancel my-bot:42 --reason "signal is gone"`;

/** `exitlane cancel`: ends a waiting order, asks a running one to stop. */
export const cancel: Verb = (program, action) => {
  program
    .command('cancel')
    .description('cancel an order')
    .argument('<id>', 'order_req_id or order_id')
    .option('--reason <text>', 'why, for the record')
    .addHelpText('after', HELP)
    .action(
      action('write', async (cli, id: string, options: { readonly reason?: string }) => {
        const cancelReason = options.reason ?? `by ${userName()}, with the CLI`;
        const response = await withEitherId(id, (either) =>
          call(cli.clients.orders, 'cancelOrder', { id: either, cancelReason }, { signal: cli.io.signal }),
        );
        cli.out.message('CancelOrderResponse', CancelOrderResponse, response);
        const { order } = response;
        if (!order) return ExitCode.UNKNOWN;
        const status = statusName(order.status);
        cli.out.text(
          `${order.orderReqId}  ${statusColour(cli.out.style, status)(status)}`,
          whyItStands(order, undefined),
        );
        if (order.status !== OrderStatus.CANCELLED) {
          cli.out.text(`see how it ends: ${cli.command} watch ${order.orderReqId}`);
        }
        return ExitCode.OK;
      }),
    );
};

/** Who did it, for the record. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'unknown user'; // a container may run under an id without a name
  }
}
