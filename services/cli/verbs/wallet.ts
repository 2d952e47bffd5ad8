import { GetWalletResponse, type TokenBalance } from '../../../proto/gen/exitlane/v1/market_service.js';
import { call } from '../../../shared/grpc/client.js';
import { ExitCode } from '../exit-codes.js';
import { type Column, facts, table } from '../render/table.js';
import { plain } from '../render/text.js';
import type { Verb } from '../verb.js';

/** `exitlane wallet`: address and balances; never the key. */
export const wallet: Verb = (program, action) => {
  program
    .command('wallet')
    .description('address and balances of the wallet')
    .action(
      action('read', async (cli) => {
        const { out } = cli;
        const response = await call(cli.clients.market, 'getWallet', {}, { signal: cli.io.signal });
        out.message('GetWalletResponse', GetWalletResponse, response);
        const { address, balanceSol, tokens, keySource } = response;
        out.text(
          ...facts(
            [
              ['address', address || 'none: no key is loaded'],
              ['balance', balanceSol === '' ? '' : `${balanceSol} SOL`],
              ['key', plain(keySource)],
            ],
            out.style.dim,
          ),
        );
        if (tokens.length > 0) out.text('', ...tokenTable(tokens, out));
        return ExitCode.OK;
      }),
    );
};

function tokenTable(
  tokens: readonly TokenBalance[],
  out: { width: number | undefined; style: { bold: (t: string) => string } },
) {
  const columns: Column<TokenBalance>[] = [
    { title: 'TOKEN', cell: ({ tokenSymbol }) => plain(tokenSymbol) || '-' },
    { title: 'AMOUNT', cell: ({ amount }) => amount, align: 'right' },
    { title: 'MINT', cell: ({ tokenAddress }) => tokenAddress, squeeze: 'shorten', least: 13 },
  ];
  return table(columns, tokens, { width: out.width, heading: out.style.bold });
}
