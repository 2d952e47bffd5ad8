import { expect } from 'chai';
import { singleFlight } from './single-flight.js';

describe('one call at a time for many callers', () => {
  const begun: { resolve: (value: number) => void; reject: (error: Error) => void }[] = [];
  const look = singleFlight(() => new Promise<number>((resolve, reject) => void begun.push({ resolve, reject })));
  beforeEach(() => begun.splice(0));
  const settled = () => new Promise((resolve) => setImmediate(resolve));

  it('gives those who ask while one is under way the next one, all the same', async () => {
    const first = look();
    const others = [look(), look(), look()];
    expect(begun).to.have.length(1);
    begun[0]?.resolve(1);
    expect(await first).to.equal(1);
    await settled();
    expect(begun).to.have.length(2);
    begun[1]?.resolve(2);
    expect(await Promise.all(others)).to.deep.equal([2, 2, 2]);
  });

  it('goes on after a failure, which only those who waited for that call see', async () => {
    const first = look();
    const second = look();
    begun[0]?.reject(new Error('away'));
    expect(await first.catch((error: Error) => error.message)).to.equal('away');
    await settled();
    begun[1]?.resolve(2);
    expect(await second).to.equal(2);
    const third = look();
    begun[2]?.resolve(3);
    expect(await third).to.equal(3);
  });
});
