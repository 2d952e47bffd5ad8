import { ExitlaneError } from '../core/errors.js';
import { type Logger, silentLogger } from '../core/logger.js';
import { type ClientSecurity, openClientSecurity, PLAIN } from '../grpc/client-security.js';

/** How a client shows itself. Files are read again when they change. */
export interface SecurityOptions {
  /** CA of the services' certificates, PEM, or `system`; set: connections are TLS. */
  readonly caFile?: string;
  /** Certificate to show (mTLS), PEM, and its key. */
  readonly certFile?: string;
  readonly keyFile?: string;
  /** Token to show, or a file with it that only its owner may read. Never sent over a network in plain text. */
  readonly token?: string;
  readonly tokenFile?: string;
  /** Name in the services' certificates, where it is not the one in their address. */
  readonly serverName?: string;
  /** Is told when a changed file cannot be used. */
  readonly logger?: Logger;
}

/** How the options are called where the services read them as settings. */
const NAMES: readonly (readonly [string, string])[] = [
  ['EXITLANE_CLIENT_CERT_FILE', 'security.certFile'],
  ['EXITLANE_CLIENT_KEY_FILE', 'security.keyFile'],
  ['EXITLANE_CA_FILE', 'security.caFile'],
  ['EXITLANE_TOKEN_FILE', 'security.tokenFile'],
  ['EXITLANE_TOKEN', 'security.token'],
];

/** @throws Error that names the option and what is wrong with it */
export function securityOf(options: SecurityOptions | undefined): ClientSecurity {
  if (options === undefined) return PLAIN;
  const { token, logger = silentLogger, ...config } = options;
  if (config.caFile === undefined && (config.certFile !== undefined || config.serverName !== undefined)) {
    throw new Error('security.caFile is required with certFile and serverName: they are part of TLS');
  }
  const security = inOurWords(() => openClientSecurity(config, { logger, token }));
  return { ...security, channelFor: (address) => inOurWords(() => security.channelFor(address)) };
}

function inOurWords<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ExitlaneError)) throw error;
    const text = NAMES.reduce((message, [setting, option]) => message.replaceAll(setting, option), error.message);
    throw new Error(text, { cause: error });
  }
}
