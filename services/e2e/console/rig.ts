/** One stack for all tests of the console: services whose requestor can go and come back, two consoles, and a browser. */
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { AlertServiceClient } from '../../../proto/gen/exitlane/v1/alert_service.js';
import { systemClock } from '../../../shared/core/clock.js';
import { CloseStack } from '../../../shared/core/lifecycle.js';
import { silentLogger as logger } from '../../../shared/core/logger.js';
import { connect } from '../../../shared/grpc/client.js';
import { type Database, openDatabase } from '../../../shared/store/database.js';
import { CONSOLE_DEFAULTS, type ConsoleConfig } from '../../console/config.js';
import { type Console, startConsole } from '../../console/console.js';
import { type Processor, startProcessor } from '../../processor/processor.js';
import { REQUESTOR_DEFAULTS } from '../../requestor/config.js';
import { type Requestor, startRequestor } from '../../requestor/requestor.js';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.js';
import { emptyFolder, type Stack, withClients } from '../api/stack.js';
import { launchChromium } from './chromium.js';

export interface Rig {
  readonly stack: Stack;
  readonly alerts: AlertServiceClient;
  /** Everyone here is an operator. */
  readonly url: string;
  /** Everyone here is a viewer. */
  readonly viewerUrl: string;
  /** A new tab; what its page complains about ends up in `complaints`. */
  open(url: string): Promise<Page>;
  /** Errors of pages since the last look: uncaught ones, and what the browser refused. */
  complaints(): string[];
  /** Another console on the same services; the test closes it. */
  openConsole(config: Partial<ConsoleConfig>): Promise<Console>;
  stopRequestor(): Promise<void>;
  startRequestor(): Promise<void>;
  closePages(): Promise<void>;
  close(): Promise<void>;
}

/** Quick blocks, so that an order takes a fifth of a second. */
const SLOT_MS = 50;
/** The longest a test waits for something to be seen. */
const SEEN_MS_MAX = 25_000;

export async function startRig(): Promise<Rig> {
  const open = new CloseStack(logger);
  try {
    return await start(open);
  } catch (error) {
    await open.close();
    throw error;
  }
}

async function start(open: CloseStack): Promise<Rig> {
  const dataDir = await emptyFolder(open);
  const db = await openDatabase({ dataDir: path.join(dataDir, 'database'), logger });
  open.add('database', () => db.close());
  const sandboxFolder = path.join(dataDir, 'sandbox');
  const sandbox = await startSandbox({ dataDir: sandboxFolder, port: 0, slotMs: SLOT_MS, seed: 7, volatility: 0 });
  open.add('sandbox', () => sandbox.close());
  const processor = await startVenueProcessor(db, sandbox);
  open.add('processor', () => processor.close());
  const requestorAt = (port: number) =>
    startRequestor({
      db,
      logger,
      clock: systemClock,
      config: { ...REQUESTOR_DEFAULTS, port, processorAddress: processor.address },
    });
  let requestor: Requestor | undefined = await requestorAt(0);
  const { address } = requestor;
  open.add('requestor', () => requestor?.close());
  const openConsole = (config: Partial<ConsoleConfig>) => {
    const addresses = { requestorAddress: address, processorAddress: processor.address };
    return startConsole({
      config: { ...CONSOLE_DEFAULTS, ...addresses, port: 0, ...config },
      clock: systemClock,
      logger,
    });
  };
  const consoleWith = async (config: Partial<ConsoleConfig>) => {
    const started = await openConsole(config);
    open.add('console', () => started.close());
    return started.url;
  };
  const url = await consoleWith({});
  const viewerUrl = await consoleWith({ role: 'viewer' });
  const places = { requestorAddress: address, processorAddress: processor.address, sandboxUrl: sandbox.url, dataDir };
  const stack = withClients(open, places);
  const alerts = connect(AlertServiceClient, address);
  open.add('alerts', () => alerts.close());
  const browser = await launchChromium();
  open.add('browser', () => browser.close());
  return {
    stack,
    alerts,
    url,
    viewerUrl,
    ...(await pagesOf(browser)),
    openConsole,
    async stopRequestor() {
      await requestor?.close();
      requestor = undefined;
    },
    async startRequestor() {
      requestor = await requestorAt(Number(address.split(':').at(-1)));
    },
    close: () => open.close(),
  };
}

function startVenueProcessor(db: Database, sandbox: Sandbox): Promise<Processor> {
  return startProcessor({
    db,
    logger,
    clock: systemClock,
    config: {
      host: '127.0.0.1',
      port: 0,
      executor: 'venue',
      sandbox: true,
      keypairFile: sandbox.walletPath,
      venue: { jupiterUrl: sandbox.url, rpcUrls: [sandbox.url], pollIntervalMs: SLOT_MS },
      // An exit that cannot get out has used up its tries within a second.
      retryPolicy: { firstDelayMs: 20, maxDelayMs: 40 },
      priceIntervalMs: 200,
    },
  });
}

/** One browser profile for all tests: a new one for each would load everything anew. */
async function pagesOf(browser: Browser): Promise<Pick<Rig, 'open' | 'complaints' | 'closePages'>> {
  let complaints: string[] = [];
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  context.setDefaultTimeout(SEEN_MS_MAX);
  return {
    async open(url) {
      const page = await context.newPage();
      page.on('pageerror', (error) => complaints.push(String(error)));
      page.on('console', (message) => {
        if (message.type() === 'error') complaints.push(message.text());
      });
      await page.goto(url);
      return page;
    },
    complaints() {
      const seen = complaints;
      complaints = [];
      return seen;
    },
    async closePages() {
      await Promise.all(context.pages().map((page) => page.close()));
    },
  };
}
