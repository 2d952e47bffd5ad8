import type { Command } from 'commander';
import { runOperate } from '../operate.js';
import type { Verb } from '../verb.js';

interface PlaceOptions {
  readonly databaseUrl?: string;
  readonly dataDir?: string;
}

const PLACE_HELP = `
The database is that of --database-url, of --data-dir (a folder of 'exitlane dev',
which must not run meanwhile), or of the setting DATABASE_URL.`;

/** `exitlane migrate`: the schema's version, and bringing it up to date. */
export const migrate: Verb = (program, action) => {
  placed(program.command('migrate').description('bring the schema of the database up to date'))
    .option('--status', 'only say where it stands')
    .option('--to-latest', 'bring it up to date (the default)')
    .addHelpText(
      'after',
      `${PLACE_HELP}
Services do the same when they start. Take a backup first.

Examples:
  exitlane migrate --status --config exitlane.env
  exitlane migrate --database-url postgresql://...`,
    )
    .action(
      action('local', (cli, options: PlaceOptions & { status?: boolean; toLatest?: boolean }) => {
        if (options.status && options.toLatest) throw new Error('give --status or --to-latest, not both');
        return runOperate(cli, ['migrate'], { ...place(options), status: options.status });
      }),
    );
};

/** `exitlane backup`: the whole database in one file. */
export const backup: Verb = (program, action) => {
  placed(program.command('backup').description('save the database to a file, while the services go on'))
    .argument('<file>', 'where to; it must not be there')
    .addHelpText(
      'after',
      `${PLACE_HELP}
The file holds everything as it was at one moment, with a checksum. It can be
restored into a PostgreSQL or an embedded database.

Examples:
  exitlane backup /backups/exitlane-$(date +%F).backup --config exitlane.env
  exitlane backup today.backup --data-dir ./.exitlane`,
    )
    .action(
      action('local', (cli, file: string, options: PlaceOptions) => runOperate(cli, ['backup', file], place(options))),
    );
};

/** `exitlane restore`: a backup into an empty database. */
export const restore: Verb = (program, action) => {
  placed(program.command('restore').description('load a backup into an empty database'))
    .argument('<file>', 'made by exitlane backup')
    .option('--keep-trading-state', 'do not set the trading state to HALTED')
    .addHelpText(
      'after',
      `${PLACE_HELP}
Stop the services first. The database must hold nothing. Afterwards the trading
state is HALTED: orders that waited in the backup may have traded since. Compare
the wallet with the positions, then 'exitlane state active'.

Examples:
  exitlane restore today.backup --database-url postgresql://...
  exitlane restore today.backup --data-dir ./restored`,
    )
    .action(
      action('local', (cli, file: string, options: PlaceOptions & { keepTradingState?: boolean }) =>
        runOperate(cli, ['restore', file], { ...place(options), 'keep-trading-state': options.keepTradingState }),
      ),
    );
};

function placed(command: Command): Command {
  return command
    .option('--database-url <url>', 'PostgreSQL; default: the setting DATABASE_URL')
    .option('--data-dir <folder>', "folder of 'exitlane dev'");
}

function place({ databaseUrl, dataDir }: PlaceOptions) {
  return { 'database-url': databaseUrl, 'data-dir': dataDir };
}
