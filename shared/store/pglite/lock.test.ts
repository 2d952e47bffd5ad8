import { readFileSync } from 'node:fs';
import { mkdtemp, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { silentLogger } from '../../core/logger.js';
import { openDatabase } from '../database.js';
import { newDataDir } from '../testing/pglite.js';
import { StoreProcess } from '../testing/processes.js';
import { failureOf } from '../testing/waiting.js';
import { type Folders, prepareFolders } from './folders.js';
import { type DirectoryLock, lockDirectory } from './lock.js';

describe('the lock on a data directory', () => {
  let base: string;
  const held: DirectoryLock[] = [];
  beforeEach(async () => {
    base = await mkdtemp(path.join(tmpdir(), 'exitlane-lock-'));
  });
  afterEach(async () => {
    for (const lock of held.splice(0)) await lock.release();
    await rm(base, { recursive: true });
  });

  const lock = async (folders: Folders) => {
    const taken = await lockDirectory(folders);
    held.push(taken);
    return taken;
  };

  it('is had by one at a time, and free again when released', async () => {
    const folders = await prepareFolders(path.join(base, 'data'));
    const first = await lock(folders);
    expect(readFileSync(folders.pidFile, 'utf8')).to.equal(`${process.pid}\n`);
    const failure = await failureOf(lockDirectory(folders));
    expect(failure).to.have.property('reason', 'DATA_DIRECTORY_IN_USE');
    expect(failure.message).to.contain(folders.root).and.contain(`process ${process.pid}`).and.contain('DATABASE_URL');
    await first.release();
    await lock(folders);
  });

  it('is on the directory, whatever way leads there', async () => {
    await lock(await prepareFolders(path.join(base, 'data')));
    await symlink(path.join(base, 'data'), path.join(base, 'link'));
    const failure = await failureOf(lockDirectory(await prepareFolders(path.join(base, 'link'))));
    expect(failure).to.have.property('reason', 'DATA_DIRECTORY_IN_USE');
  });

  it('is seen where abstract sockets are not, as from another container', async () => {
    const folders = await prepareFolders(path.join(base, 'data'));
    await lock(folders);
    // The abstract name is made of the path, which is another one there; the folder with the socket file is the same.
    const elsewhere = { ...folders, root: '/data' };
    const failure = await failureOf(lockDirectory(elsewhere));
    expect(failure).to.have.property('reason', 'DATA_DIRECTORY_IN_USE');
  });

  it('works for a path that is too long for a socket', async () => {
    const folders = await prepareFolders(path.join(base, 'long'.repeat(30), 'data'));
    expect(folders.sockets).not.to.equal(folders.root);
    expect((await stat(folders.sockets)).mode & 0o777).to.equal(0o700);
    await lock(folders);
    expect(await failureOf(lockDirectory(folders))).to.have.property('reason', 'DATA_DIRECTORY_IN_USE');
    await rm(folders.sockets, { recursive: true });
  });

  it('comes with a directory of mode 0700', async () => {
    const folders = await prepareFolders(path.join(base, 'new', 'data'));
    expect((await stat(folders.root)).mode & 0o777).to.equal(0o700);
  });

  it('says which directory cannot be used, and why', async () => {
    const failure = await failureOf(prepareFolders('/dev/null/data'));
    expect(failure).to.have.property('reason', 'CONFIG_INVALID');
    expect(failure.message).to.contain('/dev/null/data').and.contain('ENOTDIR');
  });

  it('keeps a second process out, by name of the first, until that one is killed', async () => {
    const dataDir = await newDataDir();
    const first = new StoreProcess({ dataDir });
    try {
      await first.said('open');
      const refused = new StoreProcess({ dataDir });
      const line = await refused.said('');
      await refused.end();
      expect(line).to.match(/^error DATA_DIRECTORY_IN_USE/);
      expect(line).to.contain(dataDir).and.contain(`process ${first.pid}`);
    } finally {
      await first.kill();
    }
    const database = await openDatabase({ dataDir, logger: silentLogger });
    await database.close();
  });
});
