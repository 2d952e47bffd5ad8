import { GetPriceResponse, PricePurpose } from '../../../proto/gen/exitlane/v1/market_service.js';
import { call } from '../../../shared/grpc/client.js';
import { ExitCode } from '../exit-codes.js';
import { wireDuration } from '../render/format.js';
import { plain } from '../render/text.js';
import { KNOWN_SYMBOLS, tokenOf } from '../tokens.js';
import type { Verb } from '../verb.js';

const HELP = `
Symbols known here:
  ${KNOWN_SYMBOLS.join(', ')}

Examples:
  exitlane price BONK
  exitlane price DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263 -o json`;

/** `exitlane price`: what a token costs now. */
export const price: Verb = (program, action) => {
  program
    .command('price')
    .description('price of a token in SOL')
    .argument('<mint or symbol>', 'the token')
    .addHelpText('after', HELP)
    .action(
      action('read', async (cli, name: string) => {
        const token = tokenOf(name);
        const request = { tokenAddress: token.address, purpose: PricePurpose.SCAN };
        const response = await call(cli.clients.market, 'getPrice', request, { signal: cli.io.signal });
        cli.out.message('GetPriceResponse', GetPriceResponse, response);
        const found = response.price;
        if (!found) return ExitCode.UNREACHABLE;
        const origin = [plain(found.source), found.age && `${wireDuration(found.age)} old`].filter(Boolean).join(', ');
        cli.out.text(`${token.symbol || found.tokenAddress}  ${found.price} SOL  ${cli.out.style.dim(`(${origin})`)}`);
        return ExitCode.OK;
      }),
    );
};
