import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createPostgresDatabase, dropPostgresDatabase } from '../../../shared/store/testing/postgres.js';
import { Bot } from './bot.js';
import { isServing, quietPort } from './ports.js';
import { type Env, Service } from './process.js';
import { type SandboxService, sandboxService } from './sandbox-service.js';
import type { VenueControl } from './venue.js';

/** Milliseconds between blocks: a blockhash lives for 7.5 s. */
const SLOT_MS = 50;

export interface StackOptions {
  /** Requestors on the one database; only the first is started. Default 1. */
  readonly requestors?: number;
  /** Processors on the one database; only the first is started, and each requestor dials the one of its number. Default 1. */
  readonly processors?: number;
  /** Every requestor dials all processors, and the bot all of both, instead of one each. */
  readonly balanced?: boolean;
  /** Milliseconds between blocks; default 50. */
  readonly slotMs?: number;
  /** Further settings of every processor. */
  readonly processorEnv?: Env;
  /** Further settings of every requestor. */
  readonly requestorEnv?: Env;
  /** A PostgreSQL of the test's own; default: a fresh database of the shared one. */
  readonly databaseUrl?: string;
}

/** Sandbox, processor and requestors as processes of their own on one PostgreSQL, each with a port that stays. */
export class Stack {
  readonly databaseUrl: string;
  readonly sandbox: Service;
  readonly processors: readonly Service[];
  readonly requestors: readonly Service[];
  readonly venue: VenueControl;
  /** A client of the first requestor and of the processor, or of all. */
  readonly bot: Bot;
  readonly processorAddresses: readonly string[];
  readonly requestorAddresses: readonly string[];
  readonly #folder: string;
  readonly #ownDatabase: boolean;

  private constructor(options: StackOptions, parts: Parts) {
    const { databaseUrl, folder, ports, sandbox } = parts;
    this.databaseUrl = databaseUrl;
    this.#ownDatabase = options.databaseUrl === undefined;
    this.#folder = folder;
    this.sandbox = sandbox.service;
    this.venue = sandbox.venue;
    this.processorAddresses = ports.processors.map((port) => `127.0.0.1:${port}`);
    this.requestorAddresses = ports.requestors.map((port) => `127.0.0.1:${port}`);
    this.processors = ports.processors.map((port, index) => {
      return new Service({
        name: index === 0 ? 'processor' : `processor ${index + 1}`,
        program: '../../processor/main.js',
        env: {
          DATABASE_URL: databaseUrl,
          EXITLANE_PROCESSOR_PORT: String(port),
          EXITLANE_EXECUTOR: 'venue',
          EXITLANE_SANDBOX: '1',
          JUPITER_URL: this.venue.url,
          SOLANA_RPC_URLS: this.venue.url,
          WALLET_KEYPAIR_FILE: this.venue.walletPath,
          ...options.processorEnv,
        },
        isReady: () => isServing(`127.0.0.1:${port}`),
      });
    });
    this.requestors = ports.requestors.map((port, index) => {
      return new Service({
        name: `requestor ${index + 1}`,
        program: '../../requestor/main.js',
        env: {
          DATABASE_URL: databaseUrl,
          EXITLANE_REQUESTOR_PORT: String(port),
          EXITLANE_PROCESSOR_ADDRESS: options.balanced
            ? this.processorAddresses.join(',')
            : (this.processorAddresses[index] ?? this.processorAddress),
          ...options.requestorEnv,
        },
        isReady: () => isServing(`127.0.0.1:${port}`),
      });
    });
    this.bot = options.balanced
      ? new Bot(this.requestorAddresses.join(','), this.processorAddresses.join(','))
      : new Bot(at(this.requestorAddresses, 0), this.processorAddress);
  }

  /** Starts sandbox, processor and the first requestor. */
  static async start(options: StackOptions = {}): Promise<Stack> {
    const folder = await mkdtemp(path.join(tmpdir(), 'exitlane-crash-'));
    const ports = {
      processors: await Promise.all(Array.from({ length: options.processors ?? 1 }, quietPort)),
      requestors: await Promise.all(Array.from({ length: options.requestors ?? 1 }, quietPort)),
    };
    const stack = new Stack(options, {
      databaseUrl: options.databaseUrl ?? (await createPostgresDatabase()),
      folder,
      ports,
      sandbox: await sandboxService(folder, options.slotMs ?? SLOT_MS),
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

  /** Of the first processor. */
  get processorAddress(): string {
    return at(this.processorAddresses, 0);
  }

  /** The first processor. */
  get processor(): Service {
    return at(this.processors, 0);
  }

  get secondProcessor(): Service {
    return at(this.processors, 1);
  }

  /** The first requestor. */
  get requestor(): Service {
    return at(this.requestors, 0);
  }

  get secondRequestor(): Service {
    return at(this.requestors, 1);
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
    return [this.sandbox, ...this.processors, ...this.requestors];
  }
}

interface Parts {
  readonly databaseUrl: string;
  readonly folder: string;
  readonly ports: Ports;
  readonly sandbox: SandboxService;
}

interface Ports {
  readonly processors: readonly number[];
  readonly requestors: readonly number[];
}

function at<T>(list: readonly T[], index: number): T {
  const found = list[index];
  if (found === undefined) throw new Error(`the stack has no number ${index + 1} of these`);
  return found;
}

/** Shows the services' logs under a test that failed. For `afterEach`. */
export function showLogsOf(context: Mocha.Context, stack: { readonly logs: string } | undefined): void {
  if (context.currentTest?.state === 'failed' && stack) process.stderr.write(`${stack.logs}\n`);
}
