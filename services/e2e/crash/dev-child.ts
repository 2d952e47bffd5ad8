import { runService } from '../../../shared/core/lifecycle.js';
import { createLogger } from '../../../shared/core/logger.js';
import { startDev } from '../../dev.js';

/** Everything in one process on the embedded database, as `exitlane dev` runs it; a program that tests kill. */
const { DATA_DIR = '', REQUESTOR_PORT, PROCESSOR_PORT, SANDBOX_PORT, SLOT_MS } = process.env;
const logger = createLogger({ service: 'dev' });

await runService(logger, () => {
  return startDev({
    dataDir: DATA_DIR,
    requestorPort: Number(REQUESTOR_PORT),
    processorPort: Number(PROCESSOR_PORT),
    sandboxPort: Number(SANDBOX_PORT),
    slotMs: Number(SLOT_MS),
    logger,
  });
});
