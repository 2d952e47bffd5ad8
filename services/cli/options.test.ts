import { expect } from 'chai';
import { InvalidArgumentError } from 'commander';
import { OrderStatus } from '../../proto/gen/exitlane/v1/order.js';
import {
  choicesOf,
  decimal,
  instant,
  number,
  oneOf,
  oneOfMany,
  sequence,
  since,
  stagnation,
  takeProfits,
  timeSpan,
  wholeNumber,
} from './options.js';
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

  it('reads plain numbers', () => expect([number('12.5'), number('-0.5'), number('0')]).to.deep.equal([12.5, -0.5, 0]));
  for (const wrong of ['', '1e3', 'NaN', 'Infinity', '5 %', '1,5', '.5']) {
    it(`refuses the number ${JSON.stringify(wrong)}`, () => expect(() => number(wrong)).to.throw(InvalidArgumentError));
  }

  it('reads steps of taking profit, repeated or with commas', () => {
    const first = takeProfits('50:30', undefined);
    expect(takeProfits('+100:50,200.5:100', first)).to.deep.equal([
      { gainPercent: 50, sellPercent: 30 },
      { gainPercent: 100, sellPercent: 50 },
      { gainPercent: 200.5, sellPercent: 100 },
    ]);
    for (const wrong of ['', '50', '50:', ':30', '50:1.5', '50:30,']) {
      expect(() => takeProfits(wrong, undefined), wrong).to.throw(InvalidArgumentError, 'such as 50:30');
    }
  });

  it('reads a stagnation as percent and time', () => {
    expect(stagnation('2.5:30m')).to.deep.equal({ percent: 2.5, windowMs: 1_800_000 });
    for (const wrong of ['2', '2:', ':30m', '2:x']) {
      expect(() => stagnation(wrong), wrong).to.throw(InvalidArgumentError);
    }
  });

  it('reads a past as a span back from now, never before 1970, or as a point in time', () => {
    expect(since('1h')(3_600_001).getTime()).to.equal(1);
    expect(since('365d')(5).getTime()).to.equal(0);
    expect(since('2026-01-02T03:04:05Z')(5).getTime()).to.equal(Date.UTC(2026, 0, 2, 3, 4, 5));
    expect(() => since('2026-01-02')).to.throw(InvalidArgumentError);
  });

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
