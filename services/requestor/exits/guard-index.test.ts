import { expect } from 'chai';
import fc from 'fast-check';
import { GuardIndex } from './guard-index.js';
import type { PositionGuard } from './position-guard.js';

const MINTS = ['a', 'b', 'c'];

describe('X9 the guards of one token', () => {
  it('are those of its positions, whatever opened and closed before', () => {
    const step = fc.record({ opens: fc.boolean(), position: fc.nat(9), mint: fc.constantFrom(...MINTS) });
    const property = fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const index = new GuardIndex();
      const model = new Map<string, PositionGuard>();
      for (const { opens, position, mint } of steps) {
        const positionId = `${position}`;
        if (!opens) {
          expect(index.remove(positionId)).to.equal(model.get(positionId));
          model.delete(positionId);
        } else if (!model.has(positionId)) {
          // Of a guard, the index reads only this.
          const guard = { mint, watch: { positionId, mint } } as PositionGuard;
          index.add(guard);
          model.set(positionId, guard);
        }
      }
      const guards = [...model.values()];
      expect(index.size).to.equal(model.size);
      expect(index.all()).to.have.members(guards);
      expect(index.positionIds()).to.have.members([...model.keys()]);
      expect(index.mints()).to.deep.equal(new Set(guards.map(({ mint }) => mint)));
      for (const mint of MINTS) {
        expect([...index.of(mint)]).to.have.members(guards.filter((guard) => guard.mint === mint));
      }
    });
    fc.assert(property);
  });
});
