import type { Clock } from '../../../shared/core/clock.js';
import { messageOf } from '../../../shared/core/errors.js';
import { ANSWER_BYTES_MAX, ERROR_TEXT_CHARS_MAX, RETRY_AFTER_MS_MAX, SEND_TIMEOUT_MS } from './limits.js';
import type { AlertNews, AlertSender } from './sender.js';

/** The receiver did not take it. The text holds none of the sender's secrets. */
export class NotDelivered extends Error {
  override readonly name = 'NotDelivered';
  constructor(
    message: string,
    /** How long the receiver asked to be left alone; undefined: it did not say. */
    readonly retryAfterMs: number | undefined = undefined,
  ) {
    super(message);
  }
}

/**
 * Posts the news; returns when the receiver has taken it.
 * @throws NotDelivered; the reason of `signal` when it aborts
 */
export async function postNews(
  sender: AlertSender,
  news: AlertNews,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<void> {
  const { url, headers, body } = sender.post(news);
  const timeout = new AbortController();
  const timer = clock.setTimer(() => timeout.abort(), SEND_TIMEOUT_MS);
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': news.deliveryId, ...headers },
      body,
      // A redirect would carry alert and signature to wherever it points.
      redirect: 'manual',
      signal: AbortSignal.any([signal, timeout.signal]),
    });
    if (!response.ok) throw refusal(sender, response, await readSome(response), clock.now());
    // Whatever it says about it, and whether or not that can be read, it has it.
    await response.body?.cancel().catch(() => undefined);
  } catch (error) {
    if (error instanceof NotDelivered) throw error;
    if (signal.aborted) throw signal.reason;
    if (timeout.signal.aborted)
      throw new NotDelivered(`${sender.host} did not answer within ${SEND_TIMEOUT_MS / 1_000} s`);
    throw new NotDelivered(`${sender.host} cannot be reached (${hide(networkCause(error), sender.secrets)})`);
  } finally {
    timer.cancel();
  }
}

/** What an answer says, no more than a little of it: the connection is not kept for the rest. */
async function readSome(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}

function refusal(sender: AlertSender, response: Response, answer: string, nowMs: number): NotDelivered {
  const { status } = response;
  const why =
    status >= 300 && status < 400
      ? 'a redirect, which is not followed'
      : hide(answer, sender.secrets).replace(/\s+/g, ' ').trim().slice(0, ERROR_TEXT_CHARS_MAX);
  const retryAfterMs = status === 429 || status === 503 ? retryAfterOf(response, answer, nowMs) : undefined;
  return new NotDelivered(`${sender.host} answered with HTTP ${status}${why === '' ? '' : `: ${why}`}`, retryAfterMs);
}

/** `Retry-After` in seconds or as a date; Telegram and Discord say it in the body as well. Milliseconds. */
function retryAfterOf(response: Response, answer: string, nowMs: number): number | undefined {
  const header = response.headers.get('retry-after') ?? '';
  const asked = /^\d+(\.\d+)?$/.test(header) ? Number(header) * 1_000 : (inBody(answer) ?? Date.parse(header) - nowMs);
  return asked > 0 ? Math.min(asked, RETRY_AFTER_MS_MAX) : undefined;
}

function inBody(answer: string): number | undefined {
  try {
    const body = JSON.parse(answer) as { retry_after?: unknown; parameters?: { retry_after?: unknown } };
    const seconds = body.retry_after ?? body.parameters?.retry_after;
    return typeof seconds === 'number' ? seconds * 1_000 : undefined;
  } catch {
    return undefined; // not JSON: then it says nothing about time
  }
}

/** `fetch failed` says nothing; its cause does. */
function networkCause(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (!(cause instanceof Error)) return messageOf(error);
  return (cause as NodeJS.ErrnoException).code ?? cause.message;
}

function hide(text: string, secrets: readonly string[]): string {
  return secrets.reduce((shown, secret) => shown.replaceAll(secret, '[hidden]'), text);
}
