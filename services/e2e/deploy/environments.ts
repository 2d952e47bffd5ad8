import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { hashToken } from '../../../shared/auth/access-list.js';
import { systemClock } from '../../../shared/core/clock.js';
import { readEnv } from '../../../shared/core/env.js';
import { silentLogger } from '../../../shared/core/logger.js';
import { loadSettings } from '../../../shared/core/settings.js';
import { openClientSecurity } from '../../../shared/grpc/client-security.js';
import { openServerSecurity, refuseOpenHost } from '../../../shared/grpc/server-security.js';
import { makeCertFolder } from '../../cli/certs/folder.js';
import { consoleConfigFromEnv } from '../../console/config.js';
import { SHAPES } from '../../operate/settings-registry.js';
import { processorConfigFromEnv } from '../../processor/config.js';
import { writeKeystore } from '../../processor/wallet/keystore-file.js';
import { loadWallet } from '../../processor/wallet/load-wallet.js';
import { requestorConfigFromEnv } from '../../requestor/config.js';
import { SANDBOX_SETTINGS } from '../../sandbox/settings.js';

export type Service = 'requestor' | 'processor' | 'console' | 'sandbox' | 'cli';
export type Env = Readonly<Record<string, string>>;

/** Names that are no setting of a service and belong into its environment all the same. */
const NOT_SETTINGS = ['EXITLANE_CONFIG_FILE'];

/** Names in an environment that its service does not know: spelling mistakes, and what went to the wrong service. */
export function unknownNames(service: Service, env: Env): string[] {
  const known = [...Object.keys(SHAPES[service]), ...NOT_SETTINGS];
  return Object.keys(env).filter((name) => !known.includes(name));
}

/** The default of a service's setting, as text. */
export function defaultOf(service: Service, name: string): string {
  const shape: Readonly<Record<string, unknown>> = SHAPES[service];
  if (!(name in shape)) throw new Error(`${service} has no setting ${name}`);
  return String(readEnv({ [name]: shape[name] } as never, {})[name as never]);
}

/** A folder with one working file for every setting that names one. */
export interface Files {
  readonly folder: string;
  /** By the setting's name. */
  readonly paths: (service: Service) => Env;
}

/** Makes the files as `exitlane certs`, `exitlane token` and the wallet's `encrypt` do. */
export async function makeFiles(): Promise<Files> {
  const folder = mkdtempSync(path.join(tmpdir(), 'exitlane-deploy-'));
  const tls = path.join(folder, 'tls');
  await makeCertFolder({ dir: tls, hosts: [], clients: [], days: 1, now: Date.now() });
  const put = (name: string, text: string) => {
    const file = path.join(folder, name);
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  };
  const token = `exl_${randomBytes(32).toString('base64url')}`;
  const seed = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'der' }).subarray(-32);
  const keystore = path.join(folder, 'keystore.json');
  await writeKeystore(keystore, Buffer.from(seed), Buffer.from('password of a test'));
  const common = {
    EXITLANE_CONFIG_FILE: put('settings.env', 'DATABASE_URL=postgresql://exitlane:secret@127.0.0.1:5432/exitlane\n'),
    EXITLANE_ACCESS_FILE: put('access', `requestor service token=${hashToken(token)}\n`),
    EXITLANE_TOKEN_FILE: put('token', token),
    EXITLANE_CA_FILE: path.join(tls, 'ca.pem'),
    EXITLANE_CONSOLE_USERS_FILE: put('users', `operator operator ${hashToken(token)}\n`),
    WALLET_KEYSTORE_FILE: keystore,
    WALLET_PASSWORD_FILE: put('password', 'password of a test\n'),
    WALLET_KEYPAIR_FILE: put('keypair.json', await keypairText(seed)),
    EXITLANE_SANDBOX_DATA_DIR: path.join(folder, 'sandbox'),
  };
  mkdirSync(common.EXITLANE_SANDBOX_DATA_DIR);
  const paths = (service: Service) => ({
    ...common,
    EXITLANE_TLS_CERT_FILE: path.join(tls, `${service}.pem`),
    EXITLANE_TLS_KEY_FILE: path.join(tls, `${service}-key.pem`),
  });
  return { folder, paths };
}

async function keypairText(seed: Buffer): Promise<string> {
  const { Keypair } = await import('@solana/web3.js');
  return JSON.stringify([...Keypair.fromSeed(seed).secretKey]);
}

/**
 * Starts a service with an environment as far as that goes without a network: every setting is read, files are opened and checked, the
 * host is judged with the TLS and the access file that it has. Values of settings that name files are replaced by files that exist; which
 * path stood there is for others to check. @throws what the service would say
 */
export async function begin(service: Service, env: Env, files: Files): Promise<void> {
  const real = files.paths(service);
  const given = Object.entries(env).map(([name, value]) => [name, value === '' ? value : (real[name] ?? value)]);
  const { values } = loadSettings({ argv: [], env: Object.fromEntries(given) });
  await BEGINNINGS[service](values);
}

const logger = silentLogger;
const clock = systemClock;

const BEGINNINGS: Readonly<Record<Service, (env: NodeJS.ProcessEnv) => Promise<void>>> = {
  async requestor(env) {
    const { config, security } = requestorConfigFromEnv(env);
    const server = openServerSecurity(security.server, { logger, clock });
    const client = openClientSecurity(security.client, { logger, clock });
    try {
      refuseOpenHost(config.host, 'requestor', server);
      client.channelFor(config.processorAddress);
    } finally {
      server.close();
      client.close();
    }
  },
  async processor(env) {
    const { config, security } = processorConfigFromEnv(env);
    const server = openServerSecurity(security.server, { logger, clock });
    try {
      refuseOpenHost(config.host, 'processor', server);
      await loadWallet(config);
    } finally {
      server.close();
    }
  },
  async console(env) {
    const { config, security } = consoleConfigFromEnv(env);
    const client = openClientSecurity(security.client, { logger, clock });
    try {
      client.channelFor(config.requestorAddress);
      client.channelFor(config.processorAddress);
    } finally {
      client.close();
    }
  },
  async sandbox(env) {
    readEnv(SANDBOX_SETTINGS, env);
  },
  async cli(env) {
    readEnv(SHAPES.cli, env);
  },
};
