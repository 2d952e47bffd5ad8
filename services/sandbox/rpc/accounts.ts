import bs58 from 'bs58';
import { z } from 'zod';
import { formatAmount, MAX_BASE_UNITS } from '../../../shared/core/decimals.js';
import type { Commitment } from '../chain.js';
import { readMint, readTokenAccount, TOKEN_PROGRAM, type TokenAccount } from '../spl.js';
import type { AccountState } from '../vm.js';
import {
  checkContextSlot,
  configAt,
  invalidParams,
  paramAt,
  type RpcContext,
  RpcError,
  type RpcHandler,
  readConfig,
  withContext,
} from './context.js';
import { addressParam } from './schemas.js';

/** Accounts one getMultipleAccounts call may ask for. */
const ACCOUNTS_MAX = 100;

/** Base58 is quadratic; a node refuses it for larger accounts. */
const BASE58_BYTES_MAX = 128;

export const accountEncoding = z.enum(['base58', 'base64', 'jsonParsed']);
type AccountEncoding = z.infer<typeof accountEncoding>;

const dataSlice = z.object({ offset: z.number().int().nonnegative(), length: z.number().int().nonnegative() });
const accountConfig = readConfig.extend({
  encoding: accountEncoding.default('base58'),
  dataSlice: dataSlice.optional(),
});

export const getAccountInfo: RpcHandler = (context, params) => {
  const key = paramAt(params, 0, addressParam);
  const config = configAt(params, 1, accountConfig);
  checkContextSlot(context, config);
  const state = context.chain.account(key, config.commitment);
  return withContext(context, config.commitment, encodeAccount(context, state, config));
};

export const getMultipleAccounts: RpcHandler = (context, params) => {
  const keys = paramAt(params, 0, z.array(addressParam));
  if (keys.length > ACCOUNTS_MAX) throw invalidParams(`Too many inputs provided; max ${ACCOUNTS_MAX}`);
  const config = configAt(params, 1, accountConfig.extend({ encoding: accountEncoding.default('base64') }));
  checkContextSlot(context, config);
  const states = keys.map((key) => context.chain.account(key, config.commitment));
  const value = states.map((state) => encodeAccount(context, state, config));
  return withContext(context, config.commitment, value);
};

export const getBalance: RpcHandler = (context, params) => {
  const key = paramAt(params, 0, addressParam);
  const config = configAt(params, 1, readConfig);
  checkContextSlot(context, config);
  const lamports = context.chain.account(key, config.commitment)?.lamports ?? 0n;
  return withContext(context, config.commitment, Number(lamports));
};

export const getMinimumBalanceForRentExemption: RpcHandler = ({ vm }, params) => {
  return Number(vm.rentExemption(paramAt(params, 0, z.number().int().nonnegative().max(10_485_760))));
};

export const getTokenAccountBalance: RpcHandler = (context, params) => {
  const key = paramAt(params, 0, addressParam);
  const { commitment } = configAt(params, 1, readConfig);
  const token = tokenAccountAt(context, key, commitment);
  if (!token) throw invalidParams('could not find account');
  return withContext(context, commitment, uiAmount(token.amount, decimalsOf(context, token.mint)));
};

export const getTokenSupply: RpcHandler = (context, params) => {
  const key = paramAt(params, 0, addressParam);
  const { commitment } = configAt(params, 1, readConfig);
  const mint = readMint(context.chain.account(key, commitment)?.data ?? new Uint8Array());
  if (!mint) throw invalidParams('not a Token mint');
  return withContext(context, commitment, uiAmount(mint.supply, mint.decimals));
};

const tokenFilter = z.union([z.object({ mint: addressParam }), z.object({ programId: addressParam })]);

