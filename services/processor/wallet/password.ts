import { invalidFile, readPrivateFile } from './private-file.js';

const WHAT = 'password file';

/** C0, DEL and C1: stripped from passwords, a file's closing newline among them. */
const CONTROL_CODES = /\p{Cc}/gu;

/**
 * A password as keys are derived from it, https://eips.ethereum.org/EIPS/eip-2335#password-requirements: NFKD, without control
 * codes, UTF-8. The caller wipes the bytes; the text they came from is the garbage collector's.
 */
export function passwordBytes(password: string): Buffer {
  return Buffer.from(password.normalize('NFKD').replace(CONTROL_CODES, ''), 'utf8');
}

/**
 * The password that a file holds, normalised. The file must be readable by its owner only.
 *
 * @throws ExitlaneError CONFIG_INVALID (missing, readable by others, empty, not UTF-8), without anything of its content
 */
export function readPasswordFile(path: string): Buffer {
  const content = readPrivateFile(path, WHAT);
  try {
    const password = passwordBytes(decoded(content, path));
    if (password.length === 0) throw invalidFile(WHAT, path, 'is empty');
    return password;
  } finally {
    content.fill(0);
  }
}

function decoded(content: Buffer, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch {
    throw invalidFile(WHAT, path, 'is not UTF-8 text');
  }
}
