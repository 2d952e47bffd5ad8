import path from 'node:path';
import { type Clock, systemClock } from '../../../shared/core/clock.js';
import { readEnv } from '../../../shared/core/env.js';
import { ExitlaneError } from '../../../shared/core/errors.js';
import type { LoadedSettings } from '../../../shared/core/settings.js';
import { PROCESSOR_SETTINGS, type ProcessorConfig, processorConfigOf } from '../../processor/config.js';
import { REQUESTOR_SETTINGS, requestorConfigOf } from '../../requestor/config.js';
import type { Out } from '../output.js';
import { type Check, examine, type Result, type Surroundings, type Verdict } from './check.js';
import { database } from './database.js';
import { certificates, credentials, permissions } from './files.js';
import { jupiter } from './jupiter.js';
import { CHECK_TIMEOUT_MS } from './limits.js';
import { disk, memory, settings } from './machine.js';
import { build, node } from './program.js';
import { rpc } from './rpc.js';
import { services } from './services.js';
import { wallet } from './wallet.js';

export const CHECKS: readonly Check[] = [
  node,
  build,
  settings,
  permissions,
  credentials,
  certificates,
  disk,
  memory,
  database,
  rpc,
  jupiter,
  wallet,
  services,
];

export interface DoctorOptions {
  readonly settings: LoadedSettings;
  readonly dataDir?: string | undefined;
  readonly addresses: Surroundings['addresses'];
  readonly clock?: Clock;
  readonly timeoutMs?: number;
}

export function diagnose(options: DoctorOptions): Promise<Result[]> {
  return examine(CHECKS, surroundingsOf(options));
}

export function surroundingsOf(options: DoctorOptions): Surroundings {
  const { settings: loaded, dataDir, addresses, clock = systemClock, timeoutMs = CHECK_TIMEOUT_MS } = options;
  const env = dataDir === undefined ? loaded.values : { ...ofDev(dataDir), ...loaded.values };
  return {
    settings: loaded,
    dataDir,
    processor: configOrNone(() => processorConfigOf(readEnv(PROCESSOR_SETTINGS, env))),
    requestor: configOrNone(() => requestorConfigOf(readEnv(REQUESTOR_SETTINGS, env))),
    addresses,
    clock,
    timeoutMs,
  };
}

/** What `exitlane dev` runs on unless its ports were given. */
function ofDev(dataDir: string): NodeJS.ProcessEnv {
  const url = 'http://127.0.0.1:8899';
  return {
    EXITLANE_EXECUTOR: 'venue' satisfies ProcessorConfig['executor'],
    EXITLANE_SANDBOX: '1',
    JUPITER_URL: url,
    SOLANA_RPC_URLS: url,
    WALLET_KEYPAIR_FILE: path.join(dataDir, 'sandbox', 'wallet.json'),
  };
}

/** The check of the settings tells what is wrong with them. */
function configOrNone<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof ExitlaneError && error.reason === 'CONFIG_INVALID') return undefined;
    throw error;
  }
}

const MARKS: Readonly<Record<Verdict, string>> = {
  ok: 'ok     ',
  warning: 'WARNING',
  problem: 'PROBLEM',
  skipped: '-      ',
};

/** Prints what was found; returns the exit code. */
export function printResults(results: readonly Result[], out: Out): 0 | 1 {
  const count = (verdict: Verdict) => results.filter((result) => result.verdict === verdict).length;
  const isWell = count('problem') === 0;
  if (out.format === 'json') {
    out.write(`${JSON.stringify({ ok: isWell, checks: results }, undefined, 2)}\n`);
    return isWell ? 0 : 1;
  }
  const width = Math.max(...results.map(({ check }) => check.length));
  for (const { check, verdict, saw, todo } of results) {
    const indent = ' '.repeat(width + 11);
    out.write(`${MARKS[verdict]}  ${check.padEnd(width)}  ${saw.replaceAll('\n', `\n${indent}`)}\n`);
    if (todo !== '') out.write(`${indent}-> ${todo}\n`);
  }
  out.write(`\n${count('problem')} problems, ${count('warning')} warnings, ${count('ok')} things in order\n`);
  return isWell ? 0 : 1;
}
