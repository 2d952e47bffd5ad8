import { readEnv } from '../../../shared/core/env.js';
import { ExitlaneError, messageOf } from '../../../shared/core/errors.js';
import { createLogger, type LogLevel } from '../../../shared/core/logger.js';
import { loadSettings } from '../../../shared/core/settings.js';
import { metricsSettings, observeConfigOf } from '../../../shared/metrics/settings.js';
import { CliError, ExitCode } from '../exit-codes.js';
import { oneOf, wholeNumber } from '../options.js';
import { refuseTakenPorts } from '../port-check.js';
import { commandFor } from '../program-name.js';
import { devBanner } from '../render/dev-banner.js';
import type { Cli, Verb } from '../verb.js';

interface Options {
  readonly dataDir: string;
  readonly slotMs: number;
  readonly seed?: number;
  readonly requestorPort: number;
  readonly processorPort: number;
  readonly sandboxPort: number;
  readonly consolePort: number;
  readonly maxConcurrent?: number;
  readonly logLevel: LogLevel;
  readonly set?: readonly string[];
}

const LOG_LEVELS: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

const HELP = `
Database, sandbox venue, processor, requestor and web console in one process, on
this machine only. What happened stays in the data directory and is there again
after the next start. Ctrl-C closes it cleanly, a second Ctrl-C at once.
Settings of alerts, entry limits, plans, slippage, retention and metrics count
here too, from --set, the environment and --config; see docs/settings.md.

Examples:
  exitlane dev
  exitlane dev --data-dir /tmp/try --slot-ms 100 --log-level info
  exitlane dev --requestor-port 0 --processor-port 0 --sandbox-port 0 \\
    --console-port 0`;

/** `exitlane dev`: everything in one process, until Ctrl-C. */
export const dev: Verb = (program, action) => {
  const port = wholeNumber(0, 65_535);
  program
    .command('dev')
    .description('run everything in one process: for a first look and for tests, not for production')
    .option('--data-dir <folder>', 'where database, chain and wallet are kept', './.exitlane')
    .option('--slot-ms <ms>', 'time between blocks of the sandbox', wholeNumber(1, 60_000), 400)
    .option('--seed <n>', 'same number, same prices', wholeNumber(0, 4_294_967_295))
    .option('--requestor-port <port>', '0 takes any free one', port, 50_051)
    .option('--processor-port <port>', '0 takes any free one', port, 50_052)
    .option('--sandbox-port <port>', '0 takes any free one', port, 8_899)
    .option('--console-port <port>', '0 takes any free one', port, 8_080)
    .option('--max-concurrent <n>', 'orders that may run at once, default 3', wholeNumber(1, 100))
    .option('--log-level <level>', `${LOG_LEVELS.join(', ')}; on standard error`, logLevel, 'warn')
    .option('--set <NAME=value...>', 'a setting of the requestor, such as MIN_SOL_RESERVE=0.1')
    .addHelpText('after', HELP)
    .action(action('read', (cli, options: Options) => run(cli, options)));
};

function logLevel(text: string): LogLevel {
  const upper = LOG_LEVELS.map((level) => level.toUpperCase());
  return LOG_LEVELS[upper.indexOf(oneOf(upper, '')(text))] ?? 'warn';
}

async function run(cli: Cli, options: Options): Promise<ExitCode> {
  await refuseTakenPorts('127.0.0.1', [
    { option: '--requestor-port', port: options.requestorPort },
    { option: '--processor-port', port: options.processorPort },
    { option: '--sandbox-port', port: options.sandboxPort },
    { option: '--console-port', port: options.consolePort },
  ]);
  // Only here: the other verbs start without loading a database and a virtual machine.
  const { startDev } = await import('../../dev.js');
  const logger = createLogger({ service: 'dev', level: options.logLevel });
  const stack = await startDev({
    dataDir: options.dataDir,
    slotMs: options.slotMs,
    requestorPort: options.requestorPort,
    processorPort: options.processorPort,
    sandboxPort: options.sandboxPort,
    consolePort: options.consolePort,
    ...(options.seed === undefined ? {} : { seed: options.seed }),
    ...(options.maxConcurrent === undefined ? {} : { maxConcurrentOrders: options.maxConcurrent }),
    observe: observeOf(cli.io.env),
    settings: settingsOf(cli.io.env, options.set ?? []),
    logger,
  }).catch((error: unknown) => {
    throw clearStartError(error);
  });
  const { requestorAddress, processorAddress, sandboxUrl, consoleUrl, walletAddress, dataDir } = stack;
  cli.out.jsonLine({
    requestor: requestorAddress,
    processor: processorAddress,
    sandbox: sandboxUrl,
    console: consoleUrl,
    wallet: walletAddress,
    data_dir: dataDir,
  });
  const command = commandFor({ requestor: requestorAddress, processor: processorAddress });
  cli.out.text(...devBanner(stack, command, cli.out));
  await interrupted(cli.io.signal);
  cli.note('closing ...');
  await stack.close();
  return ExitCode.OK;
}

/** Environment and file are in `env`; flags count more. @throws CONFIG_INVALID */
function settingsOf(env: NodeJS.ProcessEnv, flags: readonly string[]): NodeJS.ProcessEnv {
  if (flags.length === 0) return env;
  return loadSettings({ flags, env }).values;
}

/** Nobody looks after a first look: metrics and health are told only if a port is named. */
function observeOf(env: NodeJS.ProcessEnv) {
  const port = env.EXITLANE_METRICS_PORT || 'off';
  return observeConfigOf(readEnv(metricsSettings('requestor'), { ...env, EXITLANE_METRICS_PORT: port }));
}

/** One line instead of a stack: most failed starts are a port or a folder in use. */
function clearStartError(error: unknown): unknown {
  const message = messageOf(error);
  const isTaken = /in use|uses this port/.test(message);
  if (!isTaken && !(error instanceof ExitlaneError)) return error;
  const isFolder = error instanceof ExitlaneError && error.reason === 'DATA_DIRECTORY_IN_USE';
  const hint = isFolder
    ? '--data-dir names another'
    : '--requestor-port, --processor-port, --sandbox-port and --console-port name others';
  return new CliError(message, ExitCode.LOCAL, isTaken ? [hint] : [], { cause: error });
}

function interrupted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
