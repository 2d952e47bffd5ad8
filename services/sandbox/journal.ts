import type { AccountState, Vm } from './vm.js';

interface BlockChanges {
  readonly height: number;
  /** What each account was before this block. */
  readonly before: Map<string, AccountState | undefined>;
}

/**
 * What accounts were in the blocks that are not final yet, so that reads at `confirmed` and `finalized` see their own
 * block's state and not the newest.
 */
export class Journal {
  readonly #blocks: BlockChanges[] = [];
  readonly #depth: number;

  /** `depth`: blocks a read may look back. */
  constructor(depth: number) {
    this.#depth = depth;
  }

  /** Notes what an account was before a change in the block of this height; the first note of a block counts. */
  note(height: number, address: string, before: AccountState | undefined): void {
    let block = this.#blocks.at(-1);
    if (block?.height !== height) {
      block = { height, before: new Map() };
      this.#blocks.push(block);
      while ((this.#blocks[0]?.height ?? height) < height - this.#depth) this.#blocks.shift();
    }
    if (!block.before.has(address)) block.before.set(address, before);
  }

  /** The account as it was after the block of this height. */
  account(vm: Vm, address: string, height: number): AccountState | undefined {
    for (const block of this.#blocks) {
      if (block.height > height && block.before.has(address)) return block.before.get(address);
    }
    return vm.account(address);
  }

  /** Accounts that changed after the block of this height. */
  changedSince(height: number): string[] {
    return this.#blocks.filter((block) => block.height > height).flatMap((block) => [...block.before.keys()]);
  }
}
