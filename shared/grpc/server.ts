import {
  Server,
  type ServerInterceptor,
  type ServiceDefinition,
  setLogger,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { type Clock, systemClock } from '../core/clock.js';
import { ExitlaneError, messageOf } from '../core/errors.js';
import * as limits from '../core/limits.js';
import type { Logger } from '../core/logger.js';
import { CONNECTION_AGE_GRACE_MS, CONNECTION_AGE_MS_MAX } from './bounds.js';
import { guardCalls } from './call-guard.js';
import type { CallObserver } from './call-observer.js';
import { closeServer, type DrainResult, drainServer } from './drain.js';
import { addIntrospection, serviceNameOf } from './introspection.js';
import { type Listener, type ListenOptions, listen } from './listener.js';
import { joinAddress } from './loopback.js';
import { OpenCalls } from './open-calls.js';
import { RefusalLog } from './refusal-log.js';
import { requestContext } from './request-context.js';
import { refuseOpenHost, type ServerSecurity } from './server-security.js';

/** A ts-proto service and the handlers for it, made with `unary` and `serverStream`. */
export interface GrpcService {
  readonly definition: ServiceDefinition;
  readonly implementation: UntypedServiceImplementation;
}

export interface GrpcServerOptions {
  /** Default `127.0.0.1`; any other than loopback needs TLS and an access list. */
  readonly host?: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly services: readonly GrpcService[];
  readonly logger: Logger;
  /** For messages: `requestor`, `processor`. */
  readonly name: string;
  /** Health right after the start; default true. With false, call `setServing(true)` when ready. */
  readonly serving?: boolean;
  /** Run inside the request context, in this order. */
  readonly interceptors?: readonly ServerInterceptor[];
  readonly clock?: Clock;
  /** Told of every call; default: nobody. */
  readonly observer?: CallObserver | undefined;
  /** TLS, who may call, and how much; default: plain, everybody. It stays the caller's to close. */
  readonly security?: ServerSecurity | undefined;
}

export interface GrpcServer {
  /** `host:port`, ready for a client. */
  readonly address: string;
  readonly port: number;
  /** Streams open now, those of health and reflection included. */
  readonly openStreams: number;
  /** Switches the health of the server and of every service. */
  setServing(serving: boolean): void;
  /** Ends the server gently within the time; see `drain.ts`. Calling it again returns the same drain. */
  drain(deadlineMs?: number): Promise<DrainResult>;
  /** Ends the server at once, and with it a drain under way. */
  close(): Promise<void>;
}

/**
 * Starts a gRPC server with every limit set: grpc-js has most of them off.
 * @throws ExitlaneError CONFIG_INVALID if the host is open to others without TLS and access list, or the port cannot be had.
 */
export async function startGrpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  // grpc-js is content if only one of the addresses behind a name could be bound, so the name is settled here.
  const host = options.host === undefined || options.host === 'localhost' ? '127.0.0.1' : options.host;
  const { logger, clock = systemClock, security } = options;
  refuseOpenHost(host, options.name, security);
  quietTransport(logger);
  const calls = new OpenCalls();
  const guard = security?.access && guardCalls(security.access, security, { calls, clock, logger });
  const server = new Server({
    ...CHANNEL_OPTIONS,
    interceptors: [
      requestContext({ calls, logger, clock, observer: options.observer, ...guard?.context }),
      ...(options.interceptors ?? []),
    ],
  });
  for (const { definition, implementation } of options.services) {
    server.addService(withLoggedSerialisation(definition, logger), implementation);
  }
  const health = addIntrospection(
    server,
    options.services.map(({ definition }) => serviceNameOf(definition)),
  );
  health.set(options.serving ?? true);
  const refused = new RefusalLog(logger, clock);
  const listener = await bind(server, options, {
    host,
    port: options.port,
    tls: security?.tls,
    clock,
    isKnown: guard && ((peer) => guard.context.limiter.isKnown(peer)),
    onClosed: (peer) => guard?.context.limiter.connectionClosed(peer),
    onRefused: (address, why) => refused.connection(address, why),
  });
  const parts = { server, listener, health, calls, clock, logger };

  let draining: Promise<DrainResult> | undefined;
  return {
    address: joinAddress(host, listener.port),
    port: listener.port,
    get openStreams() {
      return calls.streams;
    },
    setServing(serving) {
      if (!draining) health.set(serving);
    },
    drain(deadlineMs = limits.DRAIN_MS) {
      guard?.close();
      draining ??= drainServer(parts, deadlineMs);
      return draining;
    },
    close() {
      guard?.close();
      return closeServer(parts);
    },
  };
}

/** grpc-js writes to the console what others send it; what it says is for whoever debugs the transport. One for the whole process. */
function quietTransport(logger: Logger): void {
  const say = (...parts: readonly unknown[]) => logger.debug({ transport: parts.map(String).join(' ') }, 'grpc-js');
  setLogger({ error: say, info: say, debug: say });
}

const CHANNEL_OPTIONS = {
  'grpc.max_receive_message_length': limits.GRPC_RECEIVE_BYTES_MAX,
  'grpc.max_send_message_length': limits.GRPC_CLIENT_RECEIVE_BYTES_MAX,
  'grpc.max_concurrent_streams': limits.GRPC_STREAMS_PER_CONNECTION_MAX,
  'grpc.keepalive_time_ms': limits.GRPC_KEEPALIVE_TIME_MS,
  'grpc.keepalive_timeout_ms': limits.GRPC_KEEPALIVE_TIMEOUT_MS,
  'grpc.max_connection_age_ms': CONNECTION_AGE_MS_MAX,
  'grpc.max_connection_age_grace_ms': CONNECTION_AGE_GRACE_MS,
  'grpc-node.max_session_memory': limits.GRPC_SESSION_MEMORY_MIB,
};

async function bind(server: Server, { name }: GrpcServerOptions, options: ListenOptions): Promise<Listener> {
  const { host, port } = options;
  try {
    return await listen(server, options);
  } catch (cause) {
    server.forceShutdown();
    const address = joinAddress(host, port);
    const inUse = messageOf(cause).includes('EADDRINUSE');
    const message = inUse
      ? `the ${name} cannot listen on ${address}: another process uses this port. Stop it, or give the ${name} another port.`
      : `the ${name} cannot listen on ${address}: ${messageOf(cause)}. Give the ${name} another address or port.`;
    throw new ExitlaneError('CONFIG_INVALID', message, { metadata: { address }, cause });
  }
}

/** grpc-js answers INTERNAL when a response cannot be encoded and tells nobody why: the log must. */
function withLoggedSerialisation(definition: ServiceDefinition, logger: Logger): ServiceDefinition {
  const methods = Object.entries(definition).map(([key, method]) => {
    const responseSerialize: typeof method.responseSerialize = (value) => {
      try {
        return method.responseSerialize(value);
      } catch (error) {
        logger.error({ err: error, method: method.path.slice(1) }, 'a response could not be encoded');
        throw error;
      }
    };
    return [key, { ...method, responseSerialize }];
  });
  return Object.fromEntries(methods);
}
