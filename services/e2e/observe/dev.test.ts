import { expect } from 'chai';
import { startStack } from '../api/stack.js';
import { quietPort } from '../crash/ports.js';
import { Told } from './rig.js';

describe('O2 metrics of everything in one process', function () {
  this.slow(10_000);

  it('are told on one port where one is named, for all services together', async () => {
    const port = await quietPort();
    const observe = { metrics: { host: '127.0.0.1', port }, tracing: undefined };
    const stack = await startStack({ observe });
    try {
      const told = new Told(port);
      const { status, text } = await told.get('/readyz');
      expect(status).to.equal(200);
      for (const line of [
        'processor database: ok',
        'processor venue: ok',
        'requestor database: ok',
        'requestor processor: ok',
      ]) {
        expect(text).to.contain(line);
      }
      expect(await told.value('exitlane_ready', { service: 'requestor' })).to.equal(1);
      expect(await told.value('exitlane_ready', { service: 'processor' })).to.equal(1);
      expect(await told.value('exitlane_slots_max')).to.equal(3);
      expect(await told.value('exitlane_gate_calls_in_flight', { level: 'CRITICAL' })).to.equal(0);
    } finally {
      await stack.close();
    }
  });
});
