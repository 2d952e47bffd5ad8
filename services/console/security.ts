import { readTlsFiles, type TlsMaterial, tlsFileList } from '../../shared/auth/tls-files.js';
import type { Clock } from '../../shared/core/clock.js';
import type { Logger } from '../../shared/core/logger.js';
import { Reloading } from '../../shared/core/reloading.js';
import { type ClientSecurity, openClientSecurity } from '../../shared/grpc/client-security.js';
import type { ConsoleSecurityConfig } from './config.js';
import { readUsersFile, type User } from './http/users-file.js';

/** The console's own certificate, who may sign in, and how it shows itself to the services; all are read again when their files change. */
export interface ConsoleSecurity {
  readonly tls: Reloading<TlsMaterial> | undefined;
  /** Undefined: nobody has to sign in. */
  readonly users: Reloading<readonly User[]> | undefined;
  readonly client: ClientSecurity;
  reload(): void;
  close(): void;
}

const SETTINGS = { certFile: 'EXITLANE_TLS_CERT_FILE', keyFile: 'EXITLANE_TLS_KEY_FILE', caFile: '' };

/** @throws CONFIG_INVALID when a file is missing or wrong */
export function openConsoleSecurity(
  { certFile, keyFile, usersFile, client: clientConfig }: ConsoleSecurityConfig,
  options: { readonly logger: Logger; readonly clock: Clock },
): ConsoleSecurity {
  const client = openClientSecurity(clientConfig, options);
  const files = { certFile, keyFile };
  const load = () => readTlsFiles(files, SETTINGS);
  const list = tlsFileList(files);
  const tls = list.length === 0 ? undefined : new Reloading({ what: 'TLS certificate', files: list, load, ...options });
  const users =
    usersFile === undefined
      ? undefined
      : new Reloading<readonly User[]>({
          what: 'users file',
          files: [usersFile],
          load: () => readUsersFile(usersFile),
          ...options,
        });
  return {
    tls,
    users,
    client,
    reload() {
      tls?.check();
      users?.check();
      client.reload();
    },
    close() {
      tls?.close();
      users?.close();
      client.close();
    },
  };
}
