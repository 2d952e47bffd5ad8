import type { JsonValue } from '@bufbuild/protobuf';
import { GetStatusResponse } from '../../../proto/gen/exitlane/v1/system_service.js';
import { CallError } from '../../../shared/grpc/call-error.js';
import { call } from '../../../shared/grpc/client.js';
import { callByName } from '../../../shared/grpc/dynamic-client.js';
import type { Addresses } from '../clients.js';
import { ExitCode } from '../exit-codes.js';
import { tradingModeName, wireDuration } from '../render/format.js';
import { facts } from '../render/table.js';
import { plain } from '../render/text.js';
import type { Cli, Verb } from '../verb.js';
import { wireJson } from '../wire-json.js';

type ServiceName = keyof Addresses;

/** What one service said, or that it said nothing. */
type Answer =
  | { readonly reached: true; readonly health: string; readonly status: GetStatusResponse }
  | { readonly reached: false; readonly error: CallError };

const SERVICES: readonly ServiceName[] = ['requestor', 'processor'];
const SERVING = 'SERVING';

const HELP = `
Exit code 0 when both services are there and SERVING, else 5.

Examples:
  exitlane status
  exitlane status -o json | jq .processor.status.mode`;

/** `exitlane status`: whether both services are there and what they run on. */
export const status: Verb = (program, action) => {
  program
    .command('status')
    .description('health and versions of both services')
    .addHelpText('after', HELP)
    .action(
      action('read', async (cli) => {
        const answers = await Promise.all(SERVICES.map(async (name) => ({ name, answer: await ask(cli, name) })));
        cli.out.json(Object.fromEntries(answers.map(({ name, answer }) => [name, toJson(cli, name, answer)])));
        answers.forEach(({ name, answer }, index) => {
          cli.out.text(...(index > 0 ? [''] : []), ...lines(cli, name, answer));
        });
        const well = answers.every(({ answer }) => answer.reached && answer.health === SERVING);
        return well ? ExitCode.OK : ExitCode.UNREACHABLE;
      }),
    );
};

async function ask(cli: Cli, name: ServiceName): Promise<Answer> {
  const { signal } = cli.io;
  try {
    const [health, answer] = await Promise.all([
      readHealth(cli.addresses[name], signal),
      call(cli.clients.system(name), 'getStatus', {}, { signal }),
    ]);
    return { reached: true, health, status: answer };
  } catch (error) {
    if (error instanceof CallError) return { reached: false, error };
    throw error;
  }
}

/** The standard health check, of the whole server. */
async function readHealth(address: string, signal: AbortSignal): Promise<string> {
  let health = 'UNKNOWN';
  const onMessage = (message: JsonValue): void => {
    if (typeof message === 'object' && message !== null && 'status' in message) health = String(message.status);
  };
  await callByName({ address, method: 'grpc.health.v1.Health/Check', request: {}, onMessage, signal });
  return health;
}

function toJson(cli: Cli, name: ServiceName, answer: Answer): JsonValue {
  const address = cli.addresses[name];
  if (!answer.reached) return { address, health: 'UNREACHABLE', error: answer.error.message };
  return { address, health: answer.health, status: wireJson('GetStatusResponse', GetStatusResponse, answer.status) };
}

function lines(cli: Cli, name: ServiceName, answer: Answer): string[] {
  const { style } = cli.out;
  const at = style.dim(cli.addresses[name]);
  if (!answer.reached) {
    return [
      `${style.bold(name)}  ${style.red('UNREACHABLE')}  ${at}`,
      `  ${answer.error.status}: ${plain(answer.error.message)}`,
    ];
  }
  const { status: told, health } = answer;
  const mode = tradingModeName(told.mode);
  const paint = health === SERVING ? style.green : style.yellow;
  const pairs: [string, string][] = [
    ['version', `${plain(told.version)} on Node ${plain(told.nodeVersion)}`],
    ['mode', mode === '-' ? '' : mode],
    ['database', `${plain(told.database)}, schema ${told.schemaVersion}`],
    ['up for', wireDuration(told.uptime)],
    ...told.endpoints.map((endpoint): [string, string] => [
      plain(endpoint.name),
      endpoint.healthy
        ? plain(endpoint.url)
        : `${plain(endpoint.url)}  ${style.yellow(plain(endpoint.lastError) || 'not healthy')}`,
    ]),
  ];
  return [`${style.bold(name)}  ${paint(health)}  ${at}`, ...facts(pairs, style.dim).map((line) => `  ${line}`)];
}
