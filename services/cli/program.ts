import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { type Clock, systemClock } from '../../shared/core/clock.js';
import { CONFIG_FILE_VARIABLE, loadSettings } from '../../shared/core/settings.js';
import { VERSION } from '../../shared/core/version.js';
import { addressProblem } from '../../shared/grpc/addresses.js';
import { type Addresses, Clients } from './clients.js';
import { errorLines, explain } from './error-text.js';
import { type CallKind, EXIT_CODES_HELP, ExitCode, exitCodeOf } from './exit-codes.js';
import type { Io } from './io.js';
import { Output, type OutputFormat } from './output.js';
import { commandFor, DEFAULT_ADDRESSES } from './program-name.js';
import { speaksUtf8, styleFor, wantsColour } from './render/style.js';
import { addSecurityOptions, openSecurityOf, type SecurityOptions } from './security-options.js';
import type { Cli, MakeAction, Verb, Work } from './verb.js';
import { alerts } from './verbs/alerts.js';
import { audit } from './verbs/audit.js';
import { call } from './verbs/call.js';
import { cancel } from './verbs/cancel.js';
import { certs } from './verbs/certs.js';
import { config } from './verbs/config.js';
import { backup, migrate, restore } from './verbs/database.js';
import { demo } from './verbs/demo.js';
import { dev } from './verbs/dev.js';
import { doctor } from './verbs/doctor.js';
import { exit } from './verbs/exit.js';
import { gate } from './verbs/gate.js';
import { orders } from './verbs/orders.js';
import { plan } from './verbs/plan.js';
import { pnl } from './verbs/pnl.js';
import { positions } from './verbs/positions.js';
import { price } from './verbs/price.js';
import { queue } from './verbs/queue.js';
import { retry, retryExit } from './verbs/retry.js';
import { signal } from './verbs/signal.js';
import { state } from './verbs/state.js';
import { status } from './verbs/status.js';
import { submit } from './verbs/submit.js';
import { token } from './verbs/token.js';
import { top } from './verbs/top.js';
import { verify } from './verbs/verify.js';
import { wallet } from './verbs/wallet.js';
import { watch } from './verbs/watch.js';

const VERBS: readonly Verb[] = [
  demo,
  dev,
  submit,
  signal,
  watch,
  orders,
  cancel,
  retry,
  positions,
  exit,
  retryExit,
  plan,
  pnl,
  alerts,
  audit,
  top,
  queue,
  state,
  price,
  gate,
  wallet,
  status,
  call,
  verify,
  certs,
  token,
  config,
  doctor,
  migrate,
  backup,
  restore,
];

interface GlobalOptions extends Addresses, SecurityOptions {
  readonly config?: string;
  readonly output: OutputFormat;
  readonly color: boolean;
}

const EXAMPLES = `
Examples:
  exitlane demo                                  see it work, in half a minute
  exitlane dev                                   everything in one process
  exitlane submit entry --token BONK --sol 0.5 --watch
  exitlane positions
  exitlane exit BONK --percent 50 --reason take_profit_1
  exitlane plan BONK --stop-loss 10 --take-profit 50:30
  exitlane pnl --since 24h
  exitlane queue --watch

${EXIT_CODES_HELP}

EXITLANE_DEBUG=1 shows where an error happened.`;

/** Runs one command line and returns its exit code. Never throws, never ends the process. */
export async function runCli(argv: readonly string[], given: Io, clock: Clock = systemClock): Promise<ExitCode> {
  const settings = loadSettings({ configFile: configFileIn(argv), env: given.env });
  const io: Io = { ...given, env: settings.values };
  const wrong = wrongAddress(io.env);
  if (wrong) {
    io.stderr.write(`error: ${wrong}\n`);
    return ExitCode.LOCAL;
  }
  let exitCode: ExitCode = ExitCode.OK;
  const program = makeProgram(io);
  const action: MakeAction = (kind, work) => {
    return async (...args) => {
      // What looks at settings tells by itself what is wrong with them.
      const [problem] = kind === 'local' ? [] : settings.problems;
      if (problem !== undefined) program.error(`error: ${problem}`);
      exitCode = await perform(program.opts<GlobalOptions>(), { io, clock }, kind, work, args);
    };
  };
  for (const verb of VERBS) verb(program, action);
  for (const command of allCommands(program)) settle(command);
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.OK : ExitCode.LOCAL;
    throw error;
  }
}

