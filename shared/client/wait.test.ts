import { expect } from 'chai';
import { OrderMessage } from '../../proto/gen/exitlane/v1/message.js';
import { Order } from '../../proto/gen/exitlane/v1/order.js';
import { ManualClock } from '../core/clock.js';
import { ExitlaneError } from '../core/errors.js';
import { silentLogger } from '../core/logger.js';
import { CallError } from '../grpc/call-error.js';
import { toServiceError } from '../grpc/status.js';
import { failure } from '../grpc/testing/delivery.js';
import { waitForEnd } from './wait.js';

/** Orders that end when they are followed, and what else following fails with. */
class World {
  readonly clock = new ManualClock();
  readonly stop = new AbortController();
  readonly followed: string[] = [];
  readonly #orders = new Map<string, Order>();
  readonly #ends: Readonly<Record<string, 'ends' | 'hangs' | Error>>;

  constructor(ends: Readonly<Record<string, 'ends' | 'hangs' | Error>>) {
    this.#ends = ends;
  }

  wait(orderReqId: string, deadlineMs?: number): Promise<Order> {
    const { clock } = this;
    return waitForEnd(orderReqId, {
      look: async (id) => this.#orders.get(id),
      follow: (id, signal) => this.#follow(id, signal),
      signal: this.stop.signal,
      clock,
      ...(deadlineMs === undefined ? {} : { deadlineMs }),
    });
  }

  async *#follow(orderReqId: string, signal: AbortSignal): AsyncGenerator<OrderMessage> {
    this.followed.push(orderReqId);
    const end = this.#ends[orderReqId];
    if (end instanceof Error) throw end;
    if (end === 'hangs') await this.clock.sleep(1_000_000, signal);
    yield OrderMessage.create({ orderReqId });
    this.#orders.set(orderReqId, Order.create({ orderReqId, isTerminal: true }));
  }
}

function notMade(instead: string): CallError {
  const error = new ExitlaneError('ORDER_NOT_MADE', 'sold by another', { metadata: { follows_order_req_id: instead } });
  return new CallError('streamOrder', toServiceError(error, silentLogger));
}

describe('S1 waiting for the end of an order', () => {
  it('follows it to its end, and then only looks', async () => {
    const world = new World({ mine: 'ends' });
    expect((await world.wait('mine')).orderReqId).to.equal('mine');
    await world.wait('mine');
    expect(world.followed).to.deep.equal(['mine']);
  });

  it('X11 goes over to the exit that sold instead, as often as there is another one', async () => {
    const world = new World({ mine: notMade('theirs'), theirs: notMade('last'), last: 'ends' });
    expect((await world.wait('mine')).orderReqId).to.equal('last');
    expect(world.followed).to.deep.equal(['mine', 'theirs', 'last']);
  });

  it('fails with what following fails with', async () => {
    const error = new Error('no such order');
    expect(await failure(new World({ mine: error }).wait('mine'))).to.equal(error);
  });

  it('fails with DEADLINE_EXCEEDED at its deadline, not before, and leaves no timer', async () => {
    const world = new World({ mine: 'hangs' });
    const waiting = failure(world.wait('mine', 5_000));
    await world.clock.advance(4_999);
    expect(world.clock.pendingTimers).to.equal(2);
    await world.clock.advance(1);
    expect(await waiting).to.include({ name: 'CallError', status: 'DEADLINE_EXCEEDED', method: 'waitForEnd' });
    expect(world.clock.pendingTimers).to.equal(0);
  });

  it("fails with the signal's reason", async () => {
    const world = new World({ mine: 'hangs' });
    const waiting = failure(world.wait('mine', 5_000));
    world.stop.abort(new Error('enough'));
    expect((await waiting).message).to.equal('enough');
    expect(world.clock.pendingTimers).to.equal(0);
  });
});
