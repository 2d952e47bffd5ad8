import { expect } from 'chai';
import { ExitPlan, type Position } from '../../../proto/gen/exitlane/v1/position.js';
import type { SetExitPlanRequest } from '../../../proto/gen/exitlane/v1/position_service.js';
import { ExitlaneError, invalidField } from '../../../shared/core/errors.js';
import type { GrpcServer } from '../../../shared/grpc/server.js';
import { unary } from '../../../shared/grpc/unary.js';
import { ExitCode } from '../exit-codes.js';
import { aPosition, run, serve } from '../testing/rig.js';

const PLAN = ExitPlan.fromPartial({
  stopLossPercent: 10,
  trailingStopPercent: 5,
  trailingActivationPercent: 20,
  takeProfits: [
    { gainPercent: 50, sellPercent: 30 },
    { gainPercent: 100, sellPercent: 50 },
  ],
  timeLimit: { seconds: 86_400n, nanos: 0 },
  stagnationPercent: 2,
  stagnationWindow: { seconds: 1_800n, nanos: 0 },
});
const RULES = ['--stop-loss', '10', '--trailing', '5', '--trailing-activation', '20', '--take-profit', '50:30'];
const MORE = ['--take-profit', '100:50', '--time-limit', '24h', '--stagnation', '2:30m'];

describe('X9 exitlane plan', () => {
  let server: GrpcServer | undefined;
  let asked: SetExitPlanRequest | undefined;
  afterEach(async () => {
    await server?.close();
    [server, asked] = [undefined, undefined];
  });

  async function scene(position: Position = aPosition(), refusal?: Error): Promise<GrpcServer> {
    server = await serve({
      positions: {
        getPosition: unary(() => ({ position })),
        listPositions: unary(() => ({ positions: [position], nextPageToken: '' })),
        setExitPlan: unary((request: SetExitPlanRequest) => {
          asked = request;
          if (refusal) throw refusal;
          return { position: { ...position, exitPlan: request.exitPlan } };
        }),
      },
    });
    return server;
  }

  it('shows every rule with the price at which it fires, and changes nothing', async () => {
    const { exitCode, stdout } = await run(['plan', 'WIF'], { at: await scene(aPosition({ exitPlan: PLAN })) });
    expect(exitCode).to.equal(ExitCode.OK);
    expect(stdout).to.match(/^price now +0\.0042000 SOL, 2\.1 s old$/m);
    expect(stdout).to.match(/^stop-loss +-10 %, at 0\.0040500 SOL: sells all$/m);
    expect(stdout).to.match(/^trailing stop +-5 % of the best price, active from \+20 %, 0\.0054000 SOL: sells all$/m);
    expect(stdout).to.match(/^take-profit 2 +\+100 %, at 0\.0090000 SOL: sells 50 % of the rest$/m);
    expect(stdout).to.match(/^time limit +1 d 0 h after 2026-01-02 03:04:05Z: sells all$/m);
    expect(stdout).to.match(/^stagnation +moved less than 2 % in 30 min 00 s: sells all$/m);
    expect(asked).to.equal(undefined);
  });

  it('says when nothing would be sold by itself', async () => {
    const { stdout } = await run(['plan', 'WIF'], { at: await scene() });
    expect(stdout).to.match(/^no rule +nothing is sold by itself$/m);
  });

  it('replaces the whole plan and shows it before and after', async () => {
    const before = aPosition({ exitPlan: ExitPlan.fromPartial({ stopLossPercent: 20 }) });
    const { exitCode, lines } = await run(['plan', 'WIF', ...RULES, ...MORE], { at: await scene(before) });
    expect(exitCode).to.equal(ExitCode.OK);
    expect(asked?.positionId).to.equal(before.positionId);
    expect(asked?.exitPlan).to.deep.equal(PLAN);
    expect(lines[1]).to.equal('before: stop-loss -20 %');
    expect(lines[2]).to.match(
      /^now: {4}stop-loss -10 %, trailing -5 % from \+20 %, at \+50 % sell 30 %, at \+100 % sell/,
    );
  });

  it('leaves off what is not given: a plan is replaced, not completed', async () => {
    await run(['plan', 'WIF', '--take-profit', '50:30,100:100'], { at: await scene(aPosition({ exitPlan: PLAN })) });
    const takeProfits = [
      { gainPercent: 50, sellPercent: 30 },
      { gainPercent: 100, sellPercent: 100 },
    ];
    expect(asked?.exitPlan).to.deep.equal(ExitPlan.fromPartial({ takeProfits }));
  });

  it('turns every rule off', async () => {
    const { stdout } = await run(['plan', 'WIF', '--off'], { at: await scene(aPosition({ exitPlan: PLAN })) });
    expect(asked?.exitPlan).to.deep.equal(ExitPlan.fromPartial({}));
    expect(stdout).to.contain('now:    none\n');
  });

  it('prints the position as JSON, shown or changed', async () => {
    const at = await scene(aPosition({ exitPlan: PLAN }));
    const shown = JSON.parse((await run(['plan', 'WIF', '-o', 'json'], { at })).stdout);
    expect(shown).to.have.nested.property('position.exit_plan.stop_loss_percent', 10);
    const changed = JSON.parse((await run(['plan', 'WIF', '--stop-loss', '7.5', '-o', 'json'], { at })).stdout);
    expect(changed).to.have.nested.property('position.exit_plan.stop_loss_percent', 7.5);
  });

  it('shows the refusal of every wrong rule by its field', async () => {
    const refusal = invalidField('exit_plan.stop_loss_percent', 'must be above 0 and below 100');
    const { exitCode, stderr } = await run(['plan', 'WIF', '--stop-loss', '-10'], {
      at: await scene(undefined, refusal),
    });
    expect(exitCode).to.equal(ExitCode.REFUSED);
    expect(stderr).to.contain('exit_plan.stop_loss_percent: must be above 0 and below 100');
  });

  it('tells a lost answer from a lost look', async () => {
    const refusal = new ExitlaneError('DATABASE_UNAVAILABLE', 'the database is away');
    const lost = await run(['plan', 'WIF', '--off'], { at: await scene(undefined, refusal) });
    expect(lost.exitCode).to.equal(ExitCode.UNKNOWN);
    expect(lost.stderr).to.contain('whether the plan was replaced is unknown').and.to.contain('does no harm');
    expect((await run(['plan', 'WIF', '--off'])).exitCode).to.equal(ExitCode.UNREACHABLE);
    expect((await run(['plan', 'WIF'])).exitCode).to.equal(ExitCode.UNREACHABLE);
  });

  for (const [options, text] of [
    [['--off', '--stop-loss', '10'], 'give no rule with it'],
    [['--stop-loss', '10%'], 'plain number'],
    [['--take-profit', '50'], 'gain:sell in percent, such as 50:30'],
    [['--take-profit', '50:30:20'], 'gain:sell'],
    [['--stagnation', '30m'], 'percent:time, such as 2:30m'],
    [['--stagnation', '2:soon'], 'a time such as'],
    [['--time-limit', '0h'], 'a time such as'],
  ] as const) {
    it(`ends with 1 for ${options.join(' ')}`, async () => {
      const { exitCode, stderr } = await run(['plan', 'WIF', ...options], { at: await scene() });
      expect(exitCode).to.equal(ExitCode.LOCAL);
      expect(stderr).to.contain(text);
      expect(asked).to.equal(undefined);
    });
  }
});
