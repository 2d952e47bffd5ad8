import path from 'node:path';
import { z } from 'zod';
import { CLIENT_SECURITY_SETTINGS, type ClientSecurityConfig, clientSecurityOf } from '../../shared/auth/settings.js';
import { intSetting, readEnv } from '../../shared/core/env.js';

/** How many of one service may be started on one machine: more share its cores and gain nothing. */
const PROCESSES_MAX = 8;

/** `50051,50053`: as many processes as ports. */
function portList(fallback: string) {
  return z
    .string()
    .default(fallback)
    .transform((text, context) => {
      const ports = text.split(',').map((part) => (/^\s*\d{1,5}\s*$/.test(part) ? Number(part) : Number.NaN));
      const good = ports.every((port) => port >= 1 && port <= 65_535) && new Set(ports).size === ports.length;
      if (good && ports.length <= PROCESSES_MAX) return ports;
      const message = `must be 1 to ${PROCESSES_MAX} different ports separated by commas, such as ${fallback}: one process per port`;
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    });
}

/** Settings of `make up`. Those of the services are read by the services: what is in the environment reaches them. */
export const UP_SETTINGS = {
  EXITLANE_UP_DIR: z
    .string()
    .default('.exitlane/up')
    .describe('folder of everything that is started here: data, logs, which process is which'),
  EXITLANE_UP_REQUESTOR_PORTS: portList('50051,50053').describe('ports of the requestors, one process each'),
  EXITLANE_UP_PROCESSOR_PORTS: portList('50052,50054').describe('ports of the processors, one process each'),
  EXITLANE_UP_CONSOLE_PORT: intSetting(1, 65_535, 8_080).describe('port of the web console'),
  EXITLANE_UP_SANDBOX_PORT: intSetting(1, 65_535, 8_899).describe('port of the sandbox'),
  EXITLANE_UP_POSTGRES_PORT: intSetting(1, 65_535, 15_432).describe('port of the PostgreSQL that is started here'),
  EXITLANE_UP_METRICS_PORT: intSetting(0, 65_500, 9_464).describe(
    'first of the ports on which requestors, processors and console tell metrics, one each; 0: any free ones',
  ),
  EXITLANE_UP_SLOT_MS: intSetting(1, 60_000, 400).describe("time between the sandbox's blocks, ms"),
  EXITLANE_UP_CERTS: z
    .string()
    .min(1)
    .optional()
    .describe('folder made by `exitlane certs`: requestors, processors and console then speak TLS'),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must begin with postgresql://')
    .optional()
    .describe('a PostgreSQL that runs already; without it one is started here'),
};

/** The names of the settings that hold ports: a message about a taken port names one. */
export type PortSetting = Extract<keyof typeof UP_SETTINGS, `${string}_PORT` | `${string}_PORTS`>;

export interface UpSettings {
  /** Absolute. */
  readonly folder: string;
  readonly requestorPorts: readonly number[];
  readonly processorPorts: readonly number[];
  readonly consolePort: number;
  readonly sandboxPort: number;
  readonly postgresPort: number;
  /** The first of as many as there are services that tell any; 0: any free ones. */
  readonly metricsPort: number;
  /** Milliseconds between blocks of the sandbox. */
  readonly slotMs: number;
  /** Of a PostgreSQL that somebody else runs; undefined: one is started here. */
  readonly databaseUrl: string | undefined;
  /** Absolute folder with a certificate for each service and that of their authority; undefined: plain text. */
  readonly certs: string | undefined;
  /** How the services are asked whether they are well: as the environment says for any client of theirs. */
  readonly security: ClientSecurityConfig;
  /** What the services get beside what is set for them. */
  readonly environment: NodeJS.ProcessEnv;
}

export function upSettingsFrom(env: NodeJS.ProcessEnv): UpSettings {
  const settings = readEnv(UP_SETTINGS, env);
  const security = clientSecurityOf(readEnv(CLIENT_SECURITY_SETTINGS, env));
  const certs = settings.EXITLANE_UP_CERTS && path.resolve(settings.EXITLANE_UP_CERTS);
  return {
    folder: path.resolve(settings.EXITLANE_UP_DIR),
    requestorPorts: settings.EXITLANE_UP_REQUESTOR_PORTS,
    processorPorts: settings.EXITLANE_UP_PROCESSOR_PORTS,
    consolePort: settings.EXITLANE_UP_CONSOLE_PORT,
    sandboxPort: settings.EXITLANE_UP_SANDBOX_PORT,
    postgresPort: settings.EXITLANE_UP_POSTGRES_PORT,
    metricsPort: settings.EXITLANE_UP_METRICS_PORT,
    slotMs: settings.EXITLANE_UP_SLOT_MS,
    databaseUrl: settings.DATABASE_URL,
    certs,
    security: { ...(certs === undefined ? {} : { caFile: path.join(certs, 'ca.pem') }), ...given(security) },
    environment: withoutOurs(env),
  };
}

/** Only what is set. */
function given<T extends object>(config: T): Partial<T> {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined)) as Partial<T>;
}

/** These settings are ours alone: a service that finds one takes it for a slip of the pen and says so. */
function withoutOurs(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('EXITLANE_UP_')));
}
