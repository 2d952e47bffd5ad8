import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { loadSettings } from '../../shared/core/settings.js';
import { checkConfig, showConfig } from './config-report.js';
import type { Out } from './output.js';

class Captured implements Out {
  text = '';
  notes = '';
  constructor(readonly format: 'text' | 'json') {}
  write(text: string): void {
    this.text += text;
  }
  note(line: string): void {
    this.notes += `${line}\n`;
  }
}

const CANARY = 'canary-5f1c0ffee';

describe('O4 exitlane config', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'exitlane-config-'));
    file = path.join(folder, 'exitlane.env');
    const lines = [
      `DATABASE_URL=postgresql://me:${CANARY}@db:5432/exitlane`,
      'EXITLANE_EXECUTOR=simulated',
      `SOLANA_RPC_URLS=https://rpc.example.org/v2/${CANARY}-${CANARY},https://other.example.org/?api-key=${CANARY}`,
      `TELEGRAM_BOT_TOKEN=123456:${CANARY}`,
    ];
    writeFileSync(file, `${lines.join('\n')}\n`);
    chmodSync(file, 0o600);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const load = (env: NodeJS.ProcessEnv = {}, flags: string[] = []) => loadSettings({ configFile: file, env, flags });
  const shown = (service: 'requestor' | 'processor', settings = load()) => {
    const out = new Captured('json');
    showConfig([service], settings, out);
    expect(out.text).to.not.contain(CANARY);
    const rows = JSON.parse(out.text)[service] as { name: string; value: string; origin: string; unit: string }[];
    return new Map(rows.map((row) => [row.name, row]));
  };

  it('show tells of every setting its value, unit and origin, and no secret', () => {
    const settings = load({ JUPITER_API_KEY: CANARY, CONFIRM_TIMEOUT_SECONDS: '90' }, ['PRICE_INTERVAL_MS=500']);
    const rows = shown('processor', settings);
    const row = (name: string) => rows.get(name);
    expect(row('EXITLANE_EXECUTOR')).to.include({ value: 'simulated', origin: `${file} line 2` });
    expect(row('CONFIRM_TIMEOUT_SECONDS')).to.include({ value: '90', origin: 'environment', unit: 's' });
    expect(row('PRICE_INTERVAL_MS')).to.include({ value: '500', origin: 'flag', unit: 'ms' });
    expect(row('RETRY_MAX_DELAY_MS')).to.include({ value: '60000', origin: 'default' });
    expect(row('JUPITER_API_KEY')).to.include({ value: '********', origin: 'environment' });
    expect(row('DATABASE_URL')?.value).to.equal('postgresql://me:********@db:5432/exitlane');
    const rpc = 'https://rpc.example.org/********/********,https://other.example.org/?api-key=********';
    expect(row('SOLANA_RPC_URLS')?.value).to.equal(rpc);
    expect(shown('requestor').get('TELEGRAM_BOT_TOKEN')?.value).to.equal('********');
  });

  it('show is a table for people', () => {
    const out = new Captured('text');
    showConfig(['console', 'requestor'], load(), out);
    expect(out.text)
      .to.match(/^console\n/)
      .and.match(/\nrequestor\n/);
    expect(out.text).to.match(/^ {2}MAX_ATTEMPTS +5 attempts +default$/m);
    expect(out.text).to.not.contain(CANARY);
  });

  it('check names all that is wrong, in every service, without any value', () => {
    const bad = load({ MAX_ATTEMPTS: CANARY, EXIT_SLIPPAGE_BPS: CANARY, JUPITER_URL: CANARY });
    const out = new Captured('text');
    expect(checkConfig(['requestor', 'processor', 'console'], bad, out)).to.equal(1);
    expect(out.text.split('\n').map((line) => line.trim())).to.deep.equal([
      'requestor: would not start',
      'MAX_ATTEMPTS (environment): must be a whole number from 1 to 20',
      'EXIT_SLIPPAGE_BPS (environment): must be a whole number from 1 to 10000',
      'processor: would not start',
      'JUPITER_URL (environment): must be an http:// or https:// address',
      'console: valid',
      '',
    ]);
  });

  it('check names what does not go together at once, too', () => {
    const bad = load({ EXITLANE_EXECUTOR: 'venue', RETRY_MAX_DELAY_MS: '100', GATE_MAX_WAIT_MS: '60000' });
    const out = new Captured('json');
    expect(checkConfig(['processor'], bad, out)).to.equal(1);
    const text = (JSON.parse(out.text).problems.processor as string[]).join('\n');
    expect(text).to.contain('EXITLANE_EXECUTOR is venue but').and.contain('RETRY_MAX_DELAY_MS is 100');
    expect(text).to.contain('GATE_BUDGET_WAIT_MS is 15000');
  });

  it('check is content with settings that are complete', () => {
    const out = new Captured('json');
    const settings = load({ TELEGRAM_CHAT_ID: '4711', EXITLANE_LOG_LEVLE: 'x' });
    expect(checkConfig(['requestor', 'processor', 'console'], settings, out), out.text).to.equal(0);
    expect(JSON.parse(out.text).ok).to.equal(true);
    expect(out.notes).to.contain('did you mean EXITLANE_LOG_LEVEL?');
  });
});
