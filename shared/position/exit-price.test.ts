import { expect } from 'chai';
import { EXIT_REASONS } from '../order/order.js';
import { exitPrice } from './exit-price.js';

const prices = { current: '0.5', lastKnown: '0.6', entryPrice: '1' };
const none = { ...prices, current: undefined };

describe('X7 the price an exit expects', () => {
  it('is the current one for every reason, if there is one', () => {
    for (const exitReason of EXIT_REASONS) {
      const price = exitPrice({ exitReason, emergency: false }, prices);
      expect(price).to.deep.equal({ kind: 'price', price: '0.5', source: 'current' });
    }
  });

  for (const exit of [
    { exitReason: 'stop_loss', emergency: false },
    { exitReason: 'emergency', emergency: false },
    { exitReason: 'manual', emergency: true },
  ]) {
    it(`without one is the last known, then half the entry price: ${exit.exitReason}, emergency ${exit.emergency}`, () => {
      expect(exitPrice(exit, none)).to.deep.equal({ kind: 'price', price: '0.6', source: 'last_known' });
      const never = { ...none, lastKnown: undefined };
      expect(exitPrice(exit, never)).to.deep.equal({ kind: 'price', price: '0.5', source: 'half_entry' });
    });
  }

  for (const exitReason of EXIT_REASONS.filter((reason) => reason !== 'stop_loss' && reason !== 'emergency')) {
    it(`without one does not exist for ${exitReason}, which says so`, () => {
      const refusal = exitPrice({ exitReason, emergency: false }, none);
      expect(refusal.kind).to.equal('refuse');
      expect(refusal).to.have.property('detail').that.contains(exitReason).and.contains('waits for the next price');
    });
  }

  it('is exact and never nothing', () => {
    const half = (entryPrice: string) => {
      const price = exitPrice(
        { exitReason: 'stop_loss', emergency: false },
        { current: undefined, lastKnown: undefined, entryPrice },
      );
      return price.kind === 'price' ? price.price : price.kind;
    };
    expect(half('0.3')).to.equal('0.15');
    expect(half('0.000000000000000003')).to.equal('0.000000000000000002');
    expect(half('0.000000000000000001')).to.equal('0.000000000000000001');
  });
});
