import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { type Order, OrderType } from '../../proto/gen/exitlane/v1/order.js';
import { CallError } from '../../shared/grpc/call-error.js';
import { callTrouble } from './error-text.js';
import { CliError, ExitCode, exitCodeOf, Interrupted } from './exit-codes.js';
import { showUntilEnd } from './follow.js';
import { levelName, orderTypeName, statusName } from './render/format.js';
import { plain } from './render/text.js';
import type { Cli } from './verb.js';
import type { Encoder } from './wire-json.js';

/** What every call that makes an order answers. */
export interface Placed {
  readonly order?: Order | undefined;
  /** Accepted before; nothing new was made. */
  readonly duplicate: boolean;
  /** Nothing was made: `order` is on the wire with all the tokens. Calls that make entries do not say it. */
  readonly follows?: boolean;
}

/** Options of every verb that makes an order. */
export interface PlaceOptions {
  readonly id?: string;
  readonly watch?: boolean;
}

export interface Placing<Answer extends Placed> {
  readonly options: PlaceOptions;
  readonly orderReqId: string;
  /** Name of the answer in the API, and its class. */
  readonly typeName: string;
  readonly encoder: Encoder<Answer>;
  /** The command that makes the very same request again. */
  readonly repeat: string;
  readonly ask: () => Promise<Answer>;
  /** What to do about a refusal, where the service's own words do not say it in verbs of the CLI. */
  readonly hints?: (refusal: CallError) => readonly string[];
}

export function placeOptions(command: Command): Command {
  return command
    .option('--id <order_req_id>', 'your id of the order; the default is made up and printed')
    .option('--watch', 'follow the order until its end');
}

/** The client's id of an order: given, or made up. */
export function orderReqIdOf({ id }: PlaceOptions): string {
  return id ?? `cli-${randomUUID()}`;
}

/** Asks for an order, says what was made, and follows it if wanted. A lost answer is `UNKNOWN`, with the command to repeat. */
export async function placeOrder<Answer extends Placed>(cli: Cli, placing: Placing<Answer>): Promise<ExitCode> {
  const { out, command } = cli;
  announce(cli, placing);
  const answer = await asked(cli, placing);
  const { order } = answer;
  if (!order) throw new CliError('the requestor accepted the order but did not say which', ExitCode.UNKNOWN);
  if (placing.options.watch) out.messageLine(placing.typeName, placing.encoder, answer);
  else out.message(placing.typeName, placing.encoder, answer);
  if (answer.follows) out.text(...followsLines(order, placing.orderReqId));
  else out.text(`order_id      ${order.orderId}`, acceptedLine(order, answer.duplicate), ...sellsLine(order));
  if (placing.options.watch) {
    return answer.follows ? watchBoth(cli, order, placing.orderReqId) : watchOne(cli, order.orderReqId);
  }
  out.text('', `follow it:    ${command} watch ${plain(order.orderReqId)}`);
  return ExitCode.OK;
}

/** Before anything is sent, so that the id is known whatever happens next. */
function announce({ out, note }: Cli, { options, orderReqId }: Pick<Placing<Placed>, 'options' | 'orderReqId'>): void {
  if (!out.isJson) out.text(`order_req_id  ${orderReqId}`);
  else if (options.id === undefined) note(JSON.stringify({ order_req_id: orderReqId }));
}

async function asked<Answer extends Placed>(cli: Cli, { ask, repeat, hints }: Placing<Answer>): Promise<Answer> {
  try {
    return await ask();
  } catch (error) {
    const exitCode = error instanceof Interrupted ? ExitCode.UNKNOWN : exitCodeOf(error, 'write');
    if (exitCode !== ExitCode.UNKNOWN) throw withHints(cli, error, exitCode, hints);
    const what = error instanceof CallError ? callTrouble(error) : 'interrupted';
    throw new CliError(
      `whether the order was accepted is unknown: ${what}`,
      ExitCode.UNKNOWN,
      ['repeat it with the same id; it becomes the same order, never a second one:', `   ${repeat}`],
      { cause: error },
    );
  }
}

function withHints(cli: Cli, error: unknown, exitCode: ExitCode, own: Placing<Placed>['hints'] = () => []): unknown {
  if (!(error instanceof CallError)) return error;
  const hints = [...own(error), ...refusalHints(cli, error)];
  return hints.length === 0 ? error : new CliError(error.message, exitCode, hints, { cause: error });
}

/** The verbs that help against refusals of orders, by what the service says of them. */
function refusalHints({ command }: Cli, { reason, metadata }: CallError): string[] {
  const { why, alert_id: alertId, order_id: orderId } = metadata;
  if (reason === 'ENTRY_REFUSED' && why === 'CRITICAL_ALERT' && alertId !== undefined) {
    return [
      `see it: ${command} alerts ${plain(alertId)}`,
      `when it is over: ${command} alerts resolve ${plain(alertId)}`,
    ];
  }
  if (reason === 'ENTRY_REFUSED' && why === 'TRADING_STATE') {
    return [`when entries may start again: ${command} state set ACTIVE --reason "..."`];
  }
  const isExit = reason === 'POSITION_NOT_EXITABLE' || reason === 'POSITION_TOO_SMALL';
  return isExit && orderId !== undefined ? [`see that order: ${command} orders ${plain(orderId)}`] : [];
}

function watchOne(cli: Cli, orderReqId: string): Promise<ExitCode> {
  return showUntilEnd(cli, { orderReqId });
}

/** When the exit on the wire dies, the order that was asked for is made in the same moment, under its own id. */
async function watchBoth(cli: Cli, onTheWire: Order, orderReqId: string): Promise<ExitCode> {
  const exitCode = await watchOne(cli, onTheWire.orderReqId);
  return exitCode === ExitCode.NOT_FILLED ? watchOne(cli, orderReqId) : exitCode;
}

function followsLines(order: Order, wanted: string): string[] {
  const { exitReason, orderReqId, status } = order;
  return [
    `nothing was made: ${plain(exitReason)} order ${plain(orderReqId)} (${statusName(status)}) was sent already and has all the tokens`,
    `if it dies, your order ${plain(wanted)} is made and sells them at once, as urgently as asked for here`,
  ];
}

function acceptedLine(order: Order, duplicate: boolean): string {
  const what = `${orderTypeName(order.orderType)} ${plain(order.tokenSymbol) || order.tokenAddress}`;
  const level = order.emergency ? 'EMERGENCY' : levelName(order.priority);
  const where = `${statusName(order.status)}, priority ${order.priority} (${level})`;
  return duplicate ? `accepted before: ${what} is ${where}` : `accepted: ${what}, ${where}`;
}

/** How much an exit sells, and why; nothing for an entry. */
function sellsLine(order: Order): string[] {
  if (order.orderType !== OrderType.EXIT || order.amountTokens === '') return [];
  const token = plain(order.tokenSymbol) || order.tokenAddress;
  return [
    `sells ${order.amountTokens} ${token} (${plain(order.exitReason)}), slippage at most ${order.maxSlippageBps} bps`,
  ];
}

/** `--name value` for a command to paste; undefined when there is no value. */
export function optionWord(name: string, value: string | number | undefined): string | undefined {
  if (value === undefined || value === '') return undefined;
  return `--${name} ${shellWord(String(value))}`;
}

function shellWord(text: string): string {
  return /^[\w.:@%+/-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Words of a command, those without a value left out. */
export function commandOf(...words: readonly (string | false | undefined)[]): string {
  return words.filter((word) => word !== undefined && word !== false).join(' ');
}
