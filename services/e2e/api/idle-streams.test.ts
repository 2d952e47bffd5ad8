import { expect } from 'chai';
import type { StreamOrderResponse } from '../../../proto/gen/exitlane/v1/delivery_service.js';
import { OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import { TradingState } from '../../../proto/gen/exitlane/v1/queue_service.js';
import { ManualClock } from '../../../shared/core/clock.js';
import { STREAM_FALLBACK_LOOK_MS, STREAM_PROGRESS_INTERVAL_MS } from '../../../shared/core/limits.js';
import { call } from '../../../shared/grpc/client.js';
import { eventually } from '../../../shared/store/testing/waiting.js';
import { START_MS, type Stack, startParts } from './stack.js';
import { buy, framesOf } from './support.js';

type Progress = Extract<StreamOrderResponse['frame'], { $case: 'progress' }>['value'];

describe('S2 an idle stream says that it is alive', () => {
  // The processor's time stands still but where a test moves it, so that no progress frame comes by itself.
  const clock = new ManualClock();
  const startedAt = clock.now();
  let stack: Stack;

  before(async function () {
    this.timeout(START_MS);
    stack = await startParts({ processorClock: clock });
    const change = { state: TradingState.HALTED, changedBy: 'test', changeReason: 'to keep the order waiting' };
    await call(stack.queue, 'setTradingState', change);
  });
  after(() => stack?.close());

  it('by a progress frame with the last sequence delivered and the time, again and again', async () => {
    expect((await buy(stack, 'waits')).status).to.equal(OrderStatus.PENDING);
    const frames: StreamOrderResponse[] = [];
    const progress = (): Progress[] =>
      frames.flatMap(({ frame }) => (frame?.$case === 'progress' ? [frame.value] : []));
    const reading = (async () => {
      for await (const frame of framesOf(stack, 'waits')) {
        frames.push(frame);
        if (progress().length === 2) break;
      }
    })();
    await eventually('header and first message', () => frames.length === 2);
    expect(progress()).to.have.length(0);
    for (const wanted of [1, 2]) {
      await eventually(`progress frame ${wanted}`, async () => {
        if (progress().length >= wanted) return true;
        await clock.advance(STREAM_FALLBACK_LOOK_MS);
        return false;
      });
    }
    await reading;
    expect(frames.map(({ frame }) => frame?.$case)).to.deep.equal(['header', 'message', 'progress', 'progress']);
    const [first, second] = progress();
    expect(first?.lastSequence).to.equal(1n);
    expect(second?.lastSequence).to.equal(1n);
    expect((first?.at?.getTime() ?? 0) - startedAt).to.be.at.least(STREAM_PROGRESS_INTERVAL_MS);
    expect((second?.at?.getTime() ?? 0) - (first?.at?.getTime() ?? 0)).to.be.at.least(STREAM_PROGRESS_INTERVAL_MS);
  });
});
