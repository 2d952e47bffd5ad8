import { BigNumber } from 'bignumber.js';
import { expect } from 'chai';
import fc from 'fast-check';
import { type ExitPlan, NO_EXIT_PLAN } from './exit-plan.js';
import { evaluateExit, type Triggered, timeLimitAt } from './exit-rules.js';
import { EXIT_TRIGGERS, type ExitState, type ExitTrigger, exitStateOf, markFired, openingState } from './exit-state.js';
import { anyPlan, anyPrice } from './testing/plans.js';

const OPENED = new Date('2026-01-01T00:00:00.000Z');
const position = { entryPrice: '1', openedAt: OPENED, remainingTokens: 1_000n };
const plan = (part: Partial<ExitPlan>): ExitPlan => ({ ...NO_EXIT_PLAN, ...part });
const later = (seconds: number) => new Date(OPENED.getTime() + seconds * 1_000);

/** Shows prices second by second, making every exit that fires; what fired at which price. */
function play(rules: ExitPlan, prices: readonly string[], start: ExitState = openingState(rules, position)) {
  let state = start;
  const fired: [price: string, trigger: ExitTrigger, percent: number][] = [];
  prices.forEach((value, index) => {
    const result = evaluateExit(rules, state, position, { value, at: later(index + 1) });
    state = result.state;
    if (!result.triggered) return;
    fired.push([value, result.triggered.trigger, result.triggered.percent]);
    state = markFired(state, result.triggered.trigger);
  });
  return { fired, state };
}

describe('X9 the stop-loss', () => {
  for (const [stopLossPercent, price, fires] of [
    [10, '0.9', true],
    [10, '0.900000000000000001', false],
    [10, '0.1', true],
    [10, '1.5', false],
    [0.0001, '0.999999', true],
    [99.9999, '0.000001', true],
    [99.9999, '0.00000100000000001', false],
  ] as const) {
    it(`of ${stopLossPercent} % ${fires ? 'fires' : 'does not fire'} at ${price}, bought at 1`, () => {
      const { fired } = play(plan({ stopLossPercent }), [price]);
      expect(fired).to.deep.equal(fires ? [[price, 'stop_loss', 100]] : []);
    });
  }

  it('compares exactly where floating point would not', () => {
    // 0.3 * 0.9 is 0.27 and not 0.27000000000000002.
    const facts = { ...position, entryPrice: '0.3' };
    const rules = plan({ stopLossPercent: 10 });
    const at = (value: string) =>
      evaluateExit(rules, openingState(rules, facts), facts, { value, at: later(1) }).triggered?.trigger;
    expect(at('0.27')).to.equal('stop_loss');
    expect(at('0.270000000000000001')).to.equal(undefined);
  });

  it('says why', () => {
    const rules = plan({ stopLossPercent: 10 });
    const { triggered } = evaluateExit(rules, openingState(rules, position), position, { value: '0.8', at: later(1) });
    expect(triggered?.detail).to.equal('price 0.8 is 10 % or more below the entry 1');
  });
});

describe('X9 the trailing stop', () => {
  it('without activation follows the price from the entry on', () => {
    expect(play(plan({ trailingStopPercent: 10 }), ['0.95', '0.9']).fired).to.deep.equal([
      ['0.9', 'trailing_stop', 100],
    ]);
    const { fired, state } = play(plan({ trailingStopPercent: 10 }), ['1.5', '2', '1.81', '1.8']);
    expect(fired).to.deep.equal([['1.8', 'trailing_stop', 100]]);
    expect(state.trailing).to.deep.equal({ peak: '2', since: OPENED.toISOString() });
  });

  it('with activation does nothing before, and measures from the best price after', () => {
    const rules = plan({ trailingStopPercent: 10, trailingActivationPercent: 20 });
    expect(play(rules, ['0.5', '1.19', '0.2']).fired).to.deep.equal([]);
    expect(play(rules, ['1.2', '1.09', '1.08']).fired).to.deep.equal([['1.08', 'trailing_stop', 100]]);
    expect(play(rules, ['1.2', '3', '2.71', '2.7']).fired).to.deep.equal([['2.7', 'trailing_stop', 100]]);
    expect(play(rules, ['1.19', '1.25']).state.trailing).to.deep.equal({ peak: '1.25', since: later(2).toISOString() });
  });
});

