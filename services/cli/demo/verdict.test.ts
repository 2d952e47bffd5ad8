import { expect } from 'chai';
import { judge, type Started } from './verdict.js';

const ACCEPTED: readonly (readonly [name: string, priority: number])[] = [
  ['entry 1', 100],
  ['entry 2', 100],
  ['manual', 40],
  ['take-profit', 30],
  ['stop-loss', 10],
  ['emergency', 0],
];

/** The line with claims in this order. */
function started(...names: string[]): Started[] {
  return ACCEPTED.map(([name, priority]) => ({
    name,
    priority,
    filled: true,
    dispatchSequence: BigInt(names.indexOf(name) + 1),
  }));
}

const RIGHT = ['emergency', 'stop-loss', 'take-profit', 'manual', 'entry 1', 'entry 2'];

describe('P2, P3 the verdict of the demo', () => {
  it('is kept when all start by priority, and entries by age', () => {
    expect(judge(started(...RIGHT))).to.deep.equal({ kept: true, started: RIGHT, problems: [] });
  });

  it('is broken by an entry that starts before an exit', () => {
    const verdict = judge(started('emergency', 'entry 1', 'stop-loss', 'take-profit', 'manual', 'entry 2'));
    expect(verdict.kept).to.equal(false);
    expect(verdict.problems[0]).to.equal('entry 1 started in place 2, where stop-loss should have');
  });

  it('is broken by entries that change places', () => {
    expect(judge(started(...RIGHT.slice(0, 4), 'entry 2', 'entry 1')).kept).to.equal(false);
  });

  it('is broken by an order that never started or was not filled', () => {
    expect(judge(started(...RIGHT.slice(0, 5))).problems).to.include('entry 2 never took a slot');
    const unfilled = started(...RIGHT).map((order) => ({ ...order, filled: order.name !== 'manual' }));
    expect(judge(unfilled).problems).to.deep.equal(['manual was not filled']);
  });
});
