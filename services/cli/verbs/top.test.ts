import { expect } from 'chai';
import { Alert, AlertSeverity } from '../../../proto/gen/exitlane/v1/alert_service.js';
import { OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import { QueueStats, TradingState } from '../../../proto/gen/exitlane/v1/queue_service.js';
import { GetStatusResponse, TradingMode } from '../../../proto/gen/exitlane/v1/system_service.js';
import { ManualClock } from '../../../shared/core/clock.js';
import type { GrpcServer } from '../../../shared/grpc/server.js';
import { unary } from '../../../shared/grpc/unary.js';
import { ExitCode, Interrupted } from '../exit-codes.js';
import { type Answers, run, serve } from '../testing/rig.js';

const STATS = QueueStats.fromPartial({
  queued: 7n,
  queuedEntries: 5n,
  queuedExits: 2n,
  processing: 1n,
  availableSlots: 2,
  maxConcurrentOrders: 3,
  tradingState: TradingState.EXITS_ONLY,
  takenAt: new Date('2026-01-02T03:04:05.678Z'),
  priorities: [
    { priority: 10, name: 'EXIT_STOP_LOSS', queued: 2n, estimatedWaitMax: { seconds: 3n, nanos: 0 } },
    { priority: 100, name: 'ENTRY', queued: 5n, oldestWaiting: { seconds: 2n, nanos: 0 } },
  ],
  running: [
    {
      orderReqId: 'bot:1',
      tokenSymbol: 'WIF\u001b[31m',
      priority: 10,
      status: OrderStatus.CONFIRMING,
      since: new Date('2026-01-02T03:04:04Z'),
    },
  ],
});

const ANSWERS: Answers = {
  system: { getStatus: unary(() => GetStatusResponse.fromPartial({ mode: TradingMode.SANDBOX })) },
  queue: { getQueueStats: unary(() => ({ stats: STATS })) },
  alerts: {
    listAlerts: unary(() => ({
      alerts: [Alert.fromPartial({ severity: AlertSeverity.CRITICAL, title: 'EXIT FAILED', tokenSymbol: 'WIF' })],
      nextPageToken: '',
    })),
  },
};

describe('P6 exitlane top', () => {
  let server: GrpcServer | undefined;
  afterEach(() => server?.close());
  const at = async (answers: Answers): Promise<GrpcServer> => {
    server = await serve(answers);
    return server;
  };

  it('shows every slot, what waits, the estimate and open alerts in 80 columns', async () => {
    const { exitCode, lines, stdout } = await run(['top', '--once', '--no-color'], {
      at: await at(ANSWERS),
      columns: 80,
    });
    expect(exitCode).to.equal(ExitCode.OK);
    for (const line of lines) expect(line.length, line).to.be.at.most(80);
    expect(lines[0]).to.equal('SANDBOX  trading EXITS_ONLY');
    expect(stdout).to.match(/CRITICAL {2}EXIT FAILED \(WIF\)/);
    expect(stdout).to.match(/1 {2}EXIT_STOP_LOSS +WIF +bot:1 +CONFIRMING +1\.7 s/);
    expect(stdout).to.match(/ {3}2 {2}free\n +3 {2}free/);
    expect(stdout).to.contain('2 exits, 5 entries');
    expect(stdout).to.match(/EXIT_STOP_LOSS +2 .*up to 3\.0 s/);
    expect(stdout).not.to.contain('\u001b[31m');
  });

  it('leaves out what an older service does not have', async () => {
    const { system, queue } = ANSWERS;
    const { exitCode, stdout } = await run(['top', '--once'], { at: await at({ system, queue }) });
    expect(exitCode).to.equal(ExitCode.OK);
    expect(stdout).not.to.contain('profit');
  });

  it('gives the same as JSON', async () => {
    const { stdout } = await run(['top', '-o', 'json'], { at: await at(ANSWERS) });
    const told = JSON.parse(stdout);
    expect(told.requestor.queue.stats.queued).to.equal('7');
    expect(told.processor.status.mode).to.equal('TRADING_MODE_SANDBOX');
  });

  it('ends with 5 when a service is down, and says so', async () => {
    const { exitCode, stdout } = await run(['top', '--once']);
    expect(exitCode).to.equal(ExitCode.UNREACHABLE);
    expect(stdout).to.match(/requestor {2}DOWN since .* UNAVAILABLE/);
    expect(stdout).to.contain('the queue is not known yet');
  });

  it('keeps the numbers of a service that goes down, marked as old, and goes on when it is back', async () => {
    const clock = new ManualClock();
    const first = await at(ANSWERS);
    const port = Number(first.address.split(':').at(-1));
    const stop = new AbortController();
    const screens: string[] = [];
    const onOutput = (text: string): void => {
      screens.push(text);
    };
    const running = run(['top', '--no-color'], { at: first, columns: 100, signal: stop.signal, clock, onOutput });
    const screenWith = async (pattern: RegExp): Promise<string> => {
      for (;;) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        await clock.advance(1_000);
        const last = screens.at(-1) ?? '';
        if (pattern.test(last)) return last;
      }
    };
    await screenWith(/requestor {2}up/);
    await first.close();
    const down = await screenWith(/requestor {2}DOWN/);
    expect(down)
      .to.match(/as of 2026-01-01/)
      .and.to.contain('bot:1');
    server = await serve(ANSWERS, port);
    expect(await screenWith(/requestor {2}up/)).not.to.contain('as of');
    stop.abort(new Interrupted('SIGINT'));
    expect((await running).exitCode).to.equal(ExitCode.OK);
  });
});
