import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Writable } from 'node:stream';
import { inspect } from 'node:util';
import { Keypair, SystemProgram, TransactionMessage, VersionedTransaction } from '@solana/web3.js';
import { expect } from 'chai';
import { pino } from 'pino';
import { ExitlaneError } from '../../../shared/core/errors.js';
import { failureOf } from '../../../shared/store/testing/waiting.js';
import { type Keystore, sealKeystore } from './eip2335.js';
import { createKeystore, loadKeystoreFile } from './keystore-file.js';
import { loadWallet } from './load-wallet.js';
import { passwordBytes } from './password.js';

const PASSWORD = 'canary-pässword-🔑';

describe('keystore file', () => {
  const pair = Keypair.generate();
  const seed = pair.secretKey.slice(0, 32);
  let folder: string;
  let keystoreFile: string;
  let passwordFile: string;
  /** Cheap to open: the standard's cost is tested once. */
  let cheap: Keystore;
  before(async () => {
    const options = { pubkey: pair.publicKey.toBase58(), description: 'Solana ed25519', n: 1024 };
    cheap = await sealKeystore(seed, passwordBytes(PASSWORD), options);
  });
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'exitlane-keystore-'));
    keystoreFile = path.join(folder, 'keystore.json');
    passwordFile = path.join(folder, 'password');
    await writeFile(passwordFile, `${PASSWORD}\n`, { mode: 0o600 });
  });
  afterEach(() => rm(folder, { recursive: true }));

  const write = (keystore: object) => writeFile(keystoreFile, JSON.stringify(keystore), { mode: 0o600 });
  const refusal = async (file = keystoreFile, password = passwordFile): Promise<ExitlaneError> => {
    const error = await failureOf(loadWallet({ keystoreFile: file, passwordFile: password }));
    if (!(error instanceof ExitlaneError)) throw error;
    expect([error.reason, error.cause]).to.deep.equal(['CONFIG_INVALID', undefined]);
    expectNoSecret(inspect(error, { depth: 9, showHidden: true }));
    return error;
  };
  const expectNoSecret = (text: string) => {
    const forms = [Buffer.from(seed).toString('hex'), Buffer.from(seed).toString('base64'), 'canary-p'];
    const numbers = [...seed.slice(0, 5)].join(',');
    for (const secret of [...forms, numbers]) expect(text.replace(/\s/g, '')).not.to.contain(secret);
  };

  it('is created with the public key, mode 0600 and a cost that hurts, and loads again', async () => {
    expect(await createKeystore(keystoreFile, seed, PASSWORD)).to.equal(pair.publicKey.toBase58());
    expect((await stat(keystoreFile)).mode & 0o777).to.equal(0o600);
    const text = await readFile(keystoreFile, 'utf8');
    expectNoSecret(text);
    const written = JSON.parse(text) as Keystore;
    expect(written).to.include({ version: 4, description: 'Solana ed25519', pubkey: pair.publicKey.toBase58() });
    expect(written.crypto.kdf.params).to.include({ dklen: 32, n: 262_144, r: 8, p: 1 });
    const signer = await loadWallet({ keystoreFile, passwordFile });
    expect(signer?.publicKey.equals(pair.publicKey)).to.equal(true);
    expect(signer?.source).to.equal('keystore-file');
  });

  it('is never written over what is there, nor through a link', async () => {
    await writeFile(keystoreFile, 'precious');
    const error = await failureOf(createKeystore(keystoreFile, seed, PASSWORD));
    expect(error.message).to.contain('exists already and is not overwritten');
    expect(await readFile(keystoreFile, 'utf8')).to.equal('precious');
    const link = path.join(folder, 'link');
    await symlink(path.join(folder, 'elsewhere'), link);
    expect((await failureOf(createKeystore(link, seed, PASSWORD))).message).to.contain('exists already');
    expect(await readdir(folder)).to.have.members(['keystore.json', 'password', 'link']);
  });

  it('is not created without a password, or for what is no seed', async () => {
    const cases: [Uint8Array, string, string][] = [
      [seed, '', 'the password is empty'],
      [seed, '\n\u0000', 'the password is empty'],
      [pair.secretKey, PASSWORD, 'a seed has 32 bytes'],
    ];
    for (const [bytes, password, text] of cases) {
      const error = await failureOf(createKeystore(keystoreFile, bytes, password));
      expect(error).to.include({ reason: 'CONFIG_INVALID' });
      expect(error.message).to.contain(text);
    }
    expect(await readdir(folder)).to.deep.equal(['password']);
  });

  it('signs as web3.js does with the same key', async () => {
    await write(cheap);
    const signer = await loadKeystoreFile(keystoreFile, passwordBytes(PASSWORD));
    const message = new TransactionMessage({
      payerKey: pair.publicKey,
      recentBlockhash: pair.publicKey.toBase58(),
      instructions: [SystemProgram.transfer({ fromPubkey: pair.publicKey, toPubkey: pair.publicKey, lamports: 1 })],
    }).compileToV0Message();
    const ours = await signer.signTransaction(new VersionedTransaction(message));
    const theirs = new VersionedTransaction(message);
    theirs.sign([pair]);
    expect(Buffer.from(ours.serialize()).equals(Buffer.from(theirs.serialize()))).to.equal(true);
  });

  it('shows the public key however the signer is printed or logged, and nothing of seed and password', async () => {
    await write(cheap);
    const signer = await loadWallet({ keystoreFile, passwordFile });
    let logged = '';
    const sink = new Writable({
      write(chunk, _encoding, done) {
        logged += String(chunk);
        done();
      },
    });
    pino(sink).info({ signer, wallet: { nested: signer } }, `signing with ${signer}`);
    const shown = `${logged} ${signer} ${JSON.stringify({ signer })} ${inspect({ signer }, { depth: 9, showHidden: true })}`;
    expect(shown.split(pair.publicKey.toBase58()).length).to.be.greaterThan(5);
    expectNoSecret(shown);
    expect(Object.getOwnPropertyNames(signer)).to.have.members(['source', 'publicKey']);
  });

  it('refuses a wrong password, and a file that was changed, in the same words', async () => {
    await write(cheap);
    await writeFile(passwordFile, 'not-the-password');
    expect((await refusal()).message).to.equal(
      `keystore file ${keystoreFile} cannot be decrypted: the password is wrong, or the file was changed`,
    );
    await writeFile(passwordFile, PASSWORD);
    const { cipher } = cheap.crypto;
    const message = cipher.message.replace(/^../, (byte) => (byte === '00' ? '01' : '00'));
    await write({ ...cheap, crypto: { ...cheap.crypto, cipher: { ...cipher, message } } });
    expect((await refusal()).message).to.contain('the password is wrong, or the file was changed');
  });

  it('refuses a key that is not that of the wallet it names', async () => {
    await write({ ...cheap, pubkey: Keypair.generate().publicKey.toBase58() });
    expect((await refusal()).message).to.contain('holds the key of another wallet than its pubkey says');
    const { iv } = cheap.crypto.cipher.params;
    const params = { iv: iv.replace(/^./, (digit) => (digit === '0' ? '1' : '0')) };
    // The checksum does not cover the vector; the public key does.
    await write({ ...cheap, crypto: { ...cheap.crypto, cipher: { ...cheap.crypto.cipher, params } } });
    expect((await refusal()).message).to.contain('holds the key of another wallet');
  });

  it('refuses what is no keystore, naming fields and quoting nothing', async () => {
    await writeFile(keystoreFile, JSON.stringify([...pair.secretKey]), { mode: 0o600 });
    expect((await refusal()).message).to.contain('wrong content');
    await write({ ...cheap, version: 3, pubkey: 5, uuid: 'canary-p' });
    expect((await refusal()).message).to.match(/wrong pubkey, uuid, version$/);
    await writeFile(keystoreFile, `{"canary-p": ${[...seed]}`, { mode: 0o600 });
    expect((await refusal()).message).to.contain('is not JSON');
  });

  for (const mode of [0o644, 0o640, 0o604, 0o660]) {
    it(`refuses keystore and password with mode ${mode.toString(8)}, directly and through a link`, async () => {
      await write(cheap);
      for (const [file, what] of [
        [keystoreFile, 'keystore file'],
        [passwordFile, 'password file'],
      ] as const) {
        const link = `${file}.link`;
        await symlink(file, link);
        await chmod(file, mode);
        expect((await refusal()).message).to.contain(`${what} ${file} can be read by others`);
        const names = file === keystoreFile ? [link, passwordFile] : [keystoreFile, link];
        expect((await refusal(...names)).message).to.contain(`run chmod 600 ${link}`);
        await chmod(file, 0o600);
      }
      expect(await loadWallet({ keystoreFile: `${keystoreFile}.link`, passwordFile: `${passwordFile}.link` })).to.be.ok;
    });
  }

  it('refuses a password file that is missing, empty or no text', async () => {
    await write(cheap);
    expect((await refusal(keystoreFile, path.join(folder, 'none'))).message).to.contain('ENOENT');
    await writeFile(passwordFile, '\n');
    expect((await refusal()).message).to.contain('is empty');
    await writeFile(passwordFile, Buffer.from([0xff, 0xfe]));
    expect((await refusal()).message).to.contain('is not UTF-8 text');
  });
});
