import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { type Order, OrderType } from '../../../proto/gen/exitlane/v1/order.js';
import { SubmitOrderRequest, SubmitOrderResponse } from '../../../proto/gen/exitlane/v1/order_service.js';
import { CallError } from '../../../shared/grpc/call-error.js';
import { call } from '../../../shared/grpc/client.js';
import { callTrouble } from '../error-text.js';
import { CliError, ExitCode, exitCodeOf, Interrupted } from '../exit-codes.js';
import { showUntilEnd } from '../follow.js';
import { decimal, instant, timeSpan, wholeNumber } from '../options.js';
import { levelName, orderTypeName, statusName } from '../render/format.js';
import { plain } from '../render/text.js';
import { tokenOf } from '../tokens.js';
import type { Cli, Verb } from '../verb.js';

interface CommonOptions {
  readonly id?: string;
  readonly slippageBps?: number;
  readonly emergency?: boolean;
  readonly simulated?: boolean;
  readonly expectedPrice?: string;
  readonly maxAttempts?: number;
  readonly watch?: boolean;
}

interface EntryOptions extends CommonOptions {
  readonly token: string;
  readonly sol: string;
  readonly expiresIn?: number;
  readonly expiresAt?: Date;
}

interface ExitOptions extends CommonOptions {
  readonly position: string;
  readonly percent?: number;
  readonly tokens?: string;
  readonly reason: string;
}

const HELP = `
A repeat is harmless: the same command with the same --id is the same order,
never a second one. Only --expires-in makes it another one: use --expires-at.

Examples:
  exitlane submit entry --token BONK --sol 0.5 --watch
  exitlane submit entry --token WIF --sol 1 --expires-in 30s --id my-bot:42
  exitlane submit exit --position <id> --percent 50 --reason take_profit_1
  exitlane submit exit --position <id> --percent 100 --emergency --watch`;

/** `exitlane submit entry|exit`: puts an order into the queue. */
export const submit: Verb = (program, action) => {
  const parent = program.command('submit').description('submit an order').addHelpText('after', HELP);
  const entry = parent
    .command('entry')
    .description('buy tokens with SOL; the fill opens a position')
    .requiredOption('--token <mint or symbol>', 'what to buy')
    .requiredOption('--sol <amount>', 'SOL to spend, such as 0.5', decimal)
    .option('--expires-in <time>', 'give up if still waiting after this time, such as 30s', timeSpan)
    .option('--expires-at <time>', 'the same as a point in time, ISO 8601', instant);
  common(entry)
    .addHelpText('after', HELP)
    .action(action('write', (cli, options: EntryOptions) => run(cli, options, entryRequest(cli, options))));
  const exit = parent
    .command('exit')
    .description('sell tokens of a position')
    .requiredOption('--position <id>', 'the position to sell from (exitlane positions)')
    .option('--percent <1-100>', 'part of the tokens still held', wholeNumber(1, 100))
    .option('--tokens <amount>', 'or how many tokens', decimal)
    .option(
      '--reason <reason>',
      'stop_loss, trailing_stop, take_profit_1, ..., manual: decides its priority',
      'manual',
    );
  common(exit)
    .addHelpText('after', HELP)
    .action(action('write', (cli, options: ExitOptions) => run(cli, options, exitRequest(options))));
};

function common(command: Command): Command {
  return command
    .option('--id <order_req_id>', 'your id of the order; the default is made up and printed')
    .option('--slippage-bps <n>', 'most slippage accepted, in basis points', wholeNumber(1, 10_000))
    .option('--expected-price <price>', 'SOL per token, for the slippage report', decimal)
    .option('--max-attempts <n>', 'failed executions after which the order ends', wholeNumber(1, 20))
    .option('--emergency', 'run before everything else')
    .option('--simulated', 'send nothing to a chain')
    .option('--watch', 'follow the order until its end');
}

function commonFields(options: CommonOptions): Partial<SubmitOrderRequest> {
  return {
    orderReqId: options.id ?? `cli-${randomUUID()}`,
    maxSlippageBps: options.slippageBps,
    emergency: options.emergency ?? false,
    isSimulated: options.simulated ?? false,
    expectedPrice: options.expectedPrice ?? '',
    maxAttempts: options.maxAttempts,
  };
}

