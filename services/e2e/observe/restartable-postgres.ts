import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { runOnPostgres } from '../../../shared/store/testing/postgres.js';
import { postgresBinaries } from '../../../shared/store/testing/postgres-binaries.js';
import { PostgresServer } from '../../../shared/store/testing/postgres-server.js';
import { eventually } from '../../../shared/store/testing/waiting.js';

/** A real PostgreSQL of a test's own, which is stopped and started again on its port and files. */
export class RestartablePostgres {
  readonly url: string;
  readonly #server: PostgresServer;
  readonly #folder: string;
  #again: ChildProcess | undefined;

  private constructor(server: PostgresServer, folder: string) {
    this.#server = server;
    this.#folder = folder;
    this.url = server.url('postgres');
  }

  static async start(): Promise<RestartablePostgres> {
    const server = await PostgresServer.start();
    const [row] = await runOnPostgres(server.url('postgres'), 'SHOW data_directory');
    return new RestartablePostgres(server, String(row?.data_directory));
  }

  /** At once; whoever is connected is cut off. */
  async stop(): Promise<void> {
    const pidFile = path.join(this.#folder, 'postmaster.pid');
    const pid = Number((await readFile(pidFile, 'utf8')).split('\n')[0]);
    process.kill(pid, 'SIGINT');
    await eventually('PostgreSQL to stop', () =>
      stat(pidFile).then(
        () => false,
        () => true,
      ),
    );
  }

  async startAgain(): Promise<void> {
    const { postgres } = await postgresBinaries();
    const { uid, gid } = await stat(this.#folder);
    const settings = ['fsync=off', 'listen_addresses=127.0.0.1', 'unix_socket_directories='];
    const args = ['-D', this.#folder, '-p', String(this.#server.port), ...settings.flatMap((each) => ['-c', each])];
    const user = process.getuid?.() === 0 ? { uid, gid } : {};
    this.#again = spawn(postgres, args, { ...user, cwd: this.#folder, stdio: 'ignore' });
    const answers = () =>
      runOnPostgres(this.url, 'SELECT 1').then(
        () => true,
        () => false,
      );
    await eventually('PostgreSQL to answer again', answers);
  }

  async close(): Promise<void> {
    const again = this.#again;
    if (again && again.exitCode === null) {
      again.kill('SIGINT');
      await once(again, 'exit');
    }
    await this.#server.stop();
  }
}
