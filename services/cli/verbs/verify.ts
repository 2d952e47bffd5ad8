import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ExitCode } from '../exit-codes.js';
import type { Cli, Verb } from '../verb.js';

interface Options {
  readonly databaseUrl?: string;
  readonly dataDir?: string;
  readonly ledger?: string;
  readonly witness?: string;
  readonly wallet?: string;
  readonly auditHead?: string;
}

const HELP = `
Reads the database and, where given, the chain's ledger and a file of what
clients were told, and compares them: every acknowledged order exists once and
ended once, at most one swap landed per order, amounts equal the chain's balance
changes, no message is missing. It shares no rules with the code it checks and
writes nothing. Stop the services first, so that nothing changes while it looks.

Examples:
  exitlane verify --data-dir ./.exitlane
  exitlane verify --database-url postgresql://... \\
    --ledger .exitlane/sandbox/ledger.jsonl

Exit codes here: 0 clean, 1 violations, 2 could not check.`;

/** `exitlane verify`: the checker, which is a program of its own. */
export const verify: Verb = (program, action) => {
  program
    .command('verify')
    .description('check that what the services left behind is consistent and true')
    .option('--database-url <url>', 'PostgreSQL to check')
    .option('--data-dir <folder>', "folder of 'exitlane dev' to check, with its ledger")
    .option('--ledger <file>', "the sandbox's ledger.jsonl")
    .option('--witness <file>', 'acknowledged orders, one JSON object per line')
    .option('--wallet <address>', 'the wallet, if it has no attempts yet')
    .option('--audit-head <sequence:hash>', "what 'exitlane audit head' said before")
    .addHelpText('after', HELP)
    .action(action('read', (cli, options: Options) => check(cli, options)));
};

function check(cli: Cli, options: Options): Promise<ExitCode> {
  const checker = fileURLToPath(new URL('../../verify/main.js', import.meta.url));
  const given: [string, string | undefined][] = [
    ['--database-url', options.databaseUrl],
    ['--data-dir', options.dataDir],
    ['--ledger', options.ledger],
    ['--witness', options.witness],
    ['--wallet', options.wallet],
    ['--audit-head', options.auditHead],
  ];
  const args = given.flatMap(([name, value]) => (value === undefined ? [] : [name, value]));
  const child = spawn(process.execPath, [checker, ...args, '-o', cli.out.format], { stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code === 0 ? ExitCode.OK : code === 1 ? ExitCode.LOCAL : ExitCode.REFUSED));
  });
}
