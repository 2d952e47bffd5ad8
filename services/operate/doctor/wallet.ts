import { formatAmount, SOL_DECIMALS } from '../../../shared/core/decimals.js';
import { directCalls } from '../../processor/venue/calls.js';
import { Endpoints } from '../../processor/venue/endpoints.js';
import { Rpc } from '../../processor/venue/rpc.js';
import { loadWallet, namesKey } from '../../processor/wallet/load-wallet.js';
import { REQUESTOR_DEFAULTS } from '../../requestor/config.js';
import { type Check, type Finding, ok, problem, skipped, warning } from './check.js';
import { CALL_TIMEOUT_MS } from './limits.js';

/** The key, by the very code that loads it, and what the wallet holds. The key is not kept, and never told. */
export const wallet: Check = {
  name: 'wallet',
  async run({ processor, requestor, clock }, signal) {
    if (processor === undefined) return [skipped('the settings of the processor are invalid')];
    if (processor.executor !== 'venue') return [skipped(`executor ${processor.executor} loads no key`)];
    if (!namesKey(processor)) return [problem('no key is named', 'set WALLET_KEYSTORE_FILE or WALLET_KEYPAIR_FILE')];
    const signer = await loadWallet(processor);
    if (!signer) return [problem('no key was loaded', 'set WALLET_KEYSTORE_FILE or WALLET_KEYPAIR_FILE')];
    const { publicKey, source } = signer;
    const key = ok(`${publicKey.toBase58()}, from a ${source}, readable by its owner only`);
    const call = directCalls({ clock, timeoutMs: CALL_TIMEOUT_MS });
    const endpoints = new Endpoints(processor.venue.rpcUrls.map((url) => new Rpc({ url, call })));
    try {
      const [lamports, tokens] = await Promise.all([
        endpoints.first((rpc) => rpc.solBalance(publicKey, signal), signal),
        endpoints.first((rpc) => rpc.tokenAccounts(publicKey, signal), signal),
      ]);
      const reserve = (requestor ?? REQUESTOR_DEFAULTS).entryLimits.minReserveLamports;
      return [key, balance(lamports, reserve), ok(`${tokens.length} token accounts`)];
    } catch (error) {
      signal.throwIfAborted();
      const why = error instanceof Error ? error.message : 'no answer';
      return [key, problem(`its balance cannot be read: ${why}`, 'see the checks of the RPC endpoints')];
    }
  },
};

function balance(lamports: bigint, reserve: bigint): Finding {
  const sol = (units: bigint) => `${formatAmount(units, SOL_DECIMALS)} SOL`;
  const saw = `${sol(lamports)}; MIN_SOL_RESERVE is ${sol(reserve)}`;
  if (lamports === 0n) return problem(saw, 'send SOL to it: it cannot pay a fee, so no exit can be sent');
  return lamports <= reserve ? warning(saw, 'send SOL to it: entries from signals are refused') : ok(saw);
}
