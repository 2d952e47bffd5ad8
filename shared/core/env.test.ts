import { expect } from 'chai';
import { z } from 'zod';
import { intSetting, logLevelSetting, portSetting, readEnv, urlListSetting, urlSetting } from './env.js';
import { ExitlaneError } from './errors.js';

const SHAPE = {
  PORT: portSetting(50_051),
  LIMIT: intSetting(1, 10, 3),
  LEVEL: logLevelSetting,
  RPC: urlListSetting.optional(),
  JUPITER: urlSetting.default('https://example.org'),
  SECRET: z
    .string()
    .regex(/^[a-z]+$/, 'must be lower case')
    .optional(),
};

describe('settings from the environment', () => {
  it('take defaults for what is missing or empty', () => {
    const settings = readEnv(SHAPE, { LIMIT: '' });
    expect(settings).to.include({ PORT: 50_051, LIMIT: 3, LEVEL: 'info', JUPITER: 'https://example.org' });
  });

  it('read lists of addresses', () => {
    expect(readEnv(SHAPE, { RPC: 'http://a:1, https://b' }).RPC).to.deep.equal(['http://a:1', 'https://b']);
  });

  it('report every problem at once, by name, and echo no value', () => {
    const env = { PORT: '99999', LIMIT: 'many', LEVEL: 'loud', RPC: 'ftp://x', JUPITER: 'x', SECRET: 'HUNTER2' };
    let error: unknown;
    try {
      readEnv(SHAPE, env);
    } catch (caught) {
      error = caught;
    }
    if (!(error instanceof ExitlaneError)) throw error;
    expect(error.violations.map((v) => v.field)).to.have.members(Object.keys(env));
    for (const value of Object.values(env).filter((v) => v.length > 3)) expect(error.message).to.not.include(value);
  });
});
