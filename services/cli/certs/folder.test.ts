import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { makeCertFolder } from './folder.js';

describe('O1 the folder of certificates', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'exitlane-certs-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const make = (dir: string) => makeCertFolder({ dir, hosts: [], clients: [], days: 1, now: Date.now() });
  const modeOf = (file: string) => (statSync(file).mode & 0o777).toString(8);

  it('is for its owner alone, and so is every key', async () => {
    const dir = path.join(folder, 'new');
    await make(dir);
    expect(modeOf(dir)).to.equal('700');
    for (const name of ['ca', 'requestor', 'processor', 'console']) {
      expect(modeOf(path.join(dir, `${name}-key.pem`)), name).to.equal('600');
    }
  });

  it('a new key is not put where others read: modes that no service takes are narrowed, the one of a group stays', async () => {
    await make(folder);
    const [open, ofGroup] = [path.join(folder, 'requestor-key.pem'), path.join(folder, 'processor-key.pem')];
    const before = readFileSync(open, 'utf8');
    chmodSync(open, 0o644);
    chmodSync(ofGroup, 0o640);
    await make(folder);
    expect(readFileSync(open, 'utf8')).to.not.equal(before);
    expect(modeOf(open)).to.equal('600');
    expect(modeOf(ofGroup)).to.equal('640');
  });
});
