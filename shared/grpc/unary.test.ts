import { expect } from 'chai';
import {
  SubmitProposalRequest as Proposal,
  type SubmitProposalRequest,
} from '../../proto/gen/exitlane/v1/delivery_service.js';
import { ExitlaneError, invalidFields } from '../core/errors.js';
import { CallError } from './call-error.js';
import type { CallContext } from './call-scope.js';
import { call } from './client.js';
import { event, failure, Rig } from './testing/delivery.js';
import { unary } from './unary.js';

const request = (fields: Partial<SubmitProposalRequest> = {}) => Proposal.create(fields);

async function callError(promise: Promise<unknown>): Promise<CallError> {
  const error = await failure(promise);
  expect(error).to.be.instanceOf(CallError);
  return error as CallError;
}

describe('S5 unary calls', () => {
  const rig = new Rig();
  afterEach(() => rig.closeAll());

  it('answers with what the handler returns, bigints whole', async () => {
    const largest = 2n ** 64n - 1n;
    const server = await rig.serve({
      submitProposal: unary(async (asked: SubmitProposalRequest) => ({
        proposal: undefined,
        sequence: largest,
        duplicate: asked.orderReqId === 'a',
      })),
    });
    const answer = await call(rig.client(server), 'submitProposal', request({ orderReqId: 'a' }));
    expect(answer).to.deep.equal({ proposal: undefined, sequence: largest, duplicate: true });
  });

  for (const [when, thrower] of [
    [
      'at once',
      (error: Error) => {
        throw error;
      },
    ],
    [
      'later',
      async (error: Error) => {
        await Promise.resolve();
        throw error;
      },
    ],
  ] as const) {
    it(`tells the client every field that is wrong when the handler throws ${when}`, async () => {
      const violations = [
        { field: 'amount_sol', description: 'must be above 0' },
        { field: 'proposal_id', description: 'is required' },
      ];
      const server = await rig.serve({ submitProposal: unary(() => thrower(invalidFields(violations))) });
      const error = await callError(call(rig.client(server), 'submitProposal', request()));
      expect(error).to.include({ status: 'INVALID_ARGUMENT', reason: 'INVALID_FIELD', method: 'submitProposal' });
      expect(error.violations).to.deep.equal(violations);
    });

    it(`hides what it did not expect behind an error id when the handler throws ${when}`, async () => {
      const server = await rig.serve({ submitProposal: unary(() => thrower(new Error('password=hunter2'))) });
      const error = await callError(call(rig.client(server), 'submitProposal', request()));
      expect(error).to.include({ status: 'INTERNAL', reason: 'INTERNAL' });
      expect(error.metadata.error_id).to.match(/^[0-9a-f-]{36}$/);
      expect(error.message).to.contain(error.metadata.error_id).and.not.contain('hunter2');
    });
  }

  it('carries metadata and the retry delay', async () => {
    const server = await rig.serve({
      submitProposal: unary(() => {
        throw new ExitlaneError('RATE_LIMITED', 'too many', { metadata: { limit: '10' }, retryDelayMs: 1_250 });
      }),
    });
    const error = await callError(call(rig.client(server), 'submitProposal', request()));
    expect(error).to.include({ status: 'RESOURCE_EXHAUSTED', reason: 'RATE_LIMITED', retryDelayMs: 1_250 });
    expect(error.metadata).to.deep.equal({ limit: '10' });
  });

  it('answers INTERNAL when the response cannot be encoded', async () => {
    const server = await rig.serve({
      submitProposal: unary(() => ({ proposal: undefined, sequence: -1n, duplicate: false })),
    });
    expect(await callError(call(rig.client(server), 'submitProposal', request()))).to.include({ status: 'INTERNAL' });
  });

  it('aborts the signal when the client cancels', async () => {
    const started = event<CallContext>();
    const aborted = event<unknown>();
    const server = await rig.serve({
      submitProposal: unary(
        (_asked: SubmitProposalRequest, ctx: CallContext) =>
          new Promise<never>((_resolve, reject) => {
            ctx.signal.addEventListener('abort', () => {
              aborted.fire(ctx.signal.reason);
              reject(ctx.signal.reason);
            });
            started.fire(ctx);
          }),
      ),
    });
    const controller = new AbortController();
    const answer = failure(call(rig.client(server), 'submitProposal', request(), { signal: controller.signal }));
    await started.happened;
    controller.abort(new Error('not wanted any more'));
    expect((await answer).message).to.equal('not wanted any more');
    expect(await aborted.happened).to.have.property('name', 'AbortError');
  });

  it('aborts the signal when the deadline passes', async () => {
    const aborted = event<unknown>();
    const server = await rig.serve({
      submitProposal: unary(
        (_asked: SubmitProposalRequest, ctx: CallContext) =>
          new Promise<never>(() => {
            expect(ctx.deadline).to.be.instanceOf(Date);
            ctx.signal.addEventListener('abort', () => aborted.fire(ctx.signal.reason));
          }),
      ),
    });
    const error = await callError(call(rig.client(server), 'submitProposal', request(), { deadlineMs: 50 }));
    expect(error.status).to.equal('DEADLINE_EXCEEDED');
    expect(await aborted.happened)
      .to.have.property('name')
      .that.matches(/^(Timeout|Abort)Error$/);
  });

  it('does not count a normal end as an abort', async () => {
    let seen: CallContext | undefined;
    const server = await rig.serve({
      submitProposal: unary((_asked: SubmitProposalRequest, ctx: CallContext) => {
        seen = ctx;
        return { proposal: undefined, sequence: 1n, duplicate: false };
      }),
    });
    const client = rig.client(server);
    await call(client, 'submitProposal', request());
    await call(client, 'submitProposal', request());
    expect(seen?.signal.aborted).to.equal(false);
  });

  it('refuses a request above the limit and stays usable', async () => {
    const server = await rig.serve();
    const client = rig.client(server);
    const error = await callError(call(client, 'submitProposal', request({ note: 'x'.repeat(64 * 1024) })));
    expect(error.status).to.equal('RESOURCE_EXHAUSTED');
    expect(await call(client, 'submitProposal', request({ note: 'x'.repeat(60 * 1024) }))).to.include({ sequence: 1n });
  });

  it('carries odd text in messages', async () => {
    const server = await rig.serve({
      submitProposal: unary(() => {
        throw new ExitlaneError('QUEUE_FULL', `100 % voll \ud83d zu viel ${'ß'.repeat(5_000)}`);
      }),
    });
    const error = await callError(call(rig.client(server), 'submitProposal', request()));
    expect(error.status).to.equal('RESOURCE_EXHAUSTED');
    expect(error.message).to.match(/^100 % voll \ufffd zu viel ß+\.\.\.$/);
  });
});
