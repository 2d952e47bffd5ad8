import { createHash } from 'node:crypto';

/** SHA-256 of a request as it was understood: two requests under one id are the same if and only if this is. */
export function payloadHashOf(canonical: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(canonical)).digest('hex');
}
