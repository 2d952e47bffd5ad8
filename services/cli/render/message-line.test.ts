import { expect } from 'chai';
import { OrderMessage } from '../../../proto/gen/exitlane/v1/message.js';
import { OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import { Proposal, ProposalState } from '../../../proto/gen/exitlane/v1/proposal.js';
import { aStatus, filledStory } from '../testing/rig.js';
import { messageLine } from './message-line.js';
import { PLAIN } from './style.js';
import { widthOf } from './text.js';

const NARROW = { width: 80, style: PLAIN, ellipsis: '…' };
const FREE = { ...NARROW, width: undefined };

function aProposal(): OrderMessage {
  return OrderMessage.fromPartial({
    sequence: 3n,
    createdAt: new Date('2026-01-02T03:04:05.003Z'),
    text: 'jup-01a1fe41-b815-7794-b44c-0898b79dcd55/Accepted',
    content: {
      $case: 'proposal',
      value: Proposal.fromPartial({
        state: ProposalState.ACCEPTED,
        source: 'jupiter',
        price: '0.00000012102',
        amountSol: '0.5',
        amountTokens: '4131537.24336',
      }),
    },
  });
}

describe('one message in one line', () => {
  it('shows time, sequence, text and reason', () => {
    const line = messageLine(aStatus(2, OrderStatus.SUBMITTED, { reason: 'CLAIMED', detail: 'Took a slot.' }), NARROW);
    expect(line).to.equal('03:04:05.002  2  SUBMITTED         CLAIMED  Took a slot.');
  });

  it('shows the actual price against the quoted one within 80 columns', () => {
    const line = messageLine(filledStory()[3] ?? OrderMessage.create(), NARROW);
    expect(line).to.match(/^03:04:05\.004 {2}4 {2}FILLED {12}0\.00000012085 \(quoted 0\.00000012102\) -14 bps/);
    expect(widthOf(line)).to.be.at.most(80);
  });

  it('shortens a signature on a terminal only', () => {
    const confirming = filledStory()[2] ?? OrderMessage.create();
    expect(messageLine(confirming, NARROW)).to.contain('5KtPn1…A9Mz4x');
    expect(messageLine(confirming, FREE)).to.match(/[1-9A-Za-z]{88}$/);
  });

  it('keeps the state of a proposal and shortens its id', () => {
    expect(messageLine(aProposal(), FREE)).to.equal(
      '03:04:05.003  3  jup…d55/Accepted  at 0.00000012102 SOL  4131537.24336 for 0.5 SOL  jupiter',
    );
    expect(widthOf(messageLine(aProposal(), NARROW))).to.be.at.most(80);
  });

  it('takes control characters out of what others wrote', () => {
    const line = messageLine(aStatus(1, OrderStatus.FAILED, { reason: 'X', detail: 'a\u001b[2Jb\nc' }), FREE);
    expect(line).to.match(/X {2}ab c$/);
  });
});
