import {
  DeliveryServiceClient,
  type DeliveryServiceServer,
  DeliveryServiceService,
  type StreamOrderRequest,
  type StreamOrderResponse,
} from '../../../proto/gen/exitlane/v1/delivery_service.js';
import { OrderMessage } from '../../../proto/gen/exitlane/v1/message.js';
import { silentLogger } from '../../core/logger.js';
import { connect } from '../client.js';
import { type GrpcServer, type GrpcServerOptions, startGrpcServer } from '../server.js';
import { serverStream } from '../stream.js';
import { unary } from '../unary.js';

/** A message frame with this number and, if wanted, that many bytes of text. */
export function messageFrame(sequence: bigint, bytes = 0): StreamOrderResponse {
  return { frame: { $case: 'message', value: OrderMessage.create({ sequence, text: 'x'.repeat(bytes) }) } };
}

export function sequenceOf({ frame }: StreamOrderResponse): bigint | undefined {
  return frame?.$case === 'message' ? frame.value.sequence : undefined;
}

export function startOf(request: StreamOrderRequest): bigint {
  return request.afterSequence;
}

/** Handlers that answer with as little as possible; tests put their own in place. */
export function deliveryHandlers(own: Partial<DeliveryServiceServer> = {}): DeliveryServiceServer {
  return {
    streamOrder: serverStream(async () => {}),
    submitProposal: unary(() => ({ proposal: undefined, sequence: 1n, duplicate: false })),
    getOrderQueueStats: unary(() => ({ orderQueuesCount: 0n, queues: {}, openStreams: 0 })),
    ...own,
  } as DeliveryServiceServer;
}

/** Servers and clients of one test; `closeAll` belongs into `afterEach`. */
export class Rig {
  readonly #closers: (() => unknown)[] = [];

  async serve(own: Partial<DeliveryServiceServer> = {}, options: Partial<GrpcServerOptions> = {}): Promise<GrpcServer> {
    const services = [{ definition: DeliveryServiceService, implementation: deliveryHandlers(own) }];
    const server = await startGrpcServer({ port: 0, name: 'test service', logger: silentLogger, services, ...options });
    this.#closers.push(() => server.close());
    return server;
  }

  client(server: Pick<GrpcServer, 'address'>): DeliveryServiceClient {
    const client = connect(DeliveryServiceClient, server.address);
    this.#closers.push(() => client.close());
    return client;
  }

  /** Runs at the end of the test. */
  defer(closer: () => unknown): void {
    this.#closers.push(closer);
  }

  async closeAll(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) await close();
  }
}

/** A promise with its resolver outside, to await an event by name. */
export function event<T = void>(): { readonly happened: Promise<T>; readonly fire: (value: T) => void } {
  let fire: (value: T) => void = () => {};
  const happened = new Promise<T>((resolve) => {
    fire = resolve;
  });
  return { happened, fire };
}

/** What the promise rejects with; fails if it does not. */
export async function failure(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('expected a failure, but it succeeded');
}

/** Reads a stream to its end. */
export async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of stream) all.push(item);
  return all;
}
