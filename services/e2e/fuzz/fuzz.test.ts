import { expect } from 'chai';
import { START_MS } from '../api/stack.js';
import { runFuzz } from './fuzz-run.js';

describe('O1 S5 malformed requests', () => {
  it('10,000 of them crash nothing, are answered with the right statuses, and honest orders fill in between', async function () {
    this.timeout(START_MS + 180_000);
    const seed = Number(process.env.FUZZ_SEED ?? 0) || Date.now() % 2 ** 31;
    const report = await runFuzz(10_000, seed);
    const told = `FUZZ_SEED=${seed}`;
    expect(report.wrong, told).to.deep.equal([]);
    expect(report.defects, told).to.deep.equal([]);
    // Each kind really came through, and services said no in more than one way.
    for (const answer of [
      'bytes: connection closed',
      'call: UNIMPLEMENTED',
      'message: INVALID_ARGUMENT',
      'message: INTERNAL',
    ]) {
      expect(report.answers[answer] ?? 0, `${answer}, ${told}`).to.be.greaterThan(20);
    }
  });
});
