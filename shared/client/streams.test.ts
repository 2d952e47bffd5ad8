import { expect } from 'chai';
import {
  DeliveryServiceService,
  type StreamOrderRequest,
  type StreamOrderResponse,
} from '../../proto/gen/exitlane/v1/delivery_service.js';
import { OrderMessage, StatusUpdate } from '../../proto/gen/exitlane/v1/message.js';
import { Order } from '../../proto/gen/exitlane/v1/order.js';
import {
  type GetOrderRequest,
  OrderServiceService,
  type WatchOrdersRequest,
  type WatchOrdersResponse,
} from '../../proto/gen/exitlane/v1/order_service.js';
import { ExitlaneError } from '../core/errors.js';
import { silentLogger } from '../core/logger.js';
import { startGrpcServer } from '../grpc/server.js';
import { serverStream } from '../grpc/stream.js';
import { deliveryHandlers, failure, Rig } from '../grpc/testing/delivery.js';
import { unary } from '../grpc/unary.js';
import { connectExitlane, type ExitlaneClient } from './connect.js';
import type { OrderFollow } from './follow.js';

const unavailable = () => new ExitlaneError('SHUTTING_DOWN', 'bye');
const limited = () => new ExitlaneError('RATE_LIMITED', 'slow down', { retryDelayMs: 5 });

const header = (epoch: string): StreamOrderResponse => ({
  frame: { $case: 'header', value: { epoch, earliestSequence: 1n, headSequence: 9n, orderId: 'o' } },
});

function message(sequence: bigint, isTerminal = false): StreamOrderResponse {
  const content = { $case: 'status' as const, value: StatusUpdate.create({ isTerminal }) };
  return { frame: { $case: 'message', value: OrderMessage.create({ sequence, content }) } };
}

type Step<T> = T | Error | 'stays open';

/** Plays one script per connection; the last one again for all further ones. */
class Play<Q, T extends object> {
  readonly requests: Q[] = [];
  readonly #scripts: Step<T>[][];

  constructor(...scripts: Step<T>[][]) {
    this.#scripts = scripts;
  }

  /** For the server. */
  readonly handler = serverStream((request: Q, { signal }) => this.#play(request, signal));

  async *#play(request: Q, signal: AbortSignal): AsyncGenerator<T> {
    this.requests.push(request);
    for (const step of this.#scripts[Math.min(this.requests.length, this.#scripts.length) - 1] ?? []) {
      if (step === 'stays open') await new Promise((resolve) => signal.addEventListener('abort', resolve));
      else if (step instanceof Error) throw step;
      else yield step;
    }
  }
}

async function sequences(follow: OrderFollow): Promise<number[]> {
  const all: number[] = [];
  for await (const { sequence } of follow) all.push(Number(sequence));
  return all;
}

describe('S1 following one order by the client', () => {
  const rig = new Rig();
  afterEach(() => rig.closeAll());

  async function playing(...scripts: Step<StreamOrderResponse>[][]) {
    const play = new Play<StreamOrderRequest, StreamOrderResponse>(...scripts);
    const implementation = deliveryHandlers({ streamOrder: play.handler });
    const services = [{ definition: DeliveryServiceService, implementation }];
    const server = await startGrpcServer({ port: 0, name: 'test', logger: silentLogger, services });
    rig.defer(() => server.close());
    const client = connectExitlane({ requestor: server.address, processor: server.address });
    rig.defer(() => client.close());
    return { client, cursors: () => play.requests.map(({ afterSequence }) => Number(afterSequence)) };
  }

  it('goes on after the last message, and ends with the terminal one though the stream stays open', async () => {
    const { client, cursors } = await playing(
      [header('e'), message(4n), message(5n), unavailable()],
      [header('e'), unavailable()],
      [header('e'), message(6n), message(7n, true), 'stays open'],
    );
    const follow = client.followOrder('o', { afterSequence: 3n });
    expect([follow.epoch, follow.lastSequence]).to.deep.equal([undefined, 3n]);
    expect(await sequences(follow)).to.deep.equal([4, 5, 6, 7]);
    expect(cursors()).to.deep.equal([3, 5, 5]);
    expect([follow.epoch, follow.lastSequence]).to.deep.equal(['e', 7n]);
  });

  it('waits out a limit, where it opens the stream and where it opens it again', async () => {
    const { client, cursors } = await playing(
      [limited()],
      [header('e'), message(1n), unavailable()],
      [limited()],
      [header('e'), message(2n, true)],
    );
    expect(await sequences(client.followOrder('o'))).to.deep.equal([1, 2]);
    expect(cursors()).to.deep.equal([0, 0, 1, 1]);
  });

  it('S2 fails when the log is not the one that the cursor was from', async () => {
    const { client } = await playing([header('new'), message(6n)]);
    const error = await failure(sequences(client.followOrder('o', { afterSequence: 5n, epoch: 'old' })));
    expect(error).to.include({ name: 'EpochChangedError', before: 'old', after: 'new' });
  });

  it('gives up with what broke it after the time it was given', async () => {
    const { client, cursors } = await playing([header('e'), message(1n), unavailable()], [unavailable()]);
    const error = await failure(sequences(client.followOrder('o', { giveUpAfterMs: 200 })));
    expect(error).to.include({ name: 'CallError', reason: 'SHUTTING_DOWN' });
    expect(cursors().length).to.be.above(2);
  });

  for (const [what, text] of [
    ["the signal's reason", 'enough'],
    ['an error when the client closes', 'this client was closed'],
  ] as const) {
    it(`ends with ${what}, at once`, async () => {
      const { client } = await playing([header('e'), message(1n), 'stays open']);
      const stop = new AbortController();
      const end = text === 'enough' ? () => stop.abort(new Error(text)) : () => client.close();
      const read = async () => {
        for await (const _ of client.followOrder('o', { signal: stop.signal })) setImmediate(end);
      };
      expect((await failure(read())).message).to.equal(text);
    });
  }

  it('begins nothing after it was closed', async () => {
    const { client } = await playing([header('e')]);
    client.close();
    expect((await failure(client.market.wallet())).message).to.equal('this client was closed');
    expect((await failure(sequences(client.followOrder('o')))).message).to.equal('this client was closed');
  });
});

