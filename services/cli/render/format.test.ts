import { expect } from 'chai';
import { bps, dateTime, duration, levelName, price, signed, statusName, timeOfDay } from './format.js';

describe('numbers and times for people', () => {
  for (const [text, shown] of [
    ['0.000000120853', '0.00000012085'],
    ['0.0045', '0.0045000'],
    ['123.456789', '123.46'],
    ['1234567', '1234567'],
    ['1e-7', '0.00000010000'],
    ['', ''],
    ['none', 'none'],
  ] as const) {
    it(`shows the price ${JSON.stringify(text)} as ${JSON.stringify(shown)}`, () =>
      expect(price(text)).to.equal(shown));
  }

  for (const [ms, shown] of [
    [0, '0 ms'],
    [999, '999 ms'],
    [1_000, '1.0 s'],
    [59_949, '59.9 s'],
    [59_950, '1 min 00 s'],
    [185_000, '3 min 05 s'],
    [7_800_000, '2 h 10 min'],
    [273_600_000, '3 d 4 h'],
  ] as const) {
    it(`shows ${ms} milliseconds as ${shown}`, () => expect(duration(ms)).to.equal(shown));
  }

  it('shows slippage with its sign, positive being worse', () => {
    expect([bps(12), bps(-3), bps(0), bps(undefined)]).to.deep.equal(['+12 bps', '-3 bps', '0 bps', '']);
  });

  it('shows profit with its sign', () => {
    expect(['0.5', '-0.5', '0', '0.000', ''].map(signed)).to.deep.equal(['+0.5', '-0.5', '0', '0.000', '']);
  });

  it('names states and levels', () => {
    expect(statusName('ORDER_STATUS_FILLED')).to.equal('FILLED');
    expect(statusName('UNRECOGNIZED')).to.equal('-');
    expect(levelName(10)).to.equal('EXIT_STOP_LOSS');
    expect(levelName(7)).to.equal('level 7');
  });

  it('shows times in UTC', () => {
    const at = new Date('2026-01-02T03:04:05.678Z');
    expect(timeOfDay(at)).to.equal('03:04:05.678');
    expect(dateTime(at)).to.equal('2026-01-02 03:04:05Z');
    expect(dateTime(undefined)).to.equal('');
  });
});
