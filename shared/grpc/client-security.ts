import { readFileSync, statSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import {
  type ChannelCredentials,
  type ClientOptions,
  credentials,
  experimental,
  InterceptingCall,
  type Interceptor,
} from '@grpc/grpc-js';
import type { ClientSecurityConfig } from '../auth/settings.js';
import { OTHERS_OR_GROUP_WRITE, readTlsFiles, type TlsMaterial, tlsFileList } from '../auth/tls-files.js';
import type { Clock } from '../core/clock.js';
import { ExitlaneError, messageOf } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { Reloading } from '../core/reloading.js';
import { AUTHORIZATION_KEY } from './access.js';
import { serversAt } from './addresses.js';

/** How the clients of a process show themselves; make one and give it to every `connect`. */
export interface ClientSecurity {
  /** For a channel to this address. @throws CONFIG_INVALID when a token would go over the network in plain text, or a list of servers has no name */
  channelFor(address: string): { readonly credentials: ChannelCredentials; readonly options: Partial<ClientOptions> };
  reload(): void;
  close(): void;
}

export interface ClientSecurityOptions {
  readonly logger: Logger;
  readonly clock?: Clock;
  /** Token itself, where there is no file: the environment of a command. */
  readonly token?: string | undefined;
}

const SETTINGS = {
  certFile: 'EXITLANE_CLIENT_CERT_FILE',
  keyFile: 'EXITLANE_CLIENT_KEY_FILE',
  caFile: 'EXITLANE_CA_FILE',
};
const TOKEN = /^[\x21-\x7e]{1,512}$/;

/** Plain text, no token: what loopback without configuration is. */
export const PLAIN: ClientSecurity = {
  channelFor: () => ({ credentials: credentials.createInsecure(), options: {} }),
  reload: () => undefined,
  close: () => undefined,
};

/** @throws CONFIG_INVALID when a file is missing or wrong */
export function openClientSecurity(config: ClientSecurityConfig, options: ClientSecurityOptions): ClientSecurity {
  const { logger, clock } = options;
  const timing = { logger, ...(clock === undefined ? {} : { clock }) };
  const usesSystem = config.caFile === 'system';
  const files = { certFile: config.certFile, keyFile: config.keyFile, caFile: usesSystem ? undefined : config.caFile };
  const load = () => readTlsFiles(files, SETTINGS);
  const hasTls = config.caFile !== undefined;
  const what = 'TLS certificate for outgoing connections';
  const tls = hasTls ? new Reloading({ what, files: tlsFileList(files), load, ...timing }) : undefined;
  const token = openToken(config.tokenFile, options.token, timing);
  const secure = tls && secureCredentials(tls);
  const interceptors = [withToken(() => token?.value)];
  return {
    channelFor(address) {
      if (secure && !config.serverName) refuseManyNames(address);
      if (secure) return { credentials: secure, options: { interceptors, ...nameOverride(config, address) } };
      if (token !== undefined && !isPrivatePath(address)) throw tokenInPlainText(address);
      return { credentials: credentials.createInsecure(), options: { interceptors } };
    },
    reload() {
      tls?.check();
      token?.check();
    },
    close() {
      tls?.close();
      token?.close();
    },
  };
}

/** grpc-js checks the certificates of all servers of a list against the first address: those of the others would never hold it. */
function refuseManyNames(address: string): void {
  const { each, loopback } = serversAt(address);
  if (loopback || each.length === 1) return;
  const why = `is required for ${address}: the certificates of all servers in a list are checked against one name; give one that all of them hold, or write dns:///name:port`;
  throw invalid('EXITLANE_TLS_SERVER_NAME', why);
}

/** Every host of the address is this machine. */
function isPrivatePath(address: string): boolean {
  return serversAt(address).loopback;
}

/** Certificates name hosts; that 127.0.0.1 is `localhost` they need not say, and TLS takes no address for a server name. */
function nameOverride({ serverName }: ClientSecurityConfig, address: string): Partial<ClientOptions> {
  const name = serverName ?? (isPrivatePath(address) ? 'localhost' : undefined);
  return name === undefined ? {} : { 'grpc.ssl_target_name_override': name, 'grpc.default_authority': name };
}

/** New connections use what the files hold then; open ones go on. */
function secureCredentials(tls: Reloading<TlsMaterial>): ChannelCredentials {
  const ca = ({ value }: Reloading<TlsMaterial>) => ({
    caCertificate: value.ca ?? Buffer.from(rootCertificates.join('\n')),
  });
  const listeners = new Map<unknown, () => void>();
  const subscribe = (listener: unknown, tell: () => void) => {
    listeners.set(listener, tls.onChange(tell));
    tell();
  };
  const unsubscribe = (listener: unknown) => {
    listeners.get(listener)?.();
    listeners.delete(listener);
  };
  const provider: experimental.CertificateProvider = {
    addCaCertificateListener: (listener) => subscribe(listener, () => listener(ca(tls))),
    removeCaCertificateListener: unsubscribe,
    addIdentityCertificateListener: (listener) => subscribe(listener, () => listener(tls.value.identity ?? null)),
    removeIdentityCertificateListener: unsubscribe,
  };
  return experimental.createCertificateProviderChannelCredentials(provider, tls.value.identity ? provider : null);
}

function withToken(token: () => string | undefined): Interceptor {
  return (options, nextCall) =>
    new InterceptingCall(nextCall(options), {
      start(metadata, listener, next) {
        const bearer = token();
        if (bearer !== undefined) metadata.set(AUTHORIZATION_KEY, `Bearer ${bearer}`);
        next(metadata, listener);
      },
    });
}

function openToken(
  file: string | undefined,
  given: string | undefined,
  timing: Pick<ClientSecurityOptions, 'logger' | 'clock'>,
): Pick<Reloading<string>, 'value' | 'check' | 'close'> | undefined {
  if (file !== undefined) {
    const { logger, clock } = timing;
    const load = () => readToken(file);
    return new Reloading({ what: 'token', files: [file], load, logger, ...(clock === undefined ? {} : { clock }) });
  }
  if (given === undefined) return undefined;
  if (!TOKEN.test(given)) throw invalid('EXITLANE_TOKEN', 'is no token: one word without spaces');
  return { value: given, check: () => false, close: () => undefined };
}

function readToken(file: string): string {
  let text: string;
  try {
    if (statSync(file).mode & OTHERS_OR_GROUP_WRITE)
      throw new Error('others may read it or its group write to it: chmod 600 (or 440 with a group of its own)');
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw invalid('EXITLANE_TOKEN_FILE', `${file} cannot be used: ${messageOf(error)}`);
  }
  if (!TOKEN.test(text)) throw invalid('EXITLANE_TOKEN_FILE', `${file} must hold the token and nothing else`);
  return text;
}

function tokenInPlainText(address: string): ExitlaneError {
  return invalid('EXITLANE_CA_FILE', `is required for ${address}: without TLS the token could be read on the way`);
}

function invalid(field: string, description: string): ExitlaneError {
  return new ExitlaneError('CONFIG_INVALID', `invalid settings:\n  ${field}: ${description}`, {
    violations: [{ field, description }],
  });
}
