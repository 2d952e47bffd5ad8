import { createDecipheriv, createHash, pbkdf2Sync, randomBytes, scryptSync } from 'node:crypto';
import { expect } from 'chai';
import { type Keystore, keystoreSchema, openKeystore, sealKeystore } from './eip2335.js';
import { passwordBytes } from './password.js';

/** https://eips.ethereum.org/EIPS/eip-2335#test-cases: one secret, one password, two ways to derive the key. */
const SECRET = '000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f';
const PASSWORD = '𝔱𝔢𝔰𝔱𝔭𝔞𝔰𝔰𝔴𝔬𝔯𝔡🔑';
const SALT = 'd4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3';
const KDF = {
  scrypt: { dklen: 32, n: 262_144, p: 1, r: 8, salt: SALT },
  pbkdf2: { dklen: 32, c: 262_144, prf: 'hmac-sha256', salt: SALT },
};
const CHECKSUM = {
  scrypt: 'd2217fe5f3e9a1e34581ef8a78f7c9928e436d36dacc5e846690a5581e8ea484',
  pbkdf2: '8a9f5d9912ed7e75ea794bc5a89bca5f193721d30868ade6f73043c6ea6febf1',
};
const SEALED = {
  scrypt: '06ae90d55fe0a6e9c5c3bc5b170827b2e5cce3929ed3f116c2811e6366dfe20f',
  pbkdf2: 'cee03fde2af33149775b7223e7845e4fb2c8ae1792e5f99fe9ecf474cc8c16ad',
};
const FUNCTIONS = ['scrypt', 'pbkdf2'] as const;

function vector(name: (typeof FUNCTIONS)[number]) {
  return {
    crypto: {
      kdf: { function: name, params: KDF[name], message: '' },
      checksum: { function: 'sha256', params: {}, message: CHECKSUM[name] },
      cipher: {
        function: 'aes-128-ctr',
        params: { iv: '264daa3f303d7259501c93d997d84fe6' },
        message: SEALED[name],
      },
    },
    description: `This is a test keystore that uses ${name} to secure the secret.`,
    pubkey: '9612d7a727c9d0a22e185a1c768478dfe919cada9266988cb32359c11f2b7b27f4ae4040902382ae2910c15e2b420d07',
    path: 'm/12381/60/3141592653/589793238',
    uuid: '1d85ae20-35c5-4611-98e8-aa14a633906f',
    version: 4,
  };
}

