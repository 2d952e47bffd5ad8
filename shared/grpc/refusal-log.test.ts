import { expect } from 'chai';
import { pino } from 'pino';
import { ManualClock } from '../core/clock.js';
import { ExitlaneError } from '../core/errors.js';
import { REFUSAL_LOG_INTERVAL_MS } from './bounds.js';
import { RefusalLog } from './refusal-log.js';

describe('O1 what is said of those who were not let in', () => {
  let lines: Record<string, unknown>[];
  let clock: ManualClock;
  let log: RefusalLog;
  beforeEach(() => {
    lines = [];
    clock = new ManualClock();
    log = new RefusalLog(pino({}, { write: (line: string) => lines.push(JSON.parse(line)) }), clock);
  });

  it('the first of a kind at once, then how many more there were', async () => {
    for (let n = 0; n < 5; n += 1) log.connection('10.0.0.1', 'too many');
    log.note('Service/Method', '10.0.0.1:1', new ExitlaneError('NOT_AUTHENTICATED', 'who are you?'));
    expect(lines.map(({ peer, reason }) => [peer, reason])).to.deep.equal([
      ['10.0.0.1', undefined],
      ['10.0.0.1', 'NOT_AUTHENTICATED'],
    ]);
    await clock.advance(REFUSAL_LOG_INTERVAL_MS);
    log.connection('10.0.0.1', 'too many');
    expect(lines[2]).to.include({ peer: '10.0.0.1', more_before: 4 });
  });

  it('thousands of addresses share a line', async () => {
    const flood = () => {
      for (let n = 0; n < 5_000; n += 1) log.connection(`10.1.${n >> 8}.${n & 255}`, 'too many');
    };
    flood();
    flood();
    expect(lines).to.have.length.below(250);
    expect(lines.at(-1)).to.include({ peer: 'many addresses' });
    log.note('Service/Method', '10.0.0.1:1', new ExitlaneError('NOT_AUTHENTICATED', 'who are you?'));
    expect(lines.at(-1), 'another reason has a line of its own').to.include({ reason: 'NOT_AUTHENTICATED' });
    const before = lines.length;
    await clock.advance(REFUSAL_LOG_INTERVAL_MS);
    flood();
    expect(lines.length - before).to.be.within(1, 250);
    expect(
      lines.slice(before).some(({ more_before }) => Number(more_before) > 5_000),
      'counted',
    ).to.equal(true);
  });
});
