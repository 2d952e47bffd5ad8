import { ExitlaneError } from '../../shared/core/errors.js';
import type { LoadedSettings } from '../../shared/core/settings.js';
import { CONFIGURED, type Configured } from './configured.js';
import type { Out } from './output.js';

/** What was given on the command line, after its settings were loaded. */
export interface Given {
  readonly args: readonly string[];
  readonly settings: LoadedSettings;
  readonly out: Out;
  readonly service?: string[] | undefined;
  readonly requestor?: string | undefined;
  readonly processor?: string | undefined;
  readonly 'database-url'?: string | undefined;
  readonly 'data-dir'?: string | undefined;
  readonly status?: boolean | undefined;
  readonly 'keep-trading-state'?: boolean | undefined;
}

export const VERBS: Readonly<Record<string, (given: Given) => Promise<number> | number>> = {
  config: async (given) => {
    const { checkConfig, showConfig } = await import('./config-report.js');
    const services = configured(given);
    const [what] = given.args;
    if (what === 'check') return checkConfig(services, given.settings, given.out);
    if (what === 'show') return showConfig(services, given.settings, given.out);
    throw invalid('config needs show or check');
  },
  // Loaded when they are asked for: one needs the clients of the venue, the others the database.
  doctor: async ({ settings, requestor, processor, 'data-dir': dataDir, out }) => {
    const { diagnose, printResults } = await import('./doctor/doctor.js');
    const addresses = { requestor: requestor ?? '127.0.0.1:50051', processor: processor ?? '127.0.0.1:50052' };
    return printResults(await diagnose({ settings, dataDir, addresses }), out);
  },
  migrate: async (given) => (await import('./database-verbs.js')).migrateVerb(given),
  backup: async (given) => (await import('./database-verbs.js')).backupVerb(given),
  restore: async (given) => (await import('./database-verbs.js')).restoreVerb(given),
};

function configured({ service }: Given): readonly Configured[] {
  return service?.map(known) ?? CONFIGURED;
}

function known(name: string): Configured {
  const found = CONFIGURED.find((each) => each === name);
  if (found) return found;
  throw invalid(`--service is ${name}: it must be one of ${CONFIGURED.join(', ')}`);
}

function invalid(message: string): ExitlaneError {
  return new ExitlaneError('CONFIG_INVALID', message);
}
