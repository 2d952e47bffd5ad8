import { z } from 'zod';
import {
  CLIENT_SECURITY_SETTINGS,
  type ClientSecurityConfig,
  clientSecurityOf,
  SERVER_SECURITY_SETTINGS,
} from '../../shared/auth/settings.js';
import { logLevelSetting, portSetting, readEnv, urlSetting } from '../../shared/core/env.js';
import { ExitlaneError } from '../../shared/core/errors.js';
import { addressSetting } from '../../shared/grpc/addresses.js';
import { isLoopbackHost } from '../../shared/grpc/loopback.js';
import { metricsSettings, observeConfigOf } from '../../shared/metrics/settings.js';
import { readUsersFile, type User } from './http/users-file.js';
import type { Role } from './model/view.js';

/** Settings of the console; every one has a default. */
export interface ConsoleConfig {
  /** Any other than loopback takes TLS and users. */
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Where the services are: one or several of each, see `serversAt`. */
  readonly requestorAddress: string;
  readonly processorAddress: string;
  /** What somebody may do who has not signed in; nobody has to unless there are users. */
  readonly role: Role;
  /** Those who may sign in with a token at the start; undefined: nobody signs in, and everyone on this machine has `role`. */
  readonly users?: readonly User[] | undefined;
  /** Names in the address bar besides the own ones, `host` or `host:port`, for a tunnel or a proxy on this machine. */
  readonly allowedHosts: readonly string[];
  /** Address of a transaction with `{signature}` in it; undefined: a public one on mainnet, none elsewhere. */
  readonly explorerUrl?: string | undefined;
}

/** Files of its own certificate, and how it shows itself to the services. */
export interface ConsoleSecurityConfig {
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  readonly client: ClientSecurityConfig;
  /** Those who may sign in. */
  readonly usersFile: string | undefined;
}

export const CONSOLE_DEFAULTS: ConsoleConfig = {
  host: '127.0.0.1',
  port: 8_080,
  requestorAddress: '127.0.0.1:50051',
  processorAddress: '127.0.0.1:50052',
  role: 'operator',
  allowedHosts: [],
};

const hostList = z
  .string()
  .regex(
    /^[A-Za-z0-9.-]+(:\d{1,5})?(,[A-Za-z0-9.-]+(:\d{1,5})?)*$/,
    'must be names such as console.example.org or localhost:9000, separated by commas',
  )
  .transform((text) => text.toLowerCase().split(','));

const D = CONSOLE_DEFAULTS;

export const CONSOLE_SETTINGS = {
  EXITLANE_CONSOLE_HOST: z.string().default(D.host).meta({
    description: 'Where it listens: this machine only, unless TLS and a users file are set.',
  }),
  EXITLANE_CONSOLE_PORT: portSetting(D.port).meta({ description: 'Its HTTP port; 0 takes any free one.' }),
  EXITLANE_REQUESTOR_ADDRESS: addressSetting
    .default(D.requestorAddress)
    .meta({ description: 'Where the requestors listen; several with commas, or `dns:///name:port`.' }),
  EXITLANE_PROCESSOR_ADDRESS: addressSetting
    .default(D.processorAddress)
    .meta({ description: 'Where the processors listen; several with commas, or `dns:///name:port`.' }),
  EXITLANE_CONSOLE_ROLE: z
    .enum(['viewer', 'operator'], 'must be viewer or operator')
    .default(D.role)
    .meta({ description: 'What everyone may do without a users file: `operator`, or `viewer`, who only looks.' }),
  EXITLANE_CONSOLE_USERS_FILE: z.string().optional().meta({
    description:
      'Who may sign in: lines of `name viewer\\|operator sha256-of-the-token`; see [console](console.md). Read again when it changes.',
    allowed: 'a path',
  }),
  EXITLANE_CONSOLE_ALLOWED_HOSTS: hostList.default([]).meta({
    description: 'Other names in the address bar, `host` or `host:port`; foreign ones need users.',
  }),
  EXITLANE_CONSOLE_EXPLORER_URL: urlSetting
    .refine((url) => url.includes('{signature}'), 'must contain {signature}')
    .optional()
    .meta({
      description: 'Address of a transaction, with `{signature}` in it.',
      defaultText: 'Solscan on mainnet, none elsewhere',
    }),
  EXITLANE_LOG_LEVEL: logLevelSetting,
  EXITLANE_TLS_CERT_FILE: SERVER_SECURITY_SETTINGS.EXITLANE_TLS_CERT_FILE,
  EXITLANE_TLS_KEY_FILE: SERVER_SECURITY_SETTINGS.EXITLANE_TLS_KEY_FILE,
  ...CLIENT_SECURITY_SETTINGS,
  ...metricsSettings('console'),
};

