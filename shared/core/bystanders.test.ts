import { expect } from 'chai';
import { Bystanders } from './bystanders.js';
import { ManualClock } from './clock.js';
import type { Logger } from './logger.js';

describe('O2 who only looks on', () => {
  const fails = () => {
    throw new Error('no space left on device');
  };

  it('breaks nothing, and is named in the log once a minute with how often it failed', async () => {
    const clock = new ManualClock(0);
    const lines: unknown[] = [];
    const logger = { warn: (facts: { failures: number }, text: string) => lines.push([facts.failures, text]) };
    const bystanders = new Bystanders('a witness', logger as unknown as Logger, clock);
    let told = 0;
    bystanders.tell(() => {
      told += 1;
    });
    bystanders.tell(fails);
    bystanders.tell(fails);
    await clock.advance(59_999);
    bystanders.tell(fails);
    expect(lines).to.deep.equal([[1, 'a witness failed; the work went on']]);
    await clock.advance(1);
    bystanders.tell(fails);
    expect(lines.slice(1)).to.deep.equal([[4, 'a witness failed; the work went on']]);
    expect({ told, failures: bystanders.failures }).to.deep.equal({ told: 1, failures: 4 });
  });

  it('and neither does a log that fails to say so', () => {
    const bystanders = new Bystanders('a witness', { warn: fails } as unknown as Logger, new ManualClock(0));
    bystanders.tell(fails);
    expect(bystanders.failures).to.equal(1);
  });
});
