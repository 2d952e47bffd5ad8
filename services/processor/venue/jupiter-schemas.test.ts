import { expect } from 'chai';
import { parsePriceAnswer } from './jupiter-schemas.js';

describe('price answers', () => {
  it('keep every digit of a price', () => {
    const text = '{"a":{"usdPrice":0.000000123456789012345678,"decimals":5},"b":{"usdPrice": 1.5e-12},"c":null}';
    expect(parsePriceAnswer(text)).to.deep.equal({
      a: { usdPrice: '0.000000123456789012345678' },
      b: { usdPrice: '1.5e-12' },
      c: null,
    });
  });

  it('that are none are refused', () => {
    for (const text of ['[]', '{"a":{"usdPrice":null}}', '{"a":{}}', 'nothing']) {
      expect(() => parsePriceAnswer(text), text).to.throw();
    }
  });
});
