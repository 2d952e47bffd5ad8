import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { OTHERS_OR_GROUP_WRITE } from '../../../shared/auth/tls-files.js';
import { messageOf } from '../../../shared/core/errors.js';
import { CliError } from '../exit-codes.js';
import { type Authority, type Issued, issue, makeAuthority, readAuthority } from './make-certs.js';

export interface CertsWanted {
  /** Folder of the files; made with mode 0700 if missing. */
  readonly dir: string;
  /** Names and addresses of the machines that services run on, besides localhost. */
  readonly hosts: readonly string[];
  /** A certificate each for calling: bots, people. */
  readonly clients: readonly string[];
  readonly days: number;
  readonly now: number;
}

export interface CertFile {
  readonly name: string;
  readonly what: string;
  /** False: it was there and stays. */
  readonly isNew: boolean;
}

const LOCAL = ['localhost', '127.0.0.1', '::1'];
const SERVICES = ['requestor', 'processor', 'console'];

/**
 * Makes what TLS and mTLS need for trying, or for a team without a CA of its own: an authority, one certificate per service and per
 * client. The authority that is in the folder goes on; certificates are made anew, which is also how they are renewed.
 */
export async function makeCertFolder(wanted: CertsWanted): Promise<CertFile[]> {
  const { dir, hosts, clients, days, now } = wanted;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const { authority, isNew } = await authorityIn(dir, now);
  const files: CertFile[] = [
    { name: 'ca.pem', what: 'the authority: EXITLANE_CA_FILE, EXITLANE_TLS_CLIENT_CA_FILE', isNew },
  ];
  for (const name of SERVICES) {
    // A service is known under its own name too: compose and Kubernetes call it so.
    const names = [...new Set([...LOCAL, name, ...hosts])];
    write(dir, name, await issue(authority, { commonName: name, hosts: names, days, now }));
    files.push({ name: `${name}.pem`, what: `serves on ${names.join(', ')}; calls as ${name}`, isNew: true });
  }
  for (const name of clients) {
    write(dir, name, await issue(authority, { commonName: name, hosts: [], days, now }));
    files.push({ name: `${name}.pem`, what: `calls as ${name}`, isNew: true });
  }
  return files;
}

async function authorityIn(dir: string, now: number): Promise<{ authority: Authority; isNew: boolean }> {
  const [certFile, keyFile] = [path.join(dir, 'ca.pem'), path.join(dir, 'ca-key.pem')];
  if (existsSync(certFile) || existsSync(keyFile)) {
    try {
      const files = { certificate: readFileSync(certFile, 'utf8'), privateKey: readFileSync(keyFile, 'utf8') };
      return { authority: await readAuthority(files), isNew: false };
    } catch (cause) {
      throw new CliError(`the authority in ${dir} cannot be used: ${messageOf(cause)}`, undefined, [
        'give another folder with --out, or move ca.pem and ca-key.pem away to begin anew',
      ]);
    }
  }
  const { authority, pem } = await makeAuthority(now);
  write(dir, 'ca', pem);
  return { authority, isNew: true };
}

function write(dir: string, name: string, { certificate, privateKey }: Issued): void {
  // The key first: a service that looks in between finds a pair that does not match, and waits for the next look.
  const keyFile = path.join(dir, `${name}-key.pem`);
  // A file that is there keeps its mode. Before it holds the new key it is closed, unless a group of its own reads it, as a service may.
  if (existsSync(keyFile) && statSync(keyFile).mode & OTHERS_OR_GROUP_WRITE) chmodSync(keyFile, 0o600);
  writeFileSync(keyFile, privateKey, { mode: 0o600 });
  writeFileSync(path.join(dir, `${name}.pem`), certificate, { mode: 0o644 });
}
