import type { Command } from 'commander';
import { OrderType } from '../../../proto/gen/exitlane/v1/order.js';
import { SubmitOrderRequest, SubmitOrderResponse } from '../../../proto/gen/exitlane/v1/order_service.js';
import { call } from '../../../shared/grpc/client.js';
import { CliError, type ExitCode } from '../exit-codes.js';
import { decimal, instant, timeSpan, wholeNumber } from '../options.js';
import { commandOf, optionWord, orderReqIdOf, type PlaceOptions, placeOptions, placeOrder } from '../place-order.js';
import { tokenOf } from '../tokens.js';
import type { Cli, Verb } from '../verb.js';

interface CommonOptions extends PlaceOptions {
  readonly slippageBps?: number;
  readonly emergency?: boolean;
  readonly simulated?: boolean;
  readonly expectedPrice?: string;
  readonly maxAttempts?: number;
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
  return placeOptions(command)
    .option('--slippage-bps <n>', 'most slippage accepted, in basis points', wholeNumber(1, 10_000))
    .option('--expected-price <price>', 'SOL per token, for the slippage report', decimal)
    .option('--max-attempts <n>', 'failed executions after which the order ends', wholeNumber(1, 20))
    .option('--emergency', 'run before everything else')
    .option('--simulated', 'send nothing to a chain');
}

function commonFields(options: CommonOptions): Partial<SubmitOrderRequest> {
  return {
    orderReqId: orderReqIdOf(options),
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

function run(cli: Cli, options: CommonOptions, request: SubmitOrderRequest): Promise<ExitCode> {
  return placeOrder(cli, {
    options,
    orderReqId: request.orderReqId,
    typeName: 'SubmitOrderResponse',
    encoder: SubmitOrderResponse,
    repeat: repeatCommand(cli, request),
    ask: () => call(cli.clients.orders, 'submitOrder', request, { signal: cli.io.signal }),
  });
}

/** The command that makes the very same request again. An expiry is a point in time there: "in 30s" would be another one. */
export function repeatCommand({ command }: Pick<Cli, 'command'>, request: SubmitOrderRequest): string {
  const isEntry = request.orderType === OrderType.ENTRY;
  return commandOf(
    command,
    isEntry ? 'submit entry' : 'submit exit',
    optionWord('id', request.orderReqId),
    isEntry
      ? optionWord('token', request.tokenSymbol || request.tokenAddress)
      : optionWord('position', request.positionId),
    optionWord('sol', request.amountSol),
    optionWord('percent', request.percent),
    optionWord('tokens', request.amountTokens),
    optionWord('reason', request.exitReason),
    optionWord('slippage-bps', request.maxSlippageBps),
    optionWord('expected-price', request.expectedPrice),
    optionWord('max-attempts', request.maxAttempts),
    optionWord('expires-at', request.expiresAt?.toISOString()),
    request.emergency && '--emergency',
    request.isSimulated && '--simulated',
  );
}
