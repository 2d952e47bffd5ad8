import { readAccessFile } from '../auth/access-file.js';
import { AccessList } from '../auth/access-list.js';
import type { ClientLimits, ServerSecurityConfig } from '../auth/settings.js';
import { readTlsFiles, type TlsMaterial, tlsFileList } from '../auth/tls-files.js';
import type { Clock } from '../core/clock.js';
import { ExitlaneError } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { Reloading } from '../core/reloading.js';
import { isLoopbackHost } from './loopback.js';

/** What guards a port; both parts are read again when their files change. */
export interface ServerSecurity {
  readonly tls: Reloading<TlsMaterial> | undefined;
  readonly access: Reloading<AccessList> | undefined;
  readonly limits: ClientLimits;
  reload(): void;
  close(): void;
}

const SETTINGS = {
  certFile: 'EXITLANE_TLS_CERT_FILE',
  keyFile: 'EXITLANE_TLS_KEY_FILE',
  caFile: 'EXITLANE_TLS_CLIENT_CA_FILE',
};

/** @throws CONFIG_INVALID when a file is missing or wrong */
export function openServerSecurity(
  config: ServerSecurityConfig,
  { logger, clock }: { readonly logger: Logger; readonly clock: Clock },
): ServerSecurity {
  const { accessFile, limits } = config;
  const files = { certFile: config.certFile, keyFile: config.keyFile, caFile: config.clientCaFile };
  const load = () => readTlsFiles(files, SETTINGS);
  const hasTls = tlsFileList(files).length > 0;
  const tls = hasTls
    ? new Reloading({ what: 'TLS certificate', files: tlsFileList(files), load, logger, clock })
    : undefined;
  try {
    const access =
      accessFile === undefined
        ? undefined
        : new Reloading({
            what: 'access file',
            files: [accessFile],
            load: () => new AccessList(readAccessFile(accessFile)),
            logger,
            clock,
          });
    return {
      tls,
      access,
      limits,
      reload() {
        tls?.check();
        access?.check();
      },
      close() {
        tls?.close();
        access?.close();
      },
    };
  } catch (error) {
    tls?.close();
    throw error;
  }
}

/**
 * Refuses to open a port to others that anybody could trade through (O1).
 * @throws CONFIG_INVALID naming what is missing
 */
export function refuseOpenHost(
  host: string,
  name: string,
  security: Pick<ServerSecurity, 'tls' | 'access'> | undefined,
): void {
  if (isLoopbackHost(host)) return;
  const missing = [
    ...(security?.tls ? [] : ['TLS (EXITLANE_TLS_CERT_FILE, EXITLANE_TLS_KEY_FILE)']),
    ...(security?.access ? [] : ['authentication (EXITLANE_ACCESS_FILE)']),
  ];
  if (missing.length === 0) return;
  throw new ExitlaneError(
    'CONFIG_INVALID',
    `the ${name} may not listen on ${host} without ${missing.join(' and ')}: anyone who reaches this address could trade. ` +
      'Set them (`exitlane certs` and `exitlane token` make what is needed), or use 127.0.0.1.',
    { metadata: { host } },
  );
}
