import { chmodSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Keypair } from '@solana/web3.js';
import { expect } from 'chai';
import { systemClock } from '../../../shared/core/clock.js';
import { loadSettings } from '../../../shared/core/settings.js';
import { newDataDir } from '../../../shared/store/testing/pglite.js';
import { createPostgresDatabase, dropPostgresDatabase, runOnPostgres } from '../../../shared/store/testing/postgres.js';
import { issue, makeAuthority } from '../../cli/certs/make-certs.js';
import { Harness } from '../../sandbox/harness.js';
import type { Result } from './check.js';
import { diagnose } from './doctor.js';

const NOWHERE = { requestor: '127.0.0.1:1', processor: '127.0.0.1:1' };
const MAINNET = '5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d';
const CANARY = 'canary-0badc0ffee-0badc0ffee';

describe('O4 exitlane doctor', function () {
  this.timeout(60_000);
  let harness: Harness;
  let databaseUrl: string;
  let folder: string;
  const servers: Server[] = [];
  before(async () => {
    // Its clock is the real one: the doctor compares it with the host's.
    harness = await Harness.start({ clock: systemClock, slotMs: 50, paused: false });
    databaseUrl = await createPostgresDatabase();
  });
  after(async () => {
    await harness.stop();
    await dropPostgresDatabase(databaseUrl);
  });
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'exitlane-doctor-'));
  });
  afterEach(() => {
    harness.control.resetFaults();
    rmSync(folder, { recursive: true });
    for (const server of servers.splice(0)) server.close();
  });

  const sandbox = () => ({
    DATABASE_URL: databaseUrl,
    EXITLANE_EXECUTOR: 'venue',
    EXITLANE_SANDBOX: '1',
    JUPITER_URL: harness.sandbox.url,
    SOLANA_RPC_URLS: harness.sandbox.url,
    WALLET_KEYPAIR_FILE: harness.sandbox.walletPath,
  });
  const look = (env: NodeJS.ProcessEnv, dataDir?: string) =>
    diagnose({ settings: loadSettings({ env }), dataDir, addresses: NOWHERE });
  const of = (results: readonly Result[], check: string) =>
    results.filter((result) => result.check === check).map(({ verdict, saw }) => `${verdict}: ${saw}`);
  const textOf = (results: readonly Result[], check: string) => of(results, check).join('\n');

  /** An endpoint in front of the sandbox's that changes some answers, as one that lies or lags does. */
  async function lyingRpc(lies: Readonly<Record<string, unknown>>, status = 200): Promise<string> {
    const server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      const { method } = JSON.parse(body) as { method: string };
      response.setHeader('content-type', 'application/json');
      response.setHeader('x-ratelimit-remaining', '7');
      response.setHeader('x-ratelimit-limit', '40');
      response.statusCode = status;
      if (method in lies) {
        response.end(JSON.stringify({ jsonrpc: '2.0', id: 1, result: lies[method] }));
        return;
      }
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(harness.sandbox.url, { method: 'POST', headers, body });
      response.end(await answer.text());
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  it('finds no problem where all is well, and works without any service', async () => {
    const results = await look(sandbox());
    const problems = results.filter(({ verdict, check }) => verdict === 'problem' && check !== 'disk');
    expect(problems).to.deep.equal([]);
    expect(textOf(results, 'database')).to.match(/ok: postgresql:.*: PostgreSQL 18.*answered in/);
    expect(textOf(results, 'database')).to.match(/ok: schema \d+, as this program has it/);
    expect(textOf(results, 'database')).to.match(/ok: its clock and this host's differ by 0\.\d+ s/);
    expect(textOf(results, 'database'))
      .to.match(/\d+ of \d+ connections left/)
      .and.contain('trading state ACTIVE');
    expect(textOf(results, 'rpc')).to.match(/ok: 127\.0\.0\.1:\d+: \d+ ms, version .*slot \d+/);
    expect(textOf(results, 'rpc'))
      .to.contain('ok: all on another chain')
      .and.match(/ok: a block of .* this host's clock/);
    expect(textOf(results, 'jupiter')).to.match(/ok: .* ms, no API key/);
    expect(textOf(results, 'wallet'))
      .to.contain(harness.wallet.publicKey.toBase58())
      .and.match(/ok: .* SOL; MIN_SOL/);
    expect(of(results, 'services').filter((text) => text.startsWith('warning: ')).length).to.equal(2);
    expect(textOf(results, 'node')).to.match(/^ok: Node v/);
  });

  it('says what is wrong with the database', async () => {
    const closed = await look({ ...sandbox(), DATABASE_URL: 'postgresql://me:hunter2@127.0.0.1:1/exitlane' });
    expect(textOf(closed, 'database')).to.match(/^problem: postgresql:\/\/127\.0\.0\.1:1\/exitlane: .*ECONNREFUSED/);
    const absent = await look({ ...sandbox(), DATABASE_URL: databaseUrl.replace(/\/[^/]*$/, '/nowhere') });
    expect(textOf(absent, 'database')).to.match(/^problem: .*does not exist/);
    expect(JSON.stringify([closed, absent])).to.not.contain('hunter2');
  });

  it('says how far the schema is, and that somebody stopped trading', async () => {
    const other = await createPostgresDatabase();
    try {
      await runOnPostgres(
        other,
        `UPDATE scheduler SET trading_state = 'HALTED', changed_by = 'ann', change_reason = 'storm'`,
      );
      expect(textOf(await look({ ...sandbox(), DATABASE_URL: other }), 'database')).to.contain(
        'warning: trading state HALTED, set by ann: storm',
      );
      await runOnPostgres(other, `INSERT INTO pgmigrations (name, run_on) VALUES ('9999_future', now())`);
      expect(textOf(await look({ ...sandbox(), DATABASE_URL: other }), 'database')).to.match(
        /^problem: .*schema version 9999, this program knows up to/,
      );
      await runOnPostgres(other, `DELETE FROM pgmigrations WHERE split_part(name, '_', 1)::int > 6`);
      const older = await look({ ...sandbox(), DATABASE_URL: other });
      expect(textOf(older, 'database')).to.match(/warning: schema 6, this program has \d+/);
      const left = await runOnPostgres(other, 'SELECT count(*)::int AS n FROM pgmigrations');
      expect(left, 'looked, and changed nothing').to.deep.equal([{ n: 6 }]);
    } finally {
      await dropPostgresDatabase(other);
    }
  });

  it('looks into an embedded database, and makes none', async () => {
    const dataDir = await newDataDir();
    expect(textOf(await look(sandbox(), dataDir), 'database')).to.match(/ok: .*embedded PostgreSQL 1\d/);
    expect(textOf(await look(sandbox(), folder), 'database')).to.match(/warning: .* holds no database yet/);
  });

  it('sees that endpoints are on different chains, or on the wrong one', async () => {
    const lying = await lyingRpc({ getGenesisHash: MAINNET });
    const mixed = await look({ ...sandbox(), SOLANA_RPC_URLS: `${harness.sandbox.url},${lying}` });
    expect(textOf(mixed, 'rpc')).to.match(/problem: the endpoints are on different chains: .* mainnet/);
    const real = await look({ ...sandbox(), SOLANA_RPC_URLS: lying });
    expect(textOf(real, 'rpc')).to.match(/problem: all on mainnet, but EXITLANE_SANDBOX is 1: real money/);
    const wrong = await look({ ...sandbox(), EXITLANE_SANDBOX: '0' });
    expect(textOf(wrong, 'rpc')).to.match(/problem: all on another chain .*EXITLANE_SANDBOX is 0/);
    expect(textOf(wrong, 'rpc')).to.contain('warning: one endpoint only');
  });

  it('sees an endpoint that lags, stands still, is down, hangs or refuses, and tells the limits of others', async () => {
    const slot = await harness.connection.getSlot('confirmed');
    const lagging = await lyingRpc({ getSlot: slot - 400, getBlockTime: Math.round(Date.now() / 1_000) });
    const limited = await lyingRpc({ getBlockTime: 1_000 });
    const down = await lyingRpc({}, 503);
    const silent = createTcpServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const silentUrl = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/${CANARY}`;
    try {
      const urls = [lagging, limited, down, silentUrl, 'http://127.0.0.1:1'];
      const results = await look({ ...sandbox(), SOLANA_RPC_URLS: urls.join(',') });
      const text = textOf(results, 'rpc');
      expect(text).to.match(/problem: .* is \d{3} slots behind the best/);
      expect(text).to.match(/ok: .* 7 of 40 calls left in this window/);
      expect(text).to.match(/problem: .* answered with HTTP 503/);
      expect(text).to.match(/problem: .* does not answer within 5 s/);
      expect(text).to.match(/problem: 127\.0\.0\.1:1 cannot be reached/);
      expect(text).to.match(/warning: a block of .* behind this host's clock/);
      expect(textOf(results, 'jupiter'), 'the others look all the same').to.match(/^ok/);
      expect(JSON.stringify(results)).to.not.contain(CANARY);
    } finally {
      silent.close();
    }
  });

  it('sees what is wrong with Jupiter', async () => {
    harness.control.addFault({ fault: 'rate_limit', on: 'price', retryAfterSeconds: 30, count: 1 });
    expect(textOf(await look(sandbox()), 'jupiter')).to.match(/^warning: .*429/);
    harness.control.addFault({ fault: 'http', on: 'price', status: 401, body: `no ${CANARY}`, count: 1 } as never);
    const refused = await look({ ...sandbox(), JUPITER_API_KEY: CANARY });
    expect(refused.find(({ check }) => check === 'jupiter')).to.include({ verdict: 'problem' });
    expect(refused.find(({ check }) => check === 'jupiter')?.todo).to.contain('JUPITER_API_KEY is refused');
    expect(JSON.stringify(refused)).to.not.contain(CANARY);
  });

  it('sees a key that others can read, one that is none, and a wallet without SOL, and tells no key', async () => {
    const key = path.join(folder, 'key.json');
    copyFileSync(harness.sandbox.walletPath, key);
    chmodSync(key, 0o644);
    const open = await look({ ...sandbox(), WALLET_KEYPAIR_FILE: key });
    expect(textOf(open, 'files')).to.match(/problem: WALLET_KEYPAIR_FILE: .*mode 644: others can read it/);
    expect(textOf(open, 'wallet')).to.match(/problem: .*can be read by others/);
    const poor = Keypair.generate();
    writeFileSync(key, JSON.stringify([...poor.secretKey]));
    chmodSync(key, 0o600);
    const empty = await look({ ...sandbox(), WALLET_KEYPAIR_FILE: key });
    expect(textOf(empty, 'wallet'))
      .to.contain(poor.publicKey.toBase58())
      .and.match(/problem: 0 SOL/);
    expect(JSON.stringify(empty)).to.not.contain(JSON.stringify([...poor.secretKey]).slice(1, -1));
    writeFileSync(key, `[${CANARY}]`);
    const broken = await look({ ...sandbox(), WALLET_KEYPAIR_FILE: key });
    expect(textOf(broken, 'wallet'))
      .to.match(/problem: .*is not a Solana keypair file/)
      .and.not.contain(CANARY);
  });

  it('tells how long certificates hold, and whether their keys are theirs', async () => {
    const day = 86_400_000;
    const { authority, pem } = await makeAuthority(Date.now());
    const certificate = async (name: string, days: number, now = Date.now()) => {
      const issued = await issue(authority, { commonName: name, hosts: ['127.0.0.1'], days, now });
      writeFileSync(path.join(folder, `${name}.pem`), issued.certificate);
      writeFileSync(path.join(folder, `${name}.key`), issued.privateKey, { mode: 0o600 });
    };
    await certificate('good', 90);
    await certificate('old', 10, Date.now() - 20 * day);
    await certificate('soon', 5);
    await certificate('month', 28);
    writeFileSync(path.join(folder, 'ca.pem'), pem.certificate);
    const withFiles = async (cert: string, key: string) => {
      const file = (name: string) => path.join(folder, name);
      const tls = { EXITLANE_TLS_CERT_FILE: file(cert), EXITLANE_TLS_KEY_FILE: file(key) };
      return look({ ...sandbox(), ...tls, EXITLANE_TLS_CLIENT_CA_FILE: file('ca.pem') });
    };
    expect(of(await withFiles('good.pem', 'good.key'), 'certificates').join()).to.match(
      /^ok: .*CN=good, \d\d days left,ok: /,
    );
    expect(textOf(await withFiles('old.pem', 'old.key'), 'certificates')).to.match(/problem: .* expired \d+ days ago/);
    expect(textOf(await withFiles('soon.pem', 'soon.key'), 'certificates')).to.match(/warning: .* [45] days left/);
    expect(textOf(await withFiles('month.pem', 'month.key'), 'certificates')).to.match(/warning: .* 2[78] days left/);
    const mixed = await withFiles('good.pem', 'old.key');
    expect(textOf(mixed, 'certificates')).to.match(/problem: .*old\.key is not the key of this certificate/);
    const rest = "and give it to the service's group";
    for (const [mode, verdict] of [
      [0o640, 'ok'],
      [0o440, 'ok'],
      [0o644, 'problem'],
      [0o620, 'problem'],
    ] as const) {
      chmodSync(path.join(folder, 'good.key'), mode);
      const found = (await withFiles('good.pem', 'good.key')).find(({ saw }) =>
        saw.startsWith('EXITLANE_TLS_KEY_FILE'),
      );
      expect(found, mode.toString(8)).to.include({ check: 'files', verdict });
      if (mode === 0o644) expect(found?.todo).to.contain(rest);
    }
    expect(textOf(await withFiles('none.pem', 'good.key'), 'files')).to.match(
      /problem: EXITLANE_TLS_CERT_FILE: .* is not there/,
    );
  });

  it('says what is wrong with those who may come in, and quotes no line', async () => {
    const [access, users] = [path.join(folder, 'access'), path.join(folder, 'users')];
    const hash = 'a'.repeat(64);
    const files = { ...sandbox(), EXITLANE_ACCESS_FILE: access, EXITLANE_CONSOLE_USERS_FILE: users };
    writeFileSync(access, `bot trade token=${hash}\nold read cert=old expires=2020-01-01T00:00:00Z\n`, { mode: 0o640 });
    writeFileSync(users, `me operator ${hash}\n`, { mode: 0o640 });
    expect(of(await look(files), 'credentials')).to.deep.equal([
      'ok: EXITLANE_ACCESS_FILE: 2 credentials, of which ended: old',
      'ok: EXITLANE_CONSOLE_USERS_FILE: 1 may sign in',
    ]);
    writeFileSync(access, `bot trade token=${hash}\nbot trader token=${CANARY}\n`);
    writeFileSync(users, `me owner ${CANARY}\n`);
    const wrong = await look(files);
    expect(of(wrong, 'credentials')[0]).to.match(/^problem: EXITLANE_ACCESS_FILE .*line 2: the role must be one of/);
    expect(of(wrong, 'credentials')[1]).to.match(/^problem: EXITLANE_CONSOLE_USERS_FILE .*line 1 must be/);
    expect(JSON.stringify(wrong)).to.not.contain(CANARY);
    expect(of(await look(sandbox()), 'credentials').join()).to.match(/^skipped/);
  });

  it('names settings that are wrong, and still looks at the rest', async () => {
    const results = await look({ ...sandbox(), MAX_ATTEMPTS: CANARY, EXITLANE_LOG_LEVLE: 'x' });
    expect(textOf(results, 'settings')).to.match(
      /problem: requestor: MAX_ATTEMPTS \(environment\): must be a whole number/,
    );
    expect(textOf(results, 'settings'))
      .to.match(/warning: .*EXITLANE_LOG_LEVEL\?/)
      .and.not.contain(CANARY);
    expect(textOf(results, 'rpc')).to.match(/^ok/);
    const invalid = await look({ ...sandbox(), PRICE_INTERVAL_MS: '1' });
    expect(of(invalid, 'rpc')).to.deep.equal(['skipped: the settings of the processor are invalid']);
  });
});
