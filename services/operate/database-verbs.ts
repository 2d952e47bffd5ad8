import { ExitlaneError } from '../../shared/core/errors.js';
import { createLogger } from '../../shared/core/logger.js';
import { openDatabase } from '../../shared/store/database.js';
import { newestVersion, type SchemaTarget } from '../../shared/store/migrate.js';
import type { StoodStill } from '../../shared/store/restored-orders.js';
import { restoreBackup } from './backup/restore.js';
import { writeBackup } from './backup/write.js';
import { columns } from './output.js';
import { type Place, placeName, placeOf } from './place.js';
import type { Given } from './verbs.js';

/** `exitlane migrate`, `backup` and `restore` (O6). */

const logger = createLogger({ service: 'operate', level: 'warn' });

/** Says where the schema stands, or brings it up to date. */
export async function migrateVerb(given: Given): Promise<number> {
  const { out, status = false } = given;
  const place = placeGiven(given, status);
  const newest = await newestVersion();
  const before = await versionAt(place, 'as-is');
  const after = status ? before : await versionAt(place, 'latest');
  const facts = { database: placeName(place), schemaVersion: after, before, newest };
  if (out.format === 'json') out.write(`${JSON.stringify(facts, undefined, 2)}\n`);
  else if (after < newest)
    out.write(`${facts.database}: schema ${after} of ${newest}; exitlane migrate brings the rest\n`);
  else if (after > before) out.write(`${facts.database}: schema brought from ${before} to ${after}\n`);
  else out.write(`${facts.database}: schema ${after}, up to date\n`);
  return 0;
}

async function versionAt(place: Place, schema: SchemaTarget): Promise<number> {
  const db = await openDatabase({ ...place, logger, schema });
  await db.close();
  return db.schemaVersion;
}

/** Saves the database, of whatever schema version, while services go on. */
export async function backupVerb(given: Given): Promise<number> {
  const { out } = given;
  const file = fileOf(given);
  const db = await openDatabase({ ...placeGiven(given, true), logger, schema: 'as-is', longStatements: true });
  try {
    const report = await writeBackup(db, file);
    const { header, rows, sha256 } = report;
    if (out.format === 'json') {
      out.write(`${JSON.stringify({ file, ...header, rows, sha256 }, undefined, 2)}\n`);
      return 0;
    }
    out.write(`${file}: the database as of ${header.takenAt}, schema ${header.schemaVersion}\n${rowLines(rows)}\n`);
    return 0;
  } finally {
    await db.close();
  }
}

/** Loads a backup into an empty database. */
export async function restoreVerb(given: Given): Promise<number> {
  const { out } = given;
  const file = fileOf(given);
  const place = placeGiven(given, false);
  const keepTradingState = given['keep-trading-state'] ?? false;
  const report = await restoreBackup({ file, place, keepTradingState, logger });
  if (out.format === 'json') {
    out.write(`${JSON.stringify({ file, ...report }, undefined, 2)}\n`);
    return 0;
  }
  const { header, rows, schemaVersion, epoch, unfinishedOrders, tradingState, stoodStill } = report;
  out.write(
    [
      `${placeName(place)}: restored as of ${header.takenAt}, schema ${schemaVersion}`,
      rowLines(rows),
      `message log: new epoch ${epoch}`,
      `unfinished orders: ${unfinishedOrders}; what became of them since is not in the backup`,
      `trading state: ${tradingState}`,
      ...(stoodStill ? stoodStillLines(stoodStill) : []),
      '',
    ].join('\n'),
  );
  return 0;
}

/** Each kind with how many, and which: somebody has to look after them. */
function stoodStillLines({ returned, cancelled, lastTries, notFollowed }: StoodStill): string[] {
  const line = (what: string, ids: readonly string[]) => `${what}: ${[ids.length, ...ids].join(' ')}`;
  return [
    line('orders that were at work and wait again', returned),
    line('emergency exits cancelled', cancelled),
    line('emergency exits on the wire, not tried again', lastTries),
    line('exits on the wire that no emergency exit follows any more', notFollowed),
  ];
}

function placeGiven(given: Given, mustExist: boolean): Place {
  const setting = given.settings.values.DATABASE_URL;
  return placeOf({ databaseUrl: given['database-url'], dataDir: given['data-dir'], setting, mustExist });
}

function fileOf({ args }: Given): string {
  const [file] = args;
  if (file !== undefined) return file;
  throw new ExitlaneError('CONFIG_INVALID', 'name the file of the backup');
}

function rowLines(rows: Readonly<Record<string, number>>): string {
  const filled = Object.entries(rows).filter(([, count]) => count > 0);
  return columns(filled.map(([table, count]) => [`  ${table}`, String(count)])).join('\n');
}
