import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { z } from 'zod';
import { intSetting, readEnv } from './env.js';
import { ExitlaneError } from './errors.js';
import { distance, nearestName } from './nearest-name.js';
import { loadSettings, originText } from './settings.js';
import { parseSettings } from './settings-file.js';

describe('O4 settings', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'exitlane-settings-'));
    file = path.join(folder, 'exitlane.env');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (text: string, mode = 0o600) => {
    writeFileSync(file, text);
    chmodSync(file, mode);
  };
  const SHAPE = {
    MAX_ATTEMPTS: intSetting(1, 20, 5),
    JUPITER_API_KEY: z.string().min(4, 'must have 4 letters').optional(),
  };

  function messageOf(work: () => unknown): string {
    try {
      work();
    } catch (error) {
      if (error instanceof ExitlaneError) return error.message;
      throw error;
    }
    return '';
  }

  it('come from the flag, then the environment, then the file, then the default', () => {
    write('MAX_ATTEMPTS=7\n');
    const load = (argv: string[], env: NodeJS.ProcessEnv) => {
      const loaded = loadSettings({ argv: ['--config', file, ...argv], env });
      return [readEnv(SHAPE, loaded.values).MAX_ATTEMPTS, originText(loaded.origins.get('MAX_ATTEMPTS'))];
    };
    expect(load(['--set', 'MAX_ATTEMPTS=9'], { MAX_ATTEMPTS: '8' })).to.deep.equal([9, 'flag']);
    expect(load([], { MAX_ATTEMPTS: '8' })).to.deep.equal([8, 'environment']);
    expect(load([], {})).to.deep.equal([7, `${file} line 1`]);
    expect(load([], { MAX_ATTEMPTS: '' }), 'an empty variable is none').to.deep.equal([7, `${file} line 1`]);
    expect(load(['--set', 'MAX_ATTEMPTS='], { MAX_ATTEMPTS: '8' })).to.deep.equal([5, 'default']);
    const byVariable = loadSettings({ argv: [], env: { EXITLANE_CONFIG_FILE: file } });
    expect(readEnv(SHAPE, byVariable.values).MAX_ATTEMPTS).to.equal(7);
    expect(byVariable.warnings).to.deep.equal([]);
  });

  it('are refused all at once, each with its name, its origin and what it may be, and without its value', () => {
    write('# ours\nMAX_ATTEMPTS=hunter2\nEXITLANE_REQUESTOR_PROT=1\nnonsense hunter2\n');
    const { values } = loadSettings({
      argv: ['--config', file, '--set', 'JUPITER_API_KEY=h2', '--set', 'MAX_ATEMPTS=3', 'hunter2'],
      env: {},
    });
    expect(messageOf(() => readEnv(SHAPE, values))).to.contain('Unexpected argument');
    const { values: others } = loadSettings({
      argv: ['--config', file, '--set', 'JUPITER_API_KEY=h2', '--set', 'MAX_ATEMPTS=3'],
      env: {},
    });
    const text = messageOf(() => readEnv(SHAPE, others));
    expect(text.split('\n').map((line) => line.trim())).to.deep.equal([
      'invalid settings:',
      `MAX_ATTEMPTS (${file} line 2): must be a whole number from 1 to 20`,
      'JUPITER_API_KEY (flag): must have 4 letters',
      `${file} line 4: must be NAME=value`,
      `EXITLANE_REQUESTOR_PROT (${file} line 3): is no setting; did you mean EXITLANE_REQUESTOR_PORT?`,
      'MAX_ATEMPTS (flag): is no setting; did you mean MAX_ATTEMPTS?',
    ]);
  });

  it('of other programs may stand in the file, slips may not', () => {
    write('POSTGRES_PASSWORD=x\nRUST_LOG=info\nMAX_ATTEMPT=3\n');
    const { problems } = loadSettings({ argv: ['--config', file], env: {} });
    expect(problems).to.deep.equal([`MAX_ATTEMPT (${file} line 3): is no setting; did you mean MAX_ATTEMPTS?`]);
  });

  it('that nobody knows are a warning in the environment', () => {
    const { problems, warnings } = loadSettings({ argv: [], env: { EXITLANE_LOG_LEVLE: 'info', PATH: '/bin' } });
    expect(problems).to.deep.equal([]);
    expect(warnings).to.deep.equal([
      'the environment has EXITLANE_LOG_LEVLE, which is no setting; did you mean EXITLANE_LOG_LEVEL?',
    ]);
  });

  it('are not taken from a file with secrets that everybody can read, or that everybody can change', () => {
    const problemsOf = (text: string, mode: number) => {
      write(text, mode);
      return loadSettings({ argv: ['--config', file], env: {} }).problems.join();
    };
    const secret = 'JUPITER_API_KEY=hunter2\n';
    expect(problemsOf(secret, 0o644)).to.match(/holds JUPITER_API_KEY and can be read by everybody \(mode 644\)/);
    expect(problemsOf(secret, 0o640)).to.equal('');
    expect(problemsOf('DATABASE_URL=postgresql://me:hunter2@db/x\n', 0o604)).to.contain('holds DATABASE_URL');
    expect(problemsOf('DATABASE_URL=postgresql://me@db/x\n', 0o644), 'no password in it').to.equal('');
    expect(problemsOf('MAX_ATTEMPTS=3\n', 0o644)).to.equal('');
    expect(problemsOf('MAX_ATTEMPTS=3\n', 0o662)).to.match(/can be changed by everybody/);
  });

  it('are warned about when a secret is a flag', () => {
    const { warnings } = loadSettings({ argv: ['--set', 'JUPITER_API_KEY=hunter2'], env: {} });
    expect(warnings.join())
      .to.match(/^JUPITER_API_KEY was given as a flag/)
      .and.not.contain('hunter2');
  });

  it('say so when the file is not there', () => {
    const { problems } = loadSettings({ argv: ['--config', path.join(folder, 'none')], env: {} });
    expect(problems.join()).to.match(/the settings file .*none cannot be read \(ENOENT\)/);
  });

  describe('a file', () => {
    const values = (text: string) =>
      Object.fromEntries(parseSettings('f', text).settings.map(({ name, value }) => [name, value]));

    it('has quotes, comments and Windows line ends', () => {
      const text = 'A=1\r\n ; no\nB = "two words # kept"\nexport C=\'it "is"\'\nD="a\\"b\\$c\\n"\nE=a=b#c\nF=\n';
      const wanted = { A: '1', B: 'two words # kept', C: 'it "is"', D: 'a"b$c\\n', E: 'a=b#c', F: '' };
      expect(values(text)).to.deep.equal(wanted);
    });

    it('with broken lines says which, and never what', () => {
      const { problems } = parseSettings('f', 'A="x\nA=1\nA=2\n=3\n');
      expect(problems).to.deep.equal([
        'f line 1: the quotes around the value of A do not match',
        'f line 3: A is set in line 2 already',
        'f line 4: must be NAME=value',
      ]);
    });

    it('gives back any text in single quotes', () => {
      const text = fc.string().filter((value) => !/['\n\r]/.test(value));
      fc.assert(fc.property(text, (value) => expect(values(`X='${value}'`)).to.deep.equal({ X: value }) !== undefined));
    });
  });

  it('names are near each other by letters put in, left out, changed and swapped', () => {
    const cases: [string, string, number][] = [
      ['MAX', 'MAX', 0],
      ['MAX', 'MXA', 1],
      ['MAX', 'MA', 1],
      ['MAX', 'MAAX', 1],
      ['', 'abc', 3],
      ['kitten', 'sitting', 3],
    ];
    for (const [one, other, far] of cases) expect(distance(one, other), `${one} ${other}`).to.equal(far);
    expect(nearestName('MAX_ATEMPTS', ['MIN_SOL', 'MAX_ATTEMPTS'])).to.equal('MAX_ATTEMPTS');
    expect(nearestName('UNRELATED', ['MIN_SOL', 'MAX_ATTEMPTS'])).to.equal(undefined);
  });
});
