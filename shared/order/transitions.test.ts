import { expect } from 'chai';
import { isTerminal, type OrderStatus } from './order.js';
import { mayFollow, statesBefore } from './transitions.js';

const ALL: OrderStatus[] = ['PENDING', 'SUBMITTED', 'CONFIRMING', 'FILLED', 'FAILED', 'CANCELLED'];

describe('E1 the transition table', () => {
  it('allows exactly the listed steps', () => {
    const allowed = ALL.flatMap((from) => ALL.filter((to) => mayFollow(from, to)).map((to) => `${from}>${to}`));
    expect(allowed).to.deep.equal([
      'PENDING>PENDING',
      'PENDING>SUBMITTED',
      'PENDING>CANCELLED',
      'SUBMITTED>PENDING',
      'SUBMITTED>SUBMITTED',
      'SUBMITTED>CONFIRMING',
      'SUBMITTED>FAILED',
      'SUBMITTED>CANCELLED',
      'CONFIRMING>CONFIRMING',
      'CONFIRMING>FILLED',
      'CONFIRMING>FAILED',
      'CONFIRMING>CANCELLED',
      'FAILED>PENDING',
      'FAILED>CANCELLED',
    ]);
  });

  it('lets nothing follow a terminal state', () => {
    for (const from of ALL.filter(isTerminal)) expect(ALL.some((to) => mayFollow(from, to))).to.equal(false);
  });

  it('fills an order only from CONFIRMING: what could not have landed cannot be filled', () => {
    expect(statesBefore('FILLED')).to.deep.equal(['CONFIRMING']);
  });
});
