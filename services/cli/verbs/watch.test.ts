import { expect } from 'chai';
import type { StreamOrderRequest } from '../../../proto/gen/exitlane/v1/delivery_service.js';
import type { OrderMessage } from '../../../proto/gen/exitlane/v1/message.js';
import { OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import { ExitlaneError } from '../../../shared/core/errors.js';
import type { GrpcServer } from '../../../shared/grpc/server.js';
import { serverStream } from '../../../shared/grpc/stream.js';
import { unary } from '../../../shared/grpc/unary.js';
import { ExitCode, Interrupted } from '../exit-codes.js';
import { anOrder, filledStory, frame, run, serve } from '../testing/rig.js';

describe('S1 exitlane watch', () => {
  const servers: GrpcServer[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.close();
  });

  /** Serves a stream; `answer` says what a call gets that starts after this message. */
  async function streaming(
    answer: (after: bigint) => AsyncGenerator<OrderMessage>,
    port = 0,
    status = OrderStatus.CONFIRMING,
  ): Promise<GrpcServer> {
    const server = await serve(
      {
        orders: { getOrder: unary(() => ({ order: anOrder({ status }) })) },
        delivery: {
          streamOrder: serverStream(async function* ({ afterSequence }: StreamOrderRequest) {
            for await (const message of answer(afterSequence)) yield frame(message);
          }),
        },
      },
      port,
    );
    servers.push(server);
    return server;
  }

  async function* storyAfter(after: bigint, upTo = 4): AsyncGenerator<OrderMessage> {
    for (const message of filledStory()) if (message.sequence > after && message.sequence <= upTo) yield message;
  }

  const never = (): Promise<never> => new Promise(() => {});
  const sequences = (lines: readonly string[]) => lines.map((line) => Number(line.slice(13, 15)));

  it('shows every message once and ends with the order', async () => {
    const at = await streaming((after) => storyAfter(after));
    const { exitCode, lines } = await run(['watch', 'bot:1'], { at });
    expect(exitCode).to.equal(ExitCode.OK);
    expect(sequences(lines)).to.deep.equal([1, 2, 3, 4]);
  });

  it('starts after --after', async () => {
    const at = await streaming((after) => storyAfter(after));
    expect(sequences((await run(['watch', 'bot:1', '--after', '2'], { at })).lines)).to.deep.equal([3, 4]);
  });

  it('goes on where it stood when the server is killed and comes back: no gap, no repeat', async () => {
    const first = await streaming(async function* (after) {
      yield* storyAfter(after, 2);
      await never();
    });
    let killed: Promise<GrpcServer> | undefined;
    const onOutput = (text: string): void => {
      if (!text.includes('SUBMITTED')) return;
      killed = first.close().then(() => streaming((after) => storyAfter(after), first.port));
    };
    const { exitCode, lines, stderr } = await run(['watch', 'bot:1'], { at: first, onOutput });
    await killed;
    expect(exitCode).to.equal(ExitCode.OK);
    expect(sequences(lines)).to.deep.equal([1, 2, 3, 4]);
    expect(stderr).to.match(/^no connection to the processor \(.*\): trying again, going on after message 2\n$/);
  });

  it('ends with 4 when told to stop before the end, and says how to go on', async () => {
    const at = await streaming(async function* (after) {
      yield* storyAfter(after, 2);
      await never();
    });
    const stop = new AbortController();
    const onOutput = (text: string): void => {
      if (text.includes('SUBMITTED')) stop.abort(new Interrupted('SIGINT'));
    };
    const { exitCode, stderr } = await run(['watch', 'bot:1'], { at, onOutput, signal: stop.signal });
    expect(exitCode).to.equal(ExitCode.UNKNOWN);
    expect(stderr).to.contain('stopped watching: order bot:1 is not finished');
    expect(stderr).to.contain('watch bot:1 --after 2');
  });

  it('ends with 4 when the connection stays away', async () => {
    const { exitCode, stderr } = await run(['watch', 'bot:1', '--give-up-after', '50ms']);
    expect(exitCode).to.equal(ExitCode.UNKNOWN);
    expect(stderr).to.contain('lost sight of the order (no answer (connect ECONNREFUSED 127.0.0.1:1))');
  });

  it('ends with 4 when the stream ends before the order', async () => {
    const at = await streaming((after) => storyAfter(after, 2));
    expect((await run(['watch', 'bot:1'], { at })).exitCode).to.equal(ExitCode.UNKNOWN);
  });

  it('asks how the order ended when there is no message left to see', async () => {
    const at = await streaming((after) => storyAfter(after), 0, OrderStatus.CANCELLED);
    expect((await run(['watch', 'bot:1', '--after', '4'], { at })).exitCode).to.equal(ExitCode.NOT_FILLED);
  });

  it('ends with 2 when there is no such order', async () => {
    const at = await streaming((): AsyncGenerator<OrderMessage> => {
      throw new ExitlaneError('ORDER_NOT_FOUND', 'no order with order_req_id bot:1');
    });
    const { exitCode, stderr } = await run(['watch', 'bot:1'], { at });
    expect(exitCode).to.equal(ExitCode.REFUSED);
    expect(stderr).to.equal('error: NOT_FOUND (ORDER_NOT_FOUND): no order with order_req_id bot:1\n');
  });

  it('prints one JSON object per line', async () => {
    const at = await streaming((after) => storyAfter(after));
    const { lines } = await run(['watch', 'bot:1', '-o', 'json'], { at });
    const last = JSON.parse(lines.at(-1) ?? '');
    expect(last).to.include({ sequence: '4', text: 'FILLED', order_req_id: 'bot:1' });
    expect(last).to.have.nested.property('status.actual_price', '0.000000120853');
    expect(last).to.have.nested.property('status.slippage_bps', -14);
  });

  it('fits 80 columns on a terminal', async () => {
    const at = await streaming((after) => storyAfter(after));
    const { stdout } = await run(['watch', 'bot:1', '--no-color'], { at, columns: 80 });
    for (const line of stdout.split('\n')) expect(line.length).to.be.at.most(80);
    expect(stdout).not.to.contain('\u001b');
  });
});
