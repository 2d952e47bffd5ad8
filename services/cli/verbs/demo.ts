import { messageOf } from '../../../shared/core/errors.js';
import { BUSY, LINE } from '../demo/plan.js';
import { closingLines, openingLines, outcomeJson } from '../demo/report.js';
import { useRunning } from '../demo/running.js';
import { type Outcome, play } from '../demo/scenario.js';
import { type DemoStack, startStack } from '../demo/stack.js';
import { venueAt } from '../demo/venue.js';
import { type DemoView, viewFor } from '../demo/view.js';
import { CliError, ExitCode, Interrupted } from '../exit-codes.js';
import { duration } from '../render/format.js';
import type { Cli, Verb } from '../verb.js';

/** The story without the start takes 5 s; a machine under load may need much more, a stack that hangs needs an end. */
const STORY_MS_MAX = 60_000;

/** Lines on a terminal beside the rows: heading, chapter, table. */
const LINES_AROUND_ROWS = 4;

const HELP = `
Starts everything in this process in a temporary folder, on free ports, with a
sandbox for a venue: no keys, no internet, no real money. Fills every slot with
entries, lets five more entries, three exits and an emergency exit wait, and
shows who goes first. Leaves nothing running and nothing on disk; after a
failure it keeps the log and says where it is.

--running plays on the services at --requestor and --processor instead, such as
those of make up: a sandbox where nothing else goes on. Its blocks are held and
trading is halted for some seconds; its positions stay.

Exit code 0 only if every order was filled and the priority was kept.`;

interface Options {
  readonly running?: boolean;
}

/** `exitlane demo`: the product at work, in half a minute. */
export const demo: Verb = (program, action) => {
  program
    .command('demo')
    .description('see it work: exits overtake entries on a local sandbox')
    .option('--running', 'play on the services that run already')
    .addHelpText('after', HELP)
    .action(action('read', (cli, options: Options) => run(cli, options)));
};

async function run(cli: Cli, { running = false }: Options): Promise<ExitCode> {
  const { out, clock } = cli;
  const startedAt = clock.now();
  const view = viewFor(out, clock, BUSY.length + LINE.length + LINES_AROUND_ROWS);
  out.text(...openingLines(out, !running));
  const stack = running ? await useRunning(cli) : await startStack();
  const took = running ? '' : `ready after ${duration(clock.now() - startedAt)}; `;
  out.text(out.style.dim(`   ${took}${stack.opening}`));
  const signal = AbortSignal.any([cli.io.signal, AbortSignal.timeout(STORY_MS_MAX)]);
  let outcome: Outcome | undefined;
  try {
    outcome = await perform(cli, stack, view, signal);
  } catch (error) {
    throw failure(error, stack, signal);
  } finally {
    view.close();
    // A show that was stopped has nothing to look into.
    await stack.close(!outcome?.verdict.kept && !(signal.reason instanceof Interrupted));
  }
  out.json(outcomeJson(outcome));
  out.text(...closingLines(outcome, clock.now() - startedAt, { starts: !running, ending: stack.ending }, out));
  if (outcome.verdict.kept) return ExitCode.OK;
  throw new CliError(outcome.verdict.problems.join('; '), ExitCode.LOCAL, stack.hints);
}

function perform(cli: Cli, stack: DemoStack, view: DemoView, signal: AbortSignal): Promise<Outcome> {
  signal.throwIfAborted();
  const { clients, prefix, sandboxUrl } = stack;
  return play({ clients, prefix, venue: venueAt(sandboxUrl, signal), view, clock: cli.clock, signal });
}

function failure(error: unknown, stack: DemoStack, signal: AbortSignal): unknown {
  if (signal.reason instanceof Interrupted) return signal.reason;
  const why = signal.aborted ? `the story took longer than ${duration(STORY_MS_MAX)}` : messageOf(error);
  return new CliError(`the demo failed: ${why}`, ExitCode.LOCAL, stack.hints, { cause: error });
}
