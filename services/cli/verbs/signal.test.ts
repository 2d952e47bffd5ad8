import { expect } from 'chai';
import type { ProcessSignalRequest } from '../../../proto/gen/exitlane/v1/order_service.js';
import { ExitlaneError } from '../../../shared/core/errors.js';
import type { GrpcServer } from '../../../shared/grpc/server.js';
import { unary } from '../../../shared/grpc/unary.js';
import { ExitCode } from '../exit-codes.js';
import { anOrder, run, serve } from '../testing/rig.js';

const SIGNAL = [
  'signal',
  '--token',
  'BONK',
  '--sol',
  '0.5',
  '--score',
  '0.8',
  '--reason',
  'volume x5',
  '--id',
  'bot:1',
];

describe('X13 exitlane signal', () => {
  let server: GrpcServer | undefined;
  let asked: ProcessSignalRequest | undefined;
  afterEach(async () => {
    await server?.close();
    [server, asked] = [undefined, undefined];
  });

  async function scene(refusal?: Error, duplicate = false): Promise<GrpcServer> {
    server = await serve({
      orders: {
        processSignal: unary((request: ProcessSignalRequest) => {
          asked = request;
          if (refusal) throw refusal;
          return { order: anOrder({ orderReqId: request.orderReqId }), duplicate };
        }),
      },
    });
    return server;
  }

  it('hands the signal in with its strength and reason', async () => {
    const { exitCode, stdout } = await run(SIGNAL, { at: await scene() });
    expect(exitCode).to.equal(ExitCode.OK);
    expect(asked).to.include({ orderReqId: 'bot:1', amountSol: '0.5', score: 0.8, signalReason: 'volume x5' });
    expect(asked?.tokenAddress).to.equal('DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263');
    expect(stdout).to.contain('accepted: ENTRY BONK, PENDING, priority 100 (ENTRY)');
  });

  it('says when it was accepted before, and prints JSON', async () => {
    const { stdout } = await run([...SIGNAL, '-o', 'json'], { at: await scene(undefined, true) });
    expect(JSON.parse(stdout)).to.have.property('duplicate', true);
    expect((await run(SIGNAL, { at: server })).stdout).to.contain('accepted before: ENTRY BONK');
  });

  for (const [why, metadata, hint] of [
    ['TRADING_STATE', {}, /state set ACTIVE --reason "\.\.\."\n/],
    ['CRITICAL_ALERT', { alert_id: 'a-1' }, /alerts a-1\n/],
  ] as const) {
    it(`shows what stands against it and what to do: ${why}`, async () => {
      const refusal = new ExitlaneError('ENTRY_REFUSED', 'no entry: not now', { metadata: { why, ...metadata } });
      const { exitCode, stderr } = await run(SIGNAL, { at: await scene(refusal) });
      expect(exitCode).to.equal(ExitCode.REFUSED);
      expect(stderr).to.contain('no entry: not now').and.to.match(hint);
    });
  }

  it('says how to repeat the very same signal when nobody knows whether it was accepted', async () => {
    const { exitCode, stderr } = await run(SIGNAL);
    expect(exitCode).to.equal(ExitCode.UNKNOWN);
    expect(stderr).to.contain("signal --id bot:1 --token BONK --sol 0.5 --score 0.8 --reason 'volume x5'\n");
  });

  for (const [argv, text] of [
    [['signal', '--token', 'BONK'], "required option '--sol <amount>' not specified"],
    [['signal', '--token', 'SOL', '--sol', '1'], 'not a token to trade'],
    [['signal', '--token', 'BONK', '--sol', '1', '--score', 'high'], 'plain number'],
  ] as const) {
    it(`ends with 1 for ${argv.join(' ')}`, async () => {
      const { exitCode, stderr } = await run(argv, { at: await scene() });
      expect(exitCode).to.equal(ExitCode.LOCAL);
      expect(stderr).to.contain(text);
      expect(asked).to.equal(undefined);
    });
  }
});
