import { expect } from 'chai';
import { OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import { failure } from '../../../shared/grpc/testing/delivery.js';
import { PLAIN } from '../render/style.js';
import { widthOf } from '../render/text.js';
import { aStatus, filledStory } from '../testing/rig.js';
import { LINE } from './plan.js';
import { rankingLines, rowLines } from './rows.js';
import { Tracked } from './tracked.js';

describe('an order of the demo', () => {
  const [plan] = LINE;
  if (!plan) throw new Error('the demo has no orders');

  it('tells when it gets somewhere, at once if it is there already', async () => {
    const row = new Tracked(plan, 'demo-1');
    const confirming = row.reaches(OrderStatus.CONFIRMING);
    for (const message of filledStory().slice(0, 3)) row.apply(message);
    await confirming;
    await row.reaches(OrderStatus.CONFIRMING, OrderStatus.FILLED);
  });

  it('fails those who wait for a status it will not reach any more', async () => {
    const row = new Tracked(plan, 'demo-1');
    const filled = failure(row.reaches(OrderStatus.FILLED));
    row.apply(aStatus(2, OrderStatus.CANCELLED, { reason: 'ATTEMPTS_EXHAUSTED' }));
    expect((await filled).message).to.equal('order "entry 1" ended as CANCELLED (ATTEMPTS_EXHAUSTED)');
  });

  it('keeps its row within 80 columns, and of the same width from begin to end', () => {
    const rows = LINE.map((each) => new Tracked(each, each.name));
    const view = { width: 80, style: PLAIN, ellipsis: '…' };
    const [empty] = rowLines(rows, view);
    for (const row of rows) for (const message of filledStory()) row.apply(message);
    rows.forEach((row, index) => {
      row.rank = index + 1;
    });
    expect(rowLines(rows, view)[0]?.trimEnd().length).to.be.at.least(empty?.trimEnd().length ?? 0);
    for (const line of [...rowLines(rows, view), ...rankingLines(rows, view)]) expect(widthOf(line)).to.be.at.most(80);
    expect(rankingLines(rows, view)[0]).to.contain('BPS');
  });
});
