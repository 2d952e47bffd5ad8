import { expect } from 'chai';
import { seededRandom } from '../../../shared/core/random.js';
import { runStorm, type StormResult } from './storm.js';
import { problemsOf } from './storm-orders.js';

/** `make storm` runs 1,000. */
const SIZE = 100;
const WITHIN_MS = 90_000;

const random = seededRandom();

describe(`P2 P3 P9 exit storm: ${SIZE} exits and ${SIZE} entries at once (seed ${random.seed})`, function () {
  this.timeout(3 * WITHIN_MS);
  let result: StormResult;
  before(async () => {
    result = await runStorm({ size: SIZE, random, withinMs: WITHIN_MS });
  });

  it('the order of the claims is kept, nothing is lost, and the checker finds nothing', () => {
    expect(problemsOf(result).slice(0, 10)).to.deep.equal([]);
    expect(result.acknowledged).to.have.length(2 * SIZE);
    expect(result.orders).to.have.length(2 * SIZE);
    expect(new Set(result.orders.map(({ priority }) => priority)).size, 'priorities').to.equal(7);
    const rows = Object.fromEntries(result.report.checks.map((check) => [check.name, check.rows]));
    expect(rows).to.include({ 'acknowledged-orders': 2 * SIZE, priorities: 3 * SIZE, 'dispatch-sequence': 3 * SIZE });
  });

  it('emergency exits ran while trading was HALTED, and nothing else did', () => {
    expect(result.filledWhileHalted).to.equal(SIZE / 20);
    expect(result.claimedWhileHalted).to.equal(0);
  });

  it('the check of the order can fail: two orders that swap their places are found', () => {
    const [one, two] = result.orders.filter(({ due }) => due !== undefined).slice(-2);
    if (!one || !two) throw new Error('nothing waited');
    const orders = result.orders.map((order) => (order === one ? two : order === two ? one : order));
    expect(problemsOf({ ...result, orders })).to.have.length(2);
  });
});
