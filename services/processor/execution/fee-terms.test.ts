import { expect } from 'chai';
import { OrderPriority } from '../../../shared/order/priority.js';
import { feeTerms } from './fee-terms.js';

const settings = { priorityLevel: 'medium', priorityFeeMaxLamports: 1_000_000n } as const;

describe('X11 what an order offers for its place in a block', () => {
  const exit = (priority: OrderPriority, attemptCount: number) => {
    const terms = feeTerms({ orderType: 'EXIT', priority, attemptCount }, settings);
    return [Number(terms.priorityFeeMaxLamports), terms.priorityLevel];
  };

  it('steps up with urgency and attempts, and stays within the cap', () => {
    const { EXIT_TAKE_PROFIT, EXIT_STOP_LOSS, EMERGENCY } = OrderPriority;
    expect([0, 1, 2, 3].map((failed) => exit(EXIT_TAKE_PROFIT, failed))).to.deep.equal([
      [250_000, 'high'],
      [500_000, 'high'],
      [1_000_000, 'veryHigh'],
      [1_000_000, 'veryHigh'],
    ]);
    expect(exit(EXIT_STOP_LOSS, 0)).to.deep.equal([500_000, 'high']);
    expect(exit(EMERGENCY, 0)).to.deep.equal([1_000_000, 'veryHigh']);
  });

  it('is what is configured for an entry, however often it was tried', () => {
    const entry = { orderType: 'ENTRY', priority: OrderPriority.ENTRY, attemptCount: 4 } as const;
    expect(feeTerms(entry, settings)).to.deep.equal(settings);
  });
});
