import { expect } from 'chai';
import {
  GetOrderQueueStatsRequest,
  StreamOrderRequest,
  SubmitProposalRequest,
} from '../../proto/gen/exitlane/v1/delivery_service.js';
import { invalidField } from '../core/errors.js';
import { silentLogger } from '../core/logger.js';
import { type CallObserver, joinObservers } from './call-observer.js';
import { call, openStream } from './client.js';
import { callByName } from './dynamic-client.js';
import { serverStream } from './stream.js';
import { collect, event, failure, messageFrame, Rig } from './testing/delivery.js';
import { unary } from './unary.js';

/** Writes down what it is told; `seen` resolves each time a call has ended. */
function recorder(name = '') {
  const told: string[] = [];
  let ended = event();
  const observer: CallObserver = {
    begin({ method, kind }) {
      const of = `${name}${method.slice(method.lastIndexOf('/') + 1)}`;
      told.push(`${of} begins ${kind}`);
      return {
        entered: (requestId) => told.push(`${of} entered ${requestId}`),
        inside(part) {
          told.push(`${of} inside`);
          part();
        },
        received: (message) => told.push(`${of} received ${Object.keys(message as object).length > 0}`),
        sent: () => told.push(`${of} sent`),
        ended(status, tookMs) {
          told.push(`${of} ended ${status} ${tookMs >= 0}`);
          ended.fire();
        },
      };
    },
  };
  return {
    observer,
    told,
    async next() {
      await ended.happened;
      ended = event();
    },
  };
}

describe('O2 a server tells of its calls', () => {
  const rig = new Rig();
  afterEach(() => rig.closeAll());

  it('from their headers to their status', async () => {
    const { observer, told, next } = recorder();
    const handlers = {
      streamOrder: serverStream(async function* () {
        yield messageFrame(1n);
        yield messageFrame(2n);
      }),
      submitProposal: unary(() => {
        throw invalidField('source', 'is required');
      }),
    };
    const client = rig.client(await rig.serve(handlers, { observer }));
    await call(client, 'getOrderQueueStats', GetOrderQueueStatsRequest.create(), { requestId: 'one' });
    await next();
    expect(told.filter((line) => !line.includes('inside'))).to.deep.equal([
      'GetOrderQueueStats begins unary',
      'GetOrderQueueStats entered one',
      'GetOrderQueueStats received true',
      'GetOrderQueueStats sent',
      'GetOrderQueueStats ended OK true',
    ]);
    told.length = 0;
    await failure(call(client, 'submitProposal', SubmitProposalRequest.create()));
    await next();
    expect(told.at(-1)).to.equal('SubmitProposal ended INVALID_ARGUMENT true');
    told.length = 0;
    await collect(openStream(client, 'streamOrder', StreamOrderRequest.create()));
    await next();
    expect(told.filter((line) => line.includes('sent'))).to.have.length(2);
    expect(told.filter((line) => line.includes('ended'))).to.deep.equal(['StreamOrder ended OK true']);
  });

  it('once each, also when the client leaves', async () => {
    const { observer, told, next } = recorder();
    const waiting = event();
    const streamOrder = serverStream(async () => {
      waiting.fire();
      await new Promise(() => undefined);
    });
    const client = rig.client(await rig.serve({ streamOrder }, { observer }));
    const controller = new AbortController();
    const reading = failure(
      collect(openStream(client, 'streamOrder', StreamOrderRequest.create(), { signal: controller.signal })),
    );
    await waiting.happened;
    controller.abort();
    await Promise.all([reading, next()]);
    expect(told.filter((line) => line.includes('ended'))).to.deep.equal(['StreamOrder ended CANCELLED true']);
  });

  it('to every observer, each around the handler in turn; to nobody where there is none', async () => {
    const [one, other] = [recorder('1 '), recorder('2 ')];
    const observer = joinObservers([undefined, one.observer, other.observer], silentLogger);
    const order: string[] = [];
    const getOrderQueueStats = unary(() => {
      order.push('handler');
      return { orderQueuesCount: 0n, queues: {}, openStreams: 0 };
    });
    const client = rig.client(await rig.serve({ getOrderQueueStats }, { observer }));
    await call(client, 'getOrderQueueStats', GetOrderQueueStatsRequest.create());
    await Promise.all([one.next(), other.next()]);
    expect(order).to.deep.equal(['handler']);
    expect(one.told.map((line) => line.slice(2))).to.deep.equal(other.told.map((line) => line.slice(2)));
    expect(joinObservers([undefined], silentLogger)).to.equal(undefined);
  });
});

