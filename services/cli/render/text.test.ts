import { expect } from 'chai';
import { cut, padEnd, plain, shorten, widthOf, wrap } from './text.js';

describe('text for a terminal', () => {
  for (const [text, width] of [
    ['BONK', 4],
    ['\u001b[31mred\u001b[39m', 3],
    ['日本', 4],
    ['🚀', 2],
    ['e\u0301', 1],
    ['', 0],
  ] as const) {
    it(`counts ${JSON.stringify(text)} as ${width} columns`, () => expect(widthOf(text)).to.equal(width));
  }

  it('takes out what could move the cursor, break the line or turn the writing', () => {
    expect(plain('BO\u001b[2JNK')).to.equal('BONK');
    expect(plain('a\r\nb\tc\u0007')).to.equal('a b c');
    expect(plain('A\u202eB\u2066C')).to.equal('ABC');
  });

  it('cuts to a width and says so', () => {
    expect(cut('take_profit_1', 8)).to.equal('take_pr…');
    expect(cut('take_profit_1', 8, '...')).to.equal('take_...');
    expect(cut('short', 8)).to.equal('short');
    expect(widthOf(cut('日本語文字', 5))).to.be.at.most(5);
    expect(cut('abc', 2, '...')).to.equal('..');
    expect(cut('abc', 0)).to.equal('');
  });

  it('keeps begin and end of what is long', () => {
    expect(shorten('5KtPn1LGuxhFiwjx', 9)).to.equal('5KtP…iwjx');
    expect(shorten('abc', 9)).to.equal('abc');
    expect(shorten('5KtPn1LGuxhFiwjx', 2, '...')).to.equal('..');
  });

  it('pads by columns, not by characters', () => expect(padEnd('日本', 6)).to.equal('日本  '));

  it('breaks lines at words', () => expect(wrap('one two three four', 9)).to.deep.equal(['one two', 'three', 'four']));
});