describe('X9 taking profit', () => {
  const rules = plan({
    takeProfits: [
      { gainPercent: 10, sellPercent: 50 },
      { gainPercent: 20, sellPercent: 25 },
      { gainPercent: 30, sellPercent: 100 },
    ],
  });

  it('fires each step once, with its own percentage', () => {
    expect(play(rules, ['1.09', '1.1', '1.15', '1.2', '1.1', '1.3', '1.4']).fired).to.deep.equal([
      ['1.1', 'take_profit_1', 50],
      ['1.2', 'take_profit_2', 25],
      ['1.3', 'take_profit_3', 100],
    ]);
  });

  it('takes the steps one after the other when the price leaps over several', () => {
    expect(play(rules, ['2', '2', '2', '2']).fired.map(([, trigger]) => trigger)).to.deep.equal([
      'take_profit_1',
      'take_profit_2',
      'take_profit_3',
    ]);
  });
});

describe('X9 time limit and stagnation', () => {
  it('sell all when the time is up, at the first price from then on', () => {
    const rules = plan({ timeLimitMs: 3_000 });
    expect(play(rules, ['1', '1', '1', '1']).fired).to.deep.equal([['1', 'time_limit', 100]]);
    expect(timeLimitAt(rules, position)?.toISOString()).to.equal('2026-01-01T00:00:03.000Z');
    expect(timeLimitAt(NO_EXIT_PLAN, position)).to.equal(undefined);
    expect(play(rules, ['1', '1']).fired).to.deep.equal([]);
  });

  it('sell all when the price moved less than so much for so long', () => {
    const rules = plan({ stagnationPercent: 5, stagnationWindowMs: 3_000 });
    expect(play(rules, ['1.04', '0.96', '1.01']).fired).to.deep.equal([['1.01', 'stagnation', 100]]);
    // 1.05 is a move, and the clock starts again there.
    expect(play(rules, ['1.04', '1.05', '1.06', '1.07']).fired).to.deep.equal([]);
    expect(play(rules, ['1.04', '1.05', '1.06', '1.07', '1.08']).fired).to.deep.equal([['1.08', 'stagnation', 100]]);
    expect(play(rules, ['1', '1', '0.95', '1', '1']).fired).to.deep.equal([]);
  });
});

describe('X9 precedence', () => {
  /** A plan and a price at which everything fires that can fire together: at 0.4 after 2. */
  const below = plan({
    stopLossPercent: 50,
    trailingStopPercent: 50,
    timeLimitMs: 1,
    stagnationPercent: 90,
    stagnationWindowMs: 1,
  });

  it('is stop-loss, trailing stop, take-profit 1 to 3, time limit, stagnation, once each', () => {
    expect(play(below, Array(8).fill('0.4')).fired.map(([, trigger]) => trigger)).to.deep.equal([
      'stop_loss',
      'trailing_stop',
      'time_limit',
      'stagnation',
    ]);
    const step = (gainPercent: number) => ({ gainPercent, sellPercent: 10 });
    const above = plan({
      trailingStopPercent: 5,
      takeProfits: [step(10), step(20), step(30)],
      timeLimitMs: 1,
      stagnationPercent: 90,
      stagnationWindowMs: 1,
    });
    const peaked: ExitState = {
      ...openingState(above, position),
      trailing: { peak: '2', since: OPENED.toISOString() },
    };
    expect(play(above, Array(9).fill('1.4'), peaked).fired.map(([, trigger]) => trigger)).to.deep.equal([
      'trailing_stop',
      'take_profit_1',
      'take_profit_2',
      'take_profit_3',
      'time_limit',
      'stagnation',
    ]);
  });

  it('fires nothing when nothing is left to sell', () => {
    const sold = { ...position, remainingTokens: 0n };
    const result = evaluateExit(below, openingState(below, sold), sold, { value: '0.4', at: later(60) });
    expect(result.triggered).to.equal(undefined);
  });
});