const order = (orderId: string, updatedAt: number, isTerminal = false) =>
  Order.create({ orderId, updatedAt: new Date(updatedAt), isTerminal });
const told = (each: Order): WatchOrdersResponse => ({ order: each, currentComplete: false });
const complete: WatchOrdersResponse = { order: undefined, currentComplete: true };
const signOfLife: WatchOrdersResponse = { order: undefined, currentComplete: false };

describe('S1 watching orders by the client', () => {
  const rig = new Rig();
  afterEach(() => rig.closeAll());

  async function playing(looked: readonly Order[], ...scripts: Step<WatchOrdersResponse>[][]) {
    const play = new Play<WatchOrdersRequest, WatchOrdersResponse>(...scripts);
    const getOrder = unary(({ id }: GetOrderRequest) => {
      const found = looked.find(({ orderId }) => orderId === id?.value);
      if (!found) throw new ExitlaneError('ORDER_NOT_FOUND', 'pruned');
      return { order: found };
    });
    const none = unary(() => {
      throw new ExitlaneError('INVALID_FIELD', 'not asked here');
    });
    const names = Object.keys(OrderServiceService).map((name) => [name, none] as const);
    const implementation = { ...Object.fromEntries(names), watchOrders: play.handler, getOrder };
    const services = [{ definition: OrderServiceService, implementation }];
    const server = await startGrpcServer({ port: 0, name: 'test', logger: silentLogger, services });
    rig.defer(() => server.close());
    const client = connectExitlane({ requestor: server.address, processor: server.address });
    rig.defer(() => client.close());
    return { client, requests: play.requests };
  }

  async function take(client: ExitlaneClient, count: number, onCurrent = () => {}): Promise<string[]> {
    const all: string[] = [];
    for await (const { orderId, isTerminal } of client.orders.watch({}, { onCurrent })) {
      all.push(isTerminal ? `${orderId} ended` : orderId);
      if (all.length === count) break;
    }
    return all;
  }

  it('tells what ended while the connection was broken, once, and goes on', async () => {
    const { client, requests } = await playing(
      [order('b', 3, true)],
      [told(order('a', 1)), told(order('b', 1)), told(order('gone', 1)), complete, signOfLife, unavailable()],
      [limited()],
      [told(order('a', 1)), complete, told(order('c', 4)), 'stays open'],
    );
    let currents = 0;
    const onCurrent = () => {
      currents += 1;
    };
    expect(await take(client, 6, onCurrent)).to.deep.equal(['a', 'b', 'gone', 'a', 'b ended', 'c']);
    expect(currents).to.equal(2);
    expect(requests.map(({ includeCurrent }) => includeCurrent)).to.deep.equal([true, true, true]);
  });

  it('forgets what ended before its eyes', async () => {
    const { client } = await playing(
      [],
      [told(order('a', 1)), complete, told(order('a', 2, true)), unavailable()],
      [complete, told(order('b', 3)), 'stays open'],
    );
    expect(await take(client, 3)).to.deep.equal(['a', 'a ended', 'b']);
  });

  it('comes back when the service ends it without a word', async () => {
    const { client } = await playing([], [told(order('a', 1))], [told(order('b', 2)), 'stays open']);
    expect(await take(client, 2)).to.deep.equal(['a', 'b']);
  });

  it('fails on a status that another try cannot change', async () => {
    const { client, requests } = await playing([], [new ExitlaneError('ROLE_INSUFFICIENT', 'no')]);
    expect(await failure(take(client, 1))).to.include({ status: 'PERMISSION_DENIED' });
    expect(requests).to.have.lengthOf(1);
  });
});
