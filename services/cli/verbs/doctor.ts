import { runOperate } from '../operate.js';
import type { Verb } from '../verb.js';

interface Options {
  readonly dataDir?: string;
  readonly set?: readonly string[];
}

const HELP = `
Looks at everything that Exitlane stands on and says what is well, what is not,
and what to do: program, settings, database, disk, clock, RPC endpoints, Jupiter,
wallet, permissions, certificates, services. It changes nothing, sends no
transaction, prints no secret, and needs no service to run. Run it where and as
the services run, with the same settings.

Examples:
  exitlane doctor --config exitlane.env
  exitlane doctor --data-dir ./.exitlane
  exitlane doctor -o json | jq '.checks[] | select(.verdict != "ok")'

Exit codes here: 0 no problem (warnings do not count), 1 a problem.`;

/** `exitlane doctor`: one look at everything. */
export const doctor: Verb = (program, action) => {
  program
    .command('doctor')
    .description('look at everything that Exitlane stands on, and say what to do')
    .option('--data-dir <folder>', "folder of 'exitlane dev' to look at, instead of DATABASE_URL")
    .option('--set <NAME=value...>', 'as a flag of a service would')
    .addHelpText('after', HELP)
    .action(
      action('local', (cli, { dataDir, set }: Options) => {
        const { requestor, processor } = cli.addresses;
        return runOperate(cli, ['doctor'], { requestor, processor, 'data-dir': dataDir, set });
      }),
    );
};
