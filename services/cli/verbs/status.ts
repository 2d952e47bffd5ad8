import type { JsonValue } from '@bufbuild/protobuf';
import { GetStatusResponse } from '../../../proto/gen/exitlane/v1/system_service.js';
import { serversAt } from '../../../shared/grpc/addresses.js';
import { CallError } from '../../../shared/grpc/call-error.js';
import { call } from '../../../shared/grpc/client.js';
import type { ClientSecurity } from '../../../shared/grpc/client-security.js';
import { callByName } from '../../../shared/grpc/dynamic-client.js';
import { type Addresses, Clients } from '../clients.js';
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

interface Server {
  readonly name: ServiceName;
  readonly address: string;
}

interface Asked extends Server {
  readonly answer: Answer;
}

const SERVICES: readonly ServiceName[] = ['requestor', 'processor'];
const SERVING = 'SERVING';

const HELP = `
Of several addresses each one is asked; -o json then has a list of them. Exit
code 0 when all are there and SERVING, else 5.

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
        const asked = SERVICES.flatMap((name) =>
          serversAt(cli.addresses[name]).each.map((address) => ({ name, address })),
        );
        const answers = await Promise.all(asked.map(async (server) => ({ ...server, answer: await ask(cli, server) })));
        cli.out.json(Object.fromEntries(SERVICES.map((name) => [name, serviceJson(answers, name)])));
        answers.forEach((server, index) => {
          cli.out.text(...(index > 0 ? [''] : []), ...lines(cli, server));
        });
        const well = answers.every(({ answer }) => answer.reached && answer.health === SERVING);
        return well ? ExitCode.OK : ExitCode.UNREACHABLE;
      }),
    );
};

/** Each server is asked on a connection of its own: a call to several goes to any of them. */
async function ask(cli: Cli, { name, address }: Server): Promise<Answer> {
  const { signal } = cli.io;
  const clients = new Clients({ ...cli.addresses, [name]: address }, cli.clients.security);
  try {
    const [health, answer] = await Promise.all([
      readHealth(address, cli.clients.security, signal),
      call(clients.system(name), 'getStatus', {}, { signal }),
    ]);
    return { reached: true, health, status: answer };
  } catch (error) {
    if (error instanceof CallError) return { reached: false, error };
    throw error;
  } finally {
    clients.close();
  }
}

/** The standard health check, of the whole server. */
async function readHealth(address: string, security: ClientSecurity, signal: AbortSignal): Promise<string> {
  let health = 'UNKNOWN';
  const onMessage = (message: JsonValue): void => {
    if (typeof message === 'object' && message !== null && 'status' in message) health = String(message.status);
  };
  await callByName({ address, security, method: 'grpc.health.v1.Health/Check', request: {}, onMessage, signal });
  return health;
}

/** What the one server of a service said; a list where there are several. */
function serviceJson(answers: readonly Asked[], name: ServiceName): JsonValue {
  const [first, ...others] = answers.filter((each) => each.name === name).map(toJson);
  return others.length === 0 ? (first ?? null) : [first ?? null, ...others];
}

function toJson({ address, answer }: Asked): JsonValue {
  if (!answer.reached) return { address, health: 'UNREACHABLE', error: answer.error.message };
  return { address, health: answer.health, status: wireJson('GetStatusResponse', GetStatusResponse, answer.status) };
}

function lines(cli: Cli, { name, address, answer }: Asked): string[] {
  const { style } = cli.out;
  const at = style.dim(address);
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
