import bs58 from 'bs58';

/** What the checker needs of a signed Solana transaction, read from its bytes. */
export interface SignedTransaction {
  /** Base58 of the first signature: the transaction's id. */
  readonly signature: string;
  /** Base58 of the account that pays: the first key. */
  readonly payer: string;
  /** Programs of its top-level instructions, base58. */
  readonly programs: readonly string[];
}

const SIGNATURE_BYTES = 64;
const KEY_BYTES = 32;
const HEADER_BYTES = 3;
/** The highest bit of a message's first byte tells a versioned message from a legacy one. */
const VERSIONED = 0x80;

/**
 * Reads the wire format, legacy or version 0: https://solana.com/docs/core/transactions
 *
 * @throws RangeError when the bytes are not a transaction
 */
export function parseTransaction(bytes: Uint8Array): SignedTransaction {
  const reader = new Reader(bytes);
  const signatures = reader.many(SIGNATURE_BYTES);
  if (reader.peek() >= VERSIONED) reader.take(1);
  reader.take(HEADER_BYTES);
  const keys = reader.many(KEY_BYTES).map((key) => bs58.encode(key));
  reader.take(KEY_BYTES);
  const programs = Array.from({ length: reader.compactU16() }, () => {
    const program = keys[reader.byte()];
    reader.take(reader.compactU16());
    reader.take(reader.compactU16());
    if (program === undefined) throw new RangeError('an instruction names a program that is not among the keys');
    return program;
  });
  const [signature] = signatures;
  const [payer] = keys;
  if (!signature || payer === undefined) throw new RangeError('no signature, or no account that pays');
  return { signature: bs58.encode(signature), payer, programs };
}

class Reader {
  #at = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  take(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new RangeError(`the transaction ends at byte ${this.#bytes.length} of ${end}`);
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  byte(): number {
    return this.take(1)[0] ?? 0;
  }

  peek(): number {
    const byte = this.byte();
    this.#at -= 1;
    return byte;
  }

  many(length: number): Uint8Array[] {
    return Array.from({ length: this.compactU16() }, () => this.take(length));
  }

  /** Seven bits a byte, lowest first; at most three bytes. */
  compactU16(): number {
    let value = 0;
    for (let shift = 0; shift < 21; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError('a length has more than three bytes');
  }
}
