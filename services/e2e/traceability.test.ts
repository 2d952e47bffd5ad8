import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { packageRoot } from '../../shared/core/package-root.js';

const run = promisify(execFile);

const REQUIREMENTS = `# Requirements

## K - keys

| ID | Requirement  |
| -- | ------------ |
| K1  | A key opens.   |
| K2 | A key closes. **Differs**: twice. |
`;

/** On a small tree of its own: the page of this one is checked by \`make check\`. */
describe('O5 docs/traceability.mjs', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), 'exitlane-traceability-'));
    for (const folder of ['docs', 'bench', 'proto', 'services', 'shared/lock']) {
      mkdirSync(path.join(root, folder), { recursive: true });
    }
    cpSync(path.join(packageRoot(), 'docs/traceability.mjs'), path.join(root, 'docs/traceability.mjs'));
    write('docs/requirements.md', REQUIREMENTS);
    write(
      'shared/lock/lock.test.ts',
      "describe('K1 K2 a key', () => {\n  it(\n    'K2 closes twice', () => {});\n});\n",
    );
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  function write(file: string, text: string): void {
    writeFileSync(path.join(root, file), text);
  }

  /** Exit code, and what it said. */
  async function trace(...args: string[]): Promise<readonly [number, string]> {
    try {
      const { stdout } = await run(process.execPath, ['docs/traceability.mjs', ...args], { cwd: root });
      return [0, stdout];
    } catch (error) {
      const { code, stderr } = error as { code: number; stderr: string };
      return [code, stderr];
    }
  }

  it('lists the tests of every row, and where we differ', async () => {
    await trace();
    const page = readFileSync(path.join(root, 'docs/traceability.md'), 'utf8');
    expect(page).to.contain('- **K2** twice.\n');
    expect(page).to.contain(
      '### K1\n\nA key opens.\n\n- [shared/lock/lock.test.ts](../shared/lock/lock.test.ts): "K1 K2 a key"\n',
    );
    expect(page).to.match(/### K2\n\n.*\n\n- .*: "K1 K2 a key"; "K2 closes twice"\n$/);
    expect(await trace('--check')).to.deep.equal([0, '']);
  });

  it('fails when the page is stale', async () => {
    expect(await trace('--check')).to.deep.equal([
      1,
      'traceability: docs/traceability.md is stale: run node docs/traceability.mjs\n',
    ]);
    await trace();
    write('services/more.test.ts', "it('K1 opens', () => {});\n");
    expect((await trace('--check'))[0]).to.equal(1);
  });

  it('fails when a row has no test, and says so on the page', async () => {
    write('docs/requirements.md', `${REQUIREMENTS}| K3 | A key hangs. |\n`);
    await trace();
    expect(await trace('--check')).to.deep.equal([1, 'traceability: K3 has no test that names it\n']);
    expect(readFileSync(path.join(root, 'docs/traceability.md'), 'utf8')).to.contain('**No test names it.**');
  });

  it('fails when a title names what is no row', async () => {
    write('services/more.test.ts', "it('K9 flies', () => {});\n");
    await trace();
    expect(await trace('--check')).to.deep.equal([
      1,
      "traceability: services/more.test.ts: 'K9 flies' names K9, which is no row of docs/requirements.md\n",
    ]);
  });

  it('fails on a line of a table that it cannot read, rather than leave it out', async () => {
    write('docs/requirements.md', `${REQUIREMENTS}| K-4 | A key bends. |\n`);
    const [code, said] = await trace('--check');
    expect(code).to.equal(1);
    expect(said).to.contain('docs/requirements.md: no row: | K-4 | A key bends. |');
  });
});
