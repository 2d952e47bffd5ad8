import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { type Clock, systemClock } from '../../shared/core/clock.js';
import { VERSION } from '../../shared/core/version.js';
import { type Addresses, Clients } from './clients.js';
import { errorLines, explain } from './error-text.js';
import { type CallKind, EXIT_CODES_HELP, ExitCode, exitCodeOf } from './exit-codes.js';
import type { Io } from './io.js';
import { Output, type OutputFormat } from './output.js';
import { commandFor, DEFAULT_ADDRESSES } from './program-name.js';
import { speaksUtf8, styleFor, wantsColour } from './render/style.js';
import type { Cli, MakeAction, Verb, Work } from './verb.js';
import { alerts } from './verbs/alerts.js';
import { call } from './verbs/call.js';
import { cancel } from './verbs/cancel.js';
import { demo } from './verbs/demo.js';
import { dev } from './verbs/dev.js';
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
  top,
  queue,
  state,
  price,
  gate,
  wallet,
  status,
  call,
  verify,
];

interface GlobalOptions extends Addresses {
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
export async function runCli(argv: readonly string[], io: Io, clock: Clock = systemClock): Promise<ExitCode> {
  const wrong = wrongAddress(io.env);
  if (wrong) {
    io.stderr.write(`error: ${wrong} must be host:port, such as 127.0.0.1:50051\n`);
    return ExitCode.LOCAL;
  }
  let exitCode: ExitCode = ExitCode.OK;
  const program = makeProgram(io);
  const action: MakeAction = (kind, work) => {
    return async (...args) => {
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

function makeProgram(io: Io): Command {
  const program = new Command('exitlane')
    .description('Order execution for Solana trading bots: exits before entries, and no order lands twice.')
    .version(VERSION, '-V, --version', 'show the version')
    .addOption(addressOption('requestor', io.env))
    .addOption(addressOption('processor', io.env))
    .addOption(
      new Option('-o, --output <format>', 'lines for people or JSON').choices(['text', 'json']).default('text'),
    )
    .option('--no-color', 'no colours (NO_COLOR does the same)')
    .helpCommand('help [verb]', 'show the help of a verb')
    .addHelpText('after', EXAMPLES);
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
  return new Option(`--${service} <host:port>`, `address of the ${service} (env ${variable})`)
    .argParser((text: string) => {
      if (!isAddress(text)) throw new InvalidArgumentError('It must be host:port, such as 127.0.0.1:50051.');
      return text;
    })
    .default(env[variable] || DEFAULT_ADDRESSES[service]);
}

function isAddress(text: string): boolean {
  const port = Number(/^(?:\[[^\]]+\]|[^\s:/]+):(\d{1,5})$/.exec(text)?.[1]);
  return port >= 1 && port <= 65_535;
}

/** The variable that holds something else than an address. */
function wrongAddress(env: NodeJS.ProcessEnv): string | undefined {
  return Object.values(ADDRESS_VARIABLES).find((variable) => env[variable] && !isAddress(env[variable]));
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
  const clients = new Clients(addresses);
  const note = (line: string): void => void io.stderr.write(`${line}\n`);
  const out = new Output(io.stdout, options.output, coloured, speaksUtf8(io.env));
  const cli: Cli = { io, out, clients, addresses, clock, command: commandFor(addresses), note };
  try {
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
    clients.close();
  }
}
