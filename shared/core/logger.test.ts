import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

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
