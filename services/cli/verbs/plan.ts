import type { ExitPlan, Position, TakeProfit } from '../../../proto/gen/exitlane/v1/position.js';
import {
  GetPositionResponse,
  SetExitPlanRequest,
  SetExitPlanResponse,
} from '../../../proto/gen/exitlane/v1/position_service.js';
import { CallError } from '../../../shared/grpc/call-error.js';
import { call } from '../../../shared/grpc/client.js';
import { durationOf } from '../../../shared/grpc/duration.js';
import { callTrouble } from '../error-text.js';
import { CliError, ExitCode, exitCodeOf, Interrupted } from '../exit-codes.js';
import { findPosition, POSITION_ARGUMENT } from '../find-position.js';
import { number, type Stagnation, stagnation, takeProfits, timeSpan } from '../options.js';
import { planLines, planText } from '../render/plan.js';
import { plain } from '../render/text.js';
import type { Cli, Verb } from '../verb.js';

interface Options {
  readonly stopLoss?: number;
  readonly trailing?: number;
  readonly trailingActivation?: number;
  readonly takeProfit?: readonly TakeProfit[];
  readonly timeLimit?: number;
  readonly stagnation?: Stagnation;
  readonly off?: boolean;
}

const HELP = `
Without options the plan is shown. With any, the whole plan is replaced: a rule
that is not given is off from then on. A rule that stays the same keeps what it
knows; a changed one begins anew and may fire again.

Percentages are of the entry price, but --trailing's, which is of the best price
since it became active. Each rule fires once; all but take-profits sell all.

Examples:
  exitlane plan BONK
  exitlane plan BONK --stop-loss 10 --take-profit 50:30 --take-profit 100:50
  exitlane plan 01a1fe42-d157 --trailing 5 --trailing-activation 20
  exitlane plan BONK --stop-loss 10 --time-limit 24h --stagnation 2:30m
  exitlane plan BONK --off`;

/** `exitlane plan`: shows or replaces how a position is to be left. */
export const plan: Verb = (program, action) => {
  program
    .command('plan')
    .description('show or replace the exit plan of a position')
    .argument('<position>', POSITION_ARGUMENT)
    .option('--stop-loss <percent>', 'sell all this far below the entry', number)
    .option('--trailing <percent>', 'sell all this far below the best price', number)
    .option('--trailing-activation <percent>', 'but only once it was this far above the entry', number)
    .option('--take-profit <gain:sell>', 'at this gain sell this percent of the rest; up to three', takeProfits)
    .option('--time-limit <time>', 'sell all this long after the opening', timeSpan)
    .option('--stagnation <percent:time>', 'sell all if it moved less than this in this time', stagnation)
    .option('--off', 'turn every rule off')
    .addHelpText('after', HELP)
    .action(
      // Its reading is done by findPosition, which never calls a lost answer unknown.
      action('write', async (cli, text: string, options: Options) => {
        const wanted = planOf(options);
        const position = await findPosition(cli, text);
        return wanted ? change(cli, position, wanted) : show(cli, position);
      }),
    );
};

/** The whole plan that the options say; undefined without any. */
function planOf(options: Options): Partial<ExitPlan> | undefined {
  const { off, ...rules } = options;
  const given = Object.values(rules).some((value) => value !== undefined);
  if (off && given) throw new CliError('--off turns every rule off: give no rule with it');
  if (!off && !given) return undefined;
  const { timeLimit, stagnation: still } = options;
  return {
    stopLossPercent: options.stopLoss,
    trailingStopPercent: options.trailing,
    trailingActivationPercent: options.trailingActivation,
    takeProfits: [...(options.takeProfit ?? [])],
    timeLimit: timeLimit === undefined ? undefined : durationOf(timeLimit),
    stagnationPercent: still?.percent,
    stagnationWindow: still && durationOf(still.windowMs),
  };
}

function show(cli: Cli, position: Position): ExitCode {
  cli.out.message('GetPositionResponse', GetPositionResponse, { position });
  cli.out.text(heading(position), ...planLines(position, cli.out));
  return ExitCode.OK;
}

async function change(cli: Cli, before: Position, exitPlan: Partial<ExitPlan>): Promise<ExitCode> {
  const { out } = cli;
  const request = SetExitPlanRequest.fromPartial({ positionId: before.positionId, exitPlan });
  const answer = await replaced(cli, request);
  out.message('SetExitPlanResponse', SetExitPlanResponse, answer);
  const { position } = answer;
  if (!position) throw new CliError('the requestor did not say what the plan is now', ExitCode.UNKNOWN);
  out.text(heading(position), `before: ${planText(before.exitPlan) || 'none'}`);
  out.text(`now:    ${planText(position.exitPlan) || 'none'}`, '', ...planLines(position, out));
  return ExitCode.OK;
}

async function replaced({ clients, io, command }: Cli, request: SetExitPlanRequest): Promise<SetExitPlanResponse> {
  try {
    return await call(clients.positions, 'setExitPlan', request, { signal: io.signal });
  } catch (error) {
    const exitCode = error instanceof Interrupted ? ExitCode.UNKNOWN : exitCodeOf(error, 'write');
    if (exitCode !== ExitCode.UNKNOWN) throw error;
    const what = error instanceof CallError ? callTrouble(error) : 'interrupted';
    const hints = [`look: ${command} plan ${request.positionId}`, 'the same command again does no harm'];
    throw new CliError(`whether the plan was replaced is unknown: ${what}`, exitCode, hints, { cause: error });
  }
}

function heading({ positionId, tokenSymbol, tokenAddress }: Position): string {
  return `${plain(tokenSymbol) || tokenAddress}  ${positionId}`;
}
