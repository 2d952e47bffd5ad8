import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { ManualClock } from '../core/clock.js';
import { silentLogger as logger } from '../core/logger.js';
import { RELOAD_INTERVAL_MS, Reloading } from '../core/reloading.js';
import { startObserving } from './observing.js';

describe('O2 what a process tells of its files', () => {
  it('says while a changed one is not taken, of which kind it is', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'exitlane-observing-'));
    const file = path.join(folder, 'list');
    writeFileSync(file, '1');
    const clock = new ManualClock();
    const load = () => JSON.parse(readFileSync(file, 'utf8')) as unknown;
    const list = new Reloading({ what: 'list of a test', files: [file], load, logger, clock });
    const config = { metrics: { host: '127.0.0.1', port: 0 }, tracing: undefined };
    const observing = await startObserving({ service: 'requestor', config, logger });
    const told = async () => {
      const text = await (await fetch(`http://127.0.0.1:${observing.port}/metrics`)).text();
      return /^exitlane_reload_failed\{what="list of a test"\} (\d)$/m.exec(text)?.[1];
    };
    try {
      expect(await told()).to.equal('0');
      writeFileSync(file, 'half a');
      await clock.advance(RELOAD_INTERVAL_MS);
      expect(await told()).to.equal('1');
      writeFileSync(file, '[22]');
      await clock.advance(RELOAD_INTERVAL_MS);
      expect(await told()).to.equal('0');
      list.close();
      expect(await told(), 'nobody looks at it any more').to.equal(undefined);
    } finally {
      list.close();
      await observing.close();
      rmSync(folder, { recursive: true });
    }
  });
});
