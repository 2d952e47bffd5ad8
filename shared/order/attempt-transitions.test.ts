import { expect } from 'chai';
import { type AttemptState, attemptMayFollow, attemptStatesBefore, isOpenAttempt } from './attempt-transitions.js';

const STORED: AttemptState[] = ['PERSISTED', 'SENT', 'SEEN', 'LANDED', 'LANDED_FAILED', 'DEAD'];

describe('E7 the attempt table', () => {
  it('lets nothing be sent that was not persisted', () => {
    expect(attemptMayFollow('SIGNED', 'SENT')).to.equal(false);
    expect(attemptMayFollow('SIGNED', 'PERSISTED')).to.equal(true);
    expect(attemptStatesBefore('SENT')).to.deep.equal(['PERSISTED']);
  });

  it('lets every open state end in every way, since a note can be lost', () => {
    for (const to of ['LANDED', 'LANDED_FAILED', 'DEAD'] as const) {
      expect(attemptStatesBefore(to)).to.deep.equal(['PERSISTED', 'SENT', 'SEEN']);
    }
  });

  it('lets nothing follow a known fate', () => {
    expect(STORED.filter(isOpenAttempt)).to.deep.equal(['PERSISTED', 'SENT', 'SEEN']);
    for (const from of ['LANDED', 'LANDED_FAILED', 'DEAD'] as const) {
      expect(STORED.filter((to) => attemptMayFollow(from, to))).to.deep.equal([]);
    }
  });
});
