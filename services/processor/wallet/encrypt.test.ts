import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Keypair } from '@solana/web3.js';
import { expect } from 'chai';
import { loadWallet } from './load-wallet.js';

const MAIN = fileURLToPath(new URL('./encrypt-main.js', import.meta.url));
const run = promisify(execFile);

describe('encrypting a keypair file', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'exitlane-encrypt-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const at = (name: string) => path.join(folder, name);
  const args = ['--keypair', at('id.json'), '--password-file', at('password'), '--keystore', at('keystore.json')];
  const { publicKey, secretKey } = Keypair.generate();

  before(() => {
    writeFileSync(at('id.json'), JSON.stringify([...secretKey]), { mode: 0o600 });
    writeFileSync(at('password'), 'correct horse\n', { mode: 0o600 });
  });

  it('gives a keystore of the same wallet, for its owner only', async () => {
    const { stdout } = await run(process.execPath, [MAIN, ...args]);
    expect(stdout.trim()).to.equal(publicKey.toBase58());
    expect(statSync(at('keystore.json')).mode & 0o777).to.equal(0o600);
    expect(readFileSync(at('keystore.json'), 'utf8')).to.not.include(
      Buffer.from(secretKey.slice(0, 32)).toString('hex'),
    );
    const signer = await loadWallet({ keystoreFile: at('keystore.json'), passwordFile: at('password') });
    expect(signer?.publicKey.toBase58()).to.equal(publicKey.toBase58());
  });

  it('refuses to overwrite, and files that others can read', async () => {
    const failure = async () => (await run(process.execPath, [MAIN, ...args]).catch((error) => error)).stderr as string;
    expect(await failure()).to.include('keystore.json');
    chmodSync(at('id.json'), 0o644);
    expect(await failure()).to.include('chmod 600');
  });
});
