import type { z } from 'zod';
import {
  CLIENT_SECURITY_SETTINGS,
  type ClientSecurityConfig,
  clientSecurityOf,
  SERVER_SECURITY_SETTINGS,
  type ServerSecurityConfig,
  serverSecurityOf,
} from '../auth/settings.js';
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/logger.js';
import { type ClientSecurity, openClientSecurity } from './client-security.js';
import { openServerSecurity, type ServerSecurity } from './server-security.js';

/** Settings of a service that listens and calls. */
export const SECURITY_SETTINGS = { ...SERVER_SECURITY_SETTINGS, ...CLIENT_SECURITY_SETTINGS };

export interface SecurityConfig {
  readonly server: ServerSecurityConfig;
  readonly client: ClientSecurityConfig;
}

/** @throws CONFIG_INVALID when settings do not go together */
export function securityConfigOf(settings: z.infer<z.ZodObject<typeof SECURITY_SETTINGS>>): SecurityConfig {
  return { server: serverSecurityOf(settings), client: clientSecurityOf(settings) };
}

/** Both ends of a service's connections. */
export interface Security {
  readonly server: ServerSecurity;
  readonly client: ClientSecurity;
  /** Reads changed files now rather than at the next look; for SIGHUP. */
  reload(): void;
  close(): void;
}

/** @throws CONFIG_INVALID when a file is missing or wrong */
export function openSecurity(
  config: SecurityConfig,
  options: { readonly logger: Logger; readonly clock: Clock },
): Security {
  const server = openServerSecurity(config.server, options);
  try {
    const client = openClientSecurity(config.client, options);
    return {
      server,
      client,
      reload() {
        server.reload();
        client.reload();
      },
      close() {
        server.close();
        client.close();
      },
    };
  } catch (error) {
    server.close();
    throw error;
  }
}
