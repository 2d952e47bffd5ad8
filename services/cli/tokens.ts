import { CliError } from './exit-codes.js';

/** Mint addresses of well-known tokens on Solana, so that a first order needs no address at hand. */
const WELL_KNOWN: Readonly<Record<string, string>> = {
  BONK: 'DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263',
  JTO: 'jtojtomepa8beP8AuQc6eXt5FriJwfFMwQx2v2f9mCL',
  JUP: 'JUPyiwrYJFskUPiHa7hkeR8VUtAeFoSYbKedZNsDvCN',
  POPCAT: '7GCihgDB8fe6KNjn2MYtkzZcRjQy3t9GHdC8uHYmW2hr',
  PYTH: 'HZ1JovNiVvGrGNiiYvEozEVgZ58xaU3RKwX8eACQBCt3',
  RAY: '4k3Dyjzvzp8eMZWUXbBCjEvwSkkk59S5iCNLY3QrkX6R',
  USDC: 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v',
  USDT: 'Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB',
  WIF: 'EKpQGSJtjMFqKZ9KQanSqYXRcF8fBopzLHYxdM65zcjm',
};

const WRAPPED_SOL = 'So11111111111111111111111111111111111111112';
/** 32 bytes in base58; whether there is such a mint is for the service to say. */
const ADDRESS = /^[1-9A-HJ-NP-Za-km-z]{32,44}$/;

export const KNOWN_SYMBOLS: readonly string[] = Object.keys(WELL_KNOWN);

export interface Token {
  readonly address: string;
  /** Empty when an address was given. */
  readonly symbol: string;
}

/**
 * A token by mint address or well-known symbol (upper or lower case).
 * @throws CliError for SOL itself, and for anything that is neither
 */
export function tokenOf(text: string): Token {
  const symbol = text.toUpperCase();
  if (symbol === 'SOL' || symbol === 'WSOL' || text === WRAPPED_SOL) {
    throw new CliError('SOL is what orders pay with, not a token to trade', 1, [
      `give another token: its mint address, or one of ${KNOWN_SYMBOLS.join(', ')}`,
    ]);
  }
  const known = WELL_KNOWN[symbol];
  if (known !== undefined) return { address: known, symbol };
  if (ADDRESS.test(text)) return { address: text, symbol: '' };
  throw new CliError(`${text} is neither a mint address nor a symbol known here`, 1, [
    `symbols known here: ${KNOWN_SYMBOLS.join(', ')}; any other token goes by its mint address (base58)`,
  ]);
}
