import { expect } from 'chai';
import fc from 'fast-check';
import { HINT_TOPICS } from './database.js';
import { decodeHints, encodeHints } from './hint-payload.js';
import type { Hint } from './session.js';

describe('a hint payload', () => {
  const hint = fc.tuple(fc.constantFrom(...HINT_TOPICS), fc.string({ unit: 'grapheme' }));

  it('gives back what was put in, or a catch-all of every topic, and always fits a NOTIFY', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.array(hint, { maxLength: 400 }), (sender, hints) => {
        const payload = encodeHints({ sender, hints });
        expect(Buffer.byteLength(payload)).to.be.lessThan(8_000);
        const decoded = decodeHints(payload);
        expect(decoded?.sender).to.equal(sender);
        const exact = JSON.stringify(decoded?.hints) === JSON.stringify(hints);
        const catchAll = [...new Set(hints.map(([topic]) => topic))].map((topic): Hint => [topic, '']);
        if (!exact) expect(decoded?.hints).to.deep.equal(catchAll);
      }),
    );
  });

  it('keeps 100 of the longest keys apart only as long as they fit', () => {
    const hints = (count: number) => Array.from({ length: count }, (_, i): Hint => ['order', `${i}`.padEnd(128, 'x')]);
    expect(decodeHints(encodeHints({ sender: 'me', hints: hints(50) }))?.hints).to.have.length(50);
    expect(decodeHints(encodeHints({ sender: 'me', hints: hints(100) }))?.hints).to.deep.equal([['order', '']]);
  });

  it('of somebody else is no payload, and topics of a newer version are left out', () => {
    for (const payload of ['', 'hello', '{}', '[]', '[1]', 'null']) expect(decodeHints(payload)).to.equal(undefined);
    const newer = JSON.stringify(['me', ['order', 'a'], ['weather', 'b'], ['order'], 7]);
    expect(decodeHints(newer)).to.deep.equal({ sender: 'me', hints: [['order', 'a']] });
  });
});
