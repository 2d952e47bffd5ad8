import { expect } from 'chai';
import * as fc from 'fast-check';
import { OrderPriority, priorityOf } from './priority.js';

const EXIT_TABLE: ReadonlyArray<readonly [reason: string | undefined, expected: number]> = [
  ['stop_loss', 10],
  ['STOP_LOSS', 10],
  ['dev_stop_loss_hit', 10],
  ['trailing_stop', 20],
  ['trailing', 20],
  ['take_profit_1', 30],
  ['take_profit_2', 30],
  ['take_profit_3', 30],
  ['manual', 40],
  ['manual_retry', 40],
  ['emergency', 40],
  ['time_limit', 50],
  ['stagnation', 50],
  ['stop', 50],
  ['', 50],
  [undefined, 50],
  ['trailing_stop_loss', 10],
  ['manual_take_profit', 30],
  ['take_profit_after_trailing', 20],
];

const anyReason = fc.option(
  fc.oneof(fc.string(), fc.constantFrom('stop_loss', 'trailing_stop', 'take_profit_1', 'manual', 'emergency')),
  { nil: undefined },
);

describe('P1 order priority', () => {
  it('has the seven levels, lower first', () => {
    expect(OrderPriority).to.deep.equal({
      EMERGENCY: 0,
      EXIT_STOP_LOSS: 10,
      EXIT_TRAILING: 20,
      EXIT_TAKE_PROFIT: 30,
      EXIT_MANUAL: 40,
      EXIT_OTHER: 50,
      ENTRY: 100,
    });
  });

  for (const [exitReason, expected] of EXIT_TABLE) {
    it(`an exit with reason ${JSON.stringify(exitReason)} has priority ${expected}`, () => {
      expect(priorityOf({ orderType: 'EXIT', exitReason, emergency: false })).to.equal(expected);
    });
  }

  it('an entry has priority 100 whatever reason it carries', () => {
    return fc.assert(
      fc.property(anyReason, (exitReason) => {
        expect(priorityOf({ orderType: 'ENTRY', exitReason, emergency: false })).to.equal(100);
      }),
    );
  });

  it('the emergency flag decides over type and reason', () => {
    return fc.assert(
      fc.property(fc.constantFrom('ENTRY' as const, 'EXIT' as const), anyReason, (orderType, exitReason) => {
        expect(priorityOf({ orderType, exitReason, emergency: true })).to.equal(0);
      }),
    );
  });

  it('every exit goes before every entry, and no exit without the flag is an emergency', () => {
    return fc.assert(
      fc.property(anyReason, anyReason, (exitReason, other) => {
        const exit = priorityOf({ orderType: 'EXIT', exitReason, emergency: false });
        expect(exit).to.be.lessThan(priorityOf({ orderType: 'ENTRY', exitReason: other, emergency: false }));
        expect(exit).to.be.greaterThan(OrderPriority.EMERGENCY);
      }),
    );
  });

  it('text around the deciding word changes nothing', () => {
    const words = fc.constantFrom(
      ['stop_loss', 10],
      ['trailing', 20],
      ['take_profit', 30],
      ['manual', 40],
    ) as fc.Arbitrary<[string, number]>;
    const noise = fc.stringMatching(/^[0-9 :.-]{0,8}$/);
    return fc.assert(
      fc.property(words, noise, noise, ([word, expected], before, after) => {
        const exitReason = before + word + after;
        expect(priorityOf({ orderType: 'EXIT', exitReason, emergency: false })).to.equal(expected);
      }),
    );
  });
});
