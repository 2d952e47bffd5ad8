import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';
import { DurableFs } from './durable-fs.js';
import { type FromWorker, SHARED, type WorkerTask } from './worker-messages.js';

/**
 * The thread that is the embedded database: PGlite blocks whatever thread it runs on. It serves one folder on one unix
 * socket until it is told to stop. When PostgreSQL ends itself, the thread ends with it: connections break, and nobody
 * waits for an answer that never comes.
 */
const task = workerData as WorkerTask;
const shared = new Int32Array(task.shared);

/** fdatasync, the default way to sync the WAL, does nothing in PGlite; fsync is made to work by DurableFs. */
const DURABLE = ['fsync=on', 'wal_sync_method=fsync', 'full_page_writes=on', 'synchronous_commit=on'];

function tell(message: FromWorker): void {
  parentPort?.postMessage(message);
}

let closing = false;

function fail(reason: string): void {
  // A database that closes exits too.
  if (closing) return;
  closing = true;
  Atomics.store(shared, SHARED.FAILED, 1);
  tell({ type: 'failed', reason });
  process.exit(1);
}

async function run(): Promise<void> {
  const defaults = PGlite.defaultStartParams.filter((param) => param !== '-F');
  const pglite = new PGlite({
    fs: new DurableFs(task.folder, { onFsync: () => Atomics.add(shared, SHARED.FSYNCS, 1), onFatal: fail }),
    startParams: [...defaults, ...DURABLE.flatMap((setting) => ['-c', setting])],
  });
  await pglite.waitReady;
  if (task.socket !== undefined) await serve(pglite, task.socket);
  await pglite.exec('CHECKPOINT');
  closing = true;
  await pglite.close();
  tell({ type: 'stopped' });
  process.exit(0);
}

/** Serves until any message comes. */
async function serve(pglite: PGlite, socket: string): Promise<void> {
  // A broken connection may still be there when the pool makes its successor: hence more than one.
  const server = new PGLiteSocketServer({ db: pglite, path: socket, maxConnections: 8 });
  server.addEventListener('error', () => fail('its socket failed'));
  await server.start();
  const stop = new Promise<void>((resolve) => parentPort?.once('message', () => resolve()));
  tell({ type: 'ready' });
  await stop;
  await server.stop();
}

run().catch((error: unknown) => fail(error instanceof Error ? error.message : String(error)));
