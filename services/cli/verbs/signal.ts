import { ProcessSignalRequest, ProcessSignalResponse } from '../../../proto/gen/exitlane/v1/order_service.js';
import { call } from '../../../shared/grpc/client.js';
import { decimal, number, wholeNumber } from '../options.js';
import { commandOf, optionWord, orderReqIdOf, type PlaceOptions, placeOptions, placeOrder } from '../place-order.js';
import { tokenOf } from '../tokens.js';
import type { Verb } from '../verb.js';

interface Options extends PlaceOptions {
  readonly token: string;
  readonly sol: string;
  readonly score?: number;
  readonly reason?: string;
  readonly slippageBps?: number;
  readonly simulated?: boolean;
}

const HELP = `
A signal becomes an entry order if nothing stands against it: the trading state,
a critical alert about the token, the limits on open positions and on SOL held.
A refusal says what does. submit entry makes an order without these limits.

Examples:
  exitlane signal --token BONK --sol 0.5 --score 0.8 --reason "volume x5"
  exitlane signal --token WIF --sol 1 --id strategy-7:1093 --watch`;

/** `exitlane signal`: hands in a reason to buy, as a strategy would. */
export const signal: Verb = (program, action) => {
  const command = program
    .command('signal')
    .description('hand in a signal to buy; it becomes an entry order if allowed')
    .requiredOption('--token <mint or symbol>', 'what to buy')
    .requiredOption('--sol <amount>', 'SOL to spend, such as 0.5', decimal)
    .option('--score <number>', 'strength of the signal; recorded, not judged', number)
    .option('--reason <text>', 'why, for the record')
    .option('--slippage-bps <n>', 'most slippage accepted, in basis points', wholeNumber(1, 10_000))
    .option('--simulated', 'send nothing to a chain');
  placeOptions(command)
    .addHelpText('after', HELP)
    .action(
      action('write', async (cli, options: Options) => {
        const token = tokenOf(options.token);
        const request = ProcessSignalRequest.fromPartial({
          orderReqId: orderReqIdOf(options),
          tokenAddress: token.address,
          amountSol: options.sol,
          score: options.score,
          signalReason: options.reason ?? '',
          maxSlippageBps: options.slippageBps,
          isSimulated: options.simulated ?? false,
        });
        return placeOrder(cli, {
          options,
          orderReqId: request.orderReqId,
          typeName: 'ProcessSignalResponse',
          encoder: ProcessSignalResponse,
          repeat: repeatCommand(cli.command, options.token, request),
          ask: () => call(cli.clients.orders, 'processSignal', request, { signal: cli.io.signal }),
        });
      }),
    );
};

function repeatCommand(command: string, token: string, request: ProcessSignalRequest): string {
  return commandOf(
    command,
    'signal',
    optionWord('id', request.orderReqId),
    optionWord('token', token),
    optionWord('sol', request.amountSol),
    optionWord('score', request.score),
    optionWord('reason', request.signalReason),
    optionWord('slippage-bps', request.maxSlippageBps),
    request.isSimulated && '--simulated',
  );
}
