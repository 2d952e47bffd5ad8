import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { packageRoot } from '../core/package-root.js';

const run = promisify(execFile);

/** Each `js` block of the page with the `text` block that follows it: a program and what it prints. */
async function examples(): Promise<{ code: string; prints: string }[]> {
  const page = await readFile(path.join(packageRoot(), 'docs', 'queue-manager.md'), 'utf8');
  const blocks = [...page.matchAll(/```js\n(.*?)```.*?```text\n(.*?)```/gs)];
  return blocks.map(([, code = '', prints = '']) => ({ code, prints }));
}

describe('Q4 docs/queue-manager.md', () => {
  it('its programs run as they stand and print what the page says', async () => {
    const programs = await examples();
    expect(programs).to.have.lengthOf(2);
    for (const { code, prints } of programs) {
      const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', code], {
        cwd: packageRoot(),
        env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined },
        timeout: 20_000,
      });
      expect(stdout).to.equal(prints);
    }
  });
});
