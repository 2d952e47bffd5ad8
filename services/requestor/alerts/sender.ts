import type { Alert, AlertEvent } from '../../../shared/alert/alert.js';

/** A piece of news on its way to one receiver. */
export interface AlertNews {
  /** The same for every try. */
  readonly deliveryId: string;
  readonly event: AlertEvent;
  /** Without a sound, where the receiver knows such a thing. */
  readonly silent: boolean;
  readonly alert: Alert;
  /** When this try is made. */
  readonly sentAt: Date;
}

/** What is posted. */
export interface HttpPost {
  readonly url: string;
  /** Without content-type and idempotency-key, which every post has. */
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body: string;
}

/** One way to tell people or programs: it only says what to post, `post.ts` does it. */
export interface AlertSender {
  /** Kept with each delivery: never renamed. */
  readonly name: 'webhook' | 'telegram' | 'discord' | 'slack';
  /** What may be told of where it goes: the rest of the URL may be a key. */
  readonly host: string;
  /** Hidden wherever a receiver or an error repeats them. */
  readonly secrets: readonly string[];
  post(news: AlertNews): HttpPost;
}

/** Parts of a path this long are keys. */
const KEY_CHARS_MIN = 9;

/** What of a receiver's URL may be a key: all of it, values of the query, long parts of the path. Longest first. */
export function keysIn(url: string): string[] {
  const { pathname, searchParams } = new URL(url);
  const parts = pathname.split('/').filter((part) => part.length >= KEY_CHARS_MIN);
  const values = [...searchParams.values()].filter((value) => value !== '');
  return [url, pathname, ...parts, ...values]
    .filter((part) => part.length > 1)
    .sort((one, other) => other.length - one.length);
}
