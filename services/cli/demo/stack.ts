import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { destination, pino } from 'pino';
import { Clients } from '../clients.js';
import { SLOTS } from './plan.js';

export const BLOCK_MS = 80;

/** What the demo plays on. */
export interface DemoStack {
  readonly clients: Clients;
  readonly sandboxUrl: string;
  /** Begins the order_req_id of every order. */
  readonly prefix: string;
  /** What it is, in a line. */
  readonly opening: string;
  /** What remains when the story is over. */
  readonly ending: string;
  /** Where to look after a failure. */
  readonly hints: readonly string[];
  /** Ends what was begun for the demo. Its folder is removed unless the log is wanted. */
  close(keepFolder: boolean): Promise<void>;
}

/** A stack of the demo's own, on free ports in a fresh temporary folder; the log goes to a file there. */
export async function startStack(): Promise<DemoStack> {
  const folder = await mkdtemp(path.join(tmpdir(), 'exitlane-demo-'));
  const logFile = path.join(folder, 'demo.log');
  const sink = destination({ dest: logFile, sync: true });
  const logger = pino({ level: 'debug' }, sink);
  const remove = () => rm(folder, { recursive: true, force: true, maxRetries: 3 });
  const { startDev } = await import('../../dev.js');
  try {
    const stack = await startDev({
      dataDir: path.join(folder, 'data'),
      requestorPort: 0,
      processorPort: 0,
      sandboxPort: 0,
      consolePort: 0,
      slotMs: BLOCK_MS,
      maxConcurrentOrders: SLOTS,
      logger,
    });
    const clients = new Clients({ requestor: stack.requestorAddress, processor: stack.processorAddress });
    return {
      clients,
      sandboxUrl: stack.sandboxUrl,
      prefix: 'demo',
      opening: `as long as it runs: ${stack.consoleUrl}`,
      ending: 'everything is stopped and removed',
      hints: [`log: ${logFile}`],
      async close(keepFolder) {
        clients.close();
        await stack.close();
        sink.end();
        if (!keepFolder) await remove();
      },
    };
  } catch (error) {
    sink.end();
    await remove();
    throw error;
  }
}