export const getTokenAccountsByOwner: RpcHandler = (context, params) => {
  const owner = paramAt(params, 0, addressParam);
  const filter = paramAt(params, 1, tokenFilter);
  const config = configAt(params, 2, accountConfig);
  checkContextSlot(context, config);
  if ('mint' in filter && !context.chain.account(filter.mint, config.commitment)) {
    throw invalidParams('could not find mint');
  }
  const value: unknown[] = [];
  if ('programId' in filter && filter.programId !== TOKEN_PROGRAM.toBase58()) {
    return withContext(context, config.commitment, value);
  }
  for (const pubkey of context.chain.ownedBy(TOKEN_PROGRAM.toBase58(), config.commitment)) {
    const token = tokenAccountAt(context, pubkey, config.commitment);
    if (token?.owner !== owner || ('mint' in filter && token.mint !== filter.mint)) continue;
    const account = encodeAccount(context, context.chain.account(pubkey, config.commitment), config);
    value.push({ pubkey, account });
  }
  return withContext(context, config.commitment, value);
};

function tokenAccountAt({ chain }: RpcContext, key: string, commitment: Commitment): TokenAccount | undefined {
  const state = chain.account(key, commitment);
  return state?.owner === TOKEN_PROGRAM.toBase58() ? readTokenAccount(state.data) : undefined;
}

function decimalsOf({ vm }: RpcContext, mint: string): number {
  return readMint(vm.account(mint)?.data ?? new Uint8Array())?.decimals ?? 0;
}

/** A token amount in all the forms that clients read. */
export function uiAmount(units: bigint, decimals: number) {
  const uiAmountString = formatAmount(units, decimals);
  return { amount: units.toString(), decimals, uiAmount: Number(uiAmountString), uiAmountString };
}

export interface EncodeOptions {
  readonly encoding: AccountEncoding;
  readonly dataSlice?: z.infer<typeof dataSlice> | undefined;
}

/** An account as getAccountInfo shows it; null if there is none. */
export function encodeAccount(context: RpcContext, state: AccountState | undefined, options: EncodeOptions) {
  if (!state) return null;
  return {
    lamports: Number(state.lamports),
    owner: state.owner,
    data: encodeData(context, state, options),
    executable: state.executable,
    // 2^64 - 1 loses its last digits as a JSON number for JavaScript clients, on real nodes too.
    rentEpoch: Number(MAX_BASE_UNITS),
    space: state.data.length,
  };
}

function encodeData(context: RpcContext, state: AccountState, { encoding, dataSlice: slice }: EncodeOptions) {
  const parsed = encoding === 'jsonParsed' ? parse(context, state) : undefined;
  if (parsed) return { program: 'spl-token', parsed, space: state.data.length };
  const bytes = slice ? state.data.subarray(slice.offset, slice.offset + slice.length) : state.data;
  if (encoding !== 'base58') return [Buffer.from(bytes).toString('base64'), 'base64'];
  if (bytes.length > BASE58_BYTES_MAX) {
    const text = `Encoded binary (base 58) data should be less than ${BASE58_BYTES_MAX} bytes, please use Base64 encoding.`;
    throw new RpcError(-32600, text);
  }
  return [bs58.encode(bytes), 'base58'];
}

function parse(context: RpcContext, { owner, data }: AccountState) {
  if (owner !== TOKEN_PROGRAM.toBase58()) return undefined;
  const mint = readMint(data);
  if (mint) {
    const info = { decimals: mint.decimals, freezeAuthority: null, isInitialized: true, mintAuthority: null };
    return { type: 'mint', info: { ...info, supply: mint.supply.toString() } };
  }
  const token = readTokenAccount(data);
  if (!token) return undefined;
  const isNative = token.nativeReserve !== undefined;
  const tokenAmount = uiAmount(token.amount, decimalsOf(context, token.mint));
  const rent = isNative ? { rentExemptReserve: uiAmount(token.nativeReserve ?? 0n, 9) } : {};
  return {
    type: 'account',
    info: { isNative, mint: token.mint, owner: token.owner, state: token.state, tokenAmount, ...rent },
  };
}
