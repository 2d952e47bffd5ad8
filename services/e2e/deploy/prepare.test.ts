import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { readAccessFile } from '../../../shared/auth/access-file.js';
import { hashToken } from '../../../shared/auth/access-list.js';
import { readTlsFiles } from '../../../shared/auth/tls-files.js';
import { readUsersFile } from '../../console/http/users-file.js';
import { project, variants } from './compose.js';
import { at } from './files.js';
import { copyOfCompose, type Prepared } from './prepared.js';

const SETTINGS = { certFile: 'cert', keyFile: 'key', caFile: 'ca' };

describe('O3 compose is prepared', () => {
  let compose: Prepared;
  before(() => {
    compose = copyOfCompose();
  });
  after(() => compose.remove());

  const secret = (name: string) => path.join(compose.folder, 'secrets', name);
  const everything = () =>
    readdirSync(path.join(compose.folder, 'secrets'), { recursive: true, encoding: 'utf8' })
      .filter((name) => statSync(secret(name)).isFile())
      .sort();

  it('by a script that makes every file that compose.yaml mounts, for its owner alone', async function () {
    this.timeout(120_000);
    expect(await compose.prepare('try')).to.include('https://localhost:8443');
    const [, trying] = variants();
    const wanted = Object.values(at(project(trying as never), 'secrets') as Record<string, { file: string }>);
    for (const { file } of wanted) expect(statSync(path.join(compose.folder, file)).mode & 0o777, file).to.equal(0o600);
    const owner = statSync(secret('access')).uid;
    expect(owner, 'nothing runs as root').to.not.equal(0);
    expect(readFileSync(path.join(compose.folder, '.env'), 'utf8')).to.include(`\nEXITLANE_UID=${owner}\n`);
  });

  it('with names that have no more rights than they need', () => {
    const lines = readAccessFile(secret('access'));
    expect(lines.map(({ name, role }) => `${name} ${role}`)).to.deep.equal([
      'requestor service',
      'console admin',
      'admin admin',
      'bot trade',
    ]);
    for (const { name, proof } of lines) {
      const token = readFileSync(secret(`${name}.token`), 'utf8').trim();
      expect(proof, name).to.deep.equal({ kind: 'token', hash: hashToken(token) });
    }
    const [user] = readUsersFile(secret('console_users'));
    const token = readFileSync(secret('console_operator.token'), 'utf8').trim();
    expect(user?.tokenHash).to.equal(hashToken(token));
  });

  it('with certificates for the names that services have there', () => {
    for (const name of ['requestor', 'processor', 'console']) {
      const files = {
        certFile: secret(`tls/${name}.pem`),
        keyFile: secret(`tls/${name}-key.pem`),
        caFile: secret('tls/ca.pem'),
      };
      expect(readTlsFiles(files, SETTINGS).identity, name).to.not.equal(undefined);
    }
  });

  it('with the same password for database and services', () => {
    const password = readFileSync(secret('postgres_password'), 'utf8');
    expect(password).to.match(/^[0-9a-f]{48}$/);
    for (const service of ['requestor', 'processor']) {
      const url = `postgresql://exitlane:${password}@postgres:5432/exitlane`;
      expect(readFileSync(secret(`${service}.env`), 'utf8')).to.equal(`DATABASE_URL=${url}\n`);
    }
  });

  it('once: what is there stays', async () => {
    const texts = () => everything().map((name) => `${name} ${readFileSync(secret(name), 'utf8')}`);
    const before = texts();
    expect(await compose.prepare('mainnet')).to.include('wallet.keystore.json');
    expect(texts()).to.deep.equal(before);
  });
});
