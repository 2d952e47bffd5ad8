// @peculiar/x509 resolves its parts through it.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type JsonGeneralName,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** ECDSA on P-256: small, quick, and every TLS library takes it. */
const KEY = { name: 'ECDSA', namedCurve: 'P-256' };
const SIGNING = { ...KEY, hash: 'SHA-256' };
const CA_DAYS = 3_650;
const DAY_MS = 86_400_000;
/** Clocks of machines differ; a certificate is good from a while ago. */
const BACKDATED_MS = 3_600_000;

type KeyPair = webcrypto.CryptoKeyPair;

/** A certificate and its key. */
export interface Issued {
  /** PEM. */
  readonly certificate: string;
  /** PEM, PKCS 8. */
  readonly privateKey: string;
}

export interface Authority {
  readonly certificate: X509Certificate;
  readonly keys: Pick<KeyPair, 'privateKey'>;
}

/** A new certificate authority for development: whoever has its key can make certificates that our services believe. */
export async function makeAuthority(now: number): Promise<{ authority: Authority; pem: Issued }> {
  const keys = await makeKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      name: 'CN=Exitlane development CA',
      notBefore: new Date(now - BACKDATED_MS),
      notAfter: new Date(now + CA_DAYS * DAY_MS),
      keys,
      signingAlgorithm: SIGNING,
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      ],
    },
    webcrypto,
  );
  return { authority: { certificate, keys }, pem: await pemOf(certificate, keys.privateKey) };
}

/** The authority in PEM files, to issue more from. */
export async function readAuthority(files: Issued): Promise<Authority> {
  const [der] = PemConverter.decode(files.privateKey);
  if (!der) throw new Error('ca-key.pem holds no key');
  const privateKey = await webcrypto.subtle.importKey('pkcs8', der, KEY, true, ['sign']);
  return { certificate: new X509Certificate(files.certificate), keys: { privateKey } };
}

export interface Wanted {
  /** Common name: the access file maps it to a role. */
  readonly commonName: string;
  /** Names and addresses of the machine it serves on; empty: for a client only. */
  readonly hosts: readonly string[];
  readonly days: number;
  readonly now: number;
}

/** A certificate of this authority. One with hosts also serves for calling, as our services do both. */
export async function issue(authority: Authority, { commonName, hosts, days, now }: Wanted): Promise<Issued> {
  const keys = await makeKeys();
  const names = hosts.map((host): JsonGeneralName => ({ type: isIP(host) ? 'ip' : 'dns', value: host }));
  const usages = [...(hosts.length > 0 ? [ExtendedKeyUsage.serverAuth] : []), ExtendedKeyUsage.clientAuth];
  const certificate = await X509CertificateGenerator.create(
    {
      subject: `CN=${commonName}`,
      issuer: authority.certificate.subject,
      notBefore: new Date(now - BACKDATED_MS),
      notAfter: new Date(now + days * DAY_MS),
      publicKey: keys.publicKey,
      signingKey: authority.keys.privateKey,
      signingAlgorithm: SIGNING,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension(usages),
        ...(names.length > 0 ? [new SubjectAlternativeNameExtension(names)] : []),
      ],
    },
    webcrypto,
  );
  return pemOf(certificate, keys.privateKey);
}

async function makeKeys(): Promise<KeyPair> {
  return (await webcrypto.subtle.generateKey(KEY, true, ['sign', 'verify'])) as KeyPair;
}

async function pemOf(certificate: X509Certificate, privateKey: webcrypto.CryptoKey): Promise<Issued> {
  const key = PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', privateKey), 'PRIVATE KEY');
  return { certificate: `${certificate.toString('pem')}\n`, privateKey: `${key}\n` };
}
