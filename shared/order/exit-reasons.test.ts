import { expect } from 'chai';
import { EXIT_REASONS } from './order.js';
import { priorityOf } from './priority.js';

describe('X2 exit reasons', () => {
  it('are these nine, each with its place on the scale', () => {
    const scale = EXIT_REASONS.map((exitReason) => {
      return [exitReason, priorityOf({ orderType: 'EXIT', exitReason, emergency: false })];
    });
    expect(Object.fromEntries(scale)).to.deep.equal({
      stop_loss: 10,
      take_profit_1: 30,
      take_profit_2: 30,
      take_profit_3: 30,
      trailing_stop: 20,
      time_limit: 50,
      stagnation: 50,
      manual: 40,
      emergency: 40,
    });
    expect(EXIT_REASONS).to.have.lengthOf(9);
  });
});
