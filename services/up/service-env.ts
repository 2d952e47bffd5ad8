import path from 'node:path';
import { placesIn } from './places.js';
import type { UpSettings } from './settings.js';

type Env = Readonly<Record<string, string>>;

/** One process: where it listens, and what it is told beside what is in the environment already. */
export interface ServiceEnv {
  readonly port: number;
  /** Where it tells metrics; 0: on any free one, or nowhere. */
  readonly metricsPort: number;
  readonly env: Env;
}

export interface ServiceEnvs {
  readonly sandbox: ServiceEnv;
  readonly requestors: readonly ServiceEnv[];
  readonly processors: readonly ServiceEnv[];
  readonly console: ServiceEnv;
}

/**
 * The settings of each process in one place. What is common to all (log level, tokens, an access file) comes from the environment of
 * `make up`; what a service has for itself goes in here.
 */
export function serviceEnvs(settings: UpSettings, databaseUrl: string): ServiceEnvs {
  const { folder, requestorPorts, processorPorts, consolePort, sandboxPort, slotMs } = settings;
  const places = placesIn(folder);
  const sandboxUrl = `http://127.0.0.1:${sandboxPort}`;
  let nextMetricsPort = settings.metricsPort;
  const measured = (port: number, env: Env): ServiceEnv => {
    const metricsPort = nextMetricsPort;
    if (metricsPort > 0) nextMetricsPort += 1;
    return { port, metricsPort, env: { ...env, EXITLANE_METRICS_PORT: String(metricsPort) } };
  };
  const requestor = (port: number) =>
    measured(port, {
      ...tlsEnv(settings, 'requestor'),
      DATABASE_URL: databaseUrl,
      EXITLANE_REQUESTOR_HOST: '127.0.0.1',
      EXITLANE_REQUESTOR_PORT: String(port),
      EXITLANE_PROCESSOR_ADDRESS: addressOf(processorPorts),
    });
  const processor = (port: number) =>
    measured(port, {
      ...tlsEnv(settings, 'processor'),
      DATABASE_URL: databaseUrl,
      EXITLANE_PROCESSOR_HOST: '127.0.0.1',
      EXITLANE_PROCESSOR_PORT: String(port),
      EXITLANE_EXECUTOR: 'venue',
      EXITLANE_SANDBOX: '1',
      JUPITER_URL: sandboxUrl,
      SOLANA_RPC_URLS: sandboxUrl,
      WALLET_KEYPAIR_FILE: places.wallet,
      // A real wallet or account that the environment names has no business with a sandbox.
      WALLET_KEYSTORE_FILE: '',
      WALLET_PASSWORD_FILE: '',
      JUPITER_API_KEY: '',
      // All of them trade on one account.
      GATE_SHARE_PERCENT: String(Math.floor(100 / processorPorts.length)),
    });
  return {
    sandbox: {
      port: sandboxPort,
      metricsPort: 0,
      env: {
        EXITLANE_SANDBOX_HOST: '127.0.0.1',
        EXITLANE_SANDBOX_PORT: String(sandboxPort),
        EXITLANE_SANDBOX_DATA_DIR: places.sandbox,
        EXITLANE_SANDBOX_SLOT_MS: String(slotMs),
      },
    },
    requestors: requestorPorts.map(requestor),
    processors: processorPorts.map(processor),
    console: measured(consolePort, {
      ...tlsEnv(settings, 'console'),
      EXITLANE_CONSOLE_HOST: '127.0.0.1',
      EXITLANE_CONSOLE_PORT: String(consolePort),
      EXITLANE_REQUESTOR_ADDRESS: addressOf(requestorPorts),
      EXITLANE_PROCESSOR_ADDRESS: addressOf(processorPorts),
    }),
  };
}

/** Its certificate, with which it serves and calls, as `exitlane certs` names the files. */
function tlsEnv({ certs }: UpSettings, service: 'requestor' | 'processor' | 'console'): Env {
  if (certs === undefined) return {};
  const [cert, key] = [path.join(certs, `${service}.pem`), path.join(certs, `${service}-key.pem`)];
  return {
    EXITLANE_TLS_CERT_FILE: cert,
    EXITLANE_TLS_KEY_FILE: key,
    EXITLANE_CA_FILE: path.join(certs, 'ca.pem'),
    EXITLANE_CLIENT_CERT_FILE: cert,
    EXITLANE_CLIENT_KEY_FILE: key,
  };
}

/** What a client of all of them is given. */
export function addressOf(ports: readonly number[]): string {
  return ports.map((port) => `127.0.0.1:${port}`).join(',');
}
