import {
  type CallOptions,
  type ChannelCredentials,
  type Client,
  type ClientOptions,
  type ClientReadableStream,
  type ClientUnaryCall,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import { currentTracer } from '../core/trace.js';
import { ACTING_FOR_KEY } from './access.js';
import { serversAt } from './addresses.js';
import { CALL_DEADLINE_MS } from './bounds.js';
import { CallError } from './call-error.js';
import { channelOptions } from './channel-options.js';
import { type ClientSecurity, PLAIN } from './client-security.js';
import { stoppable } from './iterate.js';
import { currentRequestId } from './request-context.js';
import { REQUEST_ID_KEY } from './status.js';
import { TRACEPARENT_KEY } from './traced-calls.js';

/** The client class that ts-proto generates for a service. */
export interface ClientConstructor<C extends Client> {
  new (address: string, credentials: ChannelCredentials, options?: Partial<ClientOptions>): C;
}

type UnaryCall<Request, Response> = (
  request: Request,
  metadata: Metadata,
  options: Partial<CallOptions>,
  callback: (error: ServiceError | null, response: Response) => void,
) => ClientUnaryCall;

type StreamCall<Request, Response> = (
  request: Request,
  metadata?: Metadata,
  options?: Partial<CallOptions>,
) => ClientReadableStream<Response>;

// A readable stream has all that a unary call object has, so the question "is it a stream?" comes first everywhere.
type Kind<F> =
  F extends StreamCall<infer Q, infer S>
    ? { kind: 'stream'; request: Q; response: S }
    : F extends UnaryCall<infer Q, infer S>
      ? { kind: 'unary'; request: Q; response: S }
      : { kind: 'other'; request: never; response: never };
type MethodsOf<C, Wanted> = { [K in keyof C]: Kind<C[K]>['kind'] extends Wanted ? K : never }[keyof C] & string;

/** Names of the client's unary methods. */
export type UnaryMethod<C> = MethodsOf<C, 'unary'>;
/** Names of the client's server-streaming methods. */
export type StreamMethod<C> = MethodsOf<C, 'stream'>;
export type RequestOf<C, K extends keyof C> = Kind<C[K]>['request'];
export type ResponseOf<C, K extends keyof C> = Kind<C[K]>['response'];

export interface CallSettings {
  /** Aborting cancels the call; the promise or the iteration then fails with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Sent as `x-request-id`; default: the id of the call whose handler is running, else the server makes one. */
  readonly requestId?: string;
  /** For whom the call is made, such as a signed-in user: 1 to 64 visible ASCII characters. For the audit log; grants nothing. */
  readonly actingFor?: string;
}

export interface UnarySettings extends CallSettings {
  /** After this the call fails with DEADLINE_EXCEEDED; default 10 s. */
  readonly deadlineMs?: number;
  /** Waits for a connection, as long as the deadline allows, where none could be had a moment ago; default: fails at once. */
  readonly waitForReady?: boolean;
}

/**
 * A client with every channel option stated (`channel-options.ts`). It connects at the first call; close it with `close()`.
 * @param address one server or several: see `serversAt`
 * @param security how it shows itself; default: plain text, as on loopback
 */
export function connect<C extends Client>(
  clientClass: ClientConstructor<C>,
  address: string,
  options: Partial<ClientOptions> = {},
  security: ClientSecurity = PLAIN,
): C {
  const channel = security.channelFor(address);
  const all = { ...channelOptions(address), ...channel.options, ...options };
  return new clientClass(serversAt(address).target, channel.credentials, all);
}

/**
 * Makes one unary call. Rejects with a CallError that carries the server's details, or with the signal's reason.
 */
export function call<C extends Client, K extends UnaryMethod<C>>(
  client: C,
  method: K,
  request: RequestOf<C, K>,
  settings: UnarySettings = {},
): Promise<ResponseOf<C, K>> {
  const start = client[method] as unknown as UnaryCall<RequestOf<C, K>, ResponseOf<C, K>>;
  return promised(method, settings, (metadata, options, callback) =>
    start.call(client, request, metadata, options, callback),
  );
}

/** The promise around any unary call of grpc-js. */
export function promised<Response>(
  method: string,
  { signal, requestId, actingFor, deadlineMs = CALL_DEADLINE_MS, waitForReady = false }: UnarySettings,
  start: (
    metadata: Metadata,
    options: Partial<CallOptions>,
    callback: (error: ServiceError | null, response?: Response) => void,
  ) => ClientUnaryCall,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const onAbort = (): void => {
      running.cancel();
      reject(signal?.reason);
    };
    const metadata = headers(requestId, actingFor);
    metadata.setOptions({ waitForReady });
    const running = start(metadata, { deadline: Date.now() + deadlineMs }, (error, response) => {
      signal?.removeEventListener('abort', onAbort);
      if (error) reject(new CallError(method, error));
      else resolve(response as Response);
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/**
 * Opens a server stream when it is iterated, once per iteration. Messages are pulled: a slow reader holds the server back
 * instead of filling memory. Leaving the loop in any way cancels the call. Fails with a CallError, or the signal's reason.
 */
export function openStream<C extends Client, K extends StreamMethod<C>>(
  client: C,
  method: K,
  request: RequestOf<C, K>,
  settings: CallSettings = {},
): AsyncIterable<ResponseOf<C, K>> {
  const start = client[method] as unknown as StreamCall<RequestOf<C, K>, ResponseOf<C, K>>;
  return pulled(method, settings, (metadata) => start.call(client, request, metadata));
}

/** The iterable around any server stream of grpc-js. */
export function pulled<Response>(
  method: string,
  { signal: outer, requestId, actingFor }: CallSettings,
  start: (metadata: Metadata) => ClientReadableStream<Response>,
): AsyncIterable<Response> {
  return stoppable(outer, async function* (signal) {
    signal.throwIfAborted();
    const stream = start(headers(requestId, actingFor));
    const onAbort = (): void => stream.cancel();
    signal.addEventListener('abort', onAbort, { once: true });
    // The iteration below reports errors; this listener is for the one that cancelling causes after it has ended.
    stream.on('error', () => {});
    try {
      for await (const message of stream) {
        signal.throwIfAborted();
        yield message as Response;
      }
      signal.throwIfAborted();
    } catch (error) {
      signal.throwIfAborted();
      throw error instanceof Error && 'code' in error ? new CallError(method, error) : error;
    } finally {
      signal.removeEventListener('abort', onAbort);
      stream.cancel();
    }
  });
}

function headers(requestId = currentRequestId(), actingFor?: string): Metadata {
  const metadata = new Metadata();
  if (requestId !== undefined) metadata.set(REQUEST_ID_KEY, requestId);
  if (actingFor !== undefined) metadata.set(ACTING_FOR_KEY, actingFor);
  const traceparent = currentTracer()?.traceparent();
  if (traceparent !== undefined) metadata.set(TRACEPARENT_KEY, traceparent);
  return metadata;
}