describe('P9 O2 an observer that throws', () => {
  const rig = new Rig();
  afterEach(() => rig.closeAll());
  const fails = () => {
    throw new Error('no space left on device');
  };
  const watch = {
    ended: () => undefined,
    inside: (part: () => void) => part(),
  };
  const broken: Readonly<Record<string, CallObserver>> = {
    begin: { begin: fails },
    entered: { begin: () => ({ ...watch, entered: fails }) },
    'inside, before the handler': { begin: () => ({ ...watch, inside: fails }) },
    'inside, after the handler': {
      begin: () => ({
        ...watch,
        inside(part) {
          part();
          fails();
        },
      }),
    },
    'inside, running it twice': {
      begin: () => ({
        ...watch,
        inside(part) {
          part();
          part();
        },
      }),
    },
    received: { begin: () => ({ ...watch, received: fails }) },
    sent: { begin: () => ({ ...watch, sent: fails }) },
    ended: { begin: () => ({ ...watch, ended: fails }) },
  };

  for (const [where, observer] of Object.entries(broken)) {
    it(`in ${where} changes nothing of a call, and keeps nothing from another one`, async () => {
      const told = recorder();
      let handled = 0;
      const handlers = {
        submitProposal: unary(() => {
          handled += 1;
          return { proposal: undefined, sequence: 7n, duplicate: false };
        }),
        streamOrder: serverStream(async function* () {
          yield messageFrame(1n);
          yield messageFrame(2n);
        }),
        getOrderQueueStats: unary(() => {
          throw invalidField('source', 'is required');
        }),
      };
      for (const each of [observer, joinObservers([observer, told.observer], silentLogger)]) {
        const client = rig.client(await rig.serve(handlers, { observer: each }));
        handled = 0;
        const answer = await call(client, 'submitProposal', SubmitProposalRequest.create());
        expect({ sequence: answer.sequence, handled }).to.deep.equal({ sequence: 7n, handled: 1 });
        const frames = await collect(openStream(client, 'streamOrder', StreamOrderRequest.create()));
        expect(frames).to.have.length(2);
        const refused = await failure(call(client, 'getOrderQueueStats', GetOrderQueueStatsRequest.create()));
        expect(refused.message, 'what the handler throws is its own').to.contain('is required');
      }
      const heard = told.told
        .filter((line) => !line.includes('inside'))
        .map((line) => line.replace(/ entered .*/, ' entered'));
      expect(heard.slice(0, 5)).to.deep.equal([
        'SubmitProposal begins unary',
        'SubmitProposal entered',
        'SubmitProposal received true',
        'SubmitProposal sent',
        'SubmitProposal ended OK true',
      ]);
    });
  }
});

describe('O3 health tells ready from alive', () => {
  const rig = new Rig();
  afterEach(() => rig.closeAll());

  async function healthOf(address: string, service: string): Promise<unknown> {
    let answer: unknown;
    const request = { service };
    const onMessage = (message: unknown) => {
      answer = (message as { status: unknown }).status;
    };
    await callByName({ address, method: 'grpc.health.v1.Health/Check', request, deadlineMs: 5_000, onMessage });
    return answer;
  }

  it('a server that is not ready stays alive', async () => {
    const server = await rig.serve({}, { serving: false });
    const all = ['', 'exitlane.v1.DeliveryService', 'liveness'];
    const told = () => Promise.all(all.map((service) => healthOf(server.address, service)));
    expect(await told()).to.deep.equal(['NOT_SERVING', 'NOT_SERVING', 'SERVING']);
    server.setServing(true);
    expect(await told()).to.deep.equal(['SERVING', 'SERVING', 'SERVING']);
    server.setServing(false);
    expect(await told()).to.deep.equal(['NOT_SERVING', 'NOT_SERVING', 'SERVING']);
  });
});
