import { PublicKey } from '@solana/web3.js';

/** A token the sandbox trades: the real mint address, symbol and decimals, and where its price walk starts. */
export interface SandboxMint {
  readonly address: string;
  readonly symbol: string;
  readonly decimals: number;
  /** Start price in SOL per whole token, as a plain decimal; `pegged` tokens follow SOL's USD price instead. */
  readonly startPriceSol: string | 'pegged';
}

/** Wrapped SOL; Jupiter and the token program use this address for SOL. */
export const SOL_MINT = 'So11111111111111111111111111111111111111112';

/** Start price of SOL in USD. */
export const SOL_START_USD = '150';

/** No real token has 0 decimals and a deep pool, and code that assumes decimals breaks there first: so we add one. */
const WHOLE_MINT = new PublicKey(Buffer.from('exitlane sandbox token WHOLE 0.1', 'ascii')).toBase58();

export const SANDBOX_MINTS: readonly SandboxMint[] = [
  { address: SOL_MINT, symbol: 'SOL', decimals: 9, startPriceSol: '1' },
  { address: 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v', symbol: 'USDC', decimals: 6, startPriceSol: 'pegged' },
  { address: 'Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB', symbol: 'USDT', decimals: 6, startPriceSol: 'pegged' },
  { address: 'DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263', symbol: 'BONK', decimals: 5, startPriceSol: '0.00000012' },
  { address: 'EKpQGSJtjMFqKZ9KQanSqYXRcF8fBopzLHYxdM65zcjm', symbol: 'WIF', decimals: 6, startPriceSol: '0.0045' },
  { address: 'JUPyiwrYJFskUPiHa7hkeR8VUtAeFoSYbKedZNsDvCN', symbol: 'JUP', decimals: 6, startPriceSol: '0.0026' },
  { address: 'jtojtomepa8beP8AuQc6eXt5FriJwfFMwQx2v2f9mCL', symbol: 'JTO', decimals: 9, startPriceSol: '0.012' },
  { address: '7GCihgDB8fe6KNjn2MYtkzZcRjQy3t9GHdC8uHYmW2hr', symbol: 'POPCAT', decimals: 9, startPriceSol: '0.0018' },
  { address: '4k3Dyjzvzp8eMZWUXbBCjEvwSkkk59S5iCNLY3QrkX6R', symbol: 'RAY', decimals: 6, startPriceSol: '0.015' },
  { address: 'HZ1JovNiVvGrGNiiYvEozEVgZ58xaU3RKwX8eACQBCt3', symbol: 'PYTH', decimals: 6, startPriceSol: '0.0008' },
  { address: WHOLE_MINT, symbol: 'WHOLE', decimals: 0, startPriceSol: '0.001' },
];

const BY_ADDRESS = new Map(SANDBOX_MINTS.map((mint) => [mint.address, mint]));

export function findMint(address: string): SandboxMint | undefined {
  return BY_ADDRESS.get(address);
}

/** The mint with this symbol; for tests and demos, where a typo should stop at once. */
export function mintOf(symbol: string): SandboxMint {
  const mint = SANDBOX_MINTS.find((each) => each.symbol === symbol);
  if (!mint) throw new RangeError(`the sandbox has no token called ${symbol}`);
  return mint;
}
