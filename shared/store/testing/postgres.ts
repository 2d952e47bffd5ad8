import pg from 'pg';
import { silentLogger } from '../../core/logger.js';
import { migrate } from '../migrate.js';
import { PostgresServer } from './postgres-server.js';

const TEMPLATE = 'exitlane_template';

interface Running {
  readonly server: PostgresServer;
  readonly admin: pg.Pool;
}

let running: Promise<Running> | undefined;
let created = 0;

export interface PostgresDatabaseOptions {
  /** False: without our tables; default true. */
  readonly migrated?: boolean;
}

/**
 * URL of a fresh database on a real PostgreSQL, which is started at first use (about 2 s) and stopped when the tests end. A
 * database is a copy of a migrated template (about 40 ms).
 */
export async function createPostgresDatabase(options: PostgresDatabaseOptions = {}): Promise<string> {
  running ??= start();
  const { server, admin } = await running;
  created += 1;
  const name = `test_${created}`;
  const template = options.migrated === false ? 'template0' : TEMPLATE;
  await admin.query(`CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY file_copy`);
  return server.url(name);
}

/** Removes a database of {@link createPostgresDatabase}; whoever is still connected is cut off. */
export async function dropPostgresDatabase(url: string): Promise<void> {
  if (!running) return;
  const { admin } = await running;
  await admin.query(`DROP DATABASE IF EXISTS ${new URL(url).pathname.slice(1)} WITH (FORCE)`);
}

/** Runs one statement on a connection of its own, as an outsider would. */
export async function runOnPostgres(
  url: string,
  sql: string,
  params: unknown[] = [],
): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql, params)).rows;
  } finally {
    await client.end();
  }
}

/** Stops the server, if it runs. Mocha calls it by itself. */
export async function stopPostgres(): Promise<void> {
  if (!running) return;
  const { server, admin } = await running;
  running = undefined;
  await admin.end();
  await server.stop();
}

async function start(): Promise<Running> {
  const server = await PostgresServer.start();
  const admin = new pg.Pool({ connectionString: server.url('postgres'), max: 2 });
  // Cut off when the server stops; nothing to do about it.
  admin.on('error', () => undefined);
  await admin.query(`CREATE DATABASE ${TEMPLATE}`);
  await migrate({ connectionString: server.url(TEMPLATE) }, silentLogger);
  return { server, admin };
}

// In mocha this is the end of everything; elsewhere the server goes away with the process.
if (typeof after === 'function') after(stopPostgres);
