import { readFile } from 'node:fs/promises';
import type { JsonValue } from '@bufbuild/protobuf';
import { messageOf } from '../../../shared/core/errors.js';
import { callByName, listMethods } from '../../../shared/grpc/dynamic-client.js';
import { fullMethodName, isRead, methodInfo, servedBy, shortName } from '../api-methods.js';
import type { Addresses } from '../clients.js';
import { CliError, ExitCode, exitCodeOf, Interrupted } from '../exit-codes.js';
import { readAll } from '../io.js';
import { oneOf } from '../options.js';
import { describeMethod, methodList } from '../render/methods.js';
import type { Cli, Verb } from '../verb.js';

interface Options {
  readonly list?: boolean;
  readonly describe?: boolean;
  readonly on?: keyof Addresses;
}

const HELP = `
The request is JSON as in grpcurl: names as in the proto files, enums by name,
64-bit numbers as strings, times in ISO 8601. It comes from the command line,
from standard input (-) or from a file (@file). Streams print one line of JSON
per message.

Examples:
  exitlane call --list
  exitlane call --describe SubmitOrder
  exitlane call GetQueueStats
  exitlane call OrderService/GetOrder '{"order_req_id": "my-bot:42"}'
  exitlane call StreamOrder '{"order_req_id": "my-bot:42"}'
  exitlane call SubmitOrder @order.json
  exitlane call SystemService/GetStatus --on processor`;

/** `exitlane call`: any method of the API by name. */
export const call: Verb = (program, action) => {
  program
    .command('call')
    .description('call any method of the API with JSON')
    .argument('[method]', 'Service/Method, or Method if only one service has it')
    .argument('[json]', 'the request: JSON, - for standard input, @file for a file', '{}')
    .option('--list', 'list the methods')
    .option('--describe', 'show the fields of a method')
    .option('--on <service>', 'ask this one: requestor or processor', (text) => onService(text))
    .addHelpText('after', HELP)
    .action(
      action('write', (cli, method: string | undefined, request: string, options: Options) => {
        if (options.list) return list(cli);
        if (method === undefined) throw new CliError('say which method', 1, ['exitlane call --list shows all']);
        return options.describe ? describe(cli, method) : perform(cli, method, request, options.on);
      }),
    );
};

function onService(text: string): keyof Addresses {
  return oneOf(['REQUESTOR', 'PROCESSOR'], '')(text) === 'REQUESTOR' ? 'requestor' : 'processor';
}

async function list(cli: Cli): Promise<ExitCode> {
  const methods = listMethods();
  cli.out.json(methods.map((method) => ({ ...method })));
  cli.out.text(...methodList(methods, cli.out));
  return ExitCode.OK;
}

async function describe(cli: Cli, name: string): Promise<ExitCode> {
  const method = methodInfo(name);
  const { lines, json } = describeMethod(method, cli.out);
  cli.out.json(json);
  cli.out.text(...lines, '', `call it: ${cli.command} call ${shortName(method)} '{...}'`);
  return ExitCode.OK;
}

async function perform(cli: Cli, name: string, given: string, on: keyof Addresses | undefined): Promise<ExitCode> {
  const method = fullMethodName(name);
  const request = await readRequest(cli, given);
  const address = cli.addresses[on ?? servedBy(method)];
  const streams = listMethods().some((known) => known.name.endsWith(method) && known.serverStreaming);
  const print = (message: JsonValue): void => {
    cli.io.stdout.write(`${streams ? JSON.stringify(message) : JSON.stringify(message, undefined, 2)}\n`);
  };
  try {
    await callByName({
      address,
      security: cli.clients.security,
      method,
      request,
      onMessage: print,
      signal: cli.io.signal,
    });
    return ExitCode.OK;
  } catch (error) {
    // Most streams have no end of their own: Ctrl-C is how one leaves them.
    if (streams && error instanceof Interrupted) return ExitCode.OK;
    if (!isRead(method) || exitCodeOf(error, 'read') !== ExitCode.UNREACHABLE) throw error;
    throw new CliError(messageOf(error), ExitCode.UNREACHABLE, [`asked at ${address}`], { cause: error });
  }
}

async function readRequest(cli: Cli, given: string): Promise<JsonValue> {
  const text = await requestText(cli, given);
  try {
    return JSON.parse(text.trim() === '' ? '{}' : text);
  } catch (cause) {
    throw new CliError(
      `the request is not JSON: ${messageOf(cause)}`,
      1,
      [`quote it for the shell: '{"field": "value"}'`],
      {
        cause,
      },
    );
  }
}

async function requestText(cli: Cli, given: string): Promise<string> {
  if (given === '-') return readAll(cli.io.stdin);
  if (!given.startsWith('@')) return given;
  const file = given.slice(1);
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new CliError(`cannot read ${file}: ${messageOf(cause)}`, 1, [], { cause });
  }
}
