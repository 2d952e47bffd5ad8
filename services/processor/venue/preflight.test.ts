import {
  AddressLookupTableAccount,
  Keypair,
  type PublicKey,
  SystemProgram,
  TransactionMessage,
  VersionedTransaction,
} from '@solana/web3.js';
import { expect } from 'chai';
import { ManualClock } from '../../../shared/core/clock.js';
import { Endpoints } from './endpoints.js';
import { PolicyViolation } from './policy.js';
import { preflight, SimulationFailed } from './preflight.js';
import type { Rpc } from './rpc.js';
import type { AccountState, Simulation } from './rpc-wire.js';
import { SYSTEM_PROGRAM, TOKEN_PROGRAM } from './spl.js';

const wallet = Keypair.generate().publicKey;
const stranger = Keypair.generate().publicKey;
const mint = Keypair.generate().publicKey;
const tokens = Keypair.generate().publicKey;
const LOOKUP_PROGRAM = 'AddressLookupTab1e1111111111111111111111111';

const plain = (lamports: bigint): AccountState => ({ lamports, owner: SYSTEM_PROGRAM, data: new Uint8Array() });

function tokenAccount(
  amount: bigint,
  more: { owner?: PublicKey; delegate?: PublicKey; close?: PublicKey } = {},
): AccountState {
  const data = Buffer.alloc(165);
  data.set(mint.toBytes(), 0);
  data.set((more.owner ?? wallet).toBytes(), 32);
  data.writeBigUInt64LE(amount, 64);
  data[108] = 1;
  if (more.delegate) {
    data.writeUInt32LE(1, 72);
    data.set(more.delegate.toBytes(), 76);
  }
  if (more.close) {
    data.writeUInt32LE(1, 129);
    data.set(more.close.toBytes(), 133);
  }
  return { lamports: 2_039_280n, owner: TOKEN_PROGRAM, data };
}