export function consoleConfigFromEnv(env: NodeJS.ProcessEnv) {
  const settings = readEnv(CONSOLE_SETTINGS, env);
  const usersFile = settings.EXITLANE_CONSOLE_USERS_FILE;
  const security: ConsoleSecurityConfig = {
    certFile: settings.EXITLANE_TLS_CERT_FILE,
    keyFile: settings.EXITLANE_TLS_KEY_FILE,
    client: clientSecurityOf(settings),
    usersFile,
  };
  requireUsersForOthers(settings.EXITLANE_CONSOLE_ALLOWED_HOSTS, usersFile);
  refuseOpenConsole(settings.EXITLANE_CONSOLE_HOST, security.certFile, usersFile);
  const config: ConsoleConfig = {
    host: settings.EXITLANE_CONSOLE_HOST,
    port: settings.EXITLANE_CONSOLE_PORT,
    requestorAddress: settings.EXITLANE_REQUESTOR_ADDRESS,
    processorAddress: settings.EXITLANE_PROCESSOR_ADDRESS,
    role: settings.EXITLANE_CONSOLE_ROLE,
    users: usersFile === undefined ? undefined : readUsersFile(usersFile),
    allowedHosts: settings.EXITLANE_CONSOLE_ALLOWED_HOSTS,
    explorerUrl: settings.EXITLANE_CONSOLE_EXPLORER_URL,
  };
  return { config, security, observe: observeConfigOf(settings), logLevel: settings.EXITLANE_LOG_LEVEL };
}

/** O1: whoever reaches the console from elsewhere reads its pages over TLS and has to say who he is. */
function refuseOpenConsole(host: string, certFile: string | undefined, usersFile: string | undefined): void {
  if (isLoopbackHost(host)) return;
  const missing = [
    ...(certFile === undefined ? ['EXITLANE_TLS_CERT_FILE'] : []),
    ...(usersFile === undefined ? ['EXITLANE_CONSOLE_USERS_FILE'] : []),
  ];
  if (missing.length === 0) return;
  const violations = missing.map((field) => ({
    field,
    description: `is required to listen on ${host}; or listen on 127.0.0.1 and use an SSH tunnel or a TLS proxy on this machine`,
  }));
  const lines = violations.map(({ field, description }) => `${field}: ${description}`);
  throw new ExitlaneError('CONFIG_INVALID', `invalid settings:\n  ${lines.join('\n  ')}`, { violations });
}

/** A name that is not this machine's means that people elsewhere look: they have to say who they are. */
function requireUsersForOthers(hosts: readonly string[], usersFile: string | undefined): void {
  const others = hosts.filter((host) => !isLoopbackHost(host.replace(/:\d+$/, '')));
  if (others.length === 0 || usersFile !== undefined) return;
  const description = `is required with EXITLANE_CONSOLE_ALLOWED_HOSTS=${others.join(',')}: who comes from elsewhere has to sign in`;
  throw new ExitlaneError('CONFIG_INVALID', `invalid settings:\n  EXITLANE_CONSOLE_USERS_FILE: ${description}`, {
    violations: [{ field: 'EXITLANE_CONSOLE_USERS_FILE', description }],
  });
}
