import { expect } from 'chai';
import { type GetPnlRequest, GetPnlResponse } from '../../../proto/gen/exitlane/v1/position_service.js';
import { ManualClock } from '../../../shared/core/clock.js';
import type { GrpcServer } from '../../../shared/grpc/server.js';
import { unary } from '../../../shared/grpc/unary.js';
import { ExitCode } from '../exit-codes.js';
import { run, serve } from '../testing/rig.js';

const PNL: GetPnlResponse = {
  realizedPnl: '0.3',
  unrealizedPnl: '-0.1',
  feesSol: '0.000000001',
  openPositions: 3,
  closedPositions: 1,
  positionsWithoutPrice: 1,
};

describe('X8 exitlane pnl', () => {
  let server: GrpcServer | undefined;
  let asked: GetPnlRequest | undefined;
  beforeEach(async () => {
    asked = undefined;
    server = await serve({
      positions: {
        getPnl: unary((request: GetPnlRequest) => {
          asked = request;
          return GetPnlResponse.fromPartial(PNL);
        }),
      },
    });
  });
  afterEach(() => server?.close());

  it('shows what was made, what is held, and what is left after fees, to the last lamport', async () => {
    const { exitCode, lines } = await run(['pnl'], { at: server });
    expect(exitCode).to.equal(ExitCode.OK);
    expect(asked?.since).to.equal(undefined);
    expect(lines).to.deep.equal([
      'positions       3 open, 1 closed',
      'realized pnl    +0.3 SOL',
      'unrealized pnl  -0.1 SOL',
      'fees            0.000000001 SOL',
      'after fees      +0.199999999 SOL',
      '1 open without a price: not in the unrealized pnl',
    ]);
  });

  it('counts --since back from now, or from a point in time', async () => {
    const clock = new ManualClock(Date.UTC(2026, 0, 2));
    const { lines } = await run(['pnl', '--since', '24h'], { at: server, clock });
    expect(asked?.since?.toISOString()).to.equal('2026-01-01T00:00:00.000Z');
    expect(lines[0]).to.equal('opened since    2026-01-01 00:00:00Z');
    await run(['pnl', '--since', '2025-12-31T12:00:00Z'], { at: server, clock });
    expect(asked?.since?.toISOString()).to.equal('2025-12-31T12:00:00.000Z');
  });

  it('prints JSON', async () => {
    const { stdout } = await run(['pnl', '-o', 'json'], { at: server });
    expect(JSON.parse(stdout)).to.include({ realized_pnl: '0.3', positions_without_price: 1 });
  });

  it('ends with 1 for a time that is none, and with 5 when nobody answers', async () => {
    for (const wrong of ['yesterday', '2026-13-01T00:00:00Z']) {
      const { exitCode } = await run(['pnl', '--since', wrong], { at: server });
      expect(exitCode, wrong).to.equal(ExitCode.LOCAL);
    }
    expect(asked).to.equal(undefined);
    expect((await run(['pnl'])).exitCode).to.equal(ExitCode.UNREACHABLE);
  });
});
