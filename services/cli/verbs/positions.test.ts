import { expect } from 'chai';
import { ExitPlan, type Position, PositionStatus } from '../../../proto/gen/exitlane/v1/position.js';
import type { WatchPositionsRequest, WatchPositionsResponse } from '../../../proto/gen/exitlane/v1/position_service.js';
import { ManualClock } from '../../../shared/core/clock.js';
import type { GrpcServer } from '../../../shared/grpc/server.js';
import { serverStream } from '../../../shared/grpc/stream.js';
import { unary } from '../../../shared/grpc/unary.js';
import { ExitCode, Interrupted } from '../exit-codes.js';
import { aPosition, run, serve } from '../testing/rig.js';

const BLOCKED = aPosition({
  exitBlocker: 'the stop_loss exit failed after 5 attempts: no route',
  exitPlan: ExitPlan.fromPartial({ stopLossPercent: 10, takeProfits: [{ gainPercent: 50, sellPercent: 30 }] }),
});
const BONK = aPosition({ positionId: '01a1fe43-0000-7ba9-9dff-4079dbdf5270', tokenSymbol: 'BONK', tokenAddress: 'b' });
const COMPLETE = { currentComplete: true };

describe('X0 exitlane positions', () => {
  let server: GrpcServer | undefined;
  let asked: WatchPositionsRequest | undefined;
  afterEach(async () => {
    await server?.close();
    [server, asked] = [undefined, undefined];
  });

  async function listing(...positions: Position[]): Promise<GrpcServer> {
    server = await serve({ positions: { listPositions: unary(() => ({ positions, nextPageToken: '' })) } });
    return server;
  }

  async function telling(...frames: Partial<WatchPositionsResponse>[]): Promise<GrpcServer> {
    server = await serve({
      positions: {
        watchPositions: serverStream(async function* (request: WatchPositionsRequest) {
          asked = request;
          yield* frames;
          await new Promise(() => {});
        }),
      },
    });
    return server;
  }

  /** Runs until `last` was printed, then presses Ctrl-C. */
  async function until(last: string, argv: readonly string[], options: Parameters<typeof run>[1]) {
    const stop = new AbortController();
    const onOutput = (text: string): void => {
      if (text.includes(last)) stop.abort(new Interrupted('SIGINT'));
    };
    return run(argv, { ...options, signal: stop.signal, onOutput });
  }

  it('shows price with age, profit, plan and what blocks the exit', async () => {
    const { lines } = await run(['positions'], { at: await listing(BLOCKED, BONK) });
    expect(lines[0]).to.match(/PNL SOL.* PRICE .*AGE .*PLAN .*BLOCKED/);
    expect(lines[1]).to.match(/-0\.083 +0\.0045000 +0\.0042000 +2\.1 s .*sl10 tp50 +yes$/);
    expect(lines.slice(3).join(' ')).to.equal(
      ` WIF ${BLOCKED.positionId} is blocked: the stop_loss exit failed after 5 attempts: no route`,
    );
  });

  it('fits 80 columns with blockers', async () => {
    const { lines } = await run(['positions', '--no-color'], { at: await listing(BLOCKED, BONK), columns: 80 });
    for (const line of lines) expect(line.length, line).to.be.at.most(80);
  });

  it('shows one by its token, and how to try its failed exit again', async () => {
    const { stdout } = await run(['positions', 'wif'], { at: await listing(BLOCKED, BONK) });
    expect(stdout)
      .to.contain('blocked: the stop_loss exit failed')
      .and.to.contain(`retry-exit ${BLOCKED.positionId}\n`);
    expect((await run(['positions', 'JUP'], { at: server })).exitCode).to.equal(ExitCode.REFUSED);
  });

  it('prints a line per change with --watch until told to stop, which is its usual end', async () => {
    const closed = aPosition({ status: PositionStatus.CLOSED, finalPnl: '0.02' });
    const at = await telling({ position: BLOCKED }, COMPLETE, {}, { position: closed });
    const clock = new ManualClock(Date.UTC(2026, 0, 2, 3, 4, 5));
    const { exitCode, lines } = await until('CLOSED', ['positions', '--watch'], { at, clock });
    expect(exitCode).to.equal(ExitCode.OK);
    expect(asked?.includeCurrent).to.equal(true);
    expect(lines).to.have.length(2);
    expect(lines[0]).to.match(
      /^03:04:05\.000 {2}01a1fe42-.* {2}WIF {5}OPEN .* {2}price 0\.0042000 \(2\.1 s old\) {2}pnl -0\.083 SOL/,
    );
    expect(lines[0]).to.match(/blocked: the stop_loss exit failed after 5 attempts: no route$/);
    expect(lines[1]).to.match(/CLOSED +0 left .* pnl \+0\.02 SOL$/);
  });

  it('prints a JSON line per change with --watch', async () => {
    const at = await telling({ position: aPosition() }, COMPLETE, { position: BONK });
    const { lines } = await until('BONK', ['positions', '--watch', '-o', 'json'], { at });
    const told = lines.map((line) => JSON.parse(line));
    expect(told.map(({ token_symbol }) => token_symbol)).to.deep.equal(['WIF', 'BONK']);
    expect(told[0]).to.include({ unrealized_pnl: '-0.083', status: 'POSITION_STATUS_OPEN' });
  });

  it('watches only what was asked for', async () => {
    const partial = aPosition({ status: PositionStatus.PARTIAL_EXIT });
    const frames = [{ position: BONK }, { position: aPosition() }, { position: partial }];
    const argv = ['positions', '--watch', '--token', 'WIF', '--status', 'partial_exit'];
    const { lines } = await until('PARTIAL_EXIT', argv, { at: await telling(...frames) });
    expect(lines).to.have.length(1);
  });

  it('draws all open ones at once on a terminal, closed ones too as they close', async () => {
    const closed = aPosition({ status: PositionStatus.CLOSED, finalPnl: '0.02' });
    const at = await telling({ position: aPosition() }, { position: BONK }, COMPLETE, { position: closed });
    const { stdout } = await until('CLOSED', ['positions', '--watch', '--no-color'], { at, columns: 120 });
    const [first = '', second = ''] = stdout.split('\u001b[J');
    expect(first).to.match(/BONK +OPEN.*WIF +OPEN/s, 'newest first, drawn once all are known');
    expect(second).to.match(/BONK +OPEN.*WIF +CLOSED +0 +\+0\.02/s);
    expect(stdout.endsWith('\u001b[?25h'), 'gives the cursor back').to.equal(true);
  });

  it('says on a terminal that nothing is open', async () => {
    const { stdout } = await until('no open', ['positions', '--watch'], { at: await telling(COMPLETE), columns: 80 });
    expect(stdout).to.contain('no open positions\n');
  });
});
