import { z } from 'zod';
import { logLevelSetting, portSetting, readEnv, urlSetting } from '../../shared/core/env.js';
import { ExitlaneError } from '../../shared/core/errors.js';
import { isLoopbackHost } from '../../shared/grpc/loopback.js';
import { readUsersFile, type User } from './http/users-file.js';
import type { Role } from './model/view.js';

/** Settings of the console; every one has a default. */
export interface ConsoleConfig {
  /** Loopback only: the console speaks plain HTTP. */
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** `host:port` of the services. */
  readonly requestorAddress: string;
  readonly processorAddress: string;
  /** What somebody may do who has not signed in; nobody has to unless there are users. */
  readonly role: Role;
  /** Those who may sign in with a token; undefined: nobody signs in, and everyone on this machine has `role`. */
  readonly users?: readonly User[] | undefined;
  /** Names in the address bar besides the own ones, `host` or `host:port`, for a tunnel or a proxy on this machine. */
  readonly allowedHosts: readonly string[];
  /** Address of a transaction with `{signature}` in it; undefined: a public one on mainnet, none elsewhere. */
  readonly explorerUrl?: string | undefined;
}

export const CONSOLE_DEFAULTS: ConsoleConfig = {
  host: '127.0.0.1',
  port: 8_080,
  requestorAddress: '127.0.0.1:50051',
  processorAddress: '127.0.0.1:50052',
  role: 'operator',
  allowedHosts: [],
};

const address = (example: string) => z.string().regex(/^[^\s:/]+:\d{1,5}$/, `must be host:port, such as ${example}`);

const hostList = z
  .string()
  .regex(
    /^[A-Za-z0-9.-]+(:\d{1,5})?(,[A-Za-z0-9.-]+(:\d{1,5})?)*$/,
    'must be names such as console.example.org or localhost:9000, separated by commas',
  )
  .transform((text) => text.toLowerCase().split(','));

export function consoleConfigFromEnv(env: NodeJS.ProcessEnv) {
  const d = CONSOLE_DEFAULTS;
  const settings = readEnv(
    {
      EXITLANE_CONSOLE_HOST: z
        .string()
        .refine(
          isLoopbackHost,
          'must be a loopback address; from elsewhere use an SSH tunnel or a TLS proxy on this machine',
        )
        .default(d.host),
      EXITLANE_CONSOLE_PORT: portSetting(d.port),
      EXITLANE_REQUESTOR_ADDRESS: address(d.requestorAddress).default(d.requestorAddress),
      EXITLANE_PROCESSOR_ADDRESS: address(d.processorAddress).default(d.processorAddress),
      EXITLANE_CONSOLE_ROLE: z.enum(['viewer', 'operator'], 'must be viewer or operator').default(d.role),
      EXITLANE_CONSOLE_USERS_FILE: z.string().optional(),
      EXITLANE_CONSOLE_ALLOWED_HOSTS: hostList.default([]),
      EXITLANE_CONSOLE_EXPLORER_URL: urlSetting
        .refine((url) => url.includes('{signature}'), 'must contain {signature}')
        .optional(),
      EXITLANE_LOG_LEVEL: logLevelSetting,
    },
    env,
  );
  const usersFile = settings.EXITLANE_CONSOLE_USERS_FILE;
  requireUsersForOthers(settings.EXITLANE_CONSOLE_ALLOWED_HOSTS, usersFile);
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
  return { config, logLevel: settings.EXITLANE_LOG_LEVEL };
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
