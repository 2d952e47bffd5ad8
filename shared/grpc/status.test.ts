import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { expect } from 'chai';
import type { SubmitProposalRequest } from '../../proto/gen/exitlane/v1/delivery_service.js';
import { ERROR_CATALOGUE, type ErrorReason, ExitlaneError, invalidFields } from '../core/errors.js';
import { silentLogger } from '../core/logger.js';
import { readStatusDetails, toServiceError } from './status.js';
import { failure, Rig } from './testing/delivery.js';
import { IndependentClient } from './testing/independent.js';
import { unary } from './unary.js';

const DELIVERY = 'exitlane.v1.DeliveryService';
const violations = [
  { field: 'amount_sol', description: 'must be above 0' },
  { field: 'source', description: 'is required' },
];

interface Any {
  readonly type_url: string;
  readonly value: Buffer;
}

describe('S5 error details', () => {
  const rig = new Rig();
  afterEach(() => rig.closeAll());

  it('are what another implementation of the standard decodes', async () => {
    const server = await rig.serve({
      submitProposal: unary((_request: SubmitProposalRequest) => {
        throw new ExitlaneError('RATE_LIMITED', 'slower', {
          violations,
          metadata: { limit: '10' },
          retryDelayMs: 1_500,
        });
      }),
    });
    const client = new IndependentClient(server.address, 'exitlane/v1/delivery_service.proto');
    const decoder = new IndependentClient(server.address, 'google/rpc/status.proto');
    const detailDecoder = new IndependentClient(server.address, 'google/rpc/error_details.proto');
    for (const each of [client, decoder, detailDecoder]) rig.defer(() => each.close());
    const error = (await failure(client.unary(DELIVERY, 'SubmitProposal', {}, new Metadata()))) as ServiceError;
    expect(error).to.include({ code: status.RESOURCE_EXHAUSTED, details: 'slower' });
    const bytes = error.metadata.get('grpc-status-details-bin')[0] as Buffer;
    const decoded = decoder.decode('google.rpc.Status', bytes) as { code: number; message: string; details: Any[] };
    expect(decoded).to.include({ code: 8, message: 'slower' });
    const details = decoded.details.map(({ type_url, value }) => {
      const type = type_url.replace('type.googleapis.com/', '');
      return [type, detailDecoder.decode(type, value)];
    });
    expect(details).to.deep.equal([
      ['google.rpc.ErrorInfo', { reason: 'RATE_LIMITED', domain: 'exitlane', metadata: { limit: '10' } }],
      ['google.rpc.BadRequest', { field_violations: violations }],
      ['google.rpc.RetryInfo', { retry_delay: { seconds: '1', nanos: 500_000_000 } }],
    ]);
  });

  it('come back as they went, for every reason of the catalogue', () => {
    for (const [reason, name] of Object.entries(ERROR_CATALOGUE)) {
      const sent = new ExitlaneError(reason as ErrorReason, 'why', {
        metadata: { a: 'b' },
        violations,
        retryDelayMs: 20,
      });
      expect(readStatusDetails(toServiceError(sent, silentLogger))).to.deep.equal({
        status: name,
        message: 'why',
        reason,
        metadata: { a: 'b' },
        violations,
        retryDelayMs: 20,
        requestId: undefined,
      });
    }
  });

  it('are cut to what peers accept, the first violations first', () => {
    const many = Array.from({ length: 1_000 }, (_, index) => ({ field: `field_${index}`, description: 'is unknown' }));
    const error = toServiceError(invalidFields(many), silentLogger);
    expect((error.metadata.get('grpc-status-details-bin')[0] as Buffer).length).to.be.at.most(5 * 1024);
    const read = readStatusDetails(error);
    expect(read.reason).to.equal('INVALID_FIELD');
    expect(read.violations.length).to.be.greaterThan(50);
    expect(read.violations).to.deep.equal(many.slice(0, read.violations.length));
    const bulky = new ExitlaneError('QUEUE_FULL', 'full', { metadata: { huge: 'x'.repeat(10_000) } });
    expect(readStatusDetails(toServiceError(bulky, silentLogger))).to.deep.include({
      reason: 'QUEUE_FULL',
      metadata: {},
    });
  });

  for (const [what, thrown] of [
    ['garbage in the trailer', Object.assign(new Error('x'), { code: 3, details: 'odd', metadata: garbage() })],
    ['no trailer', Object.assign(new Error('x'), { code: 3, details: 'odd', metadata: new Metadata() })],
  ] as const) {
    it(`may be missing: ${what}`, () => {
      expect(readStatusDetails(thrown)).to.deep.include({
        status: 'INVALID_ARGUMENT',
        message: 'odd',
        reason: undefined,
      });
    });
  }

  it('of something that is no status at all are UNKNOWN', () => {
    expect(readStatusDetails('plain text')).to.deep.include({ status: 'UNKNOWN', message: 'plain text' });
  });
});

function garbage(): Metadata {
  const metadata = new Metadata();
  metadata.set('grpc-status-details-bin', Buffer.from([0x1a, 0xff, 0xff, 0xff, 0xff]));
  return metadata;
}
