import { type Command, Option } from 'commander';
import { clientSecurityOf } from '../../shared/auth/settings.js';
import { silentLogger } from '../../shared/core/logger.js';
import { type ClientSecurity, openClientSecurity } from '../../shared/grpc/client-security.js';

/** How the command shows itself to the services, as given on the command line. */
export interface SecurityOptions {
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly tokenFile?: string;
}

const VARIABLES = {
  caFile: 'EXITLANE_CA_FILE',
  certFile: 'EXITLANE_CLIENT_CERT_FILE',
  keyFile: 'EXITLANE_CLIENT_KEY_FILE',
  tokenFile: 'EXITLANE_TOKEN_FILE',
} as const;

/** The token itself comes from the environment or a file only: command lines are seen by everyone on the machine. */
export function addSecurityOptions(program: Command): void {
  const add = (flags: string, text: string) => program.addOption(new Option(flags, text));
  add('--ca-file <file>', `connect by TLS and trust this CA, or "system" (env ${VARIABLES.caFile})`);
  add('--cert-file <file>', `client certificate for mTLS (env ${VARIABLES.certFile})`);
  add('--key-file <file>', `its key (env ${VARIABLES.keyFile})`);
  add('--token-file <file>', `file with your token (env ${VARIABLES.tokenFile}, or the token in EXITLANE_TOKEN)`);
}

/** @throws CONFIG_INVALID when a file is missing or wrong */
export function openSecurityOf(options: SecurityOptions, env: NodeJS.ProcessEnv): ClientSecurity {
  const pick = (name: keyof SecurityOptions) => options[name] ?? (env[VARIABLES[name]] || undefined);
  const config = clientSecurityOf({
    EXITLANE_CA_FILE: pick('caFile'),
    EXITLANE_CLIENT_CERT_FILE: pick('certFile'),
    EXITLANE_CLIENT_KEY_FILE: pick('keyFile'),
    EXITLANE_TOKEN_FILE: pick('tokenFile'),
    EXITLANE_TLS_SERVER_NAME: env.EXITLANE_TLS_SERVER_NAME || undefined,
  });
  // A renewed certificate matters to services; a command says what failed and is run again.
  return openClientSecurity(config, { logger: silentLogger, token: env.EXITLANE_TOKEN || undefined });
}
