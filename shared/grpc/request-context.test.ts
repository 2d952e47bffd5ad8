import { Metadata } from '@grpc/grpc-js';
import { expect } from 'chai';
import { pino } from 'pino';
import {
  type DeliveryServiceClient,
  GetOrderQueueStatsRequest,
  StreamOrderRequest,
  SubmitProposalRequest,
} from '../../proto/gen/exitlane/v1/delivery_service.js';
import { invalidField } from '../core/errors.js';
import type { CallError } from './call-error.js';
import { call, openStream } from './client.js';
import { currentRequestId } from './request-context.js';
import { serverStream } from './stream.js';
import { collect, event, failure, messageFrame, Rig } from './testing/delivery.js';
import { unary } from './unary.js';

const request = GetOrderQueueStatsRequest.create();
const stats = { orderQueuesCount: 0n, queues: {}, openStreams: 0 };
const GENERATED = /^[0-9a-f]{8}-[0-9a-f-]{27}$/;

/** The response headers of one call. */
function headersOf(client: DeliveryServiceClient, requestId: string): Promise<Metadata> {
  const metadata = new Metadata();
  metadata.set('x-request-id', requestId);
  return new Promise((resolve) => {
    client.getOrderQueueStats(request, metadata, {}, () => {}).on('metadata', resolve);
  });
}

describe('S5 request ids', () => {
  const rig = new Rig();
  afterEach(() => rig.closeAll());

  const taken = ['a', 'Bot-7_x.1', 'x'.repeat(64)];
  for (const id of taken) {
    it(`takes over '${id.slice(0, 12)}' (${id.length} characters) and sends it back`, async () => {
      const server = await rig.serve();
      const headers = await headersOf(rig.client(server), id);
      expect(headers.get('x-request-id')).to.deep.equal([id]);
    });
  }
  for (const id of ['', 'x'.repeat(65), 'a b', 'a/b', 'a"b']) {
    it(`replaces '${id.slice(0, 12)}' (${id.length} characters)`, async () => {
      const server = await rig.serve();
      const headers = await headersOf(rig.client(server), id);
      expect(headers.get('x-request-id')[0]).to.match(GENERATED);
    });
  }

  it('is known anywhere below a handler, and goes on with the calls it makes', async () => {
    const seen: (string | undefined)[] = [];
    const inner = await rig.serve({
      getOrderQueueStats: unary(async () => {
        await new Promise((resolve) => setImmediate(resolve));
        seen.push(currentRequestId());
        return stats;
      }),
    });
    const innerClient = rig.client(inner);
    const outer = await rig.serve({
      streamOrder: serverStream(async function* () {
        yield messageFrame(1n);
        await new Promise((resolve) => setImmediate(resolve));
        seen.push(currentRequestId());
        await call(innerClient, 'getOrderQueueStats', request);
      }),
    });
    const stream = openStream(rig.client(outer), 'streamOrder', StreamOrderRequest.create(), { requestId: 'outer-1' });
    await collect(stream);
    expect(seen).to.deep.equal(['outer-1', 'outer-1']);
  });

  it('keeps calls that run at the same time apart', async () => {
    const server = await rig.serve({
      getOrderQueueStats: unary(async (_asked, ctx) => {
        await new Promise((resolve) => setImmediate(resolve));
        return { ...stats, queues: { [`${ctx.requestId}/${currentRequestId()}`]: 1n } };
      }),
    });
    const client = rig.client(server);
    const ids = Array.from({ length: 50 }, (_, index) => `call-${index}`);
    const answers = await Promise.all(
      ids.map((requestId) => call(client, 'getOrderQueueStats', request, { requestId })),
    );
    expect(answers.map(({ queues }) => Object.keys(queues)[0])).to.deep.equal(ids.map((id) => `${id}/${id}`));
  });

  it('comes with an error too, and every call has one line in the log', async () => {
    const lines: Record<string, unknown>[] = [];
    const logged = event();
    const write = (line: string) => {
      lines.push(JSON.parse(line));
      if (lines.length === 3) logged.fire();
    };
    const waiting = event();
    const server = await rig.serve(
      {
        getOrderQueueStats: unary(() => stats),
        submitProposal: unary(() => {
          throw invalidField('source', 'is required');
        }),
        streamOrder: serverStream(async (_asked, _ctx) => {
          waiting.fire();
          await new Promise(() => {});
        }),
      },
      { logger: pino({ level: 'debug' }, { write }) },
    );
    const client = rig.client(server);
    await call(client, 'getOrderQueueStats', request, { requestId: 'first' });
    const error = await failure(
      call(client, 'submitProposal', SubmitProposalRequest.create(), { requestId: 'second' }),
    );
    expect(error).to.include({ requestId: 'second' });
    const controller = new AbortController();
    const stream = openStream(client, 'streamOrder', StreamOrderRequest.create(), {
      requestId: 'third',
      signal: controller.signal,
    });
    const ending = failure(collect(stream));
    await waiting.happened;
    controller.abort();
    await Promise.all([ending, logged.happened]);
    const brief = lines.map(({ level, msg, request_id, method, status }) => ({
      level,
      msg,
      request_id,
      method,
      status,
    }));
    const line = (request_id: string, method: string, status: string) => {
      return { level: 20, msg: 'call ended', request_id, method: `exitlane.v1.DeliveryService/${method}`, status };
    };
    expect(brief).to.deep.equal([
      line('first', 'GetOrderQueueStats', 'OK'),
      line('second', 'SubmitProposal', 'INVALID_ARGUMENT'),
      line('third', 'StreamOrder', 'CANCELLED'),
    ]);
    for (const { duration_ms } of lines) expect(duration_ms).to.be.a('number');
  });

  it('logs what a client does not get to see, under the id it does see', async () => {
    const lines: Record<string, unknown>[] = [];
    const server = await rig.serve(
      {
        getOrderQueueStats: unary(() => {
          throw new Error('lost the table', { cause: new Error('disk') });
        }),
      },
      { logger: pino({ level: 'error' }, { write: (line: string) => void lines.push(JSON.parse(line)) }) },
    );
    const error = await failure(call(rig.client(server), 'getOrderQueueStats', request, { requestId: 'r' }));
    expect(lines).to.have.length(1);
    expect(lines[0]).to.include({ error_id: (error as CallError).metadata.error_id });
    expect(JSON.stringify(lines[0])).to.contain('lost the table').and.contain('disk');
  });
});
