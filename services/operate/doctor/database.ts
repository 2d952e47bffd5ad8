import { existsSync } from 'node:fs';
import path from 'node:path';
import { ExitlaneError } from '../../../shared/core/errors.js';
import { silentLogger } from '../../../shared/core/logger.js';
import { type Database, openDatabase } from '../../../shared/store/database.js';
import { newestVersion } from '../../../shared/store/migrate.js';
import { placeName, placeOf } from '../place.js';
import { type Check, type Finding, ok, problem, type Surroundings, skipped, warning } from './check.js';
import {
  CLOCK_PROBLEM_MS,
  CLOCK_WARNING_MS,
  CONNECTIONS_PROBLEM,
  CONNECTIONS_WARNING,
  POSTGRES_VERSION_MIN,
} from './limits.js';
import { tradingFindings } from './trading.js';

/** The database: whether it is there, what it is, and what Exitlane left in it. */
export const database: Check = {
  name: 'database',
  async run(surroundings) {
    const { settings, dataDir } = surroundings;
    const setting = settings.values.DATABASE_URL || undefined;
    if (dataDir === undefined && setting === undefined) return [problem('DATABASE_URL is not set', 'set it')];
    if (dataDir !== undefined && !hasDatabase(dataDir)) {
      return [warning(`${dataDir} holds no database yet`, 'exitlane dev makes it')];
    }
    const place = placeOf({ databaseUrl: undefined, dataDir, setting, mustExist: true });
    let db: Database;
    try {
      db = await openDatabase({ ...place, logger: silentLogger, schema: 'as-is', poolSize: 1 });
    } catch (error) {
      return [unopened(error, placeName(place))];
    }
    try {
      return await lookInto(db, surroundings, placeName(place));
    } finally {
      await db.close();
    }
  },
};

function hasDatabase(dataDir: string): boolean {
  return [dataDir, path.join(dataDir, 'database')].some((folder) => existsSync(path.join(folder, 'pgdata')));
}

function unopened(error: unknown, name: string): Finding {
  if (!(error instanceof ExitlaneError)) throw error;
  const { reason, message } = error;
  if (reason === 'DATA_DIRECTORY_IN_USE')
    return ok(`${message.split(':')[0]}; while it runs only that one looks into it`);
  if (reason === 'SCHEMA_TOO_NEW') return problem(`${name}: ${message}`, 'install the version that was used last');
  const todo = reason === 'CONFIG_INVALID' ? 'correct DATABASE_URL' : 'start it, and see that this host may reach it';
  return problem(`${name}: ${message}`, todo);
}

async function lookInto(db: Database, { clock }: Surroundings, name: string): Promise<Finding[]> {
  const before = clock.now();
  const { rows } = await db.query<{ now: Date; version: string; number: string }>(
    `SELECT clock_timestamp() AS now, current_setting('server_version') AS version, current_setting('server_version_num') AS number`,
  );
  const after = clock.now();
  const [row] = rows;
  if (!row) throw new Error('the database answered nothing');
  const { now, version, number } = row;
  const server = db.kind === 'pglite' ? `embedded PostgreSQL ${version}` : `PostgreSQL ${version}`;
  const old = Number(number) < POSTGRES_VERSION_MIN * 10_000;
  return [
    old
      ? problem(`${name}: ${server}`, `upgrade it: Exitlane needs PostgreSQL ${POSTGRES_VERSION_MIN} or newer`)
      : ok(`${name}: ${server}, answered in ${after - before} ms`),
    await schemaOf(db),
    clockOf(now.getTime() - (before + after) / 2),
    ...(db.kind === 'postgresql' ? [await connectionsOf(db)] : []),
    ...(await tradingOf(db)),
  ];
}

async function schemaOf({ schemaVersion }: Database): Promise<Finding> {
  const newest = await newestVersion();
  if (schemaVersion === newest) return ok(`schema ${schemaVersion}, as this program has it`);
  if (schemaVersion === 0)
    return warning('nothing of Exitlane in it yet', 'the first service that starts makes the schema');
  const saw = `schema ${schemaVersion}, this program has ${newest}`;
  return warning(saw, 'take a backup, then exitlane migrate; the next service that starts does it too');
}

function clockOf(differenceMs: number): Finding {
  const away = Math.abs(differenceMs);
  const saw = `its clock and this host's differ by ${(away / 1_000).toFixed(2)} s (NTP itself is not checked)`;
  const todo = 'let both run by NTP: leases and retries follow the database, logs and certificates the host';
  if (away > CLOCK_PROBLEM_MS) return problem(saw, todo);
  return away > CLOCK_WARNING_MS ? warning(saw, todo) : ok(saw);
}

async function connectionsOf(db: Database): Promise<Finding> {
  const { rows } = await db.query<{ most: number; taken: number }>(
    `SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS most,
       (SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend') AS taken`,
  );
  const { most = 0, taken = 0 } = rows[0] ?? {};
  const saw = `${most - taken} of ${most} connections left`;
  const todo = 'raise max_connections: each service takes up to 11';
  if (most - taken < CONNECTIONS_PROBLEM) return problem(saw, todo);
  return most - taken < CONNECTIONS_WARNING ? warning(saw, todo) : ok(saw);
}

/** What Exitlane itself says there; nothing before its first start. */
async function tradingOf(db: Database): Promise<Finding[]> {
  if (db.schemaVersion < 2) return [skipped('trading state and alerts: not there yet')];
  const { rows } = await db.query<{ state: string; by: string; why: string; critical: number; action: number }>(
    `SELECT trading_state AS state, changed_by AS by, change_reason AS why,
       (SELECT count(*)::int FROM alerts WHERE status <> 'RESOLVED' AND severity = 'CRITICAL') AS critical,
       (SELECT count(*)::int FROM alerts WHERE status <> 'RESOLVED' AND requires_action) AS action
     FROM scheduler`,
  );
  const { state = '', by = '', why = '', critical = 0, action = 0 } = rows[0] ?? {};
  return tradingFindings({ state, by, why, criticalAlerts: critical, needSomebody: action });
}
