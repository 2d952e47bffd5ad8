import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { destination, pino } from 'pino';
import { SLOTS } from './plan.js';

export const BLOCK_MS = 80;

/** A running stack of the demo's own, with a folder that goes when it goes. */
export interface DemoStack {
  readonly requestor: string;
  readonly processor: string;
  readonly sandboxUrl: string;
  readonly consoleUrl: string;
  /** Ends everything. The folder is removed unless the log is wanted. */
  close(keepFolder: boolean): Promise<void>;
  readonly logFile: string;
}

/** Starts everything on free ports in a fresh temporary folder; the log goes to a file there. */
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
    return {
      requestor: stack.requestorAddress,
      processor: stack.processorAddress,
      sandboxUrl: stack.sandboxUrl,
      consoleUrl: stack.consoleUrl,
      logFile,
      async close(keepFolder) {
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
