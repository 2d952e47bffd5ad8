import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { newDataDir } from '../../../shared/store/testing/pglite.js';
import { Bot } from './bot.js';
import { isServing, quietPort } from './ports.js';
import { type Env, Service } from './process.js';
import { VenueControl } from './venue.js';

/** Milliseconds between blocks: a blockhash lives for 7.5 s. */
const SLOT_MS = 50;

export interface DevProcessOptions {
  /** A sandbox in a process of its own; default: one in this process, killed with it. */
  readonly sandbox?: VenueControl;
  /** Further variables of its environment. */
  readonly env?: Env;
  /** The compiled program, relative to this folder; default: the one beside this file. */
  readonly program?: string;
}

/** Database, sandbox, processor and requestor in one process, which is not started yet. */
export interface DevProcess {
  readonly service: Service;
  readonly venue: VenueControl;
  readonly bot: Bot;
  readonly requestorAddress: string;
  /** Folder of the embedded database. */
  readonly databaseDir: string;
  readonly logs: string;
  close(): Promise<void>;
}

export async function devProcess(options: DevProcessOptions = {}): Promise<DevProcess> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'exitlane-crash-dev-'));
  const databaseDir = path.join(dataDir, 'database');
  await rename(await newDataDir(), databaseDir);
  const [requestor, processor, sandbox] = await Promise.all([quietPort(), quietPort(), quietPort()]);
  const { sandbox: other } = options;
  const requestorAddress = `127.0.0.1:${requestor}`;
  const service = new Service({
    name: 'dev process',
    program: options.program ?? './dev-child.js',
    env: {
      DATA_DIR: dataDir,
      REQUESTOR_PORT: String(requestor),
      PROCESSOR_PORT: String(processor),
      SANDBOX_PORT: String(sandbox),
      ...(other === undefined ? {} : { SANDBOX_URL: other.url, WALLET_FILE: other.walletPath }),
      SLOT_MS: String(SLOT_MS),
      ...options.env,
    },
    // The requestor is the last to start.
    isReady: () => isServing(requestorAddress),
  });
  const bot = new Bot(requestorAddress, `127.0.0.1:${processor}`);
  return {
    service,
    venue: other ?? new VenueControl(`http://127.0.0.1:${sandbox}`, path.join(dataDir, 'sandbox')),
    bot,
    requestorAddress,
    databaseDir,
    get logs() {
      return service.log;
    },
    async close() {
      bot.close();
      await service.kill();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
