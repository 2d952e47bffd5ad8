import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { ExitlaneError, messageOf } from '../core/errors.js';

/** What a TLS end shows and trusts. PEM, as the files have it. */
export interface TlsMaterial {
  /** Own certificate, with the chain up to the CA; undefined: shows none (a client without mTLS). */
  readonly identity: { readonly certificate: Buffer; readonly privateKey: Buffer } | undefined;
  /** CAs that the other end's certificate must come from; undefined: a server asks for none, a client trusts the system's. */
  readonly ca: Buffer | undefined;
}

export interface TlsFiles {
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly caFile?: string | undefined;
}

/** Names of the settings, for messages. */
export interface TlsFileSettings {
  readonly certFile: string;
  readonly keyFile: string;
  readonly caFile: string;
}

/** Permission bits that a key or a token must not have. A group of its own may read it: units and mounts of secrets need that. */
export const OTHERS_OR_GROUP_WRITE = 0o027;

/** The files that are given. */
export function tlsFileList({ certFile, keyFile, caFile }: TlsFiles): string[] {
  return [certFile, keyFile, caFile].filter((file) => file !== undefined);
}

/**
 * Reads and checks TLS files: they exist, are PEM, the key is the certificate's, it is not expired, and others may not read the key.
 * @throws CONFIG_INVALID with every problem; nothing of a file's content is in it
 */
export function readTlsFiles(files: TlsFiles, settings: TlsFileSettings, now = Date.now()): TlsMaterial {
  const problems: [string, string][] = [];
  const refuse = (setting: keyof TlsFileSettings, description: string) =>
    problems.push([settings[setting], description]);
  const read = (setting: keyof TlsFileSettings): Buffer | undefined => {
    const file = files[setting];
    if (file === undefined) return undefined;
    try {
      const mode = statSync(file).mode;
      if (setting === 'keyFile' && mode & OTHERS_OR_GROUP_WRITE) {
        refuse(
          'keyFile',
          `${file} may be read by others or written by its group: chmod 600 (or 640 with a group of its own)`,
        );
      }
      return readFileSync(file);
    } catch (error) {
      refuse(setting, `cannot be read: ${messageOf(error)}`);
      return undefined;
    }
  };
  const [certificate, privateKey, ca] = [read('certFile'), read('keyFile'), read('caFile')];
  if ((files.certFile === undefined) !== (files.keyFile === undefined)) {
    const missing = files.certFile === undefined ? 'certFile' : 'keyFile';
    refuse(missing, 'is required: a certificate and its key go together');
  }
  if (ca) checkCertificate(ca, (description) => refuse('caFile', description), now);
  if (certificate && privateKey) {
    checkCertificate(certificate, (description) => refuse('certFile', description), now);
    if (problems.length === 0) checkPair(certificate, privateKey, (description) => refuse('keyFile', description));
  }
  if (problems.length > 0) throw invalid(problems);
  return { identity: certificate && privateKey && { certificate, privateKey }, ca };
}

/** For a port that shows this certificate, and asks for one of the CA if there is a CA. */
export function serverContext({ identity, ca }: TlsMaterial): SecureContextOptions {
  if (!identity) throw new Error('a TLS port needs a certificate');
  return {
    cert: identity.certificate,
    key: identity.privateKey,
    ...(ca === undefined ? {} : { ca }),
    minVersion: 'TLSv1.2',
  };
}

/** The first certificate of a PEM file. */
export function certificateIn(pem: Buffer): X509Certificate {
  return new X509Certificate(pem);
}

function checkCertificate(pem: Buffer, refuse: (description: string) => void, now: number): void {
  try {
    const { validFrom, validTo } = certificateIn(pem);
    if (Date.parse(validTo) <= now) refuse(`expired on ${new Date(validTo).toISOString()}: renew it`);
    if (Date.parse(validFrom) > now)
      refuse(`is valid only from ${new Date(validFrom).toISOString()}: is the clock right?`);
  } catch {
    refuse('holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)');
  }
}

function checkPair(cert: Buffer, key: Buffer, refuse: (description: string) => void): void {
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    refuse(`is not the key of this certificate, or no PEM key without a password (${opensslReason(error)})`);
  }
}

/** OpenSSL's message names the function and the reason, never the key. */
function opensslReason(error: unknown): string {
  return messageOf(error).split(':').at(-1)?.trim() ?? 'unusable';
}

function invalid(problems: readonly (readonly [string, string])[]): ExitlaneError {
  const lines = problems.map(([field, description]) => `${field}: ${description}`);
  return new ExitlaneError('CONFIG_INVALID', `invalid settings:\n  ${lines.join('\n  ')}`, {
    violations: problems.map(([field, description]) => ({ field, description })),
  });
}
