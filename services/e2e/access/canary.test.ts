import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import bs58 from 'bs58';
import { expect } from 'chai';
import { silentLogger } from '../../../shared/core/logger.js';
import { openClientSecurity } from '../../../shared/grpc/client-security.js';
import { runOnPostgres } from '../../../shared/store/testing/postgres.js';
import { eventually } from '../../../shared/store/testing/waiting.js';
import { START_MS } from '../api/stack.js';
import { quietPort } from '../crash/ports.js';
import { Service } from '../crash/process.js';
import { Stack } from '../crash/stack.js';
import { callOnce, lineFor, type Outcome } from './locked-stack.js';

/** Marked, so that any piece of them is found wherever it turns up. */
const SECRETS = {
  token: 'exl_CANARYtokenOfTheBot00000000000000000000000',
  'wrong token': 'exl_CANARYwrongToken0000000000000000000000000',
  'expired token': 'exl_CANARYexpiredToken00000000000000000000000',
  "the requestor's token": 'exl_CANARYtokenOfTheService000000000000000000',
  'API key': 'CANARYjupiterKey0000000000',
  'webhook secret': 'CANARYwebhookSecret0000000',
  "Telegram's token": '123456:CANARYtelegramToken0000',
  "Discord's address": 'CANARYdiscordAddress000000',
};

const WIF = 'EKpQGSJtjMFqKZ9KQanSqYXRcF8fBopzLHYxdM65zcjm';
const CLI = fileURLToPath(new URL('../../cli/main.js', import.meta.url));

/** The forms in which a key could be written down. */
function formsOf(keypair: readonly number[]): Record<string, string> {
  const bytes = Buffer.from(keypair);
  const seed = bytes.subarray(0, 32);
  return {
    'key, base58': bs58.encode(bytes),
    'seed, base58': bs58.encode(seed),
    'seed, hex': seed.toString('hex'),
    'seed, base64': seed.toString('base64').slice(0, 40),
    'seed, JSON': keypair.slice(0, 12).join(','),
    'seed, JSON with spaces': keypair.slice(0, 12).join(', '),
  };
}

