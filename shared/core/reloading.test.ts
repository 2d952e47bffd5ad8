import { mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { ManualClock } from './clock.js';
import { silentLogger } from './logger.js';
import { RELOAD_INTERVAL_MS, Reloading, staleReloads } from './reloading.js';

describe('O1 reloading files', () => {
  let folder: string;
  let file: string;
  let clock: ManualClock;
  let reloading: Reloading<number>;

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'exitlane-reload-'));
    file = path.join(folder, 'value');
    clock = new ManualClock();
    writeFileSync(file, '1');
    reloading = new Reloading({
      what: 'value',
      files: [file],
      load() {
        const value = Number(readFileSync(file, 'utf8'));
        if (Number.isNaN(value)) throw new Error('not a number');
        return value;
      },
      logger: silentLogger,
      clock,
    });
  });
  afterEach(() => {
    reloading.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const look = () => clock.advance(RELOAD_INTERVAL_MS);

  it('takes a new value by itself, and tells who listens', async () => {
    const told: number[] = [];
    reloading.onChange((value) => told.push(value));
    await look();
    expect(told).to.deep.equal([]);
    writeFileSync(file, '22');
    await look();
    expect(reloading.value).to.equal(22);
    expect(told).to.deep.equal([22]);
  });

  it('keeps the value while the file is wrong or missing, and takes the next good one', async () => {
    writeFileSync(file, 'half a');
    await look();
    expect(reloading.value).to.equal(1);
    unlinkSync(file);
    await look();
    expect(reloading.value).to.equal(1);
    writeFileSync(file, '333');
    await look();
    expect(reloading.value).to.equal(333);
  });

  it('sees a file that was renamed over, and a link that moved', async () => {
    writeFileSync(`${file}.new`, '2');
    renameSync(`${file}.new`, file);
    await look();
    expect(reloading.value).to.equal(2);
    writeFileSync(path.join(folder, 'next'), '3');
    unlinkSync(file);
    symlinkSync(path.join(folder, 'next'), file);
    await look();
    expect(reloading.value).to.equal(3);
  });

  it('O2 tells of a file that is not taken for as long as it is not', async () => {
    expect(staleReloads().get('value')).to.equal(false);
    renameSync(file, `${file}.old`);
    writeFileSync(file, 'half a');
    await look();
    expect(staleReloads().get('value')).to.equal(true);
    await look();
    expect(staleReloads().get('value'), 'and goes on telling').to.equal(true);
    renameSync(`${file}.old`, file);
    await look();
    expect(staleReloads().get('value'), 'the file before is back').to.equal(false);
    writeFileSync(file, 'wrong');
    await look();
    writeFileSync(file, '4444');
    await look();
    expect(staleReloads().get('value'), 'a good one came').to.equal(false);
    reloading.close();
    expect(staleReloads().has('value')).to.equal(false);
  });

  it('looks no more after the end', async () => {
    reloading.close();
    writeFileSync(file, '9');
    await look();
    expect(reloading.value).to.equal(1);
  });
});
