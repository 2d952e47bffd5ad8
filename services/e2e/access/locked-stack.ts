/** The services locked: mTLS or TLS, and an access file. What a caller shows is chosen per client. */
import { chmodSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { JsonValue } from '@bufbuild/protobuf';
import { hashToken } from '../../../shared/auth/access-list.js';
import { CLIENT_LIMITS_DEFAULT, type ClientLimits } from '../../../shared/auth/settings.js';
import type { Role } from '../../../shared/core/call-context.js';
import { type Clock, systemClock } from '../../../shared/core/clock.js';
import { CloseStack } from '../../../shared/core/lifecycle.js';
import { type Logger, silentLogger } from '../../../shared/core/logger.js';
import { CallError } from '../../../shared/grpc/call-error.js';
import { type ClientSecurity, openClientSecurity } from '../../../shared/grpc/client-security.js';
import { callByName } from '../../../shared/grpc/dynamic-client.js';
import { openSecurity, type Security } from '../../../shared/grpc/security.js';
import { type Database, openDatabase } from '../../../shared/store/database.js';
import { createPostgresDatabase, dropPostgresDatabase } from '../../../shared/store/testing/postgres.js';
import { makeCertFolder } from '../../cli/certs/folder.js';
import type { ProcessorConfig } from '../../processor/config.js';
import { startProcessor } from '../../processor/processor.js';
import { REQUESTOR_DEFAULTS } from '../../requestor/config.js';
import { startRequestor } from '../../requestor/requestor.js';
import { startSandbox } from '../../sandbox/sandbox.js';

export interface LockedOptions {
  /** Clients must show a certificate; default false: TLS and tokens. */
  readonly mtls?: boolean;
  /** False: the ports are plain, tokens alone tell who calls; default true. */
  readonly tls?: boolean;
  readonly limits?: Partial<ClientLimits>;
  readonly logger?: Logger;
  readonly clock?: Clock;
  readonly processor?: Partial<ProcessorConfig>;
}

export interface LockedStack {
  readonly requestorAddress: string;
  readonly processorAddress: string;
  readonly databaseUrl: string;
  readonly db: Database;
  /** Holds `access`, and `certs/` with files by name. */
  readonly folder: string;
  readonly security: { readonly requestor: Security; readonly processor: Security };
  /** Whoever has this token; undefined: none. */
  as(token: string | undefined): ClientSecurity;
  /** Whoever has the certificate with this name. */
  withCertificate(name: string): ClientSecurity;
  /** Replaces the lines of the access file, besides those of the services; the services read it at once. */
  allow(lines: readonly string[]): void;
  /** Calls one method where it is served: its answers, or the status it failed with. */
  call(method: string, request: JsonValue, security: ClientSecurity): Promise<Outcome>;
  close(): Promise<void>;
}

export interface Outcome {
  /** `OK`, or the name of the status. */
  readonly status: string;
  readonly reason: string | undefined;
  readonly message: string;
  readonly answers: readonly JsonValue[];
}

export const SERVICE_TOKEN = 'exl_service-token-of-the-tests';

/** A line of the access file. */
export function lineFor(name: string, role: Role, token: string, more = ''): string {
  return `${name} ${role} token=${hashToken(token)} ${more}`.trim();
}

/** Methods of the processor; all others are the requestor's. */
const OF_PROCESSOR = /(Delivery|Market|Execution)Service\//;

export async function startLocked(options: LockedOptions = {}): Promise<LockedStack> {
  const { mtls = false, tls = true, logger = silentLogger, clock = systemClock } = options;
  const open = new CloseStack(silentLogger);
  try {
    const folder = await mkdtemp(path.join(tmpdir(), 'exitlane-locked-'));
    open.add('folder', () => rm(folder, { recursive: true, force: true }));
    const certs = path.join(folder, 'certs');
    await makeCertFolder({ dir: certs, hosts: [], clients: ['bot', 'stranger'], days: 2, now: Date.now() });
    const accessFile = path.join(folder, 'access');
    const own = ['requestor service cert=requestor', lineFor('services', 'service', SERVICE_TOKEN)];
    const writeAccess = (lines: readonly string[]) => {
      writeFileSync(accessFile, `# who may call\n${[...own, ...lines].join('\n')}\n`);
      chmodSync(accessFile, 0o600);
    };
    writeAccess([]);
    const tokenFile = path.join(folder, 'service-token');
    writeFileSync(tokenFile, SERVICE_TOKEN, { mode: 0o600 });
    const pem = (name: string) => path.join(certs, `${name}.pem`);
    const key = (name: string) => path.join(certs, `${name}-key.pem`);
    const securityOf = (name: string) =>
      openSecurity(
        {
          server: {
            ...(tls ? { certFile: pem(name), keyFile: key(name) } : {}),
            ...(mtls ? { clientCaFile: pem('ca') } : {}),
            accessFile,
            limits: { ...CLIENT_LIMITS_DEFAULT, ...options.limits },
          },
          client: {
            ...(tls ? { caFile: pem('ca') } : {}),
            ...(mtls ? { certFile: pem(name), keyFile: key(name) } : { tokenFile }),
          },
        },
        { logger, clock },
      );
    const databaseUrl = await createPostgresDatabase();
    open.add('database', () => dropPostgresDatabase(databaseUrl));
    const db = await openDatabase({ databaseUrl, logger });
    open.add('connections', () => db.close());
    const sandbox = await startSandbox({
      dataDir: path.join(folder, 'sandbox'),
      port: 0,
      slotMs: 50,
      seed: 7,
      volatility: 0,
    });
    open.add('sandbox', () => sandbox.close());
    const security = { requestor: securityOf('requestor'), processor: securityOf('processor') };
    open.add('security', () => {
      security.requestor.close();
      security.processor.close();
    });
    const processor = await startProcessor({
      db,
      logger,
      clock: systemClock,
      security: security.processor,
      config: {
        host: '127.0.0.1',
        port: 0,
        executor: 'mock',
        sandbox: true,
        venue: { jupiterUrl: sandbox.url, rpcUrls: [sandbox.url], pollIntervalMs: 50 },
        ...options.processor,
      },
    });
    open.add('processor', () => processor.close());
    const requestor = await startRequestor({
      db,
      logger,
      clock: systemClock,
      security: security.requestor,
      config: { ...REQUESTOR_DEFAULTS, port: 0, processorAddress: processor.address },
    });
    open.add('requestor', () => requestor.close());
    const clients: ClientSecurity[] = [];
    open.add('clients', () => {
      for (const client of clients) client.close();
    });
    const client = (config: Parameters<typeof openClientSecurity>[0], token?: string) => {
      const made = openClientSecurity(config, { logger: silentLogger, token });
      clients.push(made);
      return made;
    };
    const shows = mtls ? { certFile: pem('bot'), keyFile: key('bot') } : {};
    return {
      requestorAddress: requestor.address,
      processorAddress: processor.address,
      databaseUrl,
      db,
      folder,
      security,
      as: (token) => client({ ...(tls ? { caFile: pem('ca') } : {}), ...shows }, token),
      withCertificate: (name) => client({ caFile: pem('ca'), certFile: pem(name), keyFile: key(name) }),
      allow(lines) {
        writeAccess(lines);
        security.requestor.reload();
        security.processor.reload();
      },
      call: (method, request, shown) =>
        callOnce(OF_PROCESSOR.test(method) ? processor.address : requestor.address, method, request, shown),
      close: () => open.close(),
    };
  } catch (error) {
    await open.close();
    throw error;
  }
}

/** Calls a method; a stream is left after its first answer. */
export async function callOnce(
  address: string,
  method: string,
  request: JsonValue,
  security: ClientSecurity,
): Promise<Outcome> {
  const answers: JsonValue[] = [];
  const leave = new AbortController();
  const onMessage = (message: JsonValue): void => {
    answers.push(message);
    leave.abort(new Error('seen enough'));
  };
  try {
    await callByName({ address, method, request, security, onMessage, signal: leave.signal });
  } catch (error) {
    if (answers.length === 0) return failed(error);
  }
  return { status: 'OK', reason: undefined, message: '', answers };
}

function failed(error: unknown): Outcome {
  if (!(error instanceof CallError)) throw error;
  return { status: error.status, reason: error.reason, message: error.message, answers: [] };
}
