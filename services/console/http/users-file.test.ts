import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { packageRoot } from '../../../shared/core/package-root.js';
import { readUsersFile, userWith } from './users-file.js';

const hash = (token: string) => createHash('sha256').update(token).digest('hex');

describe('O1 the file with who may sign in', () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'exitlane-users-'));
    file = path.join(folder, 'users');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const write = (text: string) => writeFile(file, text, { mode: 0o600 });

  it('gives each token its name and role', async () => {
    await write(`# the desk\n\nalice operator ${hash('token of alice')}\n  bob   viewer ${hash('token of bob')}  \n`);
    const users = readUsersFile(file);
    expect(userWith(users, 'token of alice')).to.include({ name: 'alice', role: 'operator' });
    expect(userWith(users, 'token of bob')).to.include({ name: 'bob', role: 'viewer' });
    expect(userWith(users, 'token of nobody')).to.equal(undefined);
    expect(userWith(users, hash('token of alice')), 'the hash is no token').to.equal(undefined);
  });

  it('is made with the command that the documentation gives', async () => {
    const text = readFileSync(path.join(packageRoot(), 'docs/console.md'), 'utf8');
    const [, command = ''] = /```sh\n\s*(.*?)\n\s*```/s.exec(text) ?? [];
    const { stdout } = await promisify(execFile)('sh', ['-c', command]);
    const [token = '', tokenHash] = stdout.trim().split(' ');
    await write(`carol viewer ${tokenHash}\n`);
    expect(userWith(readUsersFile(file), token)).to.include({ name: 'carol' });
  });

  it('names every wrong line without showing it', async () => {
    await write(`alice admin ${hash('a')}\nbob operator secret-in-the-open\n`);
    expect(() => readUsersFile(file))
      .to.throw(/line 1 must be.*line 2 must be/)
      .with.property('message')
      .that.does.not.contain('secret-in-the-open');
  });

  it('refuses a file in which others could give themselves a role, and an empty one', async () => {
    await write(`alice operator ${hash('a')}\n`);
    await chmod(file, 0o620);
    expect(() => readUsersFile(file)).to.throw(/chmod 600/);
    await chmod(file, 0o600);
    await write('# nobody yet\n');
    expect(() => readUsersFile(file)).to.throw(/nobody is in it/);
  });
});
