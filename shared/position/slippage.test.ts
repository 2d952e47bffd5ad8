import { expect } from 'chai';
import { slippageBps } from './slippage.js';

describe('slippage', () => {
  it('is positive when the trader got less than expected, for either side', () => {
    expect(slippageBps('BUY', '1', '1.01')).to.equal(100);
    expect(slippageBps('BUY', '1', '0.99')).to.equal(-100);
    expect(slippageBps('SELL', '1', '0.99')).to.equal(100);
    expect(slippageBps('SELL', '0.000000119768145553', '0.000000119768145553')).to.equal(0);
    expect(slippageBps('SELL', '2', '0')).to.equal(10_000);
  });

  it('stays within what an int32 holds, however absurd the expectation was', () => {
    expect(slippageBps('BUY', '0.000000000000000001', '1000000')).to.equal(2_000_000_000);
  });
});
