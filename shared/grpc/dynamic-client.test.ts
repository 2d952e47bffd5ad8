import type { JsonValue } from '@bufbuild/protobuf';
import { expect } from 'chai';
import type { StreamOrderRequest, SubmitProposalRequest } from '../../proto/gen/exitlane/v1/delivery_service.js';
import {
  QueueServiceService,
  type SetTradingStateRequest,
  TradingState,
} from '../../proto/gen/exitlane/v1/queue_service.js';
import { invalidField } from '../core/errors.js';
import { type CallError, formatCallError } from './call-error.js';
import { callByName, listMethods } from './dynamic-client.js';
import { serverStream } from './stream.js';
import { failure, messageFrame, Rig } from './testing/delivery.js';
import { unary } from './unary.js';

const DELIVERY = 'exitlane.v1.DeliveryService';

describe('S5 calls by name', () => {
  const rig = new Rig();
  afterEach(() => rig.closeAll());

  async function answers(address: string, method: string, request: JsonValue): Promise<JsonValue[]> {
    const all: JsonValue[] = [];
    await callByName({ address, method, request, onMessage: (message) => void all.push(message) });
    return all;
  }

  it('lists the methods of the product with their comments', () => {
    const methods = listMethods();
    expect(methods.map(({ name }) => name)).to.include.members([
      'exitlane.v1.OrderService/SubmitOrder',
      'exitlane.v1.ExecutionService/ExecuteOrder',
    ]);
    const { comment, ...method } = methods.find(({ name }) => name === `${DELIVERY}/StreamOrder`) ?? { comment: '' };
    expect(method).to.deep.equal({
      name: `${DELIVERY}/StreamOrder`,
      service: DELIVERY,
      method: 'StreamOrder',
      requestType: 'exitlane.v1.StreamOrderRequest',
      responseType: 'exitlane.v1.StreamOrderResponse',
      serverStreaming: true,
    });
    expect(comment).to.match(/^Follows one order from any point until its end: no gap, no duplicate, in order\. /);
    for (const each of methods) expect(each.comment, each.name).not.to.equal('');
  });

  it('takes and gives JSON: 64-bit numbers as strings, times as ISO text, either spelling of a field', async () => {
    let asked: SubmitProposalRequest | undefined;
    const server = await rig.serve({
      submitProposal: unary((request: SubmitProposalRequest) => {
        asked = request;
        return { proposal: undefined, sequence: 2n ** 64n - 1n, duplicate: false };
      }),
    });
    const request = { order_req_id: 'a', proposalId: 'p', expires_at: '2026-01-02T03:04:05.678Z' };
    const got = await answers(server.address, `${DELIVERY}/SubmitProposal`, request);
    expect(got).to.deep.equal([{ sequence: '18446744073709551615', duplicate: false }]);
    expect(asked).to.include({ orderReqId: 'a', proposalId: 'p' });
    expect(asked?.expiresAt?.toISOString()).to.equal('2026-01-02T03:04:05.678Z');
  });

  it('takes and gives enums by name', async () => {
    let state: TradingState | undefined;
    const implementation = {
      setTradingState: unary((request: SetTradingStateRequest) => {
        state = request.state;
        return { state: request.state, changedAt: new Date(0) };
      }),
    };
    const server = await rig.serve({}, { services: [{ definition: QueueServiceService, implementation }] });
    const got = await answers(server.address, 'QueueService.SetTradingState', { state: 'TRADING_STATE_EXITS_ONLY' });
    expect(state).to.equal(TradingState.EXITS_ONLY);
    expect(got).to.deep.equal([{ state: 'TRADING_STATE_EXITS_ONLY', changed_at: '1970-01-01T00:00:00Z' }]);
  });

  it('follows a stream', async () => {
    const server = await rig.serve({
      streamOrder: serverStream(async function* (request: StreamOrderRequest) {
        yield messageFrame(request.afterSequence + 1n);
        yield messageFrame(request.afterSequence + 2n);
      }),
    });
    const got = await answers(server.address, 'DeliveryService/StreamOrder', {
      order_req_id: 'a',
      after_sequence: '7',
    });
    expect(got).to.have.nested.property('[0].message.sequence', '8');
    expect(got).to.have.nested.property('[1].message.sequence', '9');
  });

  it('can ask for health too', async () => {
    const server = await rig.serve();
    const got = await answers(server.address, 'grpc.health.v1.Health/Check', { service: DELIVERY });
    expect(got).to.deep.equal([{ status: 'SERVING' }]);
  });

  it('names the nearest methods for one that does not exist', async () => {
    const error = await failure(answers('127.0.0.1:1', 'OrderService/SubmitOder', {}));
    expect(error).to.include({ reason: 'INVALID_FIELD' });
    expect(error.message).to.contain('did you mean exitlane.v1.OrderService/SubmitOrder,');
  });

  it('refuses unknown fields and names every one', async () => {
    const request = { order_req_id: 'a', amountsol: '1', colour: 'red' };
    const error = await failure(answers('127.0.0.1:1', `${DELIVERY}/SubmitProposal`, request));
    expect(error).to.have.nested.property('violations[0].field', 'amountsol');
    expect(error).to.have.nested.property('violations[1].field', 'colour');
    expect(error.message).to.contain('did you mean amount_sol?');
  });

  for (const value of ['-1', '18446744073709551616', 'abc', 1.5]) {
    it(`refuses ${value} for an unsigned 64-bit number`, async () => {
      const error = await failure(answers('127.0.0.1:1', `${DELIVERY}/StreamOrder`, { after_sequence: value }));
      expect(error).to.include({ reason: 'INVALID_FIELD' });
      expect(error.message).to.contain('after_sequence');
    });
  }

  it('shows the details of an error', async () => {
    const server = await rig.serve({
      submitProposal: unary(() => {
        throw invalidField('amount_sol', 'must be above 0');
      }),
    });
    const error = await failure(answers(server.address, `${DELIVERY}/SubmitProposal`, {}));
    const lines = formatCallError(error as CallError).split('\n');
    expect(lines[0]).to.equal('INVALID_ARGUMENT (INVALID_FIELD): amount_sol: must be above 0');
    expect(lines[1]).to.equal('  field amount_sol: must be above 0');
    expect(lines[2]).to.match(/^ {2}request id: [0-9a-f-]{36}$/);
  });
});
