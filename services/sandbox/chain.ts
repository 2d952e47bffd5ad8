import { messageOf } from '../../shared/core/errors.js';
import type { Logger } from '../../shared/core/logger.js';
import { BLOCKHASH_LIFE_BLOCKS, type BlockClock } from './block-clock.js';
import type { TransactionFault } from './fault-specs.js';
import type { Faults } from './faults.js';
import { History } from './history.js';
import { Journal } from './journal.js';
import { type Landed, land } from './landing.js';
import { fromLine, type Ledger } from './ledger.js';
import type { Market } from './market.js';
import { readTransaction, type WireTransaction } from './message.js';
import type { AccountState, Simulation, Vm } from './vm.js';

export type Commitment = 'processed' | 'confirmed' | 'finalized';

export interface Finality {
  /** Blocks on top of a block until it is confirmed. */
  readonly confirmedBlocks: number;
  /** Blocks on top of a block until it is finalized. */
  readonly finalizedBlocks: number;
}

export interface ChainParts {
  readonly vm: Vm;
  readonly blocks: BlockClock;
  readonly market: Market;
  readonly ledger: Ledger;
  readonly faults: Faults;
  readonly finality: Finality;
  readonly logger: Logger;
  /** Called after every block. */
  readonly onBlock: () => void;
  /** Called after a transaction was handed in, again when it is sent again. */
  readonly onSubmit: (signature: string) => void;
}

export interface SignatureStatus {
  readonly landed: Landed;
  /** Blocks on top of it. */
  readonly depth: number;
  readonly commitment: Commitment;
}

interface Pending {
  readonly tx: WireTransaction;
  /** The first block it may stand in. */
  readonly due: number;
  readonly fault: TransactionFault | undefined;
}

/** Transactions accepted and not landed. A leader drops what it cannot hold; a bot never gets here. */
const PENDING_MAX = 10_000;

/**
 * The chain: takes transactions, puts them into the next block, and knows what is processed, confirmed and final. Blocks
 * are never abandoned, except for the single transactions of a `vanish` fault.
 */
export class Chain {
  readonly history = new History();
  readonly #parts: ChainParts;
  readonly #journal: Journal;
  readonly #pending = new Map<string, Pending>();
  /** Signatures that a `drop` fault swallows whenever they are sent, until their blockhash is dead anyway. */
  readonly #swallowed = new Map<string, number>();
  /** Signature -> the last block at which status and history hide it, or history alone. */
  readonly #hidden = new Map<string, number>();
  readonly #unreadable = new Map<string, number>();
  /** What a `vanish` fault shows as processed, and until which block. */
  readonly #phantoms = new Map<string, { landed: Landed; until: number }>();

  constructor(parts: ChainParts) {
    this.#parts = parts;
    this.#journal = new Journal(parts.finality.finalizedBlocks);
  }

  get pendingCount(): number {
    return this.#pending.size;
  }

  /** Height of the newest block at this commitment. */
  heightAt(commitment: Commitment): number {
    const { blocks, finality } = this.#parts;
    if (commitment === 'processed') return blocks.height;
    return blocks.height - (commitment === 'confirmed' ? finality.confirmedBlocks : finality.finalizedBlocks);
  }

  account(key: string, commitment: Commitment): AccountState | undefined {
    return this.#journal.account(this.#parts.vm, key, this.heightAt(commitment));
  }

