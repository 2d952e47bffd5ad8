import { expect } from 'chai';
import { InvalidArgumentError } from 'commander';
import { OrderStatus } from '../../proto/gen/exitlane/v1/order.js';
import { choicesOf, decimal, instant, oneOf, oneOfMany, sequence, timeSpan, wholeNumber } from './options.js';
import { tokenOf } from './tokens.js';

describe('values of options', () => {
  const statuses = oneOfMany(choicesOf(OrderStatus), 'ORDER_STATUS_');

  it('reads whole numbers within bounds', () => expect(wholeNumber(1, 100)('50')).to.equal(50));
  for (const wrong of ['0', '101', '5.5', '-1', '1e1', '', ' 5']) {
    it(`refuses ${JSON.stringify(wrong)} for 1 to 100`, () => {
      expect(() => wholeNumber(1, 100)(wrong)).to.throw(InvalidArgumentError, 'from 1 to 100');
    });
  }

  it('passes decimals on untouched', () => expect(decimal('0.500')).to.equal('0.500'));
  for (const wrong of ['1e3', '-1', '1,5', '.5', 'abc', '']) {
    it(`refuses the amount ${JSON.stringify(wrong)}`, () =>
      expect(() => decimal(wrong)).to.throw(InvalidArgumentError));
  }

  for (const [text, ms] of [
    ['30', 30_000],
    ['30s', 30_000],
    ['1.5m', 90_000],
    ['2h', 7_200_000],
    ['500ms', 500],
  ] as const) {
    it(`reads ${text} as ${ms} milliseconds`, () => expect(timeSpan(text)).to.equal(ms));
  }
  for (const wrong of ['', 's', '0s', '-5s', '5 weeks']) {
    it(`refuses the time ${JSON.stringify(wrong)}`, () => expect(() => timeSpan(wrong)).to.throw(InvalidArgumentError));
  }

  it('reads points in time and sequences', () => {
    expect(instant('2026-01-02T03:04:05Z').getTime()).to.equal(Date.UTC(2026, 0, 2, 3, 4, 5));
    expect(() => instant('tomorrow')).to.throw(InvalidArgumentError);
    expect(sequence('18446744073709551')).to.equal(18446744073709551n);
    expect(() => sequence('-1')).to.throw(InvalidArgumentError);
  });

  it('reads enums by any of their names, several at once', () => {
    expect(statuses('pending,FAILED', undefined)).to.deep.equal([OrderStatus.PENDING, OrderStatus.FAILED]);
    expect(statuses('ORDER_STATUS_FILLED', [OrderStatus.PENDING])).to.have.length(2);
    expect(() => statuses('unspecified', undefined)).to.throw(
      'one of PENDING, SUBMITTED, CONFIRMING, FILLED, FAILED, CANCELLED',
    );
    expect(oneOf(choicesOf(OrderStatus), 'ORDER_STATUS_')('filled')).to.equal(OrderStatus.FILLED);
  });
});

describe('tokens by name', () => {
  it('knows symbols in either case, and takes addresses', () => {
    expect(tokenOf('bonk')).to.deep.equal({ address: 'DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263', symbol: 'BONK' });
    const address = 'JUPyiwrYJFskUPiHa7hkeR8VUtAeFoSYbKedZNsDvCN';
    expect(tokenOf(address)).to.deep.equal({ address, symbol: '' });
  });

  for (const sol of ['SOL', 'sol', 'So11111111111111111111111111111111111111112']) {
    it(`refuses ${sol}: it is what orders pay with`, () => expect(() => tokenOf(sol)).to.throw('not a token to trade'));
  }

  for (const wrong of ['DOGE', '0xdeadbeef', 'O0Il'.repeat(9)]) {
    it(`refuses ${wrong}`, () => expect(() => tokenOf(wrong)).to.throw('neither a mint address nor a symbol'));
  }
});
