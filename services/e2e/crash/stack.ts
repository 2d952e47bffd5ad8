import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createPostgresDatabase, dropPostgresDatabase } from '../../../shared/store/testing/postgres.js';
import { Bot } from './bot.js';
import { isServing, quietPort } from './ports.js';
import { Service } from './process.js';
import { VenueControl } from './venue.js';

/** Milliseconds between blocks: a blockhash lives for 7.5 s. */
const SLOT_MS = 50;

export interface StackOptions {
  /** Requestors on the one database; only the first is started. Default 1. */
  readonly requestors?: number;
  /** A PostgreSQL of the test's own; default: a fresh database of the shared one. */
  readonly databaseUrl?: string;
}

/** Sandbox, processor and requestors as processes of their own on one PostgreSQL, each with a port that stays. */
export class Stack {
  readonly databaseUrl: string;
  readonly sandbox: Service;
  readonly processor: Service;
  readonly requestors: readonly Service[];
  readonly venue: VenueControl;
  /** A client of the first requestor and of the processor. */
  readonly bot: Bot;
  readonly processorAddress: string;
  readonly #folder: string;
  readonly #ownDatabase: boolean;

  private constructor(parts: { databaseUrl: string; ownDatabase: boolean; folder: string; ports: Ports }) {
    const { databaseUrl, folder, ports } = parts;
    this.databaseUrl = databaseUrl;
    this.#ownDatabase = parts.ownDatabase;
    this.#folder = folder;
    const dataDir = path.join(folder, 'sandbox');
    this.venue = new VenueControl(`http://127.0.0.1:${ports.sandbox}`, dataDir);
    this.processorAddress = `127.0.0.1:${ports.processor}`;
    this.sandbox = new Service({
      name: 'sandbox',
      program: '../../sandbox/main.js',
      env: {
        EXITLANE_SANDBOX_PORT: String(ports.sandbox),
        EXITLANE_SANDBOX_DATA_DIR: dataDir,
        EXITLANE_SANDBOX_SLOT_MS: String(SLOT_MS),
      },
      isReady: () => this.venue.state().then(() => true),
    });
    this.processor = new Service({
      name: 'processor',
      program: '../../processor/main.js',
      env: {
        DATABASE_URL: databaseUrl,
        EXITLANE_PROCESSOR_PORT: String(ports.processor),
        EXITLANE_EXECUTOR: 'venue',
        EXITLANE_SANDBOX: '1',
        JUPITER_URL: this.venue.url,
        SOLANA_RPC_URLS: this.venue.url,
        WALLET_KEYPAIR_FILE: path.join(dataDir, 'wallet.json'),
      },
      isReady: () => isServing(this.processorAddress),
    });
    this.requestors = ports.requestors.map((port, index) => {
      return new Service({
        name: `requestor ${index + 1}`,
        program: '../../requestor/main.js',
        env: {
          DATABASE_URL: databaseUrl,
          EXITLANE_REQUESTOR_PORT: String(port),
          EXITLANE_PROCESSOR_ADDRESS: this.processorAddress,
        },
        isReady: () => isServing(`127.0.0.1:${port}`),
      });
    });
    this.bot = new Bot(`127.0.0.1:${ports.requestors[0]}`, this.processorAddress);
  }

  /** Starts sandbox, processor and the first requestor. */
  static async start(options: StackOptions = {}): Promise<Stack> {
    const ports = {
      sandbox: await quietPort(),
      processor: await quietPort(),
      requestors: await Promise.all(Array.from({ length: options.requestors ?? 1 }, quietPort)),
    };
    const stack = new Stack({
      databaseUrl: options.databaseUrl ?? (await createPostgresDatabase()),
      ownDatabase: options.databaseUrl === undefined,
      folder: await mkdtemp(path.join(tmpdir(), 'exitlane-crash-')),
      ports,
    });
    try {
      // The processor loads the wallet that the sandbox makes.
      await stack.sandbox.start();
      await Promise.all([stack.processor.start(), stack.requestor.start()]);
    } catch (error) {
      await stack.close();
      throw error;
    }
    return stack;
  }

  /** The first requestor. */
  get requestor(): Service {
    return this.#requestor(0);
  }

  get secondRequestor(): Service {
    return this.#requestor(1);
  }

  /** What every service said last. */
  get logs(): string {
    return this.#services.map(({ log }) => log).join('\n');
  }

  async close(): Promise<void> {
    this.bot.close();
    await Promise.all(this.#services.map((service) => service.kill()));
    if (this.#ownDatabase) await dropPostgresDatabase(this.databaseUrl);
    await rm(this.#folder, { recursive: true, force: true });
  }

  get #services(): Service[] {
    return [this.sandbox, this.processor, ...this.requestors];
  }

  #requestor(index: number): Service {
    const service = this.requestors[index];
    if (!service) throw new Error(`the stack has no requestor ${index + 1}`);
    return service;
  }
}

interface Ports {
  readonly sandbox: number;
  readonly processor: number;
  readonly requestors: readonly number[];
}

/** Shows the services' logs under a test that failed. For `afterEach`. */
export function showLogsOf(context: Mocha.Context, stack: { readonly logs: string } | undefined): void {
  if (context.currentTest?.state === 'failed' && stack) process.stderr.write(`${stack.logs}\n`);
}