describe('O1 a marked key and marked tokens', () => {
  let folder: string;
  let stack: Stack;
  let metricsPorts: readonly number[];
  const outcomes: Outcome[] = [];
  /** What people and programs may see, by where. */
  const seen = new Map<string, string>();

  before(async function () {
    this.timeout(START_MS);
    folder = mkdtempSync(path.join(tmpdir(), 'exitlane-canary-'));
    const file = (name: string, text: string) => {
      const full = path.join(folder, name);
      writeFileSync(full, text, { mode: 0o600 });
      return full;
    };
    const accessFile = file(
      'access',
      [
        lineFor('bot', 'admin', SECRETS.token),
        lineFor('requestor', 'service', SECRETS["the requestor's token"]),
        lineFor('late', 'trade', SECRETS['expired token'], 'expires=2020-01-01T00:00:00Z'),
      ].join('\n'),
    );
    metricsPorts = [await quietPort(), await quietPort()];
    // Nobody listens there: what cannot be delivered is written about.
    const nowhere = `http://127.0.0.1:${await quietPort()}`;
    const common = { EXITLANE_ACCESS_FILE: accessFile, EXITLANE_LOG_LEVEL: 'trace' };
    stack = await Stack.start({
      processorEnv: {
        ...common,
        EXITLANE_METRICS_PORT: String(metricsPorts[0]),
        JUPITER_API_KEY: SECRETS['API key'],
      },
      requestorEnv: {
        ...common,
        EXITLANE_METRICS_PORT: String(metricsPorts[1]),
        EXITLANE_TOKEN_FILE: file('token', SECRETS["the requestor's token"]),
        MAX_ATTEMPTS: '1',
        ALERT_WEBHOOK_URL: `${nowhere}/hook`,
        ALERT_WEBHOOK_SECRET: SECRETS['webhook secret'],
        TELEGRAM_BOT_TOKEN: SECRETS["Telegram's token"],
        TELEGRAM_CHAT_ID: '1',
        TELEGRAM_API_URL: nowhere,
        DISCORD_WEBHOOK_URL: `${nowhere}/api/webhooks/${SECRETS["Discord's address"]}`,
      },
    });
  });
  after(async () => {
    await stack?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function ask(token: string | undefined, method: string, request: object = {}): Promise<Outcome> {
    const security = openClientSecurity({}, { logger: silentLogger, token });
    const atProcessor = /(Delivery|Market|Execution)Service\//.test(method);
    const address = atProcessor ? stack.processorAddress : (stack.requestorAddresses[0] ?? '');
    const outcome = await callOnce(address, method, { ...request }, security);
    security.close();
    outcomes.push(outcome);
    return outcome;
  }

  const entry = (id: string) => ({
    order_req_id: id,
    order_type: 'ORDER_TYPE_ENTRY',
    token_address: WIF,
    amount_sol: '0.1',
    max_slippage_bps: 5_000,
  });

  it('are used: orders trade with them, and fail in many ways', async function () {
    this.timeout(START_MS);
    const { token } = SECRETS;
    expect((await ask(token, 'OrderService/SubmitOrder', entry('one'))).status).to.equal('OK');
    const positionId = await eventually('the order to fill', async () => {
      const [answer] = (await ask(token, 'OrderService/GetOrder', { order_req_id: 'one' })).answers;
      return JSON.stringify(answer).includes('ORDER_STATUS_FILLED')
        ? (answer as { order: { position_id: string } }).order.position_id
        : undefined;
    });
    for (const wrong of [SECRETS['wrong token'], SECRETS['expired token'], undefined]) {
      expect((await ask(wrong, 'OrderService/SubmitOrder', entry('two'))).status).to.equal('UNAUTHENTICATED');
    }
    expect((await ask(token, 'OrderService/SubmitOrder', { order_req_id: 'three' })).status).to.equal(
      'INVALID_ARGUMENT',
    );
    // An exit that cannot be sold raises an alert, which cannot be delivered.
    await stack.venue.arm({ fault: 'not_tradable', count: 100, mint: WIF });
    const exit = { position_id: positionId, order_req_id: 'exit', percent: 100, exit_reason: 'manual' };
    expect((await ask(token, 'PositionService/ExitPosition', exit)).message).to.equal('');
    await eventually('an alert that could not be delivered', () => {
      return ['webhook', 'telegram', 'discord'].every((sender) =>
        stack.requestor.wholeLog.includes(`"sender":"${sender}"`),
      );
    });
    await ask(token, 'AlertService/ListAlerts');
    for (const method of [
      'SystemService/GetStatus',
      'SystemService/ListAuditEntries',
      'MarketService/GetWallet',
      'MarketService/GetGateStats',
    ]) {
      await ask(token, method);
    }
  });

  it('are used: a start that fails, and the tools that show settings', async function () {
    this.timeout(START_MS);
    const env = {
      DATABASE_URL: stack.databaseUrl,
      TELEGRAM_BOT_TOKEN: `${SECRETS["Telegram's token"]} with a space`,
      ALERT_WEBHOOK_SECRET: SECRETS['webhook secret'],
      EXITLANE_TOKEN: SECRETS.token,
      JUPITER_API_KEY: SECRETS['API key'],
      WALLET_KEYPAIR_FILE: stack.venue.walletPath,
    };
    const broken = new Service({ name: 'broken', program: '../../requestor/main.js', env, isReady: async () => false });
    broken.launch();
    await eventually('it to end', () => !broken.isAlive);
    seen.set('log of a start that failed', broken.wholeLog);
    expect(broken.wholeLog).to.include('TELEGRAM_BOT_TOKEN');
    for (const args of [['config', 'show'], ['doctor'], ['status'], ['orders'], ['submit', 'entry']]) {
      seen.set(`exitlane ${args.join(' ')}`, await cli(args, { ...env, EXITLANE_DEBUG: '1' }));
    }
    await broken.kill();
  });

  it('are nowhere in logs, database, errors, metrics or what tools print', async function () {
    this.timeout(START_MS);
    for (const service of [stack.requestor, stack.processor]) seen.set(`log of the ${service.name}`, service.wholeLog);
    seen.set('answers and errors', JSON.stringify(outcomes));
    for (const port of metricsPorts) {
      for (const page of ['metrics', 'readyz', 'livez']) {
        seen.set(`${page} on ${port}`, await (await fetch(`http://127.0.0.1:${port}/${page}`)).text());
      }
    }
    seen.set('database', await databaseText(stack.databaseUrl));
    // Each of them holds something, or nothing was looked at.
    for (const [where, text] of seen) expect(text.length, where).to.be.greaterThan(5);
    expect(seen.get('database')).to.include('exit').and.include('bot');
    expect(seen.get('log of the processor 1') ?? seen.get('log of the processor')).to.include('request_id');

    const keypair = JSON.parse(readFileSync(stack.venue.walletPath, 'utf8')) as number[];
    const found: string[] = [];
    for (const [what, secret] of Object.entries({ ...SECRETS, ...formsOf(keypair) })) {
      for (const [where, text] of seen) if (text.includes(secret)) found.push(`${what}: ${where}`);
    }
    for (const [where, text] of seen) if (text.includes('CANARY')) found.push(`a piece: ${where}`);
    expect(found).to.deep.equal([]);
  });
});

function cli(args: readonly string[], env: Readonly<Record<string, string>>): Promise<string> {
  return new Promise((resolve) => {
    const options = { env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...env }, timeout: 60_000 };
    execFile(process.execPath, [CLI, ...args], options, (_error, stdout, stderr) => resolve(`${stdout}\n${stderr}\n`));
  });
}

/** Every row of every table, as text. */
async function databaseText(url: string): Promise<string> {
  const tables = await runOnPostgres(
    url,
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`,
  );
  const texts = await Promise.all(
    tables.map(({ name }) => runOnPostgres(url, `SELECT row_to_json(t)::text AS row FROM "${String(name)}" t`)),
  );
  return texts
    .flat()
    .map(({ row }) => String(row))
    .join('\n');
}
