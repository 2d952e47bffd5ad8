import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { finished } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { ExitlaneError, messageOf } from '../../../shared/core/errors.js';
import { VERSION } from '../../../shared/core/version.js';
import type { Database, Transaction } from '../../../shared/store/database.js';
import { appliedVersion } from '../../../shared/store/migrate.js';
import { type EndLine, FORMAT, FORMAT_VERSION, type Header, ROW_MARK } from './format.js';
import { ROWS_PER_PAGE } from './limits.js';
import { type Table, tablesOf } from './tables.js';

export interface BackupReport {
  readonly file: string;
  readonly header: Header;
  /** By table. */
  readonly rows: Readonly<Record<string, number>>;
  readonly sha256: string;
}

/**
 * Writes a backup of the database as it is at one moment, while services go on: one REPEATABLE READ transaction reads every table, and
 * holds nobody up. The file appears under its name when it is complete and on the disk, readable by its owner only.
 *
 * @throws ExitlaneError CONFIG_INVALID (the file exists, or cannot be written), DATABASE_UNAVAILABLE
 */
export async function writeBackup(db: Database, file: string): Promise<BackupReport> {
  const unfinished = `${file}.unfinished`;
  try {
    const tables = await tablesOf(db);
    const report = await db.transaction((tx) => copyTo(tx, { db, tables, file, unfinished }));
    await appear(unfinished, file);
    return report;
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}

function fileProblem(file: string, error: unknown): ExitlaneError {
  return new ExitlaneError('CONFIG_INVALID', `${file} cannot be written: ${messageOf(error)}`, { cause: error });
}

interface Copy {
  readonly db: Database;
  readonly tables: readonly Table[];
  readonly file: string;
  /** Name of the file until it is complete. */
  readonly unfinished: string;
}

async function copyTo(tx: Transaction, { db, tables, file, unfinished }: Copy): Promise<BackupReport> {
  await tx.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
  // Before the first look, so before the moment that is seen: a table that a migration rewrites after it would look empty.
  const names = tables.map(({ name }) => name);
  if (names.length > 0) await tx.query(`LOCK TABLE ${names.join(', ')} IN ACCESS SHARE MODE`);
  // The disk may be slow: nobody waits for a transaction that only reads.
  await tx.query('SET LOCAL idle_in_transaction_session_timeout = 0');
  const header = await headerOf(tx, db);
  // Of a backup that was killed, or of this one when its transaction had to start again.
  await rm(unfinished, { force: true });
  const lines = new Lines(unfinished);
  const rows: Record<string, number> = {};
  try {
    await lines.write(JSON.stringify(header));
    for (const table of await tablesOf(tx)) rows[table.name] = await copyTable(tx, table, lines);
    const sha256 = lines.digest();
    const end: EndLine = { end: { rows, sha256 } };
    await lines.write(JSON.stringify(end));
    return { file, header, rows, sha256 };
  } finally {
    await lines.end();
  }
}

/** The version is that of the moment that is seen, not of when the database was opened: a service may have brought a newer one since. */
async function headerOf(tx: Transaction, { kind }: Database): Promise<Header> {
  const schemaVersion = await appliedVersion(tx);
  if (schemaVersion === 0) {
    throw new ExitlaneError('CONFIG_INVALID', 'the database holds nothing of Exitlane: there is nothing to back up');
  }
  const { rows } = await tx.query<{ epoch: string; taken_at: Date }>(
    'SELECT epoch, clock_timestamp() AS taken_at FROM log_epoch',
  );
  const { epoch = '', taken_at: takenAt = new Date(0) } = rows[0] ?? {};
  const at = takenAt.toISOString();
  return { format: FORMAT, formatVersion: FORMAT_VERSION, program: VERSION, schemaVersion, epoch, takenAt: at, kind };
}

async function copyTable(tx: Transaction, { name, columns, quoted }: Table, lines: Lines): Promise<number> {
  await lines.write(JSON.stringify({ table: name, columns }));
  await tx.query(
    `DECLARE backup NO SCROLL CURSOR FOR SELECT row_to_json(t)::text AS row FROM (SELECT ${quoted} FROM ${name}) AS t`,
  );
  let count = 0;
  for (;;) {
    const { rows } = await tx.query<{ row: string }>(`FETCH ${ROWS_PER_PAGE} FROM backup`);
    for (const { row } of rows) await lines.write(ROW_MARK + row);
    count += rows.length;
    if (rows.length < ROWS_PER_PAGE) break;
  }
  await tx.query('CLOSE backup');
  return count;
}

/** Lines into a compressed file, no faster than it takes them, with a running sum over what is in it. */
class Lines {
  readonly #gzip = createGzip();
  readonly #file;
  readonly #sum = createHash('sha256');
  #failure: Error | undefined;

  constructor(file: string) {
    this.#file = createWriteStream(file, { flags: 'wx', mode: 0o600 });
    // As an error of ours: the database would take the system's for one of its connection.
    const fail = (error: Error) => {
      this.#failure ??= fileProblem(file, error);
      this.#gzip.destroy();
    };
    this.#file.on('error', fail);
    this.#gzip.on('error', fail);
    this.#gzip.pipe(this.#file);
  }

  async write(line: string): Promise<void> {
    if (this.#failure) throw this.#failure;
    const bytes = Buffer.from(`${line}\n`);
    this.#sum.update(bytes);
    if (this.#gzip.write(bytes)) return;
    await Promise.race([once(this.#gzip, 'drain'), once(this.#file, 'error')]).catch(() => undefined);
    if (this.#failure) throw this.#failure;
  }

  /** Of every byte so far. */
  digest(): string {
    return this.#sum.copy().digest('hex');
  }

  async end(): Promise<void> {
    if (this.#failure) throw this.#failure;
    this.#gzip.end();
    await finished(this.#file).catch((error: unknown) => {
      throw this.#failure ?? error;
    });
  }
}

/** On the disk first, then under its name; never over another file. */
async function appear(unfinished: string, file: string): Promise<void> {
  await sync(unfinished);
  const taken = await open(file, 'wx', 0o600).catch((error: unknown) => {
    throw fileProblem(file, error);
  });
  await taken.close();
  await rename(unfinished, file);
  await sync(path.dirname(file));
}

async function sync(name: string): Promise<void> {
  const handle = await open(name, 'r');
  await handle.sync();
  await handle.close();
}
