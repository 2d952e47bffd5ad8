import { messageOf } from '../../../shared/core/errors.js';
import type { OnAnswer } from './calls.js';
import { ANSWER_BYTES_MAX, ERROR_TEXT_CHARS_MAX } from './limits.js';
import { VenueError, type VenueErrorKind } from './venue-error.js';

/** A server we call: named in errors by its host alone, because the rest of its URL may be a key. */
export interface HttpHost {
  readonly host: string;
  /** Keys of ours that a server may repeat in what it answers; they are hidden from then on. */
  readonly secrets: readonly string[];
  readonly onAnswer?: OnAnswer | undefined;
  /** Reads a refusal's body; undefined: go by the HTTP status. */
  readonly refusal?: (status: number, body: string) => Error | undefined;
}

/**
 * `fetch` as clients want it, with errors as {@link VenueError}: nothing but a 2xx answer with JSON of a bounded size comes
 * back. When `init.signal` aborts, its reason is thrown.
 */
export async function fetchJson(server: HttpHost, url: string, init: RequestInit): Promise<Response> {
  const { status, headers, text } = await exchange(server, url, init);
  if (status < 200 || status > 299) throw server.refusal?.(status, text) ?? statusError(server.host, status, text);
  if (jsonOrUndefined(text) === undefined) {
    throw new VenueError('GARBAGE', `${server.host} answered with something that is not JSON: ${excerpt(text)}`, {
      httpStatus: status,
    });
  }
  return new Response(text, { status, headers: { 'content-type': headers.get('content-type') ?? 'application/json' } });
}

async function exchange(server: HttpHost, url: string, init: RequestInit) {
  try {
    // A redirect would carry our headers, key included, to wherever it points.
    const response = await fetch(url, { ...init, redirect: 'error' });
    server.onAnswer?.(response.status, response.headers);
    return {
      status: response.status,
      headers: response.headers,
      text: hide(await readBounded(server.host, response), server.secrets),
    };
  } catch (error) {
    if (init.signal?.aborted) throw asError(init.signal.reason);
    if (error instanceof VenueError) throw error;
    throw new VenueError('UNAVAILABLE', `${server.host} cannot be reached (${networkCause(error)})`);
  }
}

function hide(text: string, secrets: readonly string[]): string {
  return secrets.reduce((shown, secret) => (secret === '' ? shown : shown.replaceAll(secret, '[hidden]')), text);
}

/** Parts of a path this long are keys on the providers that put them there. */
const SECRET_CHARS_MIN = 16;

/** What of an endpoint's URL may be a key: credentials, values of the query, long parts of the path. */
export function secretsOf(url: string): string[] {
  const { username, password, pathname, searchParams } = new URL(url);
  const parts = pathname.split('/').filter((part) => part.length >= SECRET_CHARS_MIN);
  return [username, password, ...searchParams.values(), ...parts].filter((part) => part.length >= 4);
}

async function readBounded(host: string, response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX)
      throw new VenueError('GARBAGE', `${host} answered with more than ${ANSWER_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function statusError(host: string, status: number, body: string): VenueError {
  return new VenueError(kindOf(status), `${host} answered with HTTP ${status}: ${excerpt(body)}`, {
    httpStatus: status,
  });
}

export function kindOf(status: number): VenueErrorKind {
  if (status === 429) return 'RATE_LIMITED';
  return status >= 500 || status === 408 ? 'UNAVAILABLE' : 'BAD_REQUEST';
}

/** The beginning of an answer, on one line. */
export function excerpt(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > ERROR_TEXT_CHARS_MAX ? `${line.slice(0, ERROR_TEXT_CHARS_MAX)}...` : line;
}

/** What the text says as JSON; undefined when it is none. */
export function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The system's name for it (`ECONNREFUSED`) where there is one: fetch's own message is the same for everything. */
function networkCause(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code;
  return cause instanceof Error ? cause.name : error instanceof Error ? error.name : 'unknown error';
}

/** Clients hang on a thrown value that is not an Error. */
function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(messageOf(reason));
}

/** Host of an endpoint's URL, for names and messages. Throws without repeating the URL. */
export function hostOf(url: string, what: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol !== 'http:' && parsed?.protocol !== 'https:') {
    throw new RangeError(`${what} must be an http or https URL`);
  }
  return parsed.host;
}
