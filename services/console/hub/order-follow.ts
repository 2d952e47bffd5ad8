import type { StreamOrderResponse } from '../../../proto/gen/exitlane/v1/delivery_service.js';
import { messageOf } from '../../../shared/core/errors.js';
import { CallError } from '../../../shared/grpc/call-error.js';
import { openStream } from '../../../shared/grpc/client.js';
import { followWithResume } from '../../../shared/grpc/resume.js';
import type { Clients } from '../clients.js';
import type { Followed } from '../model/events.js';
import type { MessageView } from '../model/view.js';
import { messageView } from '../wire/orders.js';
import type { FeedParts } from './follow.js';

/** Messages told together: a snapshot of a long order comes in a few events instead of a hundred. */
const GATHER_MS = 40;

/**
 * Tells one order's messages from the first that is kept to the last, across restarts of the processor, until the order has ended
 * or `signal` aborts.
 */
export async function followOrder(
  { delivery }: Clients,
  orderReqId: string,
  { clock, logger, signal }: FeedParts,
  tell: (followed: Followed) => void,
): Promise<void> {
  let gathered: MessageView[] = [];
  let timer = clock.setTimer(() => undefined, 0);
  const flush = (ended: boolean, problem = '') => {
    timer.cancel();
    if (gathered.length > 0 || ended || problem !== '') tell({ orderReqId, messages: gathered, ended, problem });
    gathered = [];
  };
  const follow = async (afterSequence: bigint) => {
    const frames = followWithResume<StreamOrderResponse>({
      open: (after, own) => openStream(delivery, 'streamOrder', { orderReqId, afterSequence: after }, { signal: own }),
      sequenceOf: ({ frame }) => (frame?.$case === 'message' ? frame.value.sequence : undefined),
      afterSequence,
      signal,
      clock,
      onReconnect: ({ cause }) => flush(false, `The processor does not answer (${cause.status}).`),
    });
    for await (const { frame } of frames) {
      if (frame?.$case !== 'message') continue;
      gathered.push(messageView(frame.value));
      if (gathered.length === 1) timer = clock.setTimer(() => flush(false), GATHER_MS);
    }
  };
  try {
    await follow(0n).catch(async (error: unknown) => {
      const earliest = earliestIn(error);
      if (earliest === undefined) throw error;
      await follow(earliest - 1n);
    });
    flush(true);
  } catch (error) {
    if (signal.aborted) timer.cancel();
    else {
      logger.debug({ orderReqId, err: messageOf(error) }, 'following an order failed');
      flush(true, messageOf(error));
    }
  }
}

/** S2: the first message that is kept, when the beginning is not any more. */
function earliestIn(error: unknown): bigint | undefined {
  const text =
    error instanceof CallError && error.status === 'OUT_OF_RANGE' ? error.metadata.earliest_sequence : undefined;
  return text !== undefined && /^[1-9]\d*$/.test(text) ? BigInt(text) : undefined;
}