function entryRequest(cli: Cli, options: EntryOptions): SubmitOrderRequest {
  if (options.expiresIn !== undefined && options.expiresAt) {
    throw new CliError('give either --expires-in or --expires-at');
  }
  const token = tokenOf(options.token);
  return SubmitOrderRequest.fromPartial({
    ...commonFields(options),
    orderType: OrderType.ENTRY,
    tokenAddress: token.address,
    tokenSymbol: token.symbol,
    amountSol: options.sol,
    expiresAt: options.expiresIn === undefined ? options.expiresAt : new Date(cli.clock.now() + options.expiresIn),
  });
}

function exitRequest(options: ExitOptions): SubmitOrderRequest {
  if ((options.percent === undefined) === (options.tokens === undefined)) {
    throw new CliError('say how much to sell: either --percent or --tokens');
  }
  return SubmitOrderRequest.fromPartial({
    ...commonFields(options),
    orderType: OrderType.EXIT,
    positionId: options.position,
    percent: options.percent,
    amountTokens: options.tokens ?? '',
    exitReason: options.reason,
  });
}

async function run(cli: Cli, options: CommonOptions, request: SubmitOrderRequest): Promise<ExitCode> {
  const { out } = cli;
  announce(cli, options, request);
  const response = await submitted(cli, request);
  const { order, duplicate } = response;
  if (!order) throw new CliError('the requestor accepted the order but did not say which', ExitCode.UNKNOWN);
  if (options.watch) out.messageLine('SubmitOrderResponse', SubmitOrderResponse, response);
  else out.message('SubmitOrderResponse', SubmitOrderResponse, response);
  out.text(`order_id      ${order.orderId}`, acceptedLine(order, duplicate));
  if (options.watch) return showUntilEnd(cli, { orderReqId: request.orderReqId });
  out.text('', `follow it:    ${cli.command} watch ${request.orderReqId}`);
  return ExitCode.OK;
}

/** Before anything is sent, so that the id is known whatever happens next. */
function announce(cli: Cli, options: CommonOptions, request: SubmitOrderRequest): void {
  if (!cli.out.isJson) cli.out.text(`order_req_id  ${request.orderReqId}`);
  else if (options.id === undefined) cli.note(JSON.stringify({ order_req_id: request.orderReqId }));
}

async function submitted(cli: Cli, request: SubmitOrderRequest): Promise<SubmitOrderResponse> {
  try {
    return await call(cli.clients.orders, 'submitOrder', request, { signal: cli.io.signal });
  } catch (error) {
    const exitCode = error instanceof Interrupted ? ExitCode.UNKNOWN : exitCodeOf(error, 'write');
    if (exitCode !== ExitCode.UNKNOWN) throw error;
    const what = error instanceof CallError ? callTrouble(error) : 'interrupted';
    throw new CliError(
      `whether the order was accepted is unknown: ${what}`,
      ExitCode.UNKNOWN,
      [
        'repeat it with the same id; it becomes the same order, never a second one:',
        `   ${repeatCommand(cli, request)}`,
      ],
      { cause: error },
    );
  }
}

/** The command that makes the very same request again. An expiry is a point in time there: "in 30s" would be another one. */
export function repeatCommand({ command }: Pick<Cli, 'command'>, request: SubmitOrderRequest): string {
  const isEntry = request.orderType === OrderType.ENTRY;
  const words: (string | undefined)[] = [
    command,
    isEntry ? 'submit entry' : 'submit exit',
    option('id', request.orderReqId),
    isEntry ? option('token', request.tokenSymbol || request.tokenAddress) : option('position', request.positionId),
    option('sol', request.amountSol),
    option('percent', request.percent),
    option('tokens', request.amountTokens),
    option('reason', request.exitReason),
    option('slippage-bps', request.maxSlippageBps),
    option('expected-price', request.expectedPrice),
    option('max-attempts', request.maxAttempts),
    option('expires-at', request.expiresAt?.toISOString()),
    request.emergency ? '--emergency' : undefined,
    request.isSimulated ? '--simulated' : undefined,
  ];
  return words.filter((word) => word !== undefined).join(' ');
}

function option(name: string, value: string | number | undefined): string | undefined {
  if (value === undefined || value === '') return undefined;
  const text = String(value);
  return `--${name} ${/^[\w.:@%+/-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`}`;
}

function acceptedLine(order: Order, duplicate: boolean): string {
  const what = `${orderTypeName(order.orderType)} ${plain(order.tokenSymbol) || order.tokenAddress}`;
  const level = order.emergency ? 'EMERGENCY' : levelName(order.priority);
  const where = `${statusName(order.status)}, priority ${order.priority} (${level})`;
  return duplicate ? `accepted before: ${what} is ${where}` : `accepted: ${what}, ${where}`;
}
