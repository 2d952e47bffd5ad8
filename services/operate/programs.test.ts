import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { createPostgresDatabase, dropPostgresDatabase, runOnPostgres } from '../../shared/store/testing/postgres.js';

const program = (name: string) => fileURLToPath(new URL(`../${name}/main.js`, import.meta.url));
const SECRET = 'hunter2-hunter2-hunter2';

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a program to its end, with nothing of this process's environment. */
function run(name: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const { PATH, HOME, TMPDIR } = process.env;
    const options = { env: { PATH, HOME, TMPDIR, ...env }, timeout: 60_000 };
    execFile(process.execPath, [program(name), ...args], options, (error, out, err) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, out, err });
    });
  });
}

describe('O4 O6 the programs, as they are run', function () {
  this.timeout(120_000);
  let folder: string;
  let file: string;
  let databaseUrl: string;
  before(async () => {
    databaseUrl = await createPostgresDatabase({ migrated: false });
  });
  after(() => dropPostgresDatabase(databaseUrl));
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'exitlane-programs-'));
    file = path.join(folder, 'exitlane.env');
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const write = (lines: readonly string[], mode = 0o600) => writeFileSync(file, `${lines.join('\n')}\n`, { mode });

  for (const service of ['requestor', 'processor', 'console', 'sandbox']) {
    it(`the ${service} names all that is wrong with its settings, and where, and does not start`, async () => {
      write(['EXITLANE_NO_SUCH_THING=1', `EXITLANE_${service.toUpperCase()}_PORT=${SECRET}`]);
      const { code, err } = await run(service, ['--config', file, '--set', 'MAX_ATEMPTS=1']);
      expect(code).to.equal(1);
      expect(err).to.contain(`EXITLANE_${service.toUpperCase()}_PORT (${file} line 2): must be`);
      expect(err).to.contain(`EXITLANE_NO_SUCH_THING (${file} line 1): is no setting`);
      expect(err).to.contain('MAX_ATEMPTS (flag): is no setting; did you mean MAX_ATTEMPTS?');
      expect(err).to.not.contain(SECRET);
    });
  }

  it('the command line takes its addresses from the file too, and an option counts more', async () => {
    write(['EXITLANE_REQUESTOR=127.0.0.1:1', 'EXITLANE_PROCESSOR=127.0.0.1:2']);
    const { code, out } = await run('cli', ['status', '-o', 'json', '--config', file, '--processor', '127.0.0.1:3']);
    expect(code).to.equal(5);
    expect(out).to.contain('127.0.0.1:1').and.contain('127.0.0.1:3').and.not.contain('127.0.0.1:2');
    const wrong = await run('cli', ['status', '--config', path.join(folder, 'none')]);
    expect(wrong.code).to.equal(1);
    expect(wrong.err).to.match(/cannot be read \(ENOENT\)/);
  });

  it('exitlane config shows and checks what a service would read', async () => {
    write([`DATABASE_URL=postgresql://me:${SECRET}@db/exitlane`, 'MAX_ATTEMPTS=7']);
    const args = ['config', 'show', '--service', 'requestor', '--config', file, '-o', 'json'];
    const shown = await run('cli', args, { MAX_QUEUED_ENTRIES: '8' });
    expect(shown.code, shown.err).to.equal(0);
    const rows = JSON.parse(shown.out).requestor as { name: string; value: string; origin: string }[];
    const row = (name: string) => rows.find((each) => each.name === name);
    expect(row('MAX_ATTEMPTS')).to.include({ value: '7', origin: `${file} line 2` });
    expect(row('MAX_QUEUED_ENTRIES')).to.include({ value: '8', origin: 'environment' });
    expect(shown.out).to.not.contain(SECRET);
    expect((await run('cli', ['config', 'check', '--config', file])).code).to.equal(0);
    write([`DATABASE_URL=${SECRET}`]);
    const bad = await run('cli', ['config', 'check', '--service', 'requestor', '--config', file]);
    expect(bad.code).to.equal(1);
    expect(bad.out).to.contain(`DATABASE_URL (${file} line 1): must begin with postgresql://`).and.not.contain(SECRET);
  });

  it('exitlane migrate, backup and restore work on the database of the settings', async () => {
    const target = await createPostgresDatabase({ migrated: false });
    const env = { DATABASE_URL: databaseUrl };
    const backup = path.join(folder, 'today.backup');
    try {
      expect((await run('cli', ['migrate', '--status'], env)).out).to.match(
        /: schema 0 of \d+; exitlane migrate brings/,
      );
      expect((await run('cli', ['migrate'], env)).out).to.match(/: schema brought from 0 to \d+/);
      expect((await run('cli', ['migrate', '--to-latest'], env)).out).to.match(/up to date/);
      await runOnPostgres(databaseUrl, `INSERT INTO mints VALUES ('mint', 5, 'X')`);
      const saved = await run('cli', ['backup', backup], env);
      expect(saved.code, saved.err).to.equal(0);
      expect(saved.out)
        .to.match(/the database as of .*schema \d+/)
        .and.match(/mints +1/);
      expect((await run('cli', ['backup', backup], env)).err).to.contain('EEXIST');
      expect((await run('cli', ['restore', backup], env)).err).to.match(/is not empty: it holds mints/);
      const restored = await run('cli', ['restore', backup, '--database-url', target, '-o', 'json']);
      expect(restored.code, restored.err).to.equal(0);
      expect(JSON.parse(restored.out)).to.deep.include({ tradingState: 'HALTED', unfinishedOrders: 0 });
      expect(await runOnPostgres(target, 'SELECT symbol FROM mints')).to.deep.equal([{ symbol: 'X' }]);
      expect((await run('cli', ['backup', path.join(folder, 'x')])).err).to.contain('no database: give --database-url');
    } finally {
      await dropPostgresDatabase(target);
    }
  });

  it('exitlane doctor ends with 1 when there is a problem', async () => {
    const { code, out } = await run('cli', ['doctor', '-o', 'json', '--requestor', '127.0.0.1:1'], {
      DATABASE_URL: databaseUrl,
    });
    expect(code).to.equal(1);
    const { checks } = JSON.parse(out) as { checks: { check: string; verdict: string; saw: string }[] };
    expect(checks.map(({ check }) => check)).to.include.members([
      'node',
      'database',
      'rpc',
      'jupiter',
      'wallet',
      'services',
    ]);
    expect(checks.some(({ saw }) => saw.includes('requestor 127.0.0.1:1 cannot be asked'))).to.equal(true);
  });
});
