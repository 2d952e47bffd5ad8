import { messageOf } from '../../../shared/core/errors.js';
import type { Call } from './calls.js';
import { hostOf } from './http.js';
import { isOutage } from './venue-error.js';

/** An external endpoint and how its last call went. */
export interface EndpointState {
  /** `jupiter` or `rpc`. */
  readonly name: string;
  /** Scheme and host alone: the rest of the address may be a key. */
  readonly url: string;
  readonly healthy: boolean;
  /** Empty after a call that succeeded, and before the first one. */
  readonly lastError: string;
}

interface Known {
  readonly name: string;
  readonly url: string;
  readonly host: string;
}

/** Remembers how the last call to each endpoint went. It asks nothing by itself. */
export class EndpointHealth {
  readonly #known: Known[];
  readonly #lastError = new Map<string, string>();

  constructor({ jupiterUrl, rpcUrls }: { readonly jupiterUrl: string; readonly rpcUrls: readonly string[] }) {
    const known = (name: string, url: string) => {
      const host = hostOf(url, name);
      return { name, host, url: `${new URL(url).protocol}//${host}` };
    };
    this.#known = [known('jupiter', jupiterUrl), ...rpcUrls.map((url) => known('rpc', url))];
  }

  /** The same calls, watched. */
  observe(call: Call): Call {
    return async (level, name, work, options) => {
      const host = name.slice(0, name.lastIndexOf(':'));
      try {
        const answer = await call(level, name, work, options);
        this.#lastError.delete(host);
        return answer;
      } catch (error) {
        if (isOutage(error)) this.#lastError.set(host, messageOf(error));
        throw error;
      }
    };
  }

  list(): EndpointState[] {
    return this.#known.map(({ name, url, host }) => {
      const lastError = this.#lastError.get(host) ?? '';
      return { name, url, healthy: lastError === '', lastError };
    });
  }
}
