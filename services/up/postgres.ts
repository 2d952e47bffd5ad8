import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { messageOf } from '../../shared/core/errors.js';
import { type ServerUser, serverUser } from '../../shared/store/testing/server-user.js';
import { type Places, shown } from './places.js';
import { findPostgres, type PostgresPrograms } from './postgres-programs.js';

/** A PostgreSQL that can be started: its files are there. */
export interface PostgresServer {
  readonly program: string;
  readonly args: readonly string[];
  readonly user: ServerUser & { readonly cwd: string };
}

const DATABASE = 'exitlane';
const USER = 'exitlane';

/** Two services of each kind with ten sessions each, hints, tools. */
const CONNECTIONS_MAX = 150;

/** URL of the database on the PostgreSQL of this folder. */
export function ownDatabaseUrl(places: Places, port: number): string {
  return `postgresql://${USER}:${passwordOf(places)}@127.0.0.1:${port}/${DATABASE}`;
}

/**
 * Makes what a PostgreSQL of its own needs, if it is not there. It listens on loopback only and asks for a password, which stands in a
 * file that only this user reads: another user of this machine gets in no more than anybody else.
 */
export async function preparePostgres(places: Places, port: number): Promise<PostgresServer> {
  const user = serverUser();
  const programs = await findPostgres(majorOfData(places));
  if (!existsSync(path.join(places.postgres, 'PG_VERSION'))) makeData(places, programs, user);
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    `max_connections=${CONNECTIONS_MAX}`,
    'log_min_messages=warning',
  ];
  return {
    program: programs.postgres,
    args: ['-D', places.postgres, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])],
    user: { ...user, cwd: places.postgres },
  };
}

/** Makes our database on a server that was just started, unless it is there. */
export async function ensureDatabase(url: string): Promise<void> {
  const admin = new pg.Client({ connectionString: inDatabase(url, 'postgres') });
  await admin.connect();
  try {
    const { rowCount } = await admin.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
    if (rowCount === 0) await admin.query(`CREATE DATABASE ${DATABASE}`);
  } finally {
    await admin.end();
  }
}

/** Whether a PostgreSQL answers and takes the password. The database itself may still be missing. */
export async function postgresAnswers(url: string, withinMs: number): Promise<void> {
  const client = new pg.Client({ connectionString: inDatabase(url, 'postgres'), connectionTimeoutMillis: withinMs });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT 1');
  } finally {
    await client.end();
  }
}

function inDatabase(url: string, database: string): string {
  const other = new URL(url);
  other.pathname = `/${database}`;
  return other.href;
}

function majorOfData(places: Places): number | undefined {
  const file = path.join(places.postgres, 'PG_VERSION');
  return existsSync(file) ? Number(readFileSync(file, 'utf8').trim()) : undefined;
}

function passwordOf({ postgresPassword }: Places): string {
  if (!existsSync(postgresPassword)) {
    writeFileSync(postgresPassword, `${randomBytes(24).toString('hex')}\n`, { mode: 0o600, flag: 'wx' });
  }
  return readFileSync(postgresPassword, 'utf8').trim();
}

function makeData(places: Places, { initdb }: PostgresPrograms, user: ServerUser): void {
  mkdirSync(places.postgres, { recursive: true, mode: 0o700 });
  if (user.uid !== undefined && user.gid !== undefined) {
    chownSync(places.postgres, user.uid, user.gid);
    refuseUnreachable(places.postgres, user);
  }
  const password = passwordFileFor(user, passwordOf(places));
  const args = ['-D', places.postgres, '-U', USER, '-A', 'scram-sha-256', `--pwfile=${password}`, '-E', 'UTF8'];
  try {
    const stdio = ['ignore', 'ignore', 'pipe'] as const;
    execFileSync(initdb, [...args, '--locale=C'], { ...user, cwd: places.postgres, stdio: [...stdio] });
  } catch (error) {
    // A folder that is half made would be taken for a whole one.
    rmSync(places.postgres, { recursive: true, force: true });
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    throw new Error(`PostgreSQL could not make its files in ${shown(places.postgres)}: ${said || messageOf(error)}`);
  } finally {
    rmSync(path.dirname(password), { recursive: true, force: true });
  }
}

/** Ours is not for its user to read: it gets a copy for the moment that it needs it. */
function passwordFileFor({ uid, gid }: ServerUser, password: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'exitlane-up-'));
  const file = path.join(folder, 'password');
  writeFileSync(file, `${password}\n`, { mode: 0o600 });
  if (uid !== undefined && gid !== undefined) for (const each of [file, folder]) chownSync(each, uid, gid);
  return file;
}

/** Its user must be able to get to its files: a home of root's is closed to all others. */
function refuseUnreachable(folder: string, user: ServerUser): void {
  const { status } = spawnSync('/bin/sh', ['-c', 'cd "$0"', folder], { ...user, cwd: '/', stdio: 'ignore' });
  if (status === 0) return;
  rmSync(folder, { recursive: true, force: true });
  throw new Error(
    `PostgreSQL does not run as root, and the user nobody, whom it runs as then, cannot enter ${folder}: ` +
      'run make as another user, or set EXITLANE_UP_DIR to a folder below one that is open to all, such as /var/lib/exitlane-up',
  );
}