describe('E2 preflight', () => {
  const clock = new ManualClock();
  let reads: Map<string, AccountState>[];
  let simulations: { err: Simulation['err']; after: Map<string, AccountState> }[];
  let tables: AddressLookupTableAccount[];
  let tableOwner: string;

  const held = (lamports = 5_000_000_000n) => new Map([[wallet.toBase58(), plain(lamports)]]);
  const result = (account = tokenAccount(70n), lamports = 3_999_000_000n) =>
    new Map([
      [wallet.toBase58(), plain(lamports)],
      [tokens.toBase58(), account],
    ]);

  beforeEach(() => {
    reads = [held()];
    simulations = [{ err: null, after: result() }];
    tables = [];
    tableOwner = LOOKUP_PROGRAM;
  });

  /** A buy of at least 70 base units for 1 SOL, over a node that answers from the lists above; the last answer repeats. */
  const run = async () => {
    const next = <Item>(list: Item[]): Item => (list.length > 1 ? list.shift() : list[0]) as Item;
    const rpc: Partial<Rpc> = {
      host: 'fake',
      accountsBeforeSwap: async (keys) => {
        const found = tables.find(({ key }) => key.toBase58() === keys[0]);
        if (found) return [{ lamports: 1n, owner: tableOwner, data: tableData(found) }];
        const state = next(reads);
        return keys.map((key) => state.get(key));
      },
      simulate: async (_transaction, keys) => {
        const { err, after: state } = next(simulations);
        return { err, logs: [], accounts: keys.map((key) => state.get(key)) };
      },
    };
    const message = new TransactionMessage({
      payerKey: wallet,
      recentBlockhash: stranger.toBase58(),
      instructions: [SystemProgram.transfer({ fromPubkey: wallet, toPubkey: tokens, lamports: 5 })],
    }).compileToV0Message(tables);
    const checked = { transaction: new VersionedTransaction(message), feeLamportsMax: 5_000n };
    const expected = {
      wallet: wallet.toBase58(),
      mint: mint.toBase58(),
      side: 'BUY' as const,
      inAmount: 1_000_000_000n,
    };
    const bounds = { leastOut: 70n, rentAllowanceLamports: 0n };
    const endpoints = new Endpoints([rpc as Rpc]);
    const work = preflight({ endpoints, clock }, checked, { ...expected, ...bounds }, new AbortController().signal);
    const ended = work.then(
      () => undefined,
      (error: unknown) => error,
    );
    for (let step = 0; step < 6; step++) await clock.advance(400);
    return ended;
  };

  it('passes what the order wants', async () => {
    expect(await run()).to.equal(undefined);
  });

  it('refuses a base unit less, a lamport more, and power for others', async () => {
    const bad: [AccountState, bigint, RegExp][] = [
      [tokenAccount(69n), 3_999_000_000n, /bring 69 base units/],
      [tokenAccount(70n), 3_997_955_719n, /1 more than allowed/],
      [tokenAccount(70n, { owner: stranger }), 4_000_000_000n, /bring 0 base units/],
      [tokenAccount(70n, { delegate: stranger }), 3_999_000_000n, /power over the wallet's new token account/],
      [tokenAccount(70n, { close: stranger }), 3_999_000_000n, /power over the wallet's new token account/],
    ];
    for (const [account, lamports, text] of bad) {
      simulations = [{ err: null, after: result(account, lamports) }];
      const error = await run();
      expect(error).to.be.instanceOf(PolicyViolation);
      expect((error as Error).message).to.match(text);
    }
  });

  it('refuses to give away an account the wallet has', async () => {
    reads = [held().set(tokens.toBase58(), tokenAccount(10n))];
    for (const given of [{ owner: stranger }, { delegate: stranger }, { close: stranger }]) {
      simulations = [{ err: null, after: result(tokenAccount(90n, given), 4_000_000_000n) }];
      expect(await run()).to.be.instanceOf(PolicyViolation);
    }
    simulations = [{ err: null, after: result(tokenAccount(80n), 4_000_000_000n) }];
    expect(await run()).to.equal(undefined);
  });

  it('does it again when another order of the wallet lands in between', async () => {
    // The other order takes 2 SOL between the read and the simulation: not this one's doing.
    const later = { err: null, after: result(tokenAccount(70n), 1_999_000_000n) };
    reads = [held(), held(3_000_000_000n)];
    simulations = [later];
    expect(await run()).to.equal(undefined);
    reads = [1n, 2n, 3n, 4n, 5n].map((sol) => held(sol * 1_000_000_000n));
    const error = await run();
    expect(error).to.be.instanceOf(SimulationFailed);
    expect((error as SimulationFailed).diagnosis).to.include({
      reason: 'SIMULATION_FAILED',
      verdict: 'retry-new-quote',
    });
  });

  it('waits for a node that does not know the blockhash yet, but not for ever', async () => {
    const unknown = { err: 'BlockhashNotFound', after: new Map() };
    simulations = [unknown, unknown, { err: null, after: result() }];
    expect(await run()).to.equal(undefined);
    simulations = [unknown];
    expect(await run()).to.be.instanceOf(SimulationFailed);
  });

  it('resolves lookup tables, and refuses those it cannot', async () => {
    const state = { deactivationSlot: 2n ** 64n - 1n, lastExtendedSlot: 0, lastExtendedSlotStartIndex: 0 };
    tables = [new AddressLookupTableAccount({ key: stranger, state: { ...state, addresses: [mint, tokens] } })];
    expect(await run()).to.equal(undefined);
    tableOwner = SYSTEM_PROGRAM;
    const error = await run();
    expect(error).to.be.instanceOf(PolicyViolation);
    expect((error as Error).message).to.match(/lookup table .* cannot be resolved/);
  });
});

/** https://github.com/solana-program/address-lookup-table/blob/main/program/src/state.rs */
function tableData({ state }: AddressLookupTableAccount): Buffer {
  const head = Buffer.alloc(56);
  head.writeUInt32LE(1, 0);
  head.writeBigUInt64LE(2n ** 64n - 1n, 4);
  return Buffer.concat([head, ...state.addresses.map((address) => address.toBytes())]);
}
