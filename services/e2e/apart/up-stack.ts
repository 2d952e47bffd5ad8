import { spawn } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { silentLogger } from '../../../shared/core/logger.js';
import { type Database, openDatabase } from '../../../shared/store/database.js';
import { eventually } from '../../../shared/store/testing/waiting.js';
import { down } from '../../up/down.js';
import { isAlive, signalTo } from '../../up/identity.js';
import { lastLines } from '../../up/logs.js';
import { type Places, placesIn } from '../../up/places.js';
import { type ProcessRecord, readRecords } from '../../up/record.js';
import { addressOf } from '../../up/service-env.js';
import { type UpSettings, upSettingsFrom } from '../../up/settings.js';
import { look } from '../../up/status.js';
import { up } from '../../up/up.js';
import { PROCESSOR_ENV, SLOT_MS } from '../chaos/fleet.js';
import { Bot } from '../crash/bot.js';
import { quietPort } from '../crash/ports.js';
import type { Env } from '../crash/process.js';
import { VenueControl } from '../crash/venue.js';

/** A database that lives is quicker, on a busy machine too. */
const QUERY_MS = 2_000;

/** What `make up` starts, on ports and in a folder of the test's own, and what a test does to it. */
export class UpStack {
  readonly settings: UpSettings;
  readonly places: Places;
  readonly venue: VenueControl;
  /** All of them, as a client is given them. */
  readonly requestorAddress: string;
  readonly processorAddress: string;
  /** A client of all of them. */
  readonly bot: Bot;
  #databaseUrl = '';
  readonly #letGo: () => void;

  private constructor(settings: UpSettings) {
    this.settings = settings;
    this.places = placesIn(settings.folder);
    this.venue = new VenueControl(`http://127.0.0.1:${settings.sandboxPort}`, this.places.sandbox);
    this.requestorAddress = addressOf(settings.requestorPorts);
    this.processorAddress = addressOf(settings.processorPorts);
    this.bot = new Bot(this.requestorAddress, this.processorAddress);
    this.#letGo = downWithThisProcess(settings.folder);
  }

  static async start(more: Env = {}): Promise<UpStack> {
    const folder = await mkdtemp(path.join(tmpdir(), 'exitlane-up-'));
    // PostgreSQL may run as another user than the test.
    await chmod(folder, 0o755);
    const ports = await Promise.all(Array.from({ length: 7 }, quietPort));
    const { PATH = '', HOME = '', TMPDIR } = process.env;
    const stack = new UpStack(
      upSettingsFrom({
        PATH,
        HOME,
        ...(TMPDIR === undefined ? {} : { TMPDIR }),
        EXITLANE_UP_DIR: folder,
        EXITLANE_UP_REQUESTOR_PORTS: ports.slice(0, 2).join(','),
        EXITLANE_UP_PROCESSOR_PORTS: ports.slice(2, 4).join(','),
        EXITLANE_UP_CONSOLE_PORT: String(ports[4]),
        EXITLANE_UP_SANDBOX_PORT: String(ports[5]),
        EXITLANE_UP_POSTGRES_PORT: String(ports[6]),
        EXITLANE_UP_METRICS_PORT: '0',
        EXITLANE_UP_SLOT_MS: String(SLOT_MS),
        ...PROCESSOR_ENV,
        ...more,
      }),
    );
    try {
      await stack.bringBack();
    } catch (error) {
      await stack.close();
      throw error;
    }
    return stack;
  }

  get databaseUrl(): string {
    return this.#databaseUrl;
  }

  /** Starts what is down, as `make up` does: the milliseconds until all of it is ready, and what that was. */
  async bringBack(): Promise<{ readonly tookMs: number; readonly started: readonly string[] }> {
    const from = performance.now();
    const { databaseUrl, processes } = await up(this.settings);
    this.#databaseUrl = databaseUrl;
    const started = processes.filter(({ isNew }) => isNew).map(({ record }) => record.name);
    return { tookMs: performance.now() - from, started };
  }

  /** Sends a signal and resolves when the process is gone. */
  async end(name: string, signal: NodeJS.Signals): Promise<void> {
    const record = this.record(name);
    signalTo(record, signal);
    await eventually(`${name} to be gone`, () => !isAlive(record));
  }

  record(name: string): ProcessRecord {
    const found = readRecords(this.places).find((record) => record.name === name);
    if (!found) throw new Error(`nothing here was started as ${name}`);
    return found;
  }

  /** Names of those that run. */
  get alive(): string[] {
    return readRecords(this.places)
      .filter(isAlive)
      .map(({ name }) => name);
  }

  /** Names of those that do not do their work. */
  async notReady(): Promise<string[]> {
    const seen = await look(this.places, this.settings.security);
    return seen.filter(({ health }) => health !== 'ready').map(({ record }) => record.name);
  }

  /** P4: orders that hold a slot; undefined while the database is down. */
  async heldSlots(): Promise<number | undefined> {
    const rows = await this.query('SELECT count(*)::integer AS held FROM orders WHERE holds_slot');
    return rows && Number(rows[0]?.held);
  }

  /** Orders filled after this moment (Unix ms); undefined while the database is down. */
  async filledSince(at: number): Promise<number | undefined> {
    const rows = await this.query('SELECT count(*)::integer AS filled FROM orders WHERE filled_at > $1', [
      new Date(at),
    ]);
    return rows && Number(rows[0]?.filled);
  }

  openDatabase(): Promise<Database> {
    return openDatabase({ databaseUrl: this.#databaseUrl, logger: silentLogger });
  }

  /** What every process wrote last. */
  get logs(): string {
    return readRecords(this.places)
      .map((record) => [`--- ${record.name}${isAlive(record) ? '' : ' (down)'} ---`, ...lastLines(record)].join('\n'))
      .join('\n');
  }

  async close(): Promise<void> {
    this.bot.close();
    await down(this.places, true, () => undefined);
    this.#letGo();
    // A test may have put files of its own there.
    await rm(this.settings.folder, { recursive: true, force: true });
  }

  /** Rows of one statement on a connection of its own; undefined while the database is down. */
  async query(sql: string, params: unknown[] = []): Promise<Record<string, unknown>[] | undefined> {
    const client = new pg.Client({ connectionString: this.#databaseUrl, connectionTimeoutMillis: QUERY_MS });
    // The database may go away between two statements.
    client.on('error', () => undefined);
    try {
      await client.connect();
      return (await client.query(sql, params)).rows;
    } catch {
      return undefined;
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}

/** What `make up` starts outlives who started it: should the test go away without a word, this takes it down. */
function downWithThisProcess(folder: string): () => void {
  const main = fileURLToPath(new URL('../../up/main.js', import.meta.url));
  const watcher = spawn('/bin/sh', ['-c', 'read -r _; exec "$0" "$1" down --wipe', process.execPath, main], {
    detached: true,
    env: { PATH: process.env.PATH, EXITLANE_UP_DIR: folder },
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  watcher.unref();
  if (watcher.stdin instanceof Socket) watcher.stdin.unref();
  return () => watcher.kill('SIGKILL');
}
