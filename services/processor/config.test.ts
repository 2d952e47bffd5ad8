import { expect } from 'chai';
import { ExitlaneError } from '../../shared/core/errors.js';
import { processorConfigFromEnv } from './config.js';

const DATABASE_URL = 'postgresql://localhost/exitlane';

describe('settings of the processor', () => {
  const read = (env: Record<string, string>) => processorConfigFromEnv({ DATABASE_URL, ...env }).config;
  const keystore = { WALLET_KEYSTORE_FILE: 'key.json', WALLET_PASSWORD_FILE: 'password' };

  it('E4 takes a keypair file or a keystore with its password file for the venue', () => {
    expect(read({ EXITLANE_EXECUTOR: 'venue', WALLET_KEYPAIR_FILE: 'id.json' })).to.include({ keypairFile: 'id.json' });
    expect(read({ EXITLANE_EXECUTOR: 'venue', ...keystore })).to.include({
      keystoreFile: 'key.json',
      passwordFile: 'password',
    });
  });

  const wrong: [string, Record<string, string>, RegExp][] = [
    ['a keypair in a simulation', { WALLET_KEYPAIR_FILE: 'x' }, /^WALLET_KEYPAIR_FILE is set but .* is simulated/],
    ['a keystore in a simulation', keystore, /^WALLET_KEYSTORE_FILE is set but .* is simulated/],
    [
      'a keystore in the mock',
      { EXITLANE_EXECUTOR: 'mock', ...keystore },
      /^WALLET_KEYSTORE_FILE is set but .* is mock/,
    ],
    ['a venue without a key', { EXITLANE_EXECUTOR: 'venue' }, /neither WALLET_KEYPAIR_FILE nor WALLET_KEYSTORE_FILE/],
    [
      'two keys',
      { EXITLANE_EXECUTOR: 'venue', WALLET_KEYPAIR_FILE: 'x', ...keystore },
      /^WALLET_KEYPAIR_FILE and WALLET_KEYSTORE_FILE are both set/,
    ],
    ['a keystore alone', { EXITLANE_EXECUTOR: 'venue', WALLET_KEYSTORE_FILE: 'x' }, /but WALLET_PASSWORD_FILE is not/],
    ['a password alone', { WALLET_PASSWORD_FILE: 'x' }, /^WALLET_PASSWORD_FILE is set but WALLET_KEYSTORE_FILE is not/],
    ['a retry that grows backwards', { RETRY_FIRST_DELAY_MS: '61000' }, /RETRY_MAX_DELAY_MS is 60000, below/],
    ['a retry without a wait', { RETRY_FIRST_DELAY_MS: '0' }, /RETRY_FIRST_DELAY_MS: must be a whole number from 10/],
  ];
  for (const [what, env, text] of wrong) {
    it(`refuses ${what}`, () => {
      expect(() => read(env))
        .to.throw(ExitlaneError, text)
        .with.property('reason', 'CONFIG_INVALID');
    });
  }

  it('E3 retries after 1 s, doubling to 60 s, unless told otherwise', () => {
    expect(read({}).retryPolicy).to.deep.equal({ firstDelayMs: 1_000, maxDelayMs: 60_000 });
    const told = { RETRY_FIRST_DELAY_MS: '20', RETRY_MAX_DELAY_MS: '50' };
    expect(read(told).retryPolicy).to.deep.equal({ firstDelayMs: 20, maxDelayMs: 50 });
  });
});
