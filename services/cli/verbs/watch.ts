import type { ExitCode } from '../exit-codes.js';
import { GIVE_UP_AFTER_MS, GIVE_UP_TEXT, showUntilEnd } from '../follow.js';
import { sequence, timeSpan } from '../options.js';
import type { Verb } from '../verb.js';

interface Options {
  readonly after?: bigint;
  readonly giveUpAfter?: number;
}

const HELP = `
Each line: time (UTC), sequence, text, and what it says. After a broken
connection the stream goes on where it stood: no message is lost, none is shown
twice. A connection that stays broken for too long (--give-up-after) ends it
with exit code 4; the order itself goes on.

Examples:
  exitlane watch my-bot:42
  exitlane watch my-bot:42 --after 5
  exitlane watch my-bot:42 -o json | jq -r .text

Exit codes: 0 FILLED, 2 no such order, 3 CANCELLED, 4 end not seen`;

/** `exitlane watch`: one order's messages until its end. */
export const watch: Verb = (program, action) => {
  program
    .command('watch')
    .description('follow one order until its end')
    .argument('<order_req_id>', 'your id of the order')
    .option('--after <sequence>', 'last message already seen', sequence)
    .option('--give-up-after <time>', `longest time without a connection, default ${GIVE_UP_TEXT}`, timeSpan)
    .addHelpText('after', HELP)
    .action(
      action('read', (cli, orderReqId: string, options: Options): Promise<ExitCode> => {
        const giveUpAfterMs = options.giveUpAfter ?? GIVE_UP_AFTER_MS;
        return showUntilEnd(cli, { orderReqId, afterSequence: options.after ?? 0n, giveUpAfterMs });
      }),
    );
};
