import type { Client } from '@grpc/grpc-js';
import type { Clock } from '../core/clock.js';
import { newId } from '../core/ids.js';
import type { Random } from '../core/random.js';
import {
  type ClientConstructor,
  call,
  connect,
  openStream,
  type RequestOf,
  type ResponseOf,
  type StreamMethod,
  type UnaryMethod,
} from '../grpc/client.js';
import type { ClientSecurity } from '../grpc/client-security.js';
import { type Reconnecting, reconnecting } from './reconnect.js';
import { type Repeat, type Retry, withRetries } from './retry.js';
import { Scope } from './scope.js';

/** What can be said of every call. */
export interface CallSettings {
  /** For all tries together, milliseconds; default: that of the client. */
  readonly deadlineMs?: number;
  /** Aborting ends the call; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Name of the call in the services' logs, the same in every try: `[A-Za-z0-9._-]{1,64}`; default: a new one. */
  readonly requestId?: string;
  /** For whom the call is made, such as a user of a bot: 1 to 64 visible ASCII characters. For the audit log; grants nothing. */
  readonly actingFor?: string;
}

export interface CallerOptions {
  readonly security: ClientSecurity;
  readonly deadlineMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly onRetry: ((retry: Retry) => void) | undefined;
}

/** How one method is called. */
export interface Wish<C extends Client, K extends UnaryMethod<C>> {
  readonly client: C;
  readonly method: K;
  readonly request: RequestOf<C, K>;
  readonly repeat: Repeat;
  /** For the error's metadata. */
  readonly facts?: Readonly<Record<string, string>>;
}

/** Makes the calls of all parts of the client: retries, deadline, abort, close. */
export class Caller {
  readonly #options: CallerOptions;
  readonly #scope = new Scope();
  readonly #clients: Client[] = [];

  constructor(options: CallerOptions) {
    this.#options = options;
  }

  get clock(): Clock {
    return this.#options.clock;
  }

  /** A client of one service, closed with this. @param address see `serversAt` */
  connect<C extends Client>(clientClass: ClientConstructor<C>, address: string): C {
    const client = connect(clientClass, address, {}, this.#options.security);
    this.#clients.push(client);
    return client;
  }

  /** @throws CallError, or the signal's reason */
  unary<C extends Client, K extends UnaryMethod<C>>(
    { client, method, request, repeat, facts }: Wish<C, K>,
    settings: CallSettings = {},
  ): Promise<ResponseOf<C, K>> {
    const { clock, random, onRetry } = this.#options;
    const { deadlineMs = this.#options.deadlineMs, requestId = newId(), actingFor } = settings;
    const acting = actingFor === undefined ? {} : { actingFor };
    return this.run(settings.signal, (signal) =>
      withRetries((ms) => call(client, method, request, { deadlineMs: ms, signal, requestId, ...acting }), {
        repeat,
        deadlineMs,
        clock,
        random,
        signal,
        onRetry,
        facts,
      }),
    );
  }

  /** One connection of a stream, without any repeat. */
  stream<C extends Client, K extends StreamMethod<C>>(
    client: C,
    method: K,
    request: RequestOf<C, K>,
    signal: AbortSignal,
  ): AsyncIterable<ResponseOf<C, K>> {
    return openStream(client, method, request, { signal });
  }

  run<T>(outer: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return this.#scope.run(outer, work);
  }

  iterate<T>(
    outer: AbortSignal | undefined,
    body: (signal: AbortSignal) => AsyncGenerator<T, void, undefined>,
  ): AsyncIterable<T> {
    return this.#scope.iterate(outer, body);
  }

  /** What `open` yields, across broken connections. */
  reconnecting<T>(
    open: (signal: AbortSignal, connection: number) => AsyncIterable<T>,
    settings: Reconnecting = {},
  ): AsyncIterable<T> {
    const { clock, random } = this.#options;
    return this.iterate(settings.signal, (signal) => reconnecting(open, { ...settings, clock, random, signal }));
  }

  close(): void {
    this.#scope.close();
    for (const client of this.#clients) client.close();
    this.#options.security.close();
  }
}