/** Read before commander reads the rest: defaults of other options come from the file. */
function configFileIn(argv: readonly string[]): string | undefined {
  const at = argv.findIndex((each) => each === '--config' || each.startsWith('--config='));
  const flag = argv[at];
  return flag === '--config' ? argv[at + 1] : flag?.slice('--config='.length);
}

function makeProgram(io: Io): Command {
  const program = new Command('exitlane')
    .description('Order execution for Solana trading bots: exits before entries, and no order lands twice.')
    .version(VERSION, '-V, --version', 'show the version')
    .addOption(addressOption('requestor', io.env))
    .addOption(addressOption('processor', io.env))
    .addOption(
      new Option('-o, --output <format>', 'lines for people or JSON').choices(['text', 'json']).default('text'),
    )
    .option('--config <file>', `file of settings (env ${CONFIG_FILE_VARIABLE})`)
    .option('--no-color', 'no colours (NO_COLOR does the same)')
    .helpCommand('help [verb]', 'show the help of a verb')
    .addHelpText('after', EXAMPLES);
  addSecurityOptions(program);
  program.configureOutput({
    writeOut: (text) => void io.stdout.write(text),
    writeErr: (text) => void io.stderr.write(text),
    getOutHelpWidth: () => io.stdout.columns ?? 80,
    getErrHelpWidth: () => io.stderr.columns ?? 80,
    getOutHasColors: () => false,
    getErrHasColors: () => false,
  });
  return program;
}

const ADDRESS_VARIABLES = { requestor: 'EXITLANE_REQUESTOR', processor: 'EXITLANE_PROCESSOR' } as const;

/** The environment is read here and not by commander, which knows only the process's own. */
function addressOption(service: keyof Addresses, env: NodeJS.ProcessEnv): Option {
  const variable = ADDRESS_VARIABLES[service];
  const description = `address of the ${service}, several with commas or dns:///name:port (env ${variable})`;
  return new Option(`--${service} <host:port>`, description)
    .argParser((text: string) => {
      const problem = addressProblem(text);
      if (problem !== undefined) throw new InvalidArgumentError(`It ${problem}.`);
      return text;
    })
    .default(env[variable] || DEFAULT_ADDRESSES[service]);
}

/** The variable that holds something else than an address, and what is wrong with it. */
function wrongAddress(env: NodeJS.ProcessEnv): string | undefined {
  for (const variable of Object.values(ADDRESS_VARIABLES)) {
    const problem = env[variable] ? addressProblem(env[variable]) : undefined;
    if (problem !== undefined) return `${variable} ${problem}`;
  }
  return undefined;
}

function allCommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(allCommands)];
}

/** commander applies these to one command at a time. */
function settle(command: Command): void {
  command
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(--help shows what is possible)')
    .showSuggestionAfterError(true);
}

interface Surroundings {
  readonly io: Io;
  readonly clock: Clock;
}

async function perform<Args extends unknown[]>(
  options: GlobalOptions,
  { io, clock }: Surroundings,
  kind: CallKind,
  work: Work<Args>,
  args: Args,
): Promise<ExitCode> {
  const addresses = { requestor: options.requestor, processor: options.processor };
  const coloured = wantsColour(io.stdout.isTTY === true, io.env, options.color);
  const note = (line: string): void => void io.stderr.write(`${line}\n`);
  const out = new Output(io.stdout, options.output, coloured, speaksUtf8(io.env));
  let clients: Clients | undefined;
  try {
    clients = new Clients(addresses, openSecurityOf(options, io.env));
    const cli: Cli = {
      io,
      out,
      clients,
      addresses,
      clock,
      command: commandFor(addresses),
      configFile: options.config,
      note,
    };
    return await work(cli, ...args);
  } catch (error) {
    const exitCode = exitCodeOf(error, kind);
    if (io.env.EXITLANE_DEBUG && error instanceof Error) note(error.stack ?? error.message);
    const explained = explain(error, exitCode, kind, addresses);
    const red = styleFor(wantsColour(io.stderr.isTTY === true, io.env, options.color)).red;
    if (options.output === 'json') note(JSON.stringify({ error: explained }));
    else for (const line of errorLines(explained, red)) note(line);
    return exitCode;
  } finally {
    clients?.close();
    clients?.security.close();
  }
}
