import { type Order, OrderStatus, OrderType } from '../../../proto/gen/exitlane/v1/order.js';
import { GetOrderResponse, ListOrdersResponse } from '../../../proto/gen/exitlane/v1/order_service.js';
import type { QueueStats } from '../../../proto/gen/exitlane/v1/queue_service.js';
import { PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX } from '../../../shared/core/limits.js';
import { CallError } from '../../../shared/grpc/call-error.js';
import { call } from '../../../shared/grpc/client.js';
import { ExitCode } from '../exit-codes.js';
import { withEitherId } from '../find-order.js';
import { choicesOf, oneOf, oneOfMany, wholeNumber } from '../options.js';
import { orderDetails, orderTable } from '../render/order.js';
import { tokenOf } from '../tokens.js';
import type { Cli, Verb } from '../verb.js';
import { wireJson } from '../wire-json.js';

interface Options {
  readonly status?: readonly OrderStatus[];
  readonly type?: OrderType;
  readonly token?: string;
  readonly position?: string;
  readonly limit: number;
  readonly all?: boolean;
}

const HELP = `
Examples:
  exitlane orders
  exitlane orders --status pending,failed --type exit
  exitlane orders --all -o json
  exitlane orders my-bot:42      one, its attempts, and why it stands as it does`;

/** `exitlane orders [id]`: lists orders, or shows one. */
export const orders: Verb = (program, action) => {
  program
    .command('orders')
    .description('list orders, newest first, or show one')
    .argument('[id]', 'order_req_id or order_id of the one to show')
    .option(
      '--status <status>',
      'only these, such as pending,failed',
      oneOfMany(choicesOf(OrderStatus), 'ORDER_STATUS_'),
    )
    .option('--type <type>', 'only entry or exit', oneOf(choicesOf(OrderType), 'ORDER_TYPE_'))
    .option('--token <mint or symbol>', 'only this token')
    .option('--position <id>', 'only of this position')
    .option('--limit <n>', 'how many', wholeNumber(1, 1_000_000), PAGE_SIZE_DEFAULT)
    .option('--all', 'every page, however many')
    .addHelpText('after', HELP)
    .action(
      action('read', (cli, id: string | undefined, options: Options) =>
        id === undefined ? list(cli, options) : showOne(cli, id),
      ),
    );
};

async function list(cli: Cli, options: Options): Promise<ExitCode> {
  const { out } = cli;
  const { orders: found, more } = await readPages(cli, options);
  if (out.isJson) {
    const page = { orders: found, nextPageToken: more };
    out.json(wireJson('ListOrdersResponse', ListOrdersResponse, page));
    return ExitCode.OK;
  }
  if (found.length === 0) out.text('no orders');
  else out.text(...orderTable(found, out));
  if (more !== '') out.text(out.style.dim(`more: --limit ${options.limit * 2}, or --all`));
  return ExitCode.OK;
}

/** Pages until the limit; `more` is the token of the page after it. */
async function readPages(cli: Cli, options: Options): Promise<{ orders: Order[]; more: string }> {
  const limit = options.all ? Number.POSITIVE_INFINITY : options.limit;
  const filters = {
    statuses: [...(options.status ?? [])],
    orderType: options.type ?? OrderType.UNSPECIFIED,
    tokenAddress: options.token === undefined ? '' : tokenOf(options.token).address,
    positionId: options.position ?? '',
  };
  const found: Order[] = [];
  let pageToken = '';
  do {
    const pageSize = Math.min(PAGE_SIZE_MAX, limit - found.length);
    const request = { ...filters, pageSize, pageToken };
    const page = await call(cli.clients.orders, 'listOrders', request, { signal: cli.io.signal });
    found.push(...page.orders);
    pageToken = page.nextPageToken;
  } while (pageToken !== '' && found.length < limit);
  return { orders: found, more: pageToken };
}

async function showOne(cli: Cli, id: string): Promise<ExitCode> {
  const { out } = cli;
  const response = await withEitherId(id, (either) =>
    call(cli.clients.orders, 'getOrder', { id: either }, { signal: cli.io.signal }),
  );
  out.message('GetOrderResponse', GetOrderResponse, response);
  if (!response.order || out.isJson) return ExitCode.OK;
  const queue = response.order.isTerminal ? undefined : await queueOf(cli);
  out.text(...orderDetails(response.order, queue, out));
  return ExitCode.OK;
}

/** The queue makes the explanation better; an order is shown without it too. */
async function queueOf(cli: Cli): Promise<QueueStats | undefined> {
  try {
    return (await call(cli.clients.queue, 'getQueueStats', {}, { signal: cli.io.signal })).stats;
  } catch (error) {
    if (error instanceof CallError) return undefined;
    throw error;
  }
}
