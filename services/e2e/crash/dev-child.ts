import { runService } from '../../../shared/core/lifecycle.js';
import { createLogger } from '../../../shared/core/logger.js';
import { startDev } from '../../dev.js';

/** Everything in one process on the embedded database, as `exitlane dev` runs it; a program that tests kill. */
const { DATA_DIR = '', REQUESTOR_PORT, PROCESSOR_PORT, SANDBOX_PORT, SLOT_MS } = process.env;
const { SANDBOX_URL: url, WALLET_FILE: keypairFile } = process.env;
const { RETRY_FIRST_DELAY_MS, RETRY_MAX_DELAY_MS, CONFIRM_TIMEOUT_SECONDS } = process.env;
const logger = createLogger({ service: 'dev' });

await runService(logger, () => {
  return startDev({
    dataDir: DATA_DIR,
    requestorPort: Number(REQUESTOR_PORT),
    processorPort: Number(PROCESSOR_PORT),
    sandboxPort: Number(SANDBOX_PORT),
    ...(url === undefined || keypairFile === undefined ? {} : { sandbox: { url, keypairFile } }),
    slotMs: Number(SLOT_MS),
    ...(RETRY_FIRST_DELAY_MS === undefined || RETRY_MAX_DELAY_MS === undefined
      ? {}
      : { retryPolicy: { firstDelayMs: Number(RETRY_FIRST_DELAY_MS), maxDelayMs: Number(RETRY_MAX_DELAY_MS) } }),
    ...(CONFIRM_TIMEOUT_SECONDS === undefined
      ? {}
      : { venue: { confirmTimeoutMs: 1_000 * Number(CONFIRM_TIMEOUT_SECONDS) } }),
    logger,
  });
});
