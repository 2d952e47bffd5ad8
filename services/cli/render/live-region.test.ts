import { expect } from 'chai';
import { LiveRegion } from './live-region.js';

describe('the live region', () => {
  function region() {
    const written: string[] = [];
    return { written, live: new LiveRegion({ write: (text) => written.push(text) }) };
  }

  it('draws again over what it drew before', () => {
    const { written, live } = region();
    live.draw(['a', 'b']);
    live.draw(['c']);
    expect(written).to.deep.equal(['\u001b[?25la\nb\n', '\u001b[2A\r\u001b[Jc\n']);
  });

  it('writes nothing when nothing changed', () => {
    const { written, live } = region();
    live.draw(['a']);
    live.draw(['a']);
    expect(written).to.have.length(1);
  });

  it('gives the cursor back, once, and leaves what is shown', () => {
    const { written, live } = region();
    live.close();
    live.draw(['a']);
    live.close();
    live.close();
    expect(written.slice(1)).to.deep.equal(['\u001b[?25h']);
  });
});
