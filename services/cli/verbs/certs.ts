import path from 'node:path';
import { InvalidArgumentError } from 'commander';
import { ExitCode } from '../exit-codes.js';
import { wholeNumber } from '../options.js';
import { facts } from '../render/table.js';
import type { Verb } from '../verb.js';

interface CertsOptions {
  readonly out: string;
  readonly host?: readonly string[];
  readonly client?: readonly string[];
  readonly days: number;
}

const NAME = /^[A-Za-z0-9._:@-]{1,64}$/;
/** What the files of the authority and of the services are called. */
const TAKEN = ['ca', 'requestor', 'processor', 'console'];

/** `exitlane certs`: certificates for development, or for a team without a CA. */
export const certs: Verb = (program, action) => {
  program
    .command('certs')
    .description('make certificates for TLS and mTLS, from an authority of your own')
    .option('--out <folder>', 'where they go; the authority that is there goes on', 'certs')
    .option('--host <name>', 'name or address that services run on, besides localhost (repeatable)', names)
    .option('--client <name>', 'somebody who calls, such as bot-1 (repeatable)', clientNames)
    .option('--days <n>', 'how long they are good', wholeNumber(1, 3_650), 365)
    .action(
      action('read', async (cli, options: CertsOptions) => {
        // Loads a library that no other verb needs.
        const { makeCertFolder } = await import('../certs/folder.js');
        const { out: dir, host: hosts = [], client: clients = [], days } = options;
        const files = await makeCertFolder({ dir, hosts, clients, days, now: cli.clock.now() });
        const { out } = cli;
        out.json({
          folder: path.resolve(dir),
          files: files.map(({ name, what, isNew }) => ({ name, what, is_new: isNew })),
        });
        out.text(
          ...facts(
            files.map(({ name, what, isNew }) => [name, isNew ? what : `${what} (was there)`]),
            out.style.dim,
          ),
          '',
          `Good for ${days} days, in ${dir}; keys beside them as <name>-key.pem. Keep ca-key.pem away from servers.`,
          'A service, for example the requestor:',
          `  EXITLANE_TLS_CERT_FILE=${dir}/requestor.pem EXITLANE_TLS_KEY_FILE=${dir}/requestor-key.pem`,
          `  EXITLANE_TLS_CLIENT_CA_FILE=${dir}/ca.pem EXITLANE_ACCESS_FILE=access   (${program.name()} token makes its lines)`,
          'This command, then:',
          `  ${program.name()} --ca-file ${dir}/ca.pem --cert-file <name>.pem --key-file <name>-key.pem status`,
        );
        return ExitCode.OK;
      }),
    );
};

function names(text: string, before: readonly string[] = []): readonly string[] {
  if (!NAME.test(text)) throw new InvalidArgumentError('It must be a host name or an IP address.');
  return [...before, text];
}

function clientNames(text: string, before: readonly string[] = []): readonly string[] {
  if (!/^[A-Za-z0-9._@-]{1,64}$/.test(text) || TAKEN.includes(text)) {
    throw new InvalidArgumentError(`It must be letters, digits and . _ @ -, and none of ${TAKEN.join(', ')}.`);
  }
  return [...before, text];
}
