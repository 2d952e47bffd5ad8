import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { ExitlaneError, messageOf } from '../../../shared/core/errors.js';
import type { Role } from '../model/view.js';

/** Somebody who may sign in. */
export interface User {
  readonly name: string;
  readonly role: Role;
  /** SHA-256 of the token, hex. Tokens are long random strings, so a plain hash tells nothing. */
  readonly tokenHash: string;
}

const LINE = /^([A-Za-z0-9._@-]{1,64})\s+(viewer|operator)\s+([0-9a-f]{64})$/;
/** Permission bits it must not have. */
export const WRITABLE_BY_OTHERS = 0o022;

/**
 * Reads `name role sha256-of-token` lines; empty ones and those that begin with # are skipped.
 * @throws CONFIG_INVALID with every wrong line's number; the lines are not echoed
 */
export function readUsersFile(file: string): User[] {
  const { mode, text } = read(file);
  if (mode & WRITABLE_BY_OTHERS) {
    throw invalid(file, 'others may write to it, and so give themselves a role: chmod 600');
  }
  const users: User[] = [];
  const problems: string[] = [];
  for (const [index, line] of text
    .split('\n')
    .map((each) => each.trim())
    .entries()) {
    if (line === '' || line.startsWith('#')) continue;
    const [, name = '', role, tokenHash = ''] = LINE.exec(line) ?? [];
    if (role === 'viewer' || role === 'operator') users.push({ name, role, tokenHash });
    else problems.push(`line ${index + 1} must be: name viewer|operator sha256-of-the-token-in-hex`);
  }
  if (problems.length > 0) throw invalid(file, problems.join('; '));
  if (users.length === 0) throw invalid(file, 'nobody is in it');
  return users;
}

/** The user whose token this is. Takes the same time for every token. */
export function userWith(users: readonly User[], token: string): User | undefined {
  const hash = createHash('sha256').update(token).digest();
  let found: User | undefined;
  for (const user of users) if (timingSafeEqual(hash, Buffer.from(user.tokenHash, 'hex'))) found = user;
  return found;
}

function read(file: string): { mode: number; text: string } {
  try {
    return { mode: statSync(file).mode, text: readFileSync(file, 'utf8') };
  } catch (cause) {
    throw invalid(file, `cannot be read: ${messageOf(cause)}`);
  }
}

function invalid(file: string, description: string): ExitlaneError {
  return new ExitlaneError(
    'CONFIG_INVALID',
    `invalid settings:\n  EXITLANE_CONSOLE_USERS_FILE ${file}: ${description}`,
    {
      violations: [{ field: 'EXITLANE_CONSOLE_USERS_FILE', description }],
    },
  );
}
