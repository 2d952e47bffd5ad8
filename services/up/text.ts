import { readFileSync } from 'node:fs';
import { Keypair } from '@solana/web3.js';
import type { Stopped } from './down.js';
import { type Places, shown } from './places.js';
import type { UpSettings } from './settings.js';
import type { Health, Seen } from './status.js';
import type { Started, UpResult } from './up.js';

/** What `make up`, `make status` and `make down` say. */

const NAME_WIDTH = 12;

const HEALTH_WORDS: Readonly<Record<Health, string>> = {
  ready: 'ready',
  alive: 'alive, not ready',
  down: 'DOWN',
};

export function startedLine({ record, isNew, tookMs }: Started): string {
  const what = isNew ? `ready after ${seconds(tookMs)}` : 'was up already';
  return `  ${record.name.padEnd(NAME_WIDTH)}  ${what.padEnd(18)}  ${record.address}`;
}

export function stoppedLine({ record, how, tookMs }: Stopped): string {
  const words = {
    stopped: `stopped after ${seconds(tookMs)}`,
    killed: `KILLED: it did not end within ${seconds(tookMs)}; see ${shown(record.log)}`,
    died: `was gone already; see ${shown(record.log)}`,
  };
  return `  ${record.name.padEnd(NAME_WIDTH)}  ${words[how]}`;
}

/** Everything that a newcomer needs to go on. */
export function banner(settings: UpSettings, places: Places, { processes, databaseUrl }: UpResult): string[] {
  const news = processes.filter(({ isNew }) => isNew).length;
  const what = news === 0 ? 'everything was up already' : news === processes.length ? 'all new' : `${news} started`;
  const at = (name: string) => processes.find(({ record }) => record.name === name)?.record.address ?? '';
  const ownDatabase = settings.databaseUrl === undefined;
  const { host, pathname } = new URL(databaseUrl);
  return [
    '',
    `Exitlane is up: ${processes.length} processes on this machine, ${what}. Sandbox venue, no real money.`,
    '',
    `  console   ${at('console')}`,
    `  wallet    ${walletAddress(places)}`,
    `  database  ${host}${pathname}${ownDatabase ? '' : ' (DATABASE_URL)'}; its URL is in ${shown(places.databaseUrl)}`,
    ...metricsLine(settings),
    `  logs      ${shown(places.logs)}/*.log`,
    '',
    'Try it',
    `  . ${shown(places.env)}     # this shell now talks to all requestors and processors`,
    '  npx exitlane submit entry --token BONK --sol 0.5 --watch',
    '  make demo-up               # exits overtake entries, on this stack',
    '',
    'make status shows what runs, make down stops it (make down WIPE=1 removes its data, too).',
  ];
}

function metricsLine({ metricsPort, requestorPorts, processorPorts }: UpSettings): string[] {
  if (metricsPort === 0) return [];
  const last = metricsPort + requestorPorts.length + processorPorts.length;
  return [`  metrics   http://127.0.0.1:${metricsPort}/metrics and on to port ${last}`];
}

export function statusLines(seen: readonly Seen[], now: number): string[] {
  if (seen.length === 0) return ['Nothing is up here: make up starts it.'];
  const rows = seen.map(({ record, health }) => [
    record.name,
    health === 'down' ? `was ${record.pid}` : String(record.pid),
    `${record.since.slice(0, 19).replace('T', ' ')} UTC`,
    health === 'down' ? '-' : ago(now - Date.parse(record.since)),
    record.address,
    HEALTH_WORDS[health],
  ]);
  const lines = aligned([['NAME', 'PID', 'STARTED', 'UP FOR', 'ADDRESS', 'HEALTH'], ...rows]);
  const bad = seen.filter(({ health }) => health !== 'ready');
  if (bad.length === 0) return [...lines, '', 'All are ready.'];
  const hint = bad.some(({ health }) => health === 'down') ? ['', 'make up starts what is down.'] : [];
  return [...lines, ...bad.flatMap(logOf), ...hint];
}

function logOf({ record, health, lastLines }: Seen): string[] {
  const state = health === 'down' ? 'is down' : 'is not ready';
  const lines = lastLines.length === 0 ? ['(nothing)'] : lastLines;
  return ['', `${record.name} ${state}. The end of ${shown(record.log)}:`, ...lines.map((line) => `    ${line}`)];
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function walletAddress({ wallet }: Places): string {
  const bytes: unknown = JSON.parse(readFileSync(wallet, 'utf8'));
  if (!Array.isArray(bytes)) throw new Error(`${wallet} holds no key`);
  return Keypair.fromSecretKey(Uint8Array.from(bytes)).publicKey.toBase58();
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

/** `2 d 3 h`, `4 h 5 min`, `6 min 7 s`, `8 s`. */
function ago(ms: number): string {
  const units: [number, string][] = [
    [86_400, 'd'],
    [3_600, 'h'],
    [60, 'min'],
    [1, 's'],
  ];
  let rest = Math.max(0, Math.floor(ms / 1_000));
  const parts = units.flatMap(([size, unit]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return count === 0 ? [] : [`${count} ${unit}`];
  });
  return parts.slice(0, 2).join(' ') || '0 s';
}
