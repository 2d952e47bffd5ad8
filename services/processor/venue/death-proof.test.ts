import { expect } from 'chai';
import { DeathProof } from './death-proof.js';

describe('E7 death proof', () => {
  it('needs two endpoints when there are several, however often one says it', () => {
    const proof = new DeathProof(3);
    proof.noTrace('a', 1n);
    proof.noTrace('a', 2n);
    expect(proof.complete).to.equal(false);
    proof.noTrace('b', 1n);
    expect(proof.complete).to.equal(true);
  });

  it('needs two different finalized slots of a single endpoint', () => {
    const proof = new DeathProof(1);
    expect(proof.complete).to.equal(false);
    proof.noTrace('a', 7n);
    proof.noTrace('a', 7n);
    expect(proof.complete).to.equal(false);
    proof.noTrace('a', 8n);
    expect(proof.complete).to.equal(true);
  });

  it('starts anew after any trace', () => {
    const proof = new DeathProof(1);
    proof.noTrace('a', 7n);
    proof.reset();
    proof.noTrace('a', 8n);
    expect(proof.complete).to.equal(false);
  });
});
