import { expect } from 'chai';
import { CONSOLE_DEFAULTS, consoleConfigFromEnv } from './config.js';

describe('O4 settings of the console', () => {
  it('has a default for everything', () => {
    const { config, logLevel } = consoleConfigFromEnv({});
    expect(config).to.deep.equal({ ...CONSOLE_DEFAULTS, users: undefined, explorerUrl: undefined });
    expect(logLevel).to.equal('info');
  });

  it('reads what is set', () => {
    const { config } = consoleConfigFromEnv({
      EXITLANE_CONSOLE_PORT: '9000',
      EXITLANE_REQUESTOR_ADDRESS: 'requestor:1',
      EXITLANE_CONSOLE_ROLE: 'viewer',
      EXITLANE_CONSOLE_ALLOWED_HOSTS: 'LocalHost:9001,127.0.0.2',
      EXITLANE_CONSOLE_EXPLORER_URL: 'https://explorer.example/tx/{signature}?cluster=devnet',
    });
    expect(config).to.deep.include({
      port: 9_000,
      requestorAddress: 'requestor:1',
      role: 'viewer',
      allowedHosts: ['localhost:9001', '127.0.0.2'],
      explorerUrl: 'https://explorer.example/tx/{signature}?cluster=devnet',
    });
  });

  for (const [what, env, problem] of [
    [
      'O1 an address others can reach',
      { EXITLANE_CONSOLE_HOST: '0.0.0.0' },
      /EXITLANE_TLS_CERT_FILE: is required to listen on 0\.0\.0\.0/,
    ],
    [
      'a role that does not exist',
      { EXITLANE_CONSOLE_ROLE: 'admin' },
      /EXITLANE_CONSOLE_ROLE: must be viewer or operator/,
    ],
    ['an explorer that gets no signature', { EXITLANE_CONSOLE_EXPLORER_URL: 'https://a.example' }, /\{signature\}/],
    ['a script for an explorer', { EXITLANE_CONSOLE_EXPLORER_URL: 'javascript:alert(1)//{signature}' }, /https:\/\//],
    ['a host list that is none', { EXITLANE_CONSOLE_ALLOWED_HOSTS: 'http://a' }, /ALLOWED_HOSTS: must be names/],
    [
      'O1 people from elsewhere without a sign-in',
      { EXITLANE_CONSOLE_ALLOWED_HOSTS: 'console.example.org' },
      /EXITLANE_CONSOLE_USERS_FILE: is required/,
    ],
    ['a users file that is not there', { EXITLANE_CONSOLE_USERS_FILE: '/nowhere/users' }, /cannot be read/],
  ] as const) {
    it(`refuses ${what}`, () => expect(() => consoleConfigFromEnv(env)).to.throw(problem));
  }
});
