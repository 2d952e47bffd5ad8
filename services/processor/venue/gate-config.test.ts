import { expect } from 'chai';
import { ExitlaneError } from '../../../shared/core/errors.js';
import { processorConfigFromEnv } from '../config.js';
import { gateBudgets } from './gate-config.js';

const RPC = 'rpc api.mainnet-beta.solana.com';
const JUPITER = 'jupiter api.jup.ag';

describe('A6 settings of the gate', () => {
  const read = (env: Record<string, string>) => {
    const { config } = processorConfigFromEnv({ DATABASE_URL: 'postgresql://localhost/exitlane', ...env });
    return { config, budgets: gateBudgets(config.gate ?? {}, config.venue) };
  };

  it('without any, Jupiter takes what it takes without a key, and the public RPC ten a second', () => {
    const { budgets, config } = read({});
    expect(budgets[JUPITER]).to.include({ requests: 30, windowMs: 60_000, reserve: 9 });
    expect(budgets[RPC]).to.include({ requests: 10, windowMs: 1_000, reserve: 3 });
    expect(config.gate).to.include({ maxWaitMs: 5_000, budgetWaitMs: 15_000, criticalWaitMs: 10_000 });
  });

  it('with a key Jupiter takes one a second', () => {
    expect(read({ JUPITER_API_KEY: 'x' }).budgets[JUPITER]).to.include({ requests: 60 });
  });

  it('the sandbox takes what comes, and is two hosts', () => {
    const urls = { JUPITER_URL: 'http://127.0.0.1:8899', SOLANA_RPC_URLS: 'http://127.0.0.1:8899,http://[::1]:8899' };
    const { budgets } = read(urls);
    expect(Object.keys(budgets)).to.deep.equal(['jupiter 127.0.0.1:8899', 'rpc 127.0.0.1:8899', 'rpc [::1]:8899']);
    expect(budgets['jupiter 127.0.0.1:8899']?.requests).to.equal(60_000);
    expect(budgets['rpc [::1]:8899']?.requests).to.equal(1_000);
  });

  it('every number can be set', () => {
    const { budgets, config } = read({
      JUPITER_REQUESTS_PER_SECOND: '2.5',
      JUPITER_BURST: '7',
      RPC_REQUESTS_PER_SECOND: '40',
      RPC_BURST: '3',
      GATE_SHARE_PERCENT: '50',
      GATE_RESERVE_PERCENT: '20',
      GATE_MAX_WAIT_MS: '1000',
      GATE_BUDGET_WAIT_MS: '2000',
      GATE_CRITICAL_WAIT_MS: '3000',
    });
    expect(budgets[JUPITER]).to.deep.equal({ requests: 75, windowMs: 60_000, reserve: 15, burst: 7 });
    expect(budgets[RPC]).to.deep.equal({ requests: 20, windowMs: 1_000, reserve: 4, burst: 3 });
    expect(config.gate).to.include({ maxWaitMs: 1_000, budgetWaitMs: 2_000, criticalWaitMs: 3_000 });
  });

  const wrong: [string, Record<string, string>, RegExp][] = [
    [
      'a rate of nothing',
      { JUPITER_REQUESTS_PER_SECOND: '0' },
      /JUPITER_REQUESTS_PER_SECOND: must be a number from 0.1/,
    ],
    ['a rate in words', { JUPITER_REQUESTS_PER_SECOND: 'many' }, /must be a number from 0.1 to 10000/],
    ['half an RPC call', { RPC_REQUESTS_PER_SECOND: '2.5' }, /RPC_REQUESTS_PER_SECOND: must be a whole number from 2/],
    ['a share of nothing', { GATE_SHARE_PERCENT: '0' }, /GATE_SHARE_PERCENT: must be a whole number from 1 to 100/],
    ['a reserve of all', { GATE_RESERVE_PERCENT: '100' }, /GATE_RESERVE_PERCENT/],
    ['a share too small', { GATE_SHARE_PERCENT: '3' }, /^JUPITER_REQUESTS_PER_SECOND and GATE_SHARE_PERCENT leave too/],
    ['waits that contradict', { GATE_BUDGET_WAIT_MS: '4999' }, /^GATE_BUDGET_WAIT_MS is 4999, below GATE_MAX_WAIT_MS/],
    ['a scan of no mint', { SCAN_MINTS: 'BONK' }, /SCAN_MINTS: must be at most 500 mint addresses/],
    ['a scan without pause', { SCAN_INTERVAL_MS: '0' }, /SCAN_INTERVAL_MS: must be a whole number from 1000/],
  ];
  for (const [what, env, text] of wrong) {
    it(`refuses ${what}`, () => {
      expect(() => read(env))
        .to.throw(ExitlaneError, text)
        .with.property('reason', 'CONFIG_INVALID');
    });
  }

  it('A5 nothing is scanned unless told; 500 ms and 1 s are the delays of the start-up', () => {
    const none = { mints: [], intervalMs: 10_000, startDelayMs: 500, firstCallDelayMs: 1_000 };
    expect(read({}).config.scan).to.deep.equal(none);
    const [wif, sol] = ['EKpQGSJtjMFqKZ9KQanSqYXRcF8fBopzLHYxdM65zcjm', 'So11111111111111111111111111111111111111112'];
    const told = read({ SCAN_MINTS: `${wif}, ${sol},${wif}`, SCAN_START_DELAY_MS: '0' }).config.scan;
    expect(told).to.deep.include({ mints: [wif, sol], startDelayMs: 0 });
  });
});