/** What the rules say, written down a second time: with the whole history instead of a state. */
function oracle(rules: ExitPlan, history: readonly { value: string; at: Date }[], fired: readonly ExitTrigger[]) {
  const now = history.at(-1) ?? { value: '1', at: OPENED };
  const ratio = (value: string, from: string) => new BigNumber(value).dividedBy(from).minus(1).multipliedBy(100);
  const rise = (value: string, percent: number) => ratio(value, '1').isGreaterThanOrEqualTo(percent);
  const holds: Record<ExitTrigger, () => boolean> = {
    stop_loss: () =>
      rules.stopLossPercent !== undefined && ratio(now.value, '1').isLessThanOrEqualTo(-rules.stopLossPercent),
    trailing_stop: () => {
      if (rules.trailingStopPercent === undefined) return false;
      const activation = rules.trailingActivationPercent;
      const start = activation === undefined ? -1 : history.findIndex(({ value }) => rise(value, activation));
      if (activation !== undefined && start < 0) return false;
      const seen = history.slice(Math.max(0, start)).map(({ value }) => value);
      const peak = BigNumber.max(...(activation === undefined ? ['1', ...seen] : seen));
      return new BigNumber(now.value)
        .multipliedBy(100)
        .isLessThanOrEqualTo(peak.multipliedBy(100 - rules.trailingStopPercent));
    },
    take_profit_1: () => rules.takeProfits[0] !== undefined && rise(now.value, rules.takeProfits[0].gainPercent),
    take_profit_2: () => rules.takeProfits[1] !== undefined && rise(now.value, rules.takeProfits[1].gainPercent),
    take_profit_3: () => rules.takeProfits[2] !== undefined && rise(now.value, rules.takeProfits[2].gainPercent),
    time_limit: () => rules.timeLimitMs !== undefined && now.at.getTime() - OPENED.getTime() >= rules.timeLimitMs,
    stagnation: () => {
      const { stagnationPercent: percent, stagnationWindowMs: window } = rules;
      if (percent === undefined || window === undefined) return false;
      let from = { value: '1', at: OPENED };
      for (const price of history)
        if (ratio(price.value, from.value).absoluteValue().isGreaterThanOrEqualTo(percent)) from = price;
      return now.at.getTime() - from.at.getTime() >= window;
    },
  };
  return EXIT_TRIGGERS.find((trigger) => !fired.includes(trigger) && holds[trigger]());
}

describe('X9 for any plan and any prices', () => {
  const anyHistory = fc.array(fc.tuple(anyPrice, fc.integer({ min: 1, max: 20_000_000 })), {
    minLength: 1,
    maxLength: 25,
  });

  it('the rules fire what the plan says in words, each at most once, whenever the process is restarted', () => {
    fc.assert(
      fc.property(anyPlan, anyHistory, (rules, steps) => {
        let at = OPENED.getTime();
        let state = exitStateOf({}, rules, position);
        const history: { value: string; at: Date }[] = [];
        const fired: ExitTrigger[] = [];
        for (const [value, later] of steps) {
          at += later;
          history.push({ value, at: new Date(at) });
          const expected = oracle(rules, history, fired);
          // What a restart leaves: the state as the database gives it back.
          const restored = exitStateOf(JSON.parse(JSON.stringify(state)), rules, position);
          const result: { state: ExitState; triggered: Triggered | undefined } = evaluateExit(
            rules,
            restored,
            position,
            {
              value,
              at: new Date(at),
            },
          );
          expect(result.triggered?.trigger).to.equal(expected);
          state = result.state;
          if (!result.triggered) continue;
          expect(result.triggered.percent).to.be.within(1, 100);
          state = markFired(state, result.triggered.trigger);
          fired.push(result.triggered.trigger);
        }
        expect(new Set(fired).size).to.equal(fired.length);
      }),
      { numRuns: 500 },
    );
  });

  it('a trigger whose exit could not be made fires again at the next price', () => {
    const rules = plan({ stopLossPercent: 10 });
    const first = evaluateExit(rules, openingState(rules, position), position, { value: '0.8', at: later(1) });
    const second = evaluateExit(rules, first.state, position, { value: '0.7', at: later(2) });
    expect([first.triggered?.trigger, second.triggered?.trigger]).to.deep.equal(['stop_loss', 'stop_loss']);
  });
});
