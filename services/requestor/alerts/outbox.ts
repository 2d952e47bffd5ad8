import type { AlertEvent } from '../../../shared/alert/alert.js';
import type { Clock } from '../../../shared/core/clock.js';
import type { Closable } from '../../../shared/core/lifecycle.js';
import type { Logger } from '../../../shared/core/logger.js';
import type { Random } from '../../../shared/core/random.js';
import { retryDelayMs } from '../../../shared/order/retry-policy.js';
import {
  type ClaimedDelivery,
  claimDeliveries,
  giveUpOldDeliveries,
  handOutNews,
  nextDeliveryMs,
  noteDelivered,
  noteNotDelivered,
  type Recipient,
} from '../../../shared/store/alert-outbox.js';
import type { Database } from '../../../shared/store/database.js';
import { startDueLoop } from './due-loop.js';
import { CLAIM_MS, HAND_OUT_BATCH, NEWS_AGE_MS_MAX, SEND_ATTEMPTS_MAX, SEND_RETRY } from './limits.js';
import { NotDelivered, postNews } from './post.js';
import type { AlertSender } from './sender.js';

export interface AlertOutboxOptions {
  readonly db: Database;
  readonly senders: readonly AlertSender[];
  /** Whether and how an alert type is sent. */
  readonly modeOf: (alertType: string) => 'on' | 'silent' | 'off';
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Told of every try. */
  readonly onTry?: ((sender: string, outcome: 'sent' | 'failed' | 'given_up') => void) | undefined;
}

/**
 * Sends the news of alerts. One loop hands out what happened, and each sender has a loop of its own, so that a dead one holds up
 * nobody else. A delivery is made at least once: a receiver that took it and could not say so sees it again, under the same
 * idempotency key. Any number of requestors may do this on one database.
 */
export function startAlertOutbox(options: AlertOutboxOptions): Closable {
  const { db, senders, clock, logger } = options;
  const loops = [
    startDueLoop({ work: (signal) => handOut(options, signal), doing: 'handing out news of alerts', clock, logger }),
    ...senders.map((sender) =>
      startDueLoop({ work: sending(options, sender), doing: `sending alerts by ${sender.name}`, clock, logger }),
    ),
  ];
  const stopHints = db.onHint('alert', () => {
    for (const loop of loops) loop.wake();
  });
  return {
    async close() {
      stopHints();
      await Promise.all(loops.map((loop) => loop.close()));
    },
  };
}

async function handOut({ db, senders, modeOf, logger }: AlertOutboxOptions, signal: AbortSignal): Promise<undefined> {
  const recipients = (alertType: string, event: AlertEvent): readonly Recipient[] => {
    const mode = modeOf(alertType);
    if (mode === 'off') return [];
    // Who acknowledges an alert is not waiting to be told so.
    const silent = mode === 'silent' || event === 'ACKNOWLEDGED';
    return senders.map(({ name }) => ({ sender: name, silent }));
  };
  while (!signal.aborted && (await handOutNews(db, recipients, HAND_OUT_BATCH)) === HAND_OUT_BATCH);
  const givenUp = await giveUpOldDeliveries(db, NEWS_AGE_MS_MAX);
  if (givenUp > 0)
    logger.error({ deliveries: givenUp }, 'news of alerts could not be sent for a day and were given up');
}

function sending(options: AlertOutboxOptions, sender: AlertSender) {
  const { db, clock } = options;
  let pausedUntil = 0;
  return async (signal: AbortSignal): Promise<number | undefined> => {
    while (!signal.aborted) {
      const pauseMs = pausedUntil - clock.now();
      if (pauseMs > 0) return pauseMs;
      const [claim] = await claimDeliveries(db, { senders: [sender.name], leaseMs: CLAIM_MS, limit: 1 });
      if (!claim) return nextDeliveryMs(db, [sender.name]);
      const askedMs = await deliver(options, sender, claim, signal);
      if (askedMs !== undefined) pausedUntil = clock.now() + askedMs;
    }
    return undefined;
  };
}

/** Makes one try and writes down what came of it. Returns how long the receiver wants to be left alone, if it does. */
async function deliver(
  { db, clock, random, logger, onTry }: AlertOutboxOptions,
  sender: AlertSender,
  { delivery, alert }: ClaimedDelivery,
  signal: AbortSignal,
): Promise<number | undefined> {
  const { deliveryId, alertId, event, silent, attempts } = delivery;
  const facts = { sender: sender.name, host: sender.host, alertId, event, attempts };
  const news = { deliveryId, event, silent, alert, sentAt: new Date(clock.now()) };
  const failure = await postNews(sender, news, { clock, signal }).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (failure === undefined) {
    await noteDelivered(db, delivery);
    onTry?.(sender.name, 'sent');
    logger.info(facts, 'alert sent');
    return undefined;
  }
  if (signal.aborted) {
    await noteNotDelivered(db, delivery, { error: 'the requestor stopped meanwhile', retryDelayMs: 0 });
    return undefined;
  }
  if (!(failure instanceof NotDelivered)) throw failure;
  const { retryAfterMs, message: error } = failure;
  const last = attempts >= SEND_ATTEMPTS_MAX;
  const retryMs = Math.max(retryAfterMs ?? 0, retryDelayMs(attempts, SEND_RETRY, random));
  await noteNotDelivered(db, delivery, { error, retryDelayMs: last ? undefined : retryMs });
  onTry?.(sender.name, last ? 'given_up' : 'failed');
  const next = last ? 'given up' : `trying again in ${(retryMs / 1_000).toFixed(1)} s`;
  logger[last ? 'error' : 'warn']({ ...facts, error }, `alert not sent; ${next}`);
  return retryAfterMs;
}
