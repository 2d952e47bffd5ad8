import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { OTHERS_MAY_WRITE, readAccessFile } from '../../../shared/auth/access-file.js';
import { OTHERS_OR_GROUP_WRITE } from '../../../shared/auth/tls-files.js';
import { messageOf } from '../../../shared/core/errors.js';
import { CHANGED_BY_ALL, CONFIG_FILE_VARIABLE } from '../../../shared/core/settings.js';
import { readUsersFile, WRITABLE_BY_OTHERS } from '../../console/http/users-file.js';
import { NOT_OWNER } from '../../processor/wallet/private-file.js';
import { type Check, type Finding, ok, problem, type Surroundings, skipped, warning } from './check.js';
import { CERTIFICATE_WARNING_DAYS } from './limits.js';

/** Files that are named by settings: who may read them, what is in them, and how long certificates hold. */

/** Permission bits that the loaders refuse: what the doctor says of a file is what the service will say of it. */
const FORBIDDEN: Readonly<Record<string, number>> = {
  WALLET_KEYPAIR_FILE: NOT_OWNER,
  WALLET_KEYSTORE_FILE: NOT_OWNER,
  WALLET_PASSWORD_FILE: NOT_OWNER,
  EXITLANE_TLS_KEY_FILE: OTHERS_OR_GROUP_WRITE,
  EXITLANE_CLIENT_KEY_FILE: OTHERS_OR_GROUP_WRITE,
  EXITLANE_TOKEN_FILE: OTHERS_OR_GROUP_WRITE,
  EXITLANE_ACCESS_FILE: OTHERS_MAY_WRITE,
  EXITLANE_CONSOLE_USERS_FILE: WRITABLE_BY_OTHERS,
  [CONFIG_FILE_VARIABLE]: CHANGED_BY_ALL,
};

/** No loader looks at their mode, but whoever may change them decides who comes in. */
const GUARDED = [
  'EXITLANE_TLS_CERT_FILE',
  'EXITLANE_TLS_CLIENT_CA_FILE',
  'EXITLANE_CA_FILE',
  'EXITLANE_CLIENT_CERT_FILE',
];

export const permissions: Check = {
  name: 'files',
  run(surroundings) {
    const found = [...Object.keys(FORBIDDEN), ...GUARDED].flatMap((name) => {
      const file = pathOf(surroundings, name);
      return file === undefined ? [] : [modeFinding(name, file)];
    });
    return found.length > 0 ? found : [skipped('no setting names a file')];
  },
};

function pathOf({ settings, dataDir, processor }: Surroundings, name: string): string | undefined {
  // The wallet of `exitlane dev` is its own affair; its file is looked at all the same.
  if (dataDir !== undefined && name === 'WALLET_KEYPAIR_FILE') return processor?.keypairFile;
  const file = settings.values[name] || undefined;
  return file === 'system' ? undefined : file;
}

function modeFinding(name: string, file: string): Finding {
  if (!existsSync(file)) return problem(`${name}: ${file} is not there`, `correct ${name}`);
  const mode = statSync(file).mode & 0o777;
  const saw = `${name}: ${file}, mode ${mode.toString(8).padStart(3, '0')}`;
  const forbidden = FORBIDDEN[name];
  if (forbidden === undefined) {
    return (mode & 0o022) === 0 ? ok(saw) : warning(`${saw}: others can change it`, `chmod go-w ${file}`);
  }
  const bad = mode & forbidden;
  if (bad === 0) return ok(saw);
  if ((bad & 0o055) === 0) return problem(`${saw}: others can change it`, `chmod go-w ${file}`);
  const group = forbidden === NOT_OWNER ? '' : `, or chmod 640 ${file} and give it to the service's group`;
  return problem(`${saw}: others can read it`, `chmod 600 ${file}${group}`);
}

/** Who may come in: read as the services read them, so that a slip is found before it counts. */
export const credentials: Check = {
  name: 'credentials',
  run(surroundings) {
    const access = pathOf(surroundings, 'EXITLANE_ACCESS_FILE');
    const users = pathOf(surroundings, 'EXITLANE_CONSOLE_USERS_FILE');
    const found = [
      ...(access === undefined
        ? []
        : [listFinding('EXITLANE_ACCESS_FILE', access, () => accessText(access, surroundings))]),
      ...(users === undefined
        ? []
        : [listFinding('EXITLANE_CONSOLE_USERS_FILE', users, () => `${readUsersFile(users).length} may sign in`)]),
    ];
    return found.length > 0 ? found : [skipped('no access file and no users file is set')];
  },
};

function listFinding(name: string, file: string, read: () => string): Finding {
  try {
    return ok(`${name}: ${read()}`);
  } catch (error) {
    const todo = `correct ${file}: a service does not start with it, and one that runs keeps the list it has`;
    return problem(messageOf(error).replace(/^invalid settings:\s*/, ''), todo);
  }
}

function accessText(file: string, { clock }: Surroundings): string {
  const list = readAccessFile(file);
  const over = list.filter(({ expiresAt }) => expiresAt !== undefined && expiresAt.getTime() <= clock.now());
  const names = over.map(({ name }) => name).join(', ');
  return `${list.length} credentials${over.length === 0 ? '' : `, of which ended: ${names}`}`;
}

const CERTIFICATES = [
  { certificate: 'EXITLANE_TLS_CERT_FILE', key: 'EXITLANE_TLS_KEY_FILE' },
  { certificate: 'EXITLANE_CLIENT_CERT_FILE', key: 'EXITLANE_CLIENT_KEY_FILE' },
  { certificate: 'EXITLANE_TLS_CLIENT_CA_FILE', key: undefined },
  { certificate: 'EXITLANE_CA_FILE', key: undefined },
];

export const certificates: Check = {
  name: 'certificates',
  run(surroundings) {
    const findings = CERTIFICATES.flatMap(({ certificate, key }) => {
      const file = pathOf(surroundings, certificate);
      const keyFile = key === undefined ? undefined : pathOf(surroundings, key);
      return file === undefined || !existsSync(file)
        ? []
        : certificateFindings(certificate, file, keyFile, surroundings);
    });
    return findings.length > 0 ? findings : [skipped('no certificate is set')];
  },
};

function certificateFindings(
  name: string,
  file: string,
  keyFile: string | undefined,
  { clock }: Surroundings,
): Finding[] {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(readFileSync(file));
  } catch {
    return [problem(`${name}: ${file} is no certificate in PEM`, `correct ${name}`)];
  }
  const days = Math.floor((Date.parse(certificate.validTo) - clock.now()) / 86_400_000);
  const saw = `${name}: ${certificate.subject.replace(/\s+/g, ' ')}, ${days < 0 ? `expired ${-days} days ago` : `${days} days left`}`;
  const todo = 'renew it; services read it again by themselves';
  const age = days < 0 ? problem(saw, todo) : days < CERTIFICATE_WARNING_DAYS ? warning(saw, todo) : ok(saw);
  if (Date.parse(certificate.validFrom) > clock.now()) return [problem(`${name} is not valid yet`, 'see the clock')];
  if (keyFile === undefined || !existsSync(keyFile) || isPair(certificate, keyFile)) return [age];
  return [age, problem(`${name}: ${keyFile} is not the key of this certificate`, 'set the two that belong together')];
}

/** What is no key at all is none of this certificate; nothing of it is told. */
function isPair(certificate: X509Certificate, keyFile: string): boolean {
  try {
    return certificate.checkPrivateKey(createPrivateKey(readFileSync(keyFile)));
  } catch {
    return false;
  }
}
