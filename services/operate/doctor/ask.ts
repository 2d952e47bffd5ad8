import { fetchJson, hostOf, secretsOf } from '../../processor/venue/http.js';
import { CALL_TIMEOUT_MS } from './limits.js';

/** One answer of a server, with how long it took and what it says of its limits. */
export interface Answer {
  readonly body: unknown;
  readonly tookMs: number;
  /** `remaining 48 of 60`, or empty. */
  readonly limits: string;
}

export interface Server {
  /** Host and port: all that may be shown of an address. */
  readonly host: string;
  ask(path: string, init: RequestInit, signal: AbortSignal): Promise<Answer>;
}

/** Errors name the host alone; what of the address may be a key is hidden in answers too. */
export function serverAt(url: string, what: string, secrets: readonly string[] = []): Server {
  const host = hostOf(url, what);
  return {
    host,
    async ask(path, init, signal) {
      let limits = '';
      const onAnswer = (_: number, headers: Headers) => {
        limits = limitsIn(headers);
      };
      const late = AbortSignal.any([signal, AbortSignal.timeout(CALL_TIMEOUT_MS)]);
      const startedAt = performance.now();
      try {
        const target = { host, secrets: [...secretsOf(url), ...secrets], onAnswer };
        const response = await fetchJson(target, url.replace(/\/+$/, '') + path, { ...init, signal: late });
        const tookMs = Math.round(performance.now() - startedAt);
        return { body: await response.json(), tookMs, limits };
      } catch (error) {
        if (late.aborted && !signal.aborted)
          throw new Error(`${host} does not answer within ${CALL_TIMEOUT_MS / 1_000} s`);
        throw error;
      }
    },
  };
}

function limitsIn(headers: Headers): string {
  const of = (name: string) => headers.get(`x-ratelimit-${name}`);
  const [remaining, limit] = [of('remaining'), of('limit')];
  if (remaining === null) return '';
  return limit === null
    ? `${remaining} calls left in this window`
    : `${remaining} of ${limit} calls left in this window`;
}
