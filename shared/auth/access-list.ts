import { createHash } from 'node:crypto';
import type { Credential } from './access-file.js';

/** Tokens are made by us (`exitlane token`): 32 random bytes behind a prefix that scanners for leaked secrets can look for. */
export const TOKEN_PREFIX = 'exl_';

/** SHA-256, hex. Tokens are long and random, so a plain hash tells nothing, and looking one up by its hash leaks no timing. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** What was found for a proof; `expired` says whose it was. */
export type Found =
  | { readonly kind: 'valid'; readonly credential: Credential }
  | { readonly kind: 'expired'; readonly credential: Credential }
  | { readonly kind: 'unknown' };

/** Who may call, from an access file. */
export class AccessList {
  readonly #byHash = new Map<string, Credential>();
  readonly #byCommonName = new Map<string, Credential>();

  constructor(readonly credentials: readonly Credential[]) {
    for (const credential of credentials) {
      const { proof } = credential;
      if (proof.kind === 'token') this.#byHash.set(proof.hash, credential);
      else this.#byCommonName.set(proof.commonName, credential);
    }
  }

  /** @param now milliseconds */
  byToken(token: string, now: number): Found {
    return found(this.#byHash.get(hashToken(token)), now);
  }

  /** @param commonName of a certificate whose chain was verified */
  byCertificate(commonName: string, now: number): Found {
    return found(this.#byCommonName.get(commonName), now);
  }

  /** Whether a credential that was good once still is: the same proof with the same name, role and client, not expired. */
  stillValid(shown: Credential, now: number): boolean {
    const { proof, name, role, client } = shown;
    if (hasExpired(shown, now)) return false;
    const today = proof.kind === 'token' ? this.#byHash.get(proof.hash) : this.#byCommonName.get(proof.commonName);
    const again = found(today, now);
    if (again.kind !== 'valid') return false;
    const { credential } = again;
    return credential.name === name && credential.role === role && credential.client === client;
  }
}

export function hasExpired({ expiresAt }: Credential, now: number): boolean {
  return expiresAt !== undefined && expiresAt.getTime() <= now;
}

function found(credential: Credential | undefined, now: number): Found {
  if (!credential) return { kind: 'unknown' };
  return { kind: hasExpired(credential, now) ? 'expired' : 'valid', credential };
}
