import { expect } from 'chai';
import { START_MS } from '../api/stack.js';
import { flood, letIn, openVictim, type Victim } from './flood.js';
import { type LockedStack, startLocked } from './locked-stack.js';

describe('O1 P9 a client that floods', () => {
  let stack: LockedStack;
  let victim: Victim;

  before(async function () {
    this.timeout(START_MS);
    stack = await startLocked();
    letIn(stack);
    victim = await openVictim(stack, 'victim');
  });
  after(async () => {
    victim?.close();
    await stack?.close();
  });

  it("does not keep another's exits from being accepted and from starting", async function () {
    this.timeout(START_MS);
    const made = await flood(stack, { perSecond: 10_000, seconds: 3 }, async () => {
      const delays = [];
      for (let n = 0; n < 5; n += 1) delays.push(await victim.exit());
      return delays;
    });
    // Timings are for bench/flood.ts; here they are only told.
    const worst = Math.max(...made.result.map(({ startedMs }) => startedMs));
    console.log(
      `      exits of the other started within ${worst.toFixed(0)} ms; the flood: ${JSON.stringify(made.flood)}`,
    );
    expect(made.flood.sent).to.be.greaterThan(20_000);
    expect(made.flood.outcomes.RATE_LIMITED).to.be.greaterThan(0);
    // What the flooder got is bounded by its limit, not by how much it asked.
    expect(made.flood.outcomes.OK ?? 0).to.be.lessThan(400 + 200 * (made.flood.tookMs / 1_000 + 5));
  });

  it('with emergency exits, which nothing refuses, takes turns with itself and not with others', async function () {
    this.timeout(START_MS);
    const made = await flood(stack, { perSecond: 3_000, seconds: 3, kind: 'emergencies' }, async () => {
      const delays = [];
      for (let n = 0; n < 5; n += 1) delays.push(await victim.exit());
      return delays;
    });
    const worst = Math.max(...made.result.map(({ startedMs }) => startedMs));
    console.log(
      `      exits of the other started within ${worst.toFixed(0)} ms; the flood: ${JSON.stringify(made.flood)}`,
    );
    // Each that was answered was heard, none refused for being one too many. A connection on which thousands of calls are given up by
    // their deadlines is closed by HTTP/2 itself (CVE-2023-44487), which the client calls INTERNAL.
    expect(made.flood.outcomes.POSITION_NOT_FOUND).to.be.greaterThan(0);
    const refused = Object.keys(made.flood.outcomes).filter((outcome) => /RATE_LIMITED|TOO_MANY/.test(outcome));
    expect(refused).to.deep.equal([]);
  });
});
