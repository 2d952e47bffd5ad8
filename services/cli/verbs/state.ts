import { Argument } from 'commander';
import {
  GetTradingStateResponse,
  SetTradingStateResponse,
  TradingState,
} from '../../../proto/gen/exitlane/v1/queue_service.js';
import { call } from '../../../shared/grpc/client.js';
import { ExitCode } from '../exit-codes.js';
import { choicesOf, oneOf } from '../options.js';
import { dateTime, tradingStateName } from '../render/format.js';
import type { Style } from '../render/style.js';
import { facts } from '../render/table.js';
import { plain } from '../render/text.js';
import type { Cli, Verb } from '../verb.js';
import { userName } from './cancel.js';

const MEANING: Readonly<Record<string, string>> = {
  ACTIVE: 'all orders start',
  EXITS_ONLY: 'no entry starts, exits run',
  HALTED: 'only emergency exits start',
};

const HELP = `
States:
${Object.entries(MEANING)
  .map(([name, meaning]) => `  ${name.padEnd(11)} ${meaning}`)
  .join('\n')}
Orders that run already are not touched.

Examples:
  exitlane state
  exitlane state set EXITS_ONLY --reason "RPC is slow"
  exitlane state set ACTIVE --reason "RPC is back" --by alice`;

/** `exitlane state [set]`: which orders may start. */
export const state: Verb = (program, action) => {
  const parent = program
    .command('state')
    .description('show or change which orders may start')
    .addHelpText('after', HELP);
  parent
    .command('get', { isDefault: true })
    .description('show it')
    .action(action('read', (cli) => show(cli)));
  parent
    .command('set')
    .description('change it')
    .addArgument(
      new Argument('<state>', 'ACTIVE, EXITS_ONLY or HALTED').argParser(
        oneOf(choicesOf(TradingState), 'TRADING_STATE_'),
      ),
    )
    .requiredOption('--reason <text>', 'why, for the record')
    .option('--by <name>', 'who, for the record (default: your user name)')
    .addHelpText('after', HELP)
    .action(action('write', (cli, wanted: TradingState, options: SetOptions) => change(cli, wanted, options)));
};

interface SetOptions {
  readonly reason: string;
  readonly by?: string;
}

async function show(cli: Cli): Promise<ExitCode> {
  const response = await call(cli.clients.queue, 'getTradingState', {}, { signal: cli.io.signal });
  cli.out.message('GetTradingStateResponse', GetTradingStateResponse, response);
  const { style } = cli.out;
  cli.out.text(
    headline(response.state, style),
    ...facts(
      [
        ['changed by', plain(response.changedBy)],
        ['because', plain(response.changeReason)],
        ['at', dateTime(response.changedAt)],
      ],
      style.dim,
    ),
  );
  return ExitCode.OK;
}

async function change(cli: Cli, wanted: TradingState, options: SetOptions): Promise<ExitCode> {
  const request = { state: wanted, changedBy: options.by ?? userName(), changeReason: options.reason };
  const response = await call(cli.clients.queue, 'setTradingState', request, { signal: cli.io.signal });
  cli.out.message('SetTradingStateResponse', SetTradingStateResponse, response);
  cli.out.text(headline(response.state, cli.out.style));
  return ExitCode.OK;
}

function headline(value: TradingState, style: Style): string {
  const name = tradingStateName(value);
  const paint = name === 'ACTIVE' ? style.green : style.yellow;
  return `${paint(style.bold(name))}: ${MEANING[name] ?? 'not known to this version'}`;
}
