import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Bot } from './bot.js';
import { isServing, quietPort } from './ports.js';
import { Service } from './process.js';
import { VenueControl } from './venue.js';

/** Milliseconds between blocks: a blockhash lives for 7.5 s. */
const SLOT_MS = 50;

/** Database, sandbox, processor and requestor in one process, which is not started yet. */
export interface DevProcess {
  readonly service: Service;
  readonly venue: VenueControl;
  readonly bot: Bot;
  readonly logs: string;
  close(): Promise<void>;
}

export async function devProcess(): Promise<DevProcess> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'exitlane-crash-dev-'));
  const [requestor, processor, sandbox] = await Promise.all([quietPort(), quietPort(), quietPort()]);
  const service = new Service({
    name: 'dev process',
    program: './dev-child.js',
    env: {
      DATA_DIR: dataDir,
      REQUESTOR_PORT: String(requestor),
      PROCESSOR_PORT: String(processor),
      SANDBOX_PORT: String(sandbox),
      SLOT_MS: String(SLOT_MS),
    },
    // The requestor is the last to start.
    isReady: () => isServing(`127.0.0.1:${requestor}`),
  });
  const bot = new Bot(`127.0.0.1:${requestor}`, `127.0.0.1:${processor}`);
  return {
    service,
    venue: new VenueControl(`http://127.0.0.1:${sandbox}`, path.join(dataDir, 'sandbox')),
    bot,
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
