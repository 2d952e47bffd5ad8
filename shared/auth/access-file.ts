import { readFileSync, statSync } from 'node:fs';
import { ROLES, type Role } from '../core/call-context.js';
import { ExitlaneError, messageOf } from '../core/errors.js';

/** One line of an access file: somebody, and how he proves it. */
export interface Credential {
  /** For the audit log. */
  readonly name: string;
  readonly role: Role;
  /** Whose orders it sees and makes; `*`: everybody's. */
  readonly client: string;
  readonly proof:
    | { readonly kind: 'token' /** SHA-256 of the token, hex. */; readonly hash: string }
    | { readonly kind: 'certificate' /** Common name of its subject. */; readonly commonName: string };
  /** Valid until then; undefined: until the line goes. */
  readonly expiresAt: Date | undefined;
}

const NAME = /^[A-Za-z0-9._@-]{1,64}$/;
const HASH = /^[0-9a-f]{64}$/;
const COMMON_NAME = /^[A-Za-z0-9._@:/-]{1,128}$/;
/** Permission bits it must not have. */
export const OTHERS_MAY_WRITE = 0o022;

/** How a line has to look; shown with every wrong one. */
export const ACCESS_LINE =
  'name role token=<sha256 of the token, hex> | cert=<common name> [client=<name or *>] [expires=<time>]';

/**
 * Reads an access file: one credential per line as in {@link ACCESS_LINE}; empty lines and those that begin with # are skipped. The
 * role is read, trade, admin or service; without `client=` an admin sees everybody's orders and others their own. A service always
 * sees everybody's, and may have no `client=`.
 * @throws CONFIG_INVALID with the number of every wrong line; lines are not echoed, somebody may have put a token into one
 */
export function readAccessFile(file: string): Credential[] {
  const { mode, text } = read(file);
  const problems: string[] = [];
  if (mode & OTHERS_MAY_WRITE) problems.push('others may write to it, and so give themselves a role: chmod 600');
  const credentials: Credential[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    const parsed = parseLine(trimmed);
    if (typeof parsed === 'string') problems.push(`line ${index + 1}: ${parsed}`);
    else credentials.push(parsed);
  }
  problems.push(...repeated(credentials));
  if (credentials.length === 0 && problems.length === 0)
    problems.push('nobody is in it: `exitlane token` makes a line');
  if (problems.length > 0) throw invalid(file, problems);
  return credentials;
}

/** The credential, or what is wrong with the line. */
function parseLine(line: string): Credential | string {
  const [name = '', role = '', ...fields] = line.split(/\s+/);
  if (!NAME.test(name)) return `the name must be 1 to 64 letters, digits and . _ @ - (${ACCESS_LINE})`;
  if (!isRole(role)) return `the role must be one of ${ROLES.join(', ')}`;
  const given = new Map<string, string>();
  for (const field of fields) {
    const [, key = '', value = ''] = /^(token|cert|client|expires)=(.+)$/.exec(field) ?? [];
    if (key === '') return `after the role only token=, cert=, client= and expires= are known (${ACCESS_LINE})`;
    if (given.has(key)) return `${key}= stands there twice`;
    given.set(key, value);
  }
  const proof = proofOf(given.get('token'), given.get('cert'));
  if (typeof proof === 'string') return proof;
  if (role === 'service' && given.has('client'))
    return 'a service has no client=: it settles the orders of everybody, and with one it could not';
  const client = given.get('client') ?? (role === 'admin' || role === 'service' ? '*' : name);
  if (client !== '*' && !NAME.test(client)) return 'client= must be a name, or * for everybody';
  const expires = given.get('expires');
  const expiresAt = expires === undefined ? undefined : new Date(expires);
  if (expiresAt && Number.isNaN(expiresAt.getTime())) return 'expires= must be a time such as 2027-01-31T00:00:00Z';
  return { name, role, client, proof, expiresAt };
}

function proofOf(hash: string | undefined, commonName: string | undefined): Credential['proof'] | string {
  if ((hash === undefined) === (commonName === undefined)) return 'exactly one of token= and cert= is needed';
  if (commonName !== undefined) {
    return COMMON_NAME.test(commonName)
      ? { kind: 'certificate', commonName }
      : 'cert= must be a common name without spaces';
  }
  if (hash === undefined || !HASH.test(hash)) {
    return 'token= must be the SHA-256 of the token, 64 hex digits, never the token itself: `exitlane token` makes both';
  }
  return { kind: 'token', hash };
}

function isRole(text: string): text is Role {
  return (ROLES as readonly string[]).includes(text);
}

/** A name may come twice, so that a new token can be handed out before the old one goes; a proof may not. */
function repeated(credentials: readonly Credential[]): string[] {
  const seen = new Map<string, Credential>();
  const problems: string[] = [];
  for (const credential of credentials) {
    const { proof, name, role, client } = credential;
    const key = proof.kind === 'token' ? proof.hash : `cert ${proof.commonName}`;
    const before = seen.get(key);
    if (before) problems.push(`${before.name} and ${name} have the same ${proof.kind}`);
    seen.set(key, credential);
    const other = credentials.find((each) => each.name === name && (each.role !== role || each.client !== client));
    if (other && other !== credential) problems.push(`${name} stands there with different roles or clients`);
  }
  return [...new Set(problems)];
}

function read(file: string): { mode: number; text: string } {
  try {
    return { mode: statSync(file).mode, text: readFileSync(file, 'utf8') };
  } catch (cause) {
    throw invalid(file, [`cannot be read: ${messageOf(cause)}`]);
  }
}

function invalid(file: string, problems: readonly string[]): ExitlaneError {
  const text = problems.join('\n  ');
  return new ExitlaneError('CONFIG_INVALID', `invalid settings:\n  EXITLANE_ACCESS_FILE ${file}: ${text}`, {
    violations: problems.map((description) => ({ field: 'EXITLANE_ACCESS_FILE', description })),
  });
}
