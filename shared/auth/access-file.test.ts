import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { ExitlaneError } from '../core/errors.js';
import { readAccessFile } from './access-file.js';
import { AccessList, hashToken } from './access-list.js';

const HASH = hashToken('exl_a');

describe('O1 the access file', () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'exitlane-access-'));
    file = path.join(folder, 'access');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const read = (text: string, mode = 0o600) => {
    writeFileSync(file, text);
    chmodSync(file, mode);
    return readAccessFile(file);
  };
  const problemsOf = (text: string, mode?: number): string[] => {
    try {
      read(text, mode);
    } catch (error) {
      if (error instanceof ExitlaneError) return error.violations.map(({ description }) => description);
      throw error;
    }
    return [];
  };

  it('has one credential per line, with comments and blank lines between', () => {
    const list = read(
      `# bots\n\nbot trade token=${HASH} client=desk expires=2027-01-01T00:00:00Z\n  boss admin cert=boss \n`,
    );
    expect(list).to.deep.equal([
      {
        name: 'bot',
        role: 'trade',
        client: 'desk',
        proof: { kind: 'token', hash: HASH },
        expiresAt: new Date('2027-01-01T00:00:00Z'),
      },
      {
        name: 'boss',
        role: 'admin',
        client: '*',
        proof: { kind: 'certificate', commonName: 'boss' },
        expiresAt: undefined,
      },
    ]);
  });

  it("a service sees everybody's orders", () => {
    expect(read('requestor service cert=requestor')[0]).to.include({ role: 'service', client: '*' });
  });

  it('says all that is wrong at once, by line, and repeats nothing of a line', () => {
    const problems = problemsOf(
      `bot trade token=exl_secret\nb!t trade cert=x\nbot boss cert=x\nbot read\nbot read cert=x speed=9\n`,
    );
    expect(problems).to.have.length(5);
    expect(problems[0]).to.match(/^line 1: token= must be the SHA-256/);
    expect(problems[1]).to.match(/^line 2: the name/);
    expect(problems[2]).to.match(/^line 3: the role must be one of read, trade, admin, service/);
    expect(problems[3]).to.match(/^line 4: exactly one of token= and cert=/);
    expect(problems[4]).to.match(/^line 5: after the role only/);
    expect(problems.join()).to.not.include('exl_secret');
  });

  const REFUSED: readonly [string, string, RegExp][] = [
    ['nobody', '# later\n', /nobody is in it/],
    ['a time that is none', `a read token=${HASH} expires=soon`, /expires= must be a time/],
    ['the same token twice', `a read token=${HASH}\nb read token=${HASH}`, /a and b have the same token/],
    ['a name with two roles', `a read token=${HASH}\na trade cert=a`, /a stands there with different roles/],
    ['a service for one client', `a service cert=a client=desk`, /line 1: a service has no client=/],
    ['a service that says it is for all', `a service cert=a client=*`, /line 1: a service has no client=/],
    ['a field twice', `a read cert=a cert=b`, /cert= stands there twice/],
  ];
  for (const [what, text, message] of REFUSED) {
    it(`refuses ${what}`, () => expect(problemsOf(text).join()).to.match(message));
  }

  it('refuses a file that others may write to, and one that is not there', () => {
    expect(problemsOf(`a read token=${HASH}`, 0o666).join()).to.match(/others may write/);
    rmSync(file);
    expect(() => readAccessFile(file)).to.throw(/cannot be read/);
  });

  it('takes two tokens of one name, so that a new one can be handed out before the old one goes', () => {
    const list = new AccessList(
      read(`a read token=${HASH} expires=2026-01-01T00:00:00Z\na read token=${hashToken('exl_b')}`),
    );
    const at = Date.parse('2026-06-01T00:00:00Z');
    expect(list.byToken('exl_a', at).kind).to.equal('expired');
    expect(list.byToken('exl_a', at - 365 * 86_400_000).kind).to.equal('valid');
    expect(list.byToken('exl_b', at).kind).to.equal('valid');
    expect(list.byToken('exl_c', at).kind).to.equal('unknown');
  });

  it('a credential is still valid only as the same name, role and client', () => {
    const [before] = read(`a trade token=${HASH}`);
    if (!before) throw new Error('no line');
    const valid = (text: string) => new AccessList(read(text)).stillValid(before, 0);
    expect(valid(`a trade token=${HASH}`)).to.equal(true);
    expect(valid(`a read token=${HASH}`)).to.equal(false);
    expect(valid(`a trade token=${HASH} client=b`)).to.equal(false);
    expect(valid(`b trade token=${HASH}`)).to.equal(false);
    expect(valid('a trade cert=a')).to.equal(false);
  });
});