describe('EIP-2335 keystores', () => {
  const opened = async (keystore: unknown, password: string) =>
    (await openKeystore(keystoreSchema.parse(keystore), passwordBytes(password)))?.toString('hex');

  for (const name of FUNCTIONS) {
    it(`opens the standard's ${name} keystore, and not with another password`, async () => {
      expect(await opened(vector(name), PASSWORD)).to.equal(SECRET);
      expect(await opened(vector(name), 'testpassword')).to.equal(undefined);
    });
  }

  it('normalises passwords as the standard does: NFKD, no control codes, UTF-8', () => {
    expect(passwordBytes(PASSWORD).toString('hex')).to.equal('7465737470617373776f7264f09f9491');
    expect(passwordBytes('p\u0000a\u001fs\u007fs\u0080\u009f\n').toString()).to.equal('pass');
    // e with an accent in one code point and in two.
    expect(passwordBytes('caf\u00e9')).to.deep.equal(passwordBytes('cafe\u0301'));
  });

  it('opens what it sealed, and another implementation of the standard does too', async () => {
    const secret = randomBytes(32);
    const sealed = await sealKeystore(secret, passwordBytes('correct horse'), {
      pubkey: 'x',
      description: 'y',
      n: 1024,
    });
    expect(await opened(JSON.parse(JSON.stringify(sealed)), 'correct horse')).to.equal(secret.toString('hex'));
    expect(independently(sealed, 'correct horse')).to.deep.equal(secret);
    expect(sealed).to.include({ version: 4, path: '', pubkey: 'x', description: 'y' });
    expect(JSON.stringify(sealed)).not.to.contain(secret.toString('hex'));
  });

  it('takes a fresh salt and vector each time', async () => {
    const seal = () =>
      sealKeystore(Buffer.alloc(32, 7), passwordBytes('same'), { pubkey: '', description: '', n: 1024 });
    const [one, other] = [await seal(), await seal()];
    expect(one.crypto.kdf.params.salt).not.to.equal(other.crypto.kdf.params.salt);
    expect(one.crypto.cipher).not.to.deep.equal(other.crypto.cipher);
    expect(one.uuid).not.to.equal(other.uuid);
  });

  it('opens nothing when any byte of cipher text or checksum was changed', async () => {
    const sealed = await sealKeystore(randomBytes(32), passwordBytes('pw'), { pubkey: '', description: '', n: 1024 });
    for (const part of ['cipher', 'checksum'] as const) {
      for (const at of [0, 31, 63]) {
        const changed = structuredClone(sealed);
        const { message } = changed.crypto[part];
        const digit = message[at] === '0' ? '1' : '0';
        changed.crypto[part].message = message.slice(0, at) + digit + message.slice(at + 1);
        expect(await opened(changed, 'pw'), `${part} ${at}`).to.equal(undefined);
      }
    }
  });

  const wrong: [string, (keystore: ReturnType<typeof vector>) => object, string][] = [
    ['another version', (k) => ({ ...k, version: 3 }), 'version'],
    ['another cipher', (k) => withCrypto(k, 'cipher', { function: 'aes-256-ctr' }), 'crypto.cipher.function'],
    ['another checksum', (k) => withCrypto(k, 'checksum', { function: 'keccak' }), 'crypto.checksum.function'],
    ['a secret of another length', (k) => withCrypto(k, 'cipher', { message: 'ab' }), 'crypto.cipher.message'],
    ['a cost that is no power of two', (k) => withScrypt(k, { n: 1000 }), 'crypto.kdf.params.n'],
    ['a cost that eats the memory', (k) => withScrypt(k, { n: 2 ** 22, r: 64 }), 'crypto.kdf.params'],
    ['a key of another length', (k) => withScrypt(k, { dklen: 16 }), 'crypto.kdf.params.dklen'],
    ['another way to derive it', (k) => withCrypto(k, 'kdf', { function: 'argon2' }), 'crypto.kdf.function'],
  ];
  for (const [what, change, place] of wrong) {
    it(`refuses ${what}, naming ${place}`, () => {
      const { error } = keystoreSchema.safeParse(change(vector('scrypt')));
      expect(error?.issues.map((issue) => issue.path.join('.'))).to.deep.equal([place]);
    });
  }
});

function withCrypto(keystore: ReturnType<typeof vector>, part: 'kdf' | 'cipher' | 'checksum', change: object): object {
  return { ...keystore, crypto: { ...keystore.crypto, [part]: { ...keystore.crypto[part], ...change } } };
}

function withScrypt(keystore: ReturnType<typeof vector>, change: object): object {
  return withCrypto(keystore, 'kdf', { params: { ...KDF.scrypt, ...change } });
}

/** The standard's decryption again, from its text: no code in common with what is tested. */
function independently({ crypto }: Keystore, password: string): Buffer {
  const { kdf, checksum, cipher } = crypto;
  const salt = Buffer.from(kdf.params.salt, 'hex');
  const key =
    kdf.function === 'scrypt'
      ? scryptSync(password, salt, 32, { N: kdf.params.n, r: kdf.params.r, p: kdf.params.p, maxmem: 2 ** 29 })
      : pbkdf2Sync(password, salt, kdf.params.c, 32, 'sha256');
  const sealed = Buffer.from(cipher.message, 'hex');
  const proof = createHash('sha256')
    .update(Buffer.concat([key.subarray(16), sealed]))
    .digest('hex');
  expect(proof).to.equal(checksum.message);
  const decipher = createDecipheriv('aes-128-ctr', key.subarray(0, 16), Buffer.from(cipher.params.iv, 'hex'));
  return Buffer.concat([decipher.update(sealed), decipher.final()]);
}
