import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { expect } from 'chai';
import { ExitlaneError } from '../core/errors.js';
import { packageRoot } from '../core/package-root.js';
import { Rig } from './testing/delivery.js';
import { IndependentClient, packageFile } from './testing/independent.js';
import { unary } from './unary.js';

interface Answer {
  readonly list_services_response?: { readonly service: readonly { readonly name: string }[] };
  readonly file_descriptor_response?: { readonly file_descriptor_proto: readonly Buffer[] };
  readonly error_response?: { readonly error_code: number };
}

describe('S5 reflection', () => {
  const rig = new Rig();
  afterEach(() => rig.closeAll());

  for (const version of ['v1', 'v1alpha']) {
    describe(version, () => {
      async function ask(question: object): Promise<Answer> {
        const server = await rig.serve();
        const file = packageFile('@grpc/reflection', `build/proto/grpc/reflection/${version}/reflection.proto`);
        const client = new IndependentClient(server.address, file);
        rig.defer(() => client.close());
        const service = `grpc.reflection.${version}.ServerReflection`;
        return (await client.exchange(service, 'ServerReflectionInfo', question)) as Answer;
      }

      it('lists what the port serves and nothing else', async () => {
        const answer = await ask({ list_services: '*' });
        expect(answer.list_services_response?.service.map(({ name }) => name)).to.have.members([
          'exitlane.v1.DeliveryService',
          'grpc.channelz.v1.Channelz',
          'grpc.health.v1.Health',
          'grpc.reflection.v1.ServerReflection',
          'grpc.reflection.v1alpha.ServerReflection',
        ]);
      });

      it('describes a service with its comments and every file it needs', async () => {
        const answer = await ask({ file_containing_symbol: 'exitlane.v1.DeliveryService' });
        const bytes = answer.file_descriptor_response?.file_descriptor_proto ?? [];
        const files = bytes.map((file) => fromBinary(FileDescriptorProtoSchema, file));
        expect(files.map(({ name }) => name)).to.include.members([
          'exitlane/v1/delivery_service.proto',
          'exitlane/v1/message.proto',
          'exitlane/v1/proposal.proto',
          'google/protobuf/timestamp.proto',
        ]);
        const service = files.find(({ name }) => name === 'exitlane/v1/delivery_service.proto');
        const comments = service?.sourceCodeInfo?.location.map(({ leadingComments }) => leadingComments.trim());
        expect(comments).to.include("Delivers each order's messages and takes proposals. Served by the processor.");
        const slippage = files
          .flatMap(({ messageType }) => messageType)
          .flatMap(({ field }) => field)
          .find(({ name }) => name === 'slippage_bps');
        expect(slippage?.proto3Optional).to.equal(true);
      });

      for (const symbol of ['google.rpc.BadRequest', 'google.rpc.Status', 'exitlane.v1.OrderService']) {
        it(`resolves ${symbol}`, async () => {
          const answer = await ask({ file_containing_symbol: symbol });
          expect(answer.error_response).to.equal(undefined);
          expect(answer.file_descriptor_response?.file_descriptor_proto).not.to.have.length(0);
        });
      }

      it('says NOT_FOUND for what does not exist', async () => {
        expect((await ask({ file_by_filename: 'no.proto' })).error_response?.error_code).to.equal(5);
      });
    });
  }

  it('is enough for buf to call a method; error details are standard messages', async () => {
    const server = await rig.serve({
      submitProposal: unary(() => {
        throw new ExitlaneError('INVALID_FIELD', 'amount_sol: must be above 0', {
          violations: [{ field: 'amount_sol', description: 'must be above 0' }],
        });
      }),
    });
    const buf = path.join(packageRoot(), 'node_modules/.bin/buf');
    const flags = ['curl', '--protocol', 'grpc', '--http2-prior-knowledge'];
    const curl = (method: string) =>
      promisify(execFile)(buf, [
        ...flags,
        '-d',
        '{}',
        `http://${server.address}/exitlane.v1.DeliveryService/${method}`,
      ]);
    expect(JSON.parse((await curl('GetOrderQueueStats')).stdout)).to.deep.equal({});
    const refused = await curl('SubmitProposal').then(
      () => '',
      (error: { stderr: string }) => error.stderr,
    );

    const shown = JSON.parse(refused) as { code: string; details: { type: string; value: string }[] };
    expect(shown.code).to.equal('invalid_argument');
    const detail = shown.details.find(({ type }) => type === 'google.rpc.BadRequest')?.value ?? '';
    const decoder = new IndependentClient(server.address, 'google/rpc/error_details.proto');
    rig.defer(() => decoder.close());
    expect(decoder.decode('google.rpc.BadRequest', Buffer.from(detail, 'base64'))).to.deep.equal({
      field_violations: [{ field: 'amount_sol', description: 'must be above 0' }],
    });
  });
});
