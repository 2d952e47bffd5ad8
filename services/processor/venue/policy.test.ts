import {
  AddressLookupTableAccount,
  ComputeBudgetProgram,
  Keypair,
  PublicKey,
  SystemProgram,
  TransactionInstruction,
  TransactionMessage,
  VersionedTransaction,
} from '@solana/web3.js';
import { expect } from 'chai';
import { checkTransaction, PolicyViolation } from './policy.js';
import { JUPITER_PROGRAM, TOKEN_PROGRAM } from './spl.js';

const wallet = Keypair.generate();
const stranger = Keypair.generate();
const from = wallet.publicKey;
const blockhash = stranger.publicKey.toBase58();

const call = (program: string, data: number[]) =>
  new TransactionInstruction({
    programId: new PublicKey(program),
    keys: [{ pubkey: from, isSigner: true, isWritable: true }],
    data: Buffer.from(data),
  });
const build = (instructions: TransactionInstruction[], tables: AddressLookupTableAccount[] = []) =>
  new VersionedTransaction(
    new TransactionMessage({ payerKey: from, recentBlockhash: blockhash, instructions }).compileToV0Message(tables),
  );
const check = (transaction: VersionedTransaction, extraPrograms: string[] = []) =>
  checkTransaction(transaction.serialize(), { wallet: from, priorityFeeMaxLamports: 100_000n, extraPrograms });
const refused = (instruction: TransactionInstruction, text: RegExp) =>
  expect(() => check(build([instruction]))).to.throw(PolicyViolation, text);

describe('E2 policy on a swap transaction', () => {
  it('takes what swaps are made of, and knows the most they can cost', () => {
    const { feeLamportsMax } = check(
      build([
        ComputeBudgetProgram.setComputeUnitLimit({ units: 200_000 }),
        ComputeBudgetProgram.setComputeUnitPrice({ microLamports: 250_001 }),
        SystemProgram.transfer({ fromPubkey: from, toPubkey: stranger.publicKey, lamports: 5 }),
        call(TOKEN_PROGRAM, [17]),
        call(JUPITER_PROGRAM, [1, 2, 3]),
        call(TOKEN_PROGRAM, [9]),
      ]),
    );
    expect(feeLamportsMax).to.equal(5_000n + 50_001n);
  });

  it('refuses programs that are not on the list, unless configured', () => {
    const unknown = call(stranger.publicKey.toBase58(), []);
    refused(unknown, /which is not allowed/);
    check(build([unknown]), [stranger.publicKey.toBase58()]);
  });

  it('refuses to hand over power, and a durable nonce', () => {
    refused(call(TOKEN_PROGRAM, [4]), /Approve/);
    refused(call(TOKEN_PROGRAM, [6]), /SetAuthority/);
    refused(call(TOKEN_PROGRAM, [13]), /ApproveChecked/);
    refused(SystemProgram.assign({ accountPubkey: from, programId: stranger.publicKey }), /Assign/);
    refused(SystemProgram.nonceAdvance({ noncePubkey: stranger.publicKey, authorizedPubkey: from }), /AdvanceNonce/);
  });

  it('refuses a priority fee above the maximum, a missing unit limit counted in full', () => {
    refused(ComputeBudgetProgram.setComputeUnitPrice({ microLamports: 100_000 }), /priority fee of 140000 lamports/);
  });

  it('refuses another fee payer, missing and wrong signatures, and garbage', () => {
    const transfer = SystemProgram.transfer({ fromPubkey: stranger.publicKey, toPubkey: from, lamports: 5 });
    const cosigned = build([transfer]);
    expect(() => check(cosigned)).to.throw(PolicyViolation, /also wants a signature/);
    cosigned.sign([stranger]);
    expect(check(cosigned).feeLamportsMax).to.equal(10_000n);
    cosigned.signatures[1]?.fill(1);
    expect(() => check(cosigned)).to.throw(PolicyViolation, /does not fit its message/);
    const rules = { wallet: stranger.publicKey, priorityFeeMaxLamports: 0n, extraPrograms: [] };
    expect(() => checkTransaction(build([]).serialize(), rules)).to.throw(PolicyViolation, /fee payer/);
    expect(() => checkTransaction(Buffer.from('garbage'), rules)).to.throw(PolicyViolation, /not a Solana transaction/);
  });

  it('reads transactions with lookup tables', () => {
    const state = { deactivationSlot: 2n ** 64n - 1n, lastExtendedSlot: 0, lastExtendedSlotStartIndex: 0 };
    const key = stranger.publicKey;
    const table = new AddressLookupTableAccount({
      key,
      state: { ...state, addresses: [Keypair.generate().publicKey] },
    });
    const [listed] = table.state.addresses;
    const transfer = SystemProgram.transfer({ fromPubkey: from, toPubkey: listed ?? key, lamports: 5 });
    const { transaction } = check(build([transfer], [table]));
    expect(transaction.message.addressTableLookups).to.have.length(1);
  });
});
