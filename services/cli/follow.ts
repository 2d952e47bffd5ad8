import type { StreamOrderResponse } from '../../proto/gen/exitlane/v1/delivery_service.js';
import { OrderMessage } from '../../proto/gen/exitlane/v1/message.js';
import { OrderStatus } from '../../proto/gen/exitlane/v1/order.js';
import { messageOf } from '../../shared/core/errors.js';
import { CallError } from '../../shared/grpc/call-error.js';
import { call, openStream } from '../../shared/grpc/client.js';
import { followWithResume, type Reconnect } from '../../shared/grpc/resume.js';
import { callTrouble } from './error-text.js';
import { CliError, ExitCode, exitCodeOf, Interrupted } from './exit-codes.js';
import { duration } from './render/format.js';
import { messageLine } from './render/message-line.js';
import type { Cli } from './verb.js';

/** A stream that stays broken for this long is given up: the order goes on without anyone watching. */
export const GIVE_UP_AFTER_MS = 60_000;

export interface FollowOptions {
  readonly orderReqId: string;
  /** Last message seen; 0n from the first. */
  readonly afterSequence?: bigint;
  readonly giveUpAfterMs?: number;
  readonly signal?: AbortSignal;
  readonly onReconnect?: (reconnect: Reconnect) => void;
}

/** Messages of one order until its end, across broken streams. */
export async function* messagesOf(
  cli: Pick<Cli, 'clients' | 'clock'>,
  options: FollowOptions,
): AsyncGenerator<OrderMessage> {
  const { clients, clock } = cli;
  const { orderReqId, giveUpAfterMs = GIVE_UP_AFTER_MS } = options;
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  let brokenSince: number | undefined;
  const frames = followWithResume<StreamOrderResponse>({
    open: (afterSequence, inner) =>
      openStream(clients.delivery, 'streamOrder', { orderReqId, afterSequence }, { signal: inner }),
    sequenceOf: ({ frame }) => (frame?.$case === 'message' ? frame.value.sequence : undefined),
    epochOf: ({ frame }) => (frame?.$case === 'header' ? frame.value.epoch : undefined),
    afterSequence: options.afterSequence ?? 0n,
    signal,
    clock,
    onReconnect: (reconnect) => {
      brokenSince ??= clock.now();
      if (clock.now() - brokenSince >= giveUpAfterMs) stop.abort(reconnect.cause);
      else options.onReconnect?.(reconnect);
    },
  });
  for await (const { frame } of frames) {
    brokenSince = undefined;
    if (frame?.$case === 'message') yield frame.value;
  }
}

/**
 * Shows one order's messages until its end and returns the exit code of that end. Whatever keeps the end from being seen is
 * `UNKNOWN`: the order goes on by itself.
 */
export async function showUntilEnd(cli: Cli, options: FollowOptions): Promise<ExitCode> {
  const { out } = cli;
  let last = options.afterSequence ?? 0n;
  let status: OrderStatus | undefined;
  let ended = false;
  const onReconnect = ({ attempt, cause, afterSequence }: Reconnect): void => {
    if (attempt !== 1) return;
    const from = afterSequence > 0n ? `, going on after message ${afterSequence}` : '';
    cli.note(`no connection to the processor (${callTrouble(cause)}): trying again${from}`);
  };
  try {
    for await (const message of messagesOf(cli, { ...options, signal: cli.io.signal, onReconnect })) {
      last = message.sequence;
      if (message.content?.$case === 'status') {
        status = message.content.value.status;
        ended = message.content.value.isTerminal;
      }
      if (out.isJson) out.messageLine('OrderMessage', OrderMessage, message);
      else out.text(messageLine(message, out));
    }
  } catch (error) {
    throw notSeen(cli, options.orderReqId, last, error);
  }
  if (!ended) status = await statusNow(cli, options.orderReqId, last);
  if (status === OrderStatus.FILLED) return ExitCode.OK;
  if (status === OrderStatus.CANCELLED) return ExitCode.NOT_FILLED;
  throw notSeen(cli, options.orderReqId, last, new Error('the stream ended before the order did'));
}

/** A cursor at the last message leaves nothing to stream: then the order itself tells how it ended. */
async function statusNow(cli: Cli, orderReqId: string, last: bigint): Promise<OrderStatus | undefined> {
  try {
    const id = { $case: 'orderReqId' as const, value: orderReqId };
    const { order } = await call(cli.clients.orders, 'getOrder', { id }, { signal: cli.io.signal });
    return order?.status;
  } catch (error) {
    throw notSeen(cli, orderReqId, last, error);
  }
}

function notSeen(cli: Cli, orderReqId: string, last: bigint, error: unknown): CliError {
  const refused = error instanceof CallError && last === 0n && exitCodeOf(error, 'read') === ExitCode.REFUSED;
  if (refused || (error instanceof CallError && error.status === 'OUT_OF_RANGE')) {
    return new CliError(error.message, ExitCode.REFUSED, [], { cause: error });
  }
  const why =
    error instanceof Interrupted
      ? 'stopped watching'
      : `lost sight of the order (${error instanceof CallError ? callTrouble(error) : messageOf(error)})`;
  const more = last > 0n ? ` --after ${last}` : '';
  return new CliError(
    `${why}: order ${orderReqId} is not finished, as far as is known here, and goes on by itself`,
    ExitCode.UNKNOWN,
    [`watch it again: ${cli.command} watch ${orderReqId}${more}`],
    { cause: error },
  );
}

/** For people: how long a broken stream is tried again. */
export const GIVE_UP_TEXT = duration(GIVE_UP_AFTER_MS);
