import path from 'node:path';
import { packageRoot } from '../../shared/core/package-root.js';
import type { PostgresServer } from './postgres.js';
import { type ServiceEnv, serviceEnvs } from './service-env.js';
import type { PortSetting, UpSettings } from './settings.js';

/**
 * What belongs to a stack, in the order in which it is started; those of one stage start together:
 *
 *     1 PostgreSQL (unless DATABASE_URL names one), sandbox (it makes the wallet that processors load)
 *     2 processors, requestors, console
 */
export type Kind = 'postgres' | 'sandbox' | 'processor' | 'requestor' | 'console';

export interface GrpcProbe {
  readonly by: 'grpc';
  readonly address: string;
  /** Of the authority of its certificate; undefined: as the environment says. */
  readonly caFile?: string | undefined;
}

/** How to see that a process does its work, beyond that it lives. */
export type Probe =
  | GrpcProbe
  | { readonly by: 'http'; readonly url: string }
  | { readonly by: 'postgres'; readonly url: string };

/** A port, and the setting that chooses it. */
export interface WantedPort {
  readonly port: number;
  readonly setting: PortSetting;
}

/** One process as it is to run. */
export interface Planned {
  /** `processor-1`. */
  readonly name: string;
  readonly kind: Kind;
  readonly stage: number;
  readonly program: string;
  readonly args: readonly string[];
  /** On top of the environment of whoever starts it. */
  readonly env: Readonly<Record<string, string>>;
  /** As whom it runs, and where; default: like whoever starts it. */
  readonly user?: { readonly uid?: number; readonly gid?: number; readonly cwd: string };
  /** All that it listens on. */
  readonly ports: readonly WantedPort[];
  /** `host:port` or a URL, for people. */
  readonly address: string;
  readonly probe: Probe;
}

/** @param postgres the server to start; undefined when DATABASE_URL names one */
export function planOf(settings: UpSettings, databaseUrl: string, postgres: PostgresServer | undefined): Planned[] {
  const { sandbox, requestors, processors, console } = serviceEnvs(settings, databaseUrl);
  const caFile = settings.certs && settings.security.caFile;
  const scheme = (settings.certs ?? settings.environment.EXITLANE_TLS_CERT_FILE) ? 'https' : 'http';
  return [
    ...(postgres ? [postgresPlan(settings, databaseUrl, postgres)] : []),
    service('sandbox', 'sandbox', 1, 'EXITLANE_UP_SANDBOX_PORT', sandbox),
    ...processors.map((each, index) =>
      service(`processor-${index + 1}`, 'processor', 2, 'EXITLANE_UP_PROCESSOR_PORTS', each, { caFile }),
    ),
    ...requestors.map((each, index) =>
      service(`requestor-${index + 1}`, 'requestor', 2, 'EXITLANE_UP_REQUESTOR_PORTS', each, { caFile }),
    ),
    service('console', 'console', 2, 'EXITLANE_UP_CONSOLE_PORT', console, { scheme }),
  ];
}

function service(
  name: string,
  kind: Exclude<Kind, 'postgres'>,
  stage: number,
  setting: PortSetting,
  { port, metricsPort, env }: ServiceEnv,
  { scheme = 'http', caFile }: { readonly scheme?: string; readonly caFile?: string | undefined } = {},
): Planned {
  const program = path.join(packageRoot(), 'dist', 'services', kind, 'main.js');
  const speaksGrpc = kind === 'processor' || kind === 'requestor';
  const address = speaksGrpc ? `127.0.0.1:${port}` : `${scheme}://127.0.0.1:${port}`;
  const probe: Probe = speaksGrpc
    ? { by: 'grpc', address, caFile }
    : { by: 'http', url: kind === 'sandbox' ? `${address}/control/state` : `${address}/` };
  const metrics: WantedPort[] = metricsPort === 0 ? [] : [{ port: metricsPort, setting: 'EXITLANE_UP_METRICS_PORT' }];
  return {
    name,
    kind,
    stage,
    program: process.execPath,
    args: ['--enable-source-maps', program],
    env,
    ports: [{ port, setting }, ...metrics],
    address,
    probe,
  };
}

function postgresPlan({ postgresPort: port }: UpSettings, databaseUrl: string, server: PostgresServer): Planned {
  return {
    name: 'postgres',
    kind: 'postgres',
    stage: 1,
    program: server.program,
    args: server.args,
    env: {},
    user: server.user,
    ports: [{ port, setting: 'EXITLANE_UP_POSTGRES_PORT' }],
    address: `127.0.0.1:${port}`,
    probe: { by: 'postgres', url: databaseUrl },
  };
}
