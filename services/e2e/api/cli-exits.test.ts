import { expect } from 'chai';
import { run } from '../../cli/testing/rig.js';
import { START_MS, type Stack, startStack } from './stack.js';

/** A trader's way through a position with nothing but the command line: every answer is the services' own. */
describe('X leaving a position by the command line, on the sandbox', () => {
  let stack: Stack;
  before(async function () {
    this.timeout(START_MS);
    stack = await startStack({ retryPolicy: { firstDelayMs: 50, maxDelayMs: 100 } });
  });
  after(() => stack?.close());

  const cli = (...argv: string[]) => {
    const env = { EXITLANE_REQUESTOR: stack.requestorAddress, EXITLANE_PROCESSOR: stack.processorAddress };
    return run(argv, { env });
  };
  /** The JSON of a command that must succeed. */
  const json = async (...argv: string[]) => {
    const { exitCode, stdout, stderr } = await cli(...argv, '-o', 'json');
    expect(exitCode, `${argv.join(' ')}: ${stderr}`).to.equal(0);
    return JSON.parse(stdout);
  };
  const succeeds = async (...argv: string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await cli(...argv);
    expect(exitCode, `${argv.join(' ')}: ${stderr}`).to.equal(0);
    return stdout;
  };

  it('X1 X3 X8 X9 buys by a signal, plans, sells 30 %, counts the profit and sells the rest', async () => {
    const bought = await succeeds(
      'signal',
      '--token',
      'BONK',
      '--sol',
      '0.5',
      '--score',
      '0.8',
      '--id',
      's-1',
      '--watch',
    );
    expect(bought).to.match(/accepted: ENTRY BONK[\s\S]* FILLED /);
    expect(await succeeds('signal', '--token', 'BONK', '--sol', '0.5', '--score', '0.8', '--id', 's-1')).to.contain(
      'accepted before: ENTRY BONK is FILLED',
    );

    const rules = ['--stop-loss', '10', '--take-profit', '50:30', '--take-profit', '100:50', '--stagnation', '2:30m'];
    expect(await succeeds('plan', 'BONK', ...rules, '--time-limit', '24h')).to.match(
      /^now: {4}stop-loss -10 %, at \+50 % sell 30 %, at \+100 % sell 50 %, after 1 d 0 h, if below 2 % for 30 min 00 s$/m,
    );
    const { position } = await json('plan', 'BONK');
    expect(position.exit_plan.take_profits).to.deep.equal([
      { gain_percent: 50, sell_percent: 30 },
      { gain_percent: 100, sell_percent: 50 },
    ]);
    expect(await succeeds('positions')).to.match(/BONK +OPEN .*sl10 tp50,100 time stagn/);

    const sold = await succeeds(
      'exit',
      'bonk',
      '--percent',
      '30',
      '--reason',
      'take_profit_1',
      '--id',
      'e-1',
      '--watch',
    );
    expect(sold).to.match(/accepted: EXIT BONK[\s\S]*sells \d[\d.]* BONK \(take_profit_1\)[\s\S]* FILLED /);
    const { position: partial } = await json('positions', position.position_id.slice(0, 12));
    expect(partial).to.include({ status: 'POSITION_STATUS_PARTIAL_EXIT', exit_reason: 'take_profit_1' });
    const share = Number(partial.sold_tokens) / Number(partial.entry_amount_tokens);
    expect(share).to.be.closeTo(0.3, 0.000001);

    const half = await json('pnl', '--since', '24h');
    expect(half).to.include({ realized_pnl: partial.realized_pnl, open_positions: 1, closed_positions: 0 });

    await succeeds('exit', position.position_id, '--emergency', '--watch');
    const { position: closed } = await json('positions', position.position_id);
    expect(closed).to.include({ status: 'POSITION_STATUS_CLOSED', exit_reason: 'emergency' });
    const whole = await json('pnl');
    expect(whole).to.include({ realized_pnl: closed.final_pnl, open_positions: 0, closed_positions: 1 });
    expect(whole.unrealized_pnl).to.equal('0');
  });

  it('refuses with exit code 2 and the reason: closed and unknown positions, wrong plans, nothing to retry', async () => {
    await succeeds('submit', 'entry', '--token', 'WIF', '--sol', '0.2', '--id', 'r-1', '--watch');
    const { position } = await json('plan', 'WIF', '--off');
    for (const [argv, text] of [
      [['exit', 'JUP'], 'no open position is JUP'],
      [['exit', '01990000-0000-7000-8000-000000000000'], 'POSITION_NOT_FOUND'],
      [['exit', 'WIF', '--reason', 'boredom'], 'exit_reason: must be one of'],
      [['plan', 'WIF', '--stop-loss', '100'], 'exit_plan.stop_loss_percent: '],
      [['plan', 'WIF', '--take-profit', '50:30,20:30'], 'exit_plan.take_profits'],
      [['retry-exit', 'WIF'], `for a new exit: `],
      [['retry', 'r-1'], 'only a CANCELLED entry can'],
      [['signal', '--token', 'WIF', '--sol', '0'], 'amount_sol: '],
    ] as const) {
      const { exitCode, stderr } = await cli(...argv);
      expect(exitCode, `${argv.join(' ')}: ${stderr}`).to.equal(2);
      expect(stderr).to.contain(text);
    }
    await succeeds('exit', 'WIF', '--watch');
    const { exitCode, stderr } = await cli('exit', position.position_id);
    expect([exitCode, stderr]).to.satisfy(() => exitCode === 2 && stderr.includes('POSITION_NOT_EXITABLE'), stderr);
  });

  it('X6 tries a given-up exit again once the way is free, and a cancelled entry too', async () => {
    await succeeds('submit', 'entry', '--token', 'RAY', '--sol', '0.2', '--id', 'g-1', '--watch');
    const { position } = await json('plan', 'RAY');
    await stack.control('faults', { fault: 'no_route', count: null, mint: position.token_address });
    expect((await cli('exit', 'RAY', '--reason', 'stop_loss', '--watch')).exitCode).to.equal(3);
    expect(await succeeds('positions')).to.contain(`RAY ${position.position_id} is blocked: `);
    const refused = await cli('signal', '--token', 'RAY', '--sol', '0.1');
    expect(refused.exitCode).to.equal(2);
    expect(refused.stderr).to.match(/-> when it is over: .* alerts resolve /);

    await stack.control('faults/reset');
    expect(await succeeds('retry-exit', 'RAY', '--watch')).to.match(
      /\(stop_loss\), slippage at most 550 bps[\s\S]* FILLED /,
    );

    await succeeds('state', 'set', 'EXITS_ONLY', '--reason', 'test');
    await succeeds('submit', 'entry', '--token', 'JTO', '--sol', '0.2', '--id', 'g-2');
    await succeeds('cancel', 'g-2');
    await succeeds('state', 'set', 'ACTIVE', '--reason', 'test');
    expect(await succeeds('retry', 'g-2', '--id', 'g-3', '--watch')).to.match(/accepted: ENTRY JTO[\s\S]* FILLED /);
  });
});
