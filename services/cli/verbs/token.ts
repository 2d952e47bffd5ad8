import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { InvalidArgumentError, Option } from 'commander';
import { hashToken, TOKEN_PREFIX } from '../../../shared/auth/access-list.js';
import { ROLES, type Role } from '../../../shared/core/call-context.js';
import { messageOf } from '../../../shared/core/errors.js';
import { CliError, ExitCode } from '../exit-codes.js';
import { timeSpan } from '../options.js';
import type { Verb } from '../verb.js';

interface TokenOptions {
  readonly role: Role;
  readonly client?: string;
  readonly expires?: number;
  readonly out?: string;
}

const TOKEN_BYTES = 32;
const NAME = /^[A-Za-z0-9._@-]{1,64}$/;

/** `exitlane token`: a new token, and the line that lets it in. Nothing is stored here. */
export const token: Verb = (program, action) => {
  program
    .command('token')
    .description('make a token, and the line for the access file that lets it in')
    .argument('<name>', 'whose it is; appears in the audit log', name)
    .addOption(new Option('--role <role>', 'what it may do').choices(ROLES).default('trade'))
    .option('--client <name>', 'whose orders it sees and makes, * for everybody (default: its own; admin: *)', client)
    .option('--expires <time>', 'how long it is good, such as 90d', timeSpan)
    .option('--out <file>', 'write the token there (mode 600) instead of showing it')
    .action(
      action('read', async (cli, who: string, { role, client: whose, expires, out: file }: TokenOptions) => {
        if (role === 'service' && whose !== undefined) {
          throw new CliError('a service has no client: it settles the orders of everybody', ExitCode.LOCAL, [
            'leave --client out, or take another role',
          ]);
        }
        const secret = TOKEN_PREFIX + randomBytes(TOKEN_BYTES).toString('base64url');
        const line = [
          who,
          role,
          `token=${hashToken(secret)}`,
          ...(whose === undefined ? [] : [`client=${whose}`]),
          ...(expires === undefined ? [] : [`expires=${new Date(cli.clock.now() + expires).toISOString()}`]),
        ].join(' ');
        if (file !== undefined) write(file, secret);
        const { out } = cli;
        out.json({ ...(file === undefined ? { token: secret } : { token_file: file }), access_line: line });
        out.text(
          file === undefined ? 'The token, shown this once:' : `The token is in ${file}: EXITLANE_TOKEN_FILE=${file}`,
          ...(file === undefined ? [`  ${secret}`] : []),
          '',
          'The line for the access file (EXITLANE_ACCESS_FILE) of the services, which read it again by themselves:',
          `  ${line}`,
        );
        return ExitCode.OK;
      }),
    );
};

function write(file: string, secret: string): void {
  try {
    writeFileSync(file, `${secret}\n`, { mode: 0o600, flag: 'wx' });
  } catch (cause) {
    throw new CliError(`${file} cannot be written: ${messageOf(cause)}`, ExitCode.LOCAL, [
      'an existing file is never replaced',
    ]);
  }
}

function name(text: string): string {
  if (!NAME.test(text)) throw new InvalidArgumentError('It must be 1 to 64 letters, digits and . _ @ -.');
  return text;
}

function client(text: string): string {
  return text === '*' ? text : name(text);
}
