import { address, type EncodedAccount, getTransactionDecoder, lamports } from '@solana/kit';
import { Clock, FailedTransactionMetadata, LiteSVM, type TransactionMetadata } from 'litesvm';
import { guardProgramElf, JUPITER_PROGRAM } from './guard-program.js';
import { type TransactionError, transactionError } from './transaction-error.js';

/** An account's whole state. An account without lamports does not exist. */
export interface AccountState {
  readonly lamports: bigint;
  readonly owner: string;
  readonly data: Uint8Array;
  readonly executable: boolean;
}

export interface InnerInstruction {
  readonly programIdIndex: number;
  readonly accounts: readonly number[];
  readonly data: Uint8Array;
  readonly stackHeight: number;
}

export interface Execution {
  /** Null when the transaction succeeded. */
  readonly err: TransactionError | null;
  readonly logs: readonly string[];
  readonly computeUnits: number;
  /** One list per top-level instruction. */
  readonly inner: readonly (readonly InnerInstruction[])[];
}

export interface Simulation extends Execution {
  /** Accounts as they would be afterwards; empty when the transaction fails. */
  readonly accounts: ReadonlyMap<string, AccountState>;
}

/**
 * LiteSVM behind plain types. It runs programs and nothing else: block age, duplicates and finality are the chain's, so
 * its own blockhash check and history are off.
 */
export class Vm {
  readonly #svm = new LiteSVM().withBlockhashCheck(false).withTransactionHistory(0n).withNativeMints();
  readonly #decoder = getTransactionDecoder();

  constructor() {
    this.#svm.addProgram(address(JUPITER_PROGRAM.toBase58()), guardProgramElf());
  }

  account(key: string): AccountState | undefined {
    const found = this.#svm.getAccount(address(key));
    if (!found.exists || found.lamports === 0n) return undefined;
    return {
      lamports: found.lamports,
      owner: found.programAddress,
      data: Uint8Array.from(found.data),
      executable: found.executable,
    };
  }

  /** Overwrites an account; `undefined` removes it. */
  setAccount(key: string, state: AccountState | undefined): void {
    const data = state?.data ?? new Uint8Array();
    this.#svm.setAccount({
      address: address(key),
      lamports: lamports(state?.lamports ?? 0n),
      programAddress: address(state?.owner ?? SYSTEM_PROGRAM),
      data: Uint8Array.from(data),
      executable: state?.executable ?? false,
      space: BigInt(data.length),
    });
  }

  /** Addresses of the accounts a program owns. */
  ownedBy(program: string): string[] {
    const owned = this.#svm.getProgramAccounts(address(program));
    return owned.filter((each) => each.lamports > 0n).map((each) => each.address);
  }

  rentExemption(dataBytes: number): bigint {
    return this.#svm.minimumBalanceForRentExemption(BigInt(dataBytes));
  }

  setClock(slot: number, unixSeconds: number): void {
    const epoch = BigInt(Math.floor(slot / SLOTS_PER_EPOCH));
    this.#svm.setClock(new Clock(BigInt(slot), BigInt(unixSeconds), epoch, epoch + 1n, BigInt(unixSeconds)));
  }

  /** Runs a transaction for good. A failure may have charged the fee, or not have been admitted at all. */
  execute(wire: Uint8Array): Execution {
    const result = this.#svm.sendTransaction(this.#decoder.decode(wire));
    if (result instanceof FailedTransactionMetadata) return outcome(result.meta(), transactionError(result.err()));
    return outcome(result, null);
  }

  simulate(wire: Uint8Array, options: { verifySignatures: boolean }): Simulation {
    this.#svm.withSigverify(options.verifySignatures);
    try {
      const result = this.#svm.simulateTransaction(this.#decoder.decode(wire));
      if (result instanceof FailedTransactionMetadata) {
        return { ...outcome(result.meta(), transactionError(result.err())), accounts: new Map() };
      }
      return { ...outcome(result.meta(), null), accounts: statesOf(result.postAccounts()) };
    } finally {
      this.#svm.withSigverify(true);
    }
  }
}

export const SYSTEM_PROGRAM = '11111111111111111111111111111111';
export const SLOTS_PER_EPOCH = 432_000;

function outcome(meta: TransactionMetadata, err: TransactionError | null): Execution {
  const inner = meta.innerInstructions().map((list) =>
    list.map((each) => {
      const instruction = each.instruction();
      return {
        programIdIndex: instruction.programIdIndex(),
        accounts: [...instruction.accounts()],
        data: instruction.data(),
        stackHeight: each.stackHeight(),
      };
    }),
  );
  return { err, logs: meta.logs(), computeUnits: Number(meta.computeUnitsConsumed()), inner };
}

function statesOf(accounts: readonly EncodedAccount[]): Map<string, AccountState> {
  return new Map(
    accounts.map(({ address: key, lamports: balance, programAddress, data, executable }) => [
      key,
      { lamports: balance, owner: programAddress, data: Uint8Array.from(data), executable },
    ]),
  );
}
