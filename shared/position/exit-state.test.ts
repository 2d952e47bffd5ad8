import { expect } from 'chai';
import fc from 'fast-check';
import { newId, ORDER_REQ_ID_PATTERN } from '../core/ids.js';
import { type ExitPlan, NO_EXIT_PLAN } from './exit-plan.js';
import { evaluateExit } from './exit-rules.js';
import {
  EXIT_TRIGGERS,
  type ExitState,
  exitStateOf,
  markFired,
  openingState,
  stateUnderPlan,
  triggerReqId,
} from './exit-state.js';
import { anyPlan } from './testing/plans.js';

const OPENED = new Date('2026-01-01T00:00:00.000Z');
const entry = { entryPrice: '1', openedAt: OPENED };
const plan = (part: Partial<ExitPlan>): ExitPlan => ({ ...NO_EXIT_PLAN, ...part });
const since = '2026-01-01T01:00:00.000Z';

describe('X9 the state of an exit plan', () => {
  it('of a new position measures from the entry; a stored one is what it was', () => {
    const rules = plan({ trailingStopPercent: 5 });
    const opened = OPENED.toISOString();
    const fresh = {
      trailing: { peak: '1', since: opened },
      stagnation: { price: '1', since: opened },
      fired: [],
      rearmed: {},
    };
    expect(exitStateOf({}, rules, entry)).to.deep.equal(fresh);
    expect(openingState(plan({ trailingStopPercent: 5, trailingActivationPercent: 10 }), entry).trailing).to.equal(
      null,
    );
    const stored: ExitState = { ...fresh, fired: ['stop_loss'], rearmed: { stop_loss: 2 } };
    expect(exitStateOf(JSON.parse(JSON.stringify(stored)), rules, entry)).to.deep.equal(stored);
  });

  for (const broken of [
    null,
    [],
    'x',
    { fired: ['stop_loss'] },
    { trailing: { peak: 'NaN', since }, stagnation: null, fired: [], rearmed: {} },
  ]) {
    it(`refuses ${JSON.stringify(broken)} instead of forgetting what fired`, () => {
      expect(() => exitStateOf(broken, NO_EXIT_PLAN, entry)).to.throw();
    });
  }

  it('marks a trigger once', () => {
    const once = markFired(openingState(NO_EXIT_PLAN, entry), 'time_limit');
    expect(markFired(once, 'time_limit')).to.deep.equal(once);
  });
});

describe('X9 a plan changed while the position is open', () => {
  const state: ExitState = {
    trailing: { peak: '2', since },
    stagnation: { price: '1.9', since },
    fired: ['take_profit_1', 'stop_loss'],
    rearmed: {},
  };
  const before = plan({
    stopLossPercent: 10,
    trailingStopPercent: 20,
    takeProfits: [{ gainPercent: 10, sellPercent: 50 }],
    stagnationPercent: 5,
    stagnationWindowMs: 60_000,
  });

  it('keeps what rules know that stay the same', () => {
    const changed = { ...before, timeLimitMs: 5 };
    expect(stateUnderPlan(state, before, changed)).to.deep.equal(state);
  });

  it('arms a changed trigger that had fired, under an id of its own', () => {
    const after = stateUnderPlan(state, before, { ...before, stopLossPercent: 15 });
    expect(after.fired).to.deep.equal(['take_profit_1']);
    expect(after.rearmed).to.deep.equal({ stop_loss: 1 });
    const id = newId();
    expect(triggerReqId(id, 'stop_loss', state)).to.equal(`exit:${id}:stop_loss`);
    expect(triggerReqId(id, 'stop_loss', after)).to.equal(`exit:${id}:stop_loss:1`);
    expect(triggerReqId(id, 'take_profit_1', after)).to.equal(`exit:${id}:take_profit_1`);
  });

  it('does not count a changed trigger that had not fired: an order made in the same moment is found by its id', () => {
    const after = stateUnderPlan({ ...state, fired: [] }, before, { ...before, stopLossPercent: 15 });
    expect(after.rearmed).to.deep.equal({});
  });

  it('keeps the best price when only the distance of the trailing stop changes, and forgets it otherwise', () => {
    const trailing = (part: Partial<ExitPlan>) => stateUnderPlan(state, before, { ...before, ...part }).trailing;
    expect(trailing({ trailingStopPercent: 5 })).to.deep.equal(state.trailing);
    expect(trailing({ trailingActivationPercent: 50 })).to.equal(null);
    const { trailingStopPercent: _, ...without } = before;
    expect(stateUnderPlan(state, before, without).trailing).to.equal(null);
    const fired: ExitState = { ...state, fired: ['trailing_stop'] };
    expect(stateUnderPlan(fired, before, { ...before, trailingStopPercent: 5 }).trailing).to.equal(null);
  });

  it('does not fire a trailing stop that is new on a losing position before the price falls from here', () => {
    const rules = plan({ trailingStopPercent: 10 });
    const now = stateUnderPlan(openingState(NO_EXIT_PLAN, entry), NO_EXIT_PLAN, rules);
    const look = (from: ExitState, value: string, minute: number) =>
      evaluateExit(
        rules,
        from,
        { ...entry, remainingTokens: 1n },
        { value, at: new Date(OPENED.getTime() + minute * 60_000) },
      );
    const first = look(now, '0.5', 1);
    expect(first.triggered).to.equal(undefined);
    expect(look(first.state, '0.45', 2).triggered?.trigger).to.equal('trailing_stop');
  });

  it('measures stagnation from the next price when its rule changed', () => {
    expect(stateUnderPlan(state, before, { ...before, stagnationPercent: 6 }).stagnation).to.equal(null);
  });

  it('never lets two exits of a position share an id, nor lets a trigger fire twice under one', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyPlan, fc.subarray([...EXIT_TRIGGERS])), { maxLength: 8 }), (changes) => {
        let rules: ExitPlan = NO_EXIT_PLAN;
        let now = openingState(rules, entry);
        const ids: string[] = [];
        for (const [next, firing] of changes) {
          now = stateUnderPlan(now, rules, next);
          rules = next;
          for (const trigger of firing) {
            if (now.fired.includes(trigger)) continue;
            ids.push(triggerReqId('p', trigger, now));
            now = markFired(now, trigger);
          }
        }
        expect(new Set(ids).size).to.equal(ids.length);
        for (const id of ids) expect(id).to.match(ORDER_REQ_ID_PATTERN);
      }),
    );
  });
});
