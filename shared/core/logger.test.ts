import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { LOG_UNWRITTEN_BYTES_MAX } from './limits.js';
import { logSink } from './log-sink.js';

const LOGGER = new URL('./logger.js', import.meta.url).href;

describe('the log', () => {
  it('goes to standard error as JSON and hides secrets at any of three levels', () => {
    const script = `
      import { createLogger } from '${LOGGER}';
      const logger = createLogger({ service: 'test', pretty: false });
      logger.info({ token: 'canary', wallet: { secretKey: 'canary', deep: { password: 'canary' } }, 'x-api-key': 'canary',
        headers: { 'x-api-key': 'canary', authorization: 'canary' }, amount: '5' }, 'hello');`;
    const node = [process.execPath, '--input-type=module', '-e', script, '2>&1', '1>/dev/null'];
    const line = execFileSync(
      'sh',
      ['-c', `"$0" ${node.slice(1, 3).join(' ')} "$1" 2>&1 1>/dev/null`, process.execPath, script],
      {
        encoding: 'utf8',
        cwd: fileURLToPath(new URL('.', import.meta.url)),
      },
    );
    expect(line).to.not.include('canary');
    expect(JSON.parse(line)).to.include({ level: 'info', service: 'test', msg: 'hello', amount: '5' });
  });
});

describe('O2 a log that cannot be written', () => {
  for (const pretty of [false, true]) {
    it(`${pretty ? 'for people' : 'as JSON'} stops nobody, not even with its last line`, () => {
      const script = `
        import { createLogger } from '${LOGGER}';
        const logger = createLogger({ service: 'test', pretty: ${pretty} });
        const filler = 'x'.repeat(64 * 1024);
        for (let i = 0; i < 100; i++) logger.info({ filler }, 'lost');
        logger.error(new Error('lost as well'));
        logger.fatal('the last line');
        console.log('went on');`;
      const command = '"$0" --input-type=module -e "$1" 2>/dev/full';
      const options = { encoding: 'utf8', timeout: 20_000 } as const;
      expect(execFileSync('sh', ['-c', command, process.execPath, script], options)).to.equal('went on\n');
    });
  }

  it('keeps what waits within a bound, and goes on when there is room again', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'exitlane-log-'));
    const file = path.join(folder, 'log');
    const fd = openSync('/dev/full', 'w');
    try {
      const sink = logSink(fd);
      sink.write('early\n');
      const filler = `${'x'.repeat(LOG_UNWRITTEN_BYTES_MAX / 4)}\n`;
      for (let i = 0; i < 10; i++) sink.write(filler);
      sink.write(`${'x'.repeat(LOG_UNWRITTEN_BYTES_MAX)}longer than all that may wait\n`);
      // The lowest free number is the one that was closed just now.
      closeSync(fd);
      expect(openSync(file, 'w')).to.equal(fd);
      sink.write('there is room\n');
      sink.write('again\n');
      const written = readFileSync(file, 'utf8');
      expect(written.endsWith('there is room\nagain\n')).to.equal(true);
      expect(written.length).to.be.at.most(LOG_UNWRITTEN_BYTES_MAX + 64);
    } finally {
      closeSync(fd);
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
