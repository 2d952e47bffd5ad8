import { AddressLookupTableAccount, type VersionedTransaction } from '@solana/web3.js';
import type { Clock } from '../../../shared/core/clock.js';
import type { Endpoints } from './endpoints.js';
import { type Diagnosis, diagnoseTransaction } from './errors.js';
import { SIMULATION_PAUSE_MS, SIMULATIONS_MAX } from './limits.js';
import { type CheckedTransaction, PolicyViolation } from './policy.js';
import { type AccountChange, checkBalances, type SwapExpectation } from './policy-balances.js';
import type { AccountState } from './rpc-wire.js';
import { isTokenProgram, readTokenAccount } from './spl.js';

/** The simulation says that the transaction would fail. */
export class SimulationFailed extends Error {
  override readonly name = 'SimulationFailed';

  constructor(readonly diagnosis: Diagnosis) {
    super(diagnosis.text);
  }
}

export interface PreflightParts {
  readonly endpoints: Endpoints;
  readonly clock: Clock;
}

type Expectation = Omit<SwapExpectation, 'feeLamportsMax'>;

/**
 * Simulates a checked transaction and compares what the wallet would have afterwards with what the order wants.
 *
 * Other orders of the same wallet may land at any moment. The wallet's accounts are therefore read before and after the
 * simulation: only if they are the same does the difference belong to this transaction; else it is done again.
 *
 * @throws PolicyViolation, SimulationFailed, and the RPC client's errors
 */
export async function preflight(
  { endpoints, clock }: PreflightParts,
  checked: CheckedTransaction,
  expected: Expectation,
  signal: AbortSignal,
): Promise<void> {
  const { transaction, feeLamportsMax } = checked;
  const { keys, writable } = await accountKeys(endpoints, transaction, signal);
  const read = () => endpoints.first((rpc) => rpc.accountsBeforeSwap(writable, signal), signal);
  const programs = transaction.message.compiledInstructions.map(({ programIdIndex }) => keys[programIdIndex] ?? '');
  let before = await read();
  for (let run = 1; ; run++) {
    const simulation = await endpoints.first((rpc) => rpc.simulate(transaction, writable, signal), signal);
    const last = run === SIMULATIONS_MAX;
    if (simulation.err !== null) {
      const diagnosis = diagnoseTransaction('simulate', simulation.err, { logs: simulation.logs, programs });
      if (diagnosis.verdict !== 'resend-same' || last) throw new SimulationFailed(diagnosis);
      await clock.sleep(SIMULATION_PAUSE_MS, signal);
      continue;
    }
    const after = await read();
    const changes = writable.map((address, index) => {
      return { address, before: before[index], after: simulation.accounts[index], again: after[index] };
    });
    if (changes.every((change) => isStill(change, expected.wallet))) {
      if (simulation.accounts.length !== writable.length) throw new PolicyViolation('its simulation shows no accounts');
      return checkBalances(changes, { ...expected, feeLamportsMax });
    }
    if (last) throw new SimulationFailed(UNSETTLED);
    before = after;
  }
}

const UNSETTLED: Diagnosis = {
  reason: 'SIMULATION_FAILED',
  verdict: 'retry-new-quote',
  text: 'Other transactions kept changing the wallet while this one was checked.',
};

/** Whether a wallet's account was the same before and after the simulation; others do not matter. */
function isStill(
  { address, before, again }: AccountChange & { again: AccountState | undefined },
  wallet: string,
): boolean {
  if (address !== wallet && tokenOwner(before) !== wallet && tokenOwner(again) !== wallet) return true;
  if (!before || !again) return before === again;
  return before.lamports === again.lamports && Buffer.compare(before.data, again.data) === 0;
}

function tokenOwner(state: AccountState | undefined): string | undefined {
  return state && isTokenProgram(state.owner) ? readTokenAccount(state.data)?.owner : undefined;
}

const LOOKUP_TABLE_PROGRAM = 'AddressLookupTab1e1111111111111111111111111';

/** All accounts a transaction names, those of lookup tables included, and which of them it can write. */
async function accountKeys(endpoints: Endpoints, { message }: VersionedTransaction, signal: AbortSignal) {
  const statics = message.staticAccountKeys.map((key) => key.toBase58());
  const keys = [...statics];
  const writable = statics.filter((_key, index) => message.isAccountWritable(index));
  const lookups = message.addressTableLookups;
  if (lookups.length > 0) {
    const names = lookups.map(({ accountKey }) => accountKey.toBase58());
    const tables = await endpoints.first((rpc) => rpc.accountsBeforeSwap(names, signal), signal);
    const picked = lookups.map((lookup, index) => pick(names[index] ?? '', tables[index], lookup));
    const loaded = picked.flatMap((each) => each.writable);
    keys.push(...loaded, ...picked.flatMap((each) => each.readonly));
    writable.push(...loaded);
  }
  return { keys, writable };
}

function pick(
  name: string,
  table: AccountState | undefined,
  { writableIndexes, readonlyIndexes }: { writableIndexes: readonly number[]; readonlyIndexes: readonly number[] },
) {
  const refused = () => new PolicyViolation(`its address lookup table ${name} cannot be resolved`);
  if (table?.owner !== LOOKUP_TABLE_PROGRAM) throw refused();
  let addresses: string[];
  try {
    addresses = AddressLookupTableAccount.deserialize(table.data).addresses.map((key) => key.toBase58());
  } catch {
    throw refused();
  }
  const at = (index: number) => {
    const address = addresses[index];
    if (address === undefined) throw refused();
    return address;
  };
  return { writable: writableIndexes.map(at), readonly: readonlyIndexes.map(at) };
}
