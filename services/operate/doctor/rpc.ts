import { messageOf } from '../../../shared/core/errors.js';
import { type Answer, type Server, serverAt } from './ask.js';
import { type Check, type Finding, ok, problem, type Surroundings, skipped, warning } from './check.js';
import { CHAIN_CLOCK_WARNING_MS, SLOT_LAG_PROBLEM, SLOT_LAG_WARNING, SLOW_CALL_MS } from './limits.js';

/** https://solana.com/docs/references/clusters: block 0 of mainnet-beta. */
const MAINNET = '5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d';

/** What one endpoint says of itself. */
interface Seen {
  readonly host: string;
  readonly genesis: string;
  readonly slot: number;
  readonly finding: Finding;
  /** Time of a recent block less this host's, ms; undefined: it tells none. */
  readonly clockMs: number | undefined;
}

/** The RPC endpoints: each by itself, and whether they agree on the chain and on where it is. */
export const rpc: Check = {
  name: 'rpc',
  async run({ processor, clock }, signal) {
    if (processor === undefined) return [skipped('the settings of the processor are invalid')];
    const { rpcUrls } = processor.venue;
    const looks = await Promise.all(
      rpcUrls.map(async (url): Promise<Seen | Finding> => {
        const server = serverAt(url, 'a Solana RPC endpoint');
        try {
          return await look(server, signal, () => clock.now());
        } catch (error) {
          return problem(
            messageOf(error),
            'see that the address and its key are right; another endpoint helps meanwhile',
          );
        }
      }),
    );
    const seen = looks.filter((each) => 'genesis' in each);
    return [
      ...looks.map((each) => ('genesis' in each ? each.finding : each)),
      ...(seen.length > 0 ? [chainOf(seen, processor), ...lagsOf(seen), ...clocksOf(seen)] : []),
      ...lonely(rpcUrls.length, processor),
    ];
  },
};

async function look(server: Server, signal: AbortSignal, now: () => number): Promise<Seen> {
  const ask = async (method: string, params: readonly unknown[] = []) => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
    const headers = { 'content-type': 'application/json' };
    const answer = await server.ask('', { method: 'POST', headers, body }, signal);
    return { ...answer, result: resultOf(server.host, method, answer) };
  };
  // One after the other: the slots of all endpoints are then asked for at about the same time.
  const { result: slot, tookMs, limits } = await ask('getSlot', [{ commitment: 'confirmed' }]);
  const { result: genesis } = await ask('getGenesisHash');
  const { result: version } = await ask('getVersion');
  const time = await ask('getBlockTime', [slot]).catch(() => undefined);
  const clockMs = typeof time?.result === 'number' ? time.result * 1_000 - now() : undefined;
  const core =
    typeof version === 'object' && version !== null && 'solana-core' in version ? version['solana-core'] : '?';
  const saw = [`${server.host}: ${tookMs} ms`, `version ${String(core)}`, `slot ${String(slot)}`, limits];
  const text = saw.filter((part) => part !== '').join(', ');
  const finding = tookMs > SLOW_CALL_MS ? warning(text, 'use a nearer or faster endpoint') : ok(text);
  return { host: server.host, genesis: String(genesis), slot: Number(slot), finding, clockMs };
}

function resultOf(host: string, method: string, { body }: Answer): unknown {
  if (typeof body === 'object' && body !== null) {
    if ('result' in body) return body.result;
    if ('error' in body && typeof body.error === 'object' && body.error !== null && 'message' in body.error) {
      throw new Error(`${host} refuses ${method}: ${String(body.error.message)}`);
    }
  }
  throw new Error(`${host} answers ${method} with something that is no JSON-RPC`);
}

/** Money of one chain, looked up on another: that ends in orders that never land, or land where nobody looks. */
function chainOf(seen: readonly Seen[], { sandbox, executor }: NonNullable<Surroundings['processor']>): Finding {
  const chains = new Map<string, string[]>();
  for (const { genesis, host } of seen) chains.set(genesis, [...(chains.get(genesis) ?? []), host]);
  if (chains.size > 1) {
    const each = [...chains].map(([genesis, hosts]) => `${hosts.join(' and ')} ${nameOf(genesis)}`);
    return problem(
      `the endpoints are on different chains: ${each.join('; ')}`,
      'take all but one chain out of SOLANA_RPC_URLS',
    );
  }
  const [genesis = ''] = chains.keys();
  const saw = `all on ${nameOf(genesis)}`;
  if (sandbox && genesis === MAINNET) {
    return problem(
      `${saw}, but EXITLANE_SANDBOX is 1: real money, shown as a sandbox`,
      'set EXITLANE_SANDBOX=0, or the sandbox in SOLANA_RPC_URLS',
    );
  }
  if (!sandbox && executor === 'venue' && genesis !== MAINNET) {
    return problem(
      `${saw}, and EXITLANE_SANDBOX is 0`,
      'set EXITLANE_SANDBOX=1 for the sandbox, or endpoints of mainnet',
    );
  }
  return ok(saw);
}

function nameOf(genesis: string): string {
  return genesis === MAINNET ? 'mainnet' : `another chain (genesis ${genesis.slice(0, 8)}...)`;
}

function lagsOf(seen: readonly Seen[]): Finding[] {
  if (seen.length < 2) return [];
  const best = Math.max(...seen.map(({ slot }) => slot));
  const behind = seen.filter(({ slot }) => best - slot > SLOT_LAG_WARNING);
  if (behind.length === 0)
    return [ok(`within ${best - Math.min(...seen.map(({ slot }) => slot))} slots of each other`)];
  return behind.map(({ host, slot }) => {
    const saw = `${host} is ${best - slot} slots behind the best`;
    const todo = 'it does not see what just happened: take it out, or put it last';
    return best - slot > SLOT_LAG_PROBLEM ? problem(saw, todo) : warning(saw, todo);
  });
}

/** Of the endpoint whose blocks are newest. */
function clocksOf(seen: readonly Seen[]): Finding[] {
  const best = seen.reduce((one, other) => (other.slot > one.slot ? other : one));
  if (best.clockMs === undefined) return [];
  const seconds = Math.round(best.clockMs / 1_000);
  const saw = `a block of ${best.host} is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} this host's clock`;
  if (Math.abs(best.clockMs) <= CHAIN_CLOCK_WARNING_MS) return [ok(saw)];
  return [warning(saw, 'either this clock is wrong (NTP itself is not checked), or the endpoint stands still')];
}

function lonely(endpoints: number, { executor, sandbox }: NonNullable<Surroundings['processor']>): Finding[] {
  if (endpoints > 1 || sandbox || executor !== 'venue') return [];
  const saw =
    'one endpoint only: that a transaction is dead is then its word alone, and an outage of it stops everything';
  return [warning(saw, 'add one of another provider to SOLANA_RPC_URLS')];
}