  /** Addresses of accounts that a program may own at this commitment. */
  ownedBy(program: string, commitment: Commitment): Set<string> {
    const changed = this.#journal.changedSince(this.heightAt(commitment));
    return new Set([...this.#parts.vm.ownedBy(program), ...changed]);
  }

  read(wire: Uint8Array): WireTransaction {
    return readTransaction(wire, (key) => this.#parts.vm.account(key));
  }

  /** Runs a transaction on the newest state and forgets it. */
  simulate(tx: WireTransaction, options: { verifySignatures: boolean }): Simulation {
    this.#parts.market.refreshOracles(this.#parts.vm, tx.keys);
    return this.#parts.vm.simulate(tx.wire, options);
  }

  /** Takes a transaction for the next block. Sending one that waits or has landed changes nothing. */
  submit(tx: WireTransaction): void {
    this.#take(tx);
    this.#parts.onSubmit(tx.signature);
  }

  #take(tx: WireTransaction): void {
    const { faults, blocks } = this.#parts;
    const { signature } = tx;
    if (this.#pending.has(signature) || this.history.has(signature)) return;
    if (this.#swallowed.has(signature)) return;
    const fault = faults.takeForTransaction();
    if (fault?.fault === 'drop') {
      if (fault.resends) this.#swallowed.set(signature, blocks.height + BLOCKHASH_LIFE_BLOCKS);
      this.#parts.logger.debug({ signature }, 'transaction dropped by a fault');
      return;
    }
    if (this.#pending.size >= PENDING_MAX) return;
    const due = blocks.height + 1 + (fault?.fault === 'delay' ? fault.blocks : 0);
    this.#pending.set(signature, { tx, due, fault });
  }

  /** Adds a block with everything that is due. */
  produceBlock(): void {
    const { blocks, market, vm } = this.#parts;
    blocks.advance();
    market.prices.step(blocks.slotMs);
    vm.setClock(blocks.slot, blocks.unixSeconds);
    for (const [signature, pending] of this.#pending) {
      if (pending.due > blocks.height) continue;
      this.#pending.delete(signature);
      this.#tryInclude(pending);
    }
    this.#forgetOld();
    this.#parts.onBlock();
  }

  /** Where a transaction stands; undefined if it is not in a block, or a fault hides it. */
  status(signature: string): SignatureStatus | undefined {
    const { blocks, finality } = this.#parts;
    if ((this.#hidden.get(signature) ?? 0) >= blocks.height) return undefined;
    const phantom = this.#phantoms.get(signature);
    if (phantom) return { landed: phantom.landed, depth: 0, commitment: 'processed' };
    const landed = this.history.get(signature);
    if (!landed) return undefined;
    const depth = blocks.height - landed.height;
    if (depth >= finality.finalizedBlocks) return { landed, depth, commitment: 'finalized' };
    return { landed, depth, commitment: depth >= finality.confirmedBlocks ? 'confirmed' : 'processed' };
  }

  /** A landed transaction as history calls show it at this commitment. */
  transaction(signature: string, commitment: Commitment): Landed | undefined {
    if ((this.#unreadable.get(signature) ?? 0) >= this.#parts.blocks.height) return undefined;
    const status = this.status(signature);
    return status && status.landed.height <= this.heightAt(commitment) ? status.landed : undefined;
  }

  /** Whether the chain has executed it, whatever faults show. */
  hasExecuted(signature: string): boolean {
    return this.history.has(signature);
  }

  /** Puts the chain back to where the ledger's lines leave it. */
  restore(): void {
    const { ledger, vm } = this.#parts;
    for (const line of ledger.takeEarlier()) {
      const landed = fromLine(line, (key) => vm.account(key));
      this.#record(landed);
      for (const { address, after } of landed.changes) vm.setAccount(address, after);
    }
  }

  /** A transaction that breaks the VM must not stop the blocks. */
  #tryInclude(pending: Pending): void {
    try {
      this.#include(pending);
    } catch (error) {
      const { signature } = pending.tx;
      this.#parts.logger.error({ signature, err: messageOf(error) }, 'transaction dropped: it cannot be run');
    }
  }

  #include({ tx, fault }: Pending): void {
    const { blocks, market, vm, logger } = this.#parts;
    const { signature } = tx;
    if (!blocks.isLive(tx.blockhash, blocks.height)) {
      logger.debug({ signature }, 'transaction dropped: its blockhash is expired or unknown');
      return;
    }
    market.refreshOracles(vm, tx.keys);
    const block = { height: blocks.height, slot: blocks.slot, blockTime: blocks.unixSeconds };
    const landed = land(vm, tx, block);
    if (!landed) {
      logger.debug({ signature }, 'transaction dropped: not admitted to a block');
      return;
    }
    if (fault?.fault === 'vanish') {
      this.#undo(landed);
      this.#phantoms.set(signature, { landed, until: blocks.height + fault.blocks });
      return;
    }
    this.#commit(landed, fault);
  }

  #commit(landed: Landed, fault: TransactionFault | undefined): void {
    const { ledger, logger, blocks } = this.#parts;
    try {
      ledger.append(landed);
    } catch (error) {
      // What the ledger does not hold must not have happened.
      this.#undo(landed);
      logger.error({ signature: landed.signature, err: messageOf(error) }, 'the ledger cannot be written');
      return;
    }
    this.#phantoms.delete(landed.signature);
    this.#record(landed);
    if (fault?.fault === 'hide_status') this.#hidden.set(landed.signature, blocks.height + fault.blocks);
    if (fault?.fault === 'history_lag') this.#unreadable.set(landed.signature, blocks.height + fault.blocks);
    logger.debug({ signature: landed.signature, slot: landed.slot, err: landed.err }, 'transaction landed');
  }

  #record(landed: Landed): void {
    for (const { address, before } of landed.changes) this.#journal.note(landed.height, address, before);
    this.history.add(landed);
  }

  #undo(landed: Landed): void {
    for (const { address, before } of landed.changes) this.#parts.vm.setAccount(address, before);
  }

  #forgetOld(): void {
    const { height } = this.#parts.blocks;
    for (const map of [this.#swallowed, this.#hidden, this.#unreadable]) {
      for (const [signature, until] of map) if (until < height) map.delete(signature);
    }
    for (const [signature, { until }] of this.#phantoms) if (until <= height) this.#phantoms.delete(signature);
  }
}
