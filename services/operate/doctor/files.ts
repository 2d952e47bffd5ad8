import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { CONFIG_FILE_VARIABLE } from '../../../shared/core/settings.js';
import { type Check, type Finding, ok, problem, type Surroundings, skipped, warning } from './check.js';
import { CERTIFICATE_WARNING_DAYS } from './limits.js';

/** Files that are named by settings: who may read them, and how long certificates hold. */

/** Secrets: for their owner alone. */
const PRIVATE = [
  'WALLET_KEYPAIR_FILE',
  'WALLET_KEYSTORE_FILE',
  'WALLET_PASSWORD_FILE',
  'EXITLANE_TLS_KEY_FILE',
  'EXITLANE_CLIENT_KEY_FILE',
  'EXITLANE_TOKEN_FILE',
];

/** Whoever may change them decides who comes in, or what the services do. */
const GUARDED = [
  'EXITLANE_ACCESS_FILE',
  'EXITLANE_CONSOLE_USERS_FILE',
  'EXITLANE_TLS_CERT_FILE',
  'EXITLANE_TLS_CLIENT_CA_FILE',
  'EXITLANE_CA_FILE',
  'EXITLANE_CLIENT_CERT_FILE',
  CONFIG_FILE_VARIABLE,
];

export const permissions: Check = {
  name: 'files',
  run(surroundings) {
    const named = (names: readonly string[]) =>
      names.flatMap((name) => {
        const file = pathOf(surroundings, name);
        return file === undefined ? [] : [{ name, file }];
      });
    const findings = [
      ...named(PRIVATE).map(({ name, file }) => judge(name, file, 0o077)),
      ...named(GUARDED).map(({ name, file }) => judge(name, file, 0o022)),
    ];
    return findings.length > 0 ? findings : [skipped('no setting names a file')];
  },
};

function pathOf({ settings, dataDir, processor }: Surroundings, name: string): string | undefined {
  // The wallet of `exitlane dev` is its own affair; its file is looked at all the same.
  if (dataDir !== undefined && name === 'WALLET_KEYPAIR_FILE') return processor?.keypairFile;
  const file = settings.values[name] || undefined;
  return file === 'system' ? undefined : file;
}

/** @param forbidden permission bits that must not be set */
function judge(name: string, file: string, forbidden: number): Finding {
  if (!existsSync(file)) return problem(`${name}: ${file} is not there`, `correct ${name}`);
  const mode = statSync(file).mode & 0o777;
  const saw = `${name}: ${file}, mode ${mode.toString(8).padStart(3, '0')}`;
  if ((mode & forbidden) === 0) return ok(saw);
  const who = forbidden === 0o077 ? 'others can read it' : 'others can change it';
  return problem(`${saw}: ${who}`, forbidden === 0o077 ? `chmod 600 ${file}` : `chmod go-w ${file}`);
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
