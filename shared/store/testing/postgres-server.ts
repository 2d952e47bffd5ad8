import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { createServer, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { postgresBinaries } from './postgres-binaries.js';
import { serverUser } from './server-user.js';

const START_WITHIN_MS = 60_000;

/**
 * A shell stands between this process and the server: when this process goes away, however it does, its standard input
 * ends, and it stops the server and removes the files. $0 is the server, $1 its folder.
 */
const KEEPER = `
"$0" -D "$@" &
server=$!
cat > /dev/null
kill -INT $server
wait $server
cd /
rm -rf "$1"
`;

/** Speed over durability: what a machine crash would lose does not matter here; a killed server still loses nothing. */
const SETTINGS = [
  'fsync=off',
  'full_page_writes=off',
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
  'max_connections=200',
  'shared_buffers=64MB',
  'autovacuum=off',
  'max_wal_size=256MB',
];

/** A real PostgreSQL on a free port of 127.0.0.1, in a fresh folder; both are gone with this process. */
export class PostgresServer {
  readonly port: number;
  readonly #keeper: ChildProcess;

  private constructor(port: number, keeper: ChildProcess) {
    this.port = port;
    this.#keeper = keeper;
  }

  static async start(): Promise<PostgresServer> {
    const { initdb, postgres } = await postgresBinaries();
    const user = serverUser();
    const folder = await mkdtemp(path.join(tmpdir(), 'exitlane-postgres-'));
    try {
      if (user.uid !== undefined && user.gid !== undefined) await chown(folder, user.uid, user.gid);
      execFileSync(initdb, ['-D', folder, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'], {
        ...user,
        cwd: folder,
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      const port = await freePort();
      const keeper = spawn('/bin/sh', ['-c', KEEPER, postgres, folder, ...serverOptions(port)], {
        ...user,
        cwd: folder,
        detached: true,
        stdio: ['pipe', 'ignore', 'pipe'],
      });
      await ready(keeper);
      doNotWaitFor(keeper);
      return new PostgresServer(port, keeper);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  url(database: string): string {
    return `postgres://postgres@127.0.0.1:${this.port}/${database}`;
  }

  async stop(): Promise<void> {
    const exited = once(this.#keeper, 'exit');
    this.#keeper.ref();
    this.#keeper.stdin?.end();
    await exited;
  }
}

function serverOptions(port: number): string[] {
  return ['-p', String(port), ...SETTINGS.flatMap((setting) => ['-c', setting])];
}

/** The system picks it; somebody else could take it before the server does, which then fails to start and says so. */
async function freePort(): Promise<number> {
  const probe = createServer();
  probe.listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

function ready(keeper: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = '';
    const fail = (what: string) => {
      keeper.stdin?.end();
      reject(new Error(`PostgreSQL for tests ${what}:\n${log}`));
    };
    const timer = setTimeout(() => fail(`did not start within ${START_WITHIN_MS} ms`), START_WITHIN_MS);
    keeper.once('error', (error) => fail(error.message));
    // The log must be read to the end of the server's life, or it blocks on a full pipe.
    keeper.stderr?.on('data', (data) => {
      if (log.length < 10_000) log += String(data);
      if (!/ready to accept connections|database system is shut down|FATAL|not found|Permission denied/.test(log))
        return;
      clearTimeout(timer);
      if (log.includes('ready to accept connections')) resolve();
      else fail('did not start');
    });
  });
}

/** A server that nobody stopped does not keep this process alive. */
function doNotWaitFor(keeper: ChildProcess): void {
  keeper.unref();
  for (const stream of [keeper.stdin, keeper.stderr]) if (stream instanceof Socket) stream.unref();
}
