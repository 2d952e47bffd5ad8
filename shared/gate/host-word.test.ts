import { expect } from 'chai';
import { HostWord } from './host-word.js';
import { HOST_PAUSE_MS_MAX, LIMITED_PAUSE_MS_MAX } from './limits.js';

const NOW = 1_000_000;
const RESERVE = { part: 0.3, calls: 9 };

describe('A6 a host’s own word', () => {
  const waits = (word: HostWord, now: number) => {
    return { critical: word.waitMs(true, RESERVE, now), others: word.waitMs(false, RESERVE, now) };
  };
  const limited = { limited: true };

  it('while it grants no more than the reserve, only critical calls start', () => {
    const word = new HostWord();
    word.heard({ limited: false, remaining: 10, granted: 30, resetMs: 40_000 }, false, 0, NOW);
    expect(waits(word, NOW)).to.deep.equal({ critical: 0, others: 0 });
    word.took();
    expect(waits(word, NOW)).to.deep.equal({ critical: 0, others: 40_000 });
    for (let n = 0; n < 9; n++) word.took();
    expect(waits(word, NOW + 1_000)).to.deep.equal({ critical: 39_000, others: 39_000 });
    expect(waits(word, NOW + 40_000)).to.deep.equal({ critical: 0, others: 0 });
  });

  it('the reserve shrinks with what the host grants in all, so that others are not shut out', () => {
    const word = new HostWord();
    word.heard({ limited: false, remaining: 4, granted: 10, resetMs: 40_000 }, false, 0, NOW);
    expect(waits(word, NOW).others).to.equal(0);
  });

  it('calls it has not answered yet may not be counted in what it says', () => {
    const word = new HostWord();
    word.heard({ limited: false, remaining: 3, resetMs: 1_000 }, true, 2, NOW);
    expect(word.left(NOW)).to.deep.equal({ calls: 1, until: NOW + 1_000 });
    word.heard({ limited: false, remaining: 3, resetMs: 1_000 }, true, 0, NOW);
    expect(word.left(NOW)).to.deep.equal({ calls: 3, until: NOW + 1_000 });
  });

  it('a refusal stops other calls first, and critical ones when one of them is refused', () => {
    const word = new HostWord();
    word.heard({ ...limited, retryAfterMs: 5_000 }, false, 0, NOW);
    expect(waits(word, NOW)).to.deep.equal({ critical: 0, others: 5_000 });
    word.heard({ ...limited, retryAfterMs: 3_000 }, true, 0, NOW + 1_000);
    expect(waits(word, NOW + 1_000)).to.deep.equal({ critical: 3_000, others: 4_000 });
  });

  it('a refusal with "none left" stops all', () => {
    const word = new HostWord();
    word.heard({ ...limited, remaining: 0, resetMs: 7_000 }, false, 0, NOW);
    expect(waits(word, NOW)).to.deep.equal({ critical: 7_000, others: 7_000 });
  });

  it('a refusal that does not say how long: 1 s, twice as long each time, up to a minute', () => {
    const word = new HostWord();
    const pauses: number[] = [];
    let now = NOW;
    for (let n = 0; n < 9; n++) {
      word.heard(limited, true, 0, now);
      pauses.push(waits(word, now).critical);
      now += pauses.at(-1) ?? 0;
    }
    expect(pauses).to.deep.equal([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    expect(pauses.at(-1)).to.equal(LIMITED_PAUSE_MS_MAX);
    word.heard({ limited: false }, true, 0, now);
    word.heard(limited, true, 0, now);
    expect(waits(word, now).critical).to.equal(1_000);
  });

  it('several calls that were under way and are all refused count as one refusal', () => {
    const word = new HostWord();
    for (let n = 0; n < 5; n++) word.heard(limited, false, 0, NOW + n);
    expect(waits(word, NOW + 4).others).to.equal(1_000);
  });

  it('critical calls that go through do not make the pause of the others short again', () => {
    const word = new HostWord();
    word.heard(limited, false, 0, NOW);
    word.heard({ limited: false }, true, 0, NOW + 1_000);
    word.heard(limited, false, 0, NOW + 1_000);
    expect(waits(word, NOW + 1_000).others).to.equal(2_000);
  });

  it('a pause of a day is not believed', () => {
    const word = new HostWord();
    word.heard({ ...limited, retryAfterMs: 86_400_000, remaining: 0, resetMs: 86_400_000 }, true, 0, NOW);
    expect(waits(word, NOW)).to.deep.equal({ critical: HOST_PAUSE_MS_MAX, others: HOST_PAUSE_MS_MAX });
  });

  it('a clock that is set back does not make a pause of an hour', () => {
    const word = new HostWord();
    word.heard({ ...limited, retryAfterMs: 1_000 }, true, 0, NOW + 3_600_000);
    expect(waits(word, NOW)).to.deep.equal({ critical: 0, others: 0 });
  });

  it('holds until its times are over, and costs nothing afterwards', () => {
    const word = new HostWord();
    expect(word.holds).to.equal(false);
    word.heard({ ...limited, retryAfterMs: 1_000 }, false, 0, NOW);
    expect(word.holds).to.equal(true);
    waits(word, NOW + 1_000);
    expect(word.holds).to.equal(false);
  });
});
