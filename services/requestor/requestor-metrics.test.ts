import { expect } from 'chai';
import { ManualClock } from '../../shared/core/clock.js';
import type { Logger } from '../../shared/core/logger.js';
import { Metrics } from '../../shared/metrics/metrics.js';
import { ReadinessWatch } from '../../shared/metrics/readiness.js';
import { processorCheck } from './requestor-metrics.js';

describe('P9 O3 a requestor that reaches no processor', () => {
  it('is ready all the same, and says so in its checks, its numbers and its log', async () => {
    let reached = true;
    const link = { reached: () => (reached ? Promise.resolve() : Promise.reject(new Error('no processor at p:1'))) };
    const lines: string[] = [];
    const note = (_facts: unknown, text: string) => lines.push(text);
    const logger = { info: note, warn: note } as unknown as Logger;
    const metrics = new Metrics();
    const clock = new ManualClock();
    const told: boolean[] = [];
    const checks = [processorCheck({ link, address: 'p:1', logger, metrics })];
    const onChange = (ready: boolean) => told.push(ready);
    const watch = new ReadinessWatch({ service: 'requestor', checks, onChange, logger, metrics, clock });
    const look = async () => {
      await clock.advance(60_000);
      const { ready, checks: found } = await watch.look();
      const gauge = /^exitlane_requestor_processor_reachable (\d)$/m.exec(await metrics.text());
      return { ready, detail: found[0]?.detail, gauge: gauge?.[1] };
    };
    const fine = { ready: true, detail: 'p:1 is reached', gauge: '1' };
    expect(await look()).to.deep.equal(fine);
    reached = false;
    const { detail = '', ...others } = await look();
    expect(others).to.deep.equal({ ready: true, gauge: '0' });
    expect(detail).to.match(/^NOT reached \(no processor at p:1\); ready all the same: /);
    await look();
    reached = true;
    expect(await look()).to.deep.equal(fine);
    expect(told).to.deep.equal([true]);
    expect(lines).to.deep.equal([
      'no processor is reached: orders are accepted, and none starts',
      'a processor is reached again',
    ]);
    watch.drain();
  });
});
