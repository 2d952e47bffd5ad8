import { Keypair, PublicKey, SystemProgram, TransactionMessage, VersionedTransaction } from '@solana/web3.js';
import { expect } from 'chai';
import { encodeRate, guardInstruction, guardProgramElf, JUPITER_PROGRAM, SLIPPAGE_ERROR } from './guard-program.js';
import { Vm } from './vm.js';

describe('E2 the slippage guard in the VM', () => {
  const vm = new Vm();
  const payer = Keypair.generate();
  const oracle = Keypair.generate().publicKey;
  const owner = SystemProgram.programId.toBase58();
  vm.setAccount(payer.publicKey.toBase58(), { lamports: 10n ** 12n, owner, data: new Uint8Array(), executable: false });

  function run(rate: bigint, least: bigint) {
    const data = encodeRate(rate);
    const program = JUPITER_PROGRAM.toBase58();
    vm.setAccount(oracle.toBase58(), { lamports: 10n ** 7n, owner: program, data, executable: false });
    const message = new TransactionMessage({
      payerKey: payer.publicKey,
      recentBlockhash: PublicKey.unique().toBase58(),
      instructions: [guardInstruction(oracle, least)],
    });
    const transaction = new VersionedTransaction(message.compileToV0Message());
    transaction.sign([payer]);
    return vm.execute(transaction.serialize());
  }

  const HIGH = 1n << 64n;
  const MOST = (1n << 128n) - 1n;
  const table: [bigint, bigint, boolean][] = [
    [0n, 0n, true],
    [1n, 0n, true],
    [0n, 1n, false],
    [5n * HIGH + 7n, 5n * HIGH + 7n, true],
    [5n * HIGH + 7n, 5n * HIGH + 8n, false],
    [5n * HIGH + 7n, 5n * HIGH + 6n, true],
    [5n * HIGH, 4n * HIGH + (HIGH - 1n), true],
    [4n * HIGH + (HIGH - 1n), 5n * HIGH, false],
    [HIGH - 1n, HIGH, false],
    [MOST, MOST, true],
    [MOST - 1n, MOST, false],
    [1n << 127n, (1n << 127n) - 1n, true],
    [(1n << 127n) - 1n, 1n << 127n, false],
  ];
  for (const [rate, least, passes] of table) {
    it(`${passes ? 'passes' : 'fails'} at rate ${rate.toString(16)} with least ${least.toString(16)}`, () => {
      const expected = passes ? null : { InstructionError: [0, { Custom: SLIPPAGE_ERROR }] };
      expect(run(rate, least).err).to.deep.equal(expected);
    });
  }

  it('is eleven instructions', () => {
    const elf = guardProgramElf();
    const sections = Number(elf.readBigUInt64LE(40));
    expect(Number(elf.readBigUInt64LE(sections + 64 + 32))).to.equal(11 * 8);
  });
});
