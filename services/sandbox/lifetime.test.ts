import { SystemProgram, TransactionMessage, VersionedTransaction } from '@solana/web3.js';
import { expect } from 'chai';
import { Harness, signatureOf } from './harness.js';

const ONE_SOL = 1_000_000_000n;

describe('E7 what becomes of a transaction in the sandbox', () => {
  let harness: Harness;
  beforeEach(async () => {
    harness = await Harness.start();
  });
  afterEach(() => harness.stop());

  const wire = (transaction: VersionedTransaction) => Buffer.from(transaction.serialize()).toString('base64');
  const preflight = { encoding: 'base64', preflightCommitment: 'confirmed' };
  const balance = () => harness.connection.getBalance(harness.wallet.publicKey, 'processed');

  /** The wallet's lamports to itself, signed. */
  function transfer(recentBlockhash: string, lamports: number): VersionedTransaction {
    const { wallet } = harness;
    const { publicKey } = wallet;
    const instructions = [SystemProgram.transfer({ fromPubkey: publicKey, toPubkey: publicKey, lamports })];
    const message = new TransactionMessage({ payerKey: publicKey, recentBlockhash, instructions });
    const transaction = new VersionedTransaction(message.compileToV0Message());
    transaction.sign([wallet]);
    return transaction;
  }

  it('waits for the next block, then is processed, confirmed and finalized', async () => {
    const signature = await harness.send(await harness.signedBuy('BONK', ONE_SOL));
    expect(await harness.status(signature)).to.equal(null);
    const walk: unknown[] = [];
    for (const blocks of [1, 1, 30, 1]) {
      harness.control.advanceBlocks(blocks);
      const status = await harness.status(signature);
      walk.push([status?.confirmationStatus, status?.confirmations]);
    }
    expect(walk).to.deep.equal([
      ['processed', 0],
      ['confirmed', 1],
      ['confirmed', 31],
      ['finalized', null],
    ]);
  });

  it('never lands once its blockhash has expired, and is refused by preflight', async () => {
    const transaction = await harness.signedBuy('BONK', ONE_SOL);
    const before = await balance();
    harness.control.advanceBlocks(151);
    const { error } = await harness.rpc('sendTransaction', [wire(transaction), preflight]);
    expect(error).to.deep.include({ code: -32002, message: 'Transaction simulation failed: Blockhash not found' });
    expect(error?.data).to.deep.include({ err: 'BlockhashNotFound' });
    await harness.send(transaction, { skipPreflight: true });
    harness.control.advanceBlocks(50);
    expect(await harness.status(signatureOf(transaction))).to.equal(null);
    expect(await balance()).to.equal(before);
    expect(harness.sandbox.ledger.lines()).to.deep.equal([]);
  });

  it('lands in the last block its blockhash allows, and not in the one after', async () => {
    const last = await harness.connection.getLatestBlockhash('confirmed');
    const transaction = await harness.signedBuy('BONK', ONE_SOL);
    expect(transaction.message.recentBlockhash).to.equal(last.blockhash);
    const height = await harness.connection.getBlockHeight('processed');
    harness.control.advanceBlocks(last.lastValidBlockHeight - height - 1);
    await harness.send(transaction, { skipPreflight: true });
    harness.control.advanceBlocks(1);
    const status = await harness.status(signatureOf(transaction));
    expect(status?.err).to.equal(null);
    const [line] = harness.sandbox.ledger.lines();
    expect(line?.blockHeight).to.equal(last.lastValidBlockHeight);
    const valid = (await harness.rpc('isBlockhashValid', [last.blockhash, { commitment: 'processed' }])).result;
    expect(valid).to.deep.include({ value: true });
    const late = transfer(last.blockhash, 1);
    await harness.send(late, { skipPreflight: true });
    harness.control.advanceBlocks(1);
    expect(await harness.status(signatureOf(late))).to.equal(null);
    const after = (await harness.rpc('isBlockhashValid', [last.blockhash, { commitment: 'processed' }])).result;
    expect(after).to.deep.include({ value: false });
  });

  it('lands once however often it is sent; a later send is AlreadyProcessed', async () => {
    const transaction = await harness.signedBuy('BONK', ONE_SOL);
    const signature = await harness.send(transaction);
    expect(await harness.send(transaction)).to.equal(signature);
    harness.control.advanceBlocks(1);
    const after = await balance();

    const { error } = await harness.rpc('sendTransaction', [wire(transaction), preflight]);
    expect(error?.code).to.equal(-32002);
    expect(error?.data).to.deep.include({ err: 'AlreadyProcessed' });
    expect(await harness.send(transaction, { skipPreflight: true })).to.equal(signature);
    harness.control.advanceBlocks(5);
    expect(await balance()).to.equal(after);
    expect(harness.sandbox.ledger.lines().map((line) => line.signature)).to.deep.equal([signature]);
  });

  it('is refused with -32003 when a signature is wrong, and dropped without preflight', async () => {
    const transaction = await harness.signedBuy('BONK', ONE_SOL);
    transaction.signatures[0]?.set([1, 2, 3, 4]);
    const { error } = await harness.rpc('sendTransaction', [wire(transaction), preflight]);
    expect(error).to.deep.equal({ code: -32003, message: 'Transaction signature verification failure' });
    const sent = await harness.rpc('sendTransaction', [wire(transaction), { encoding: 'base64', skipPreflight: true }]);
    expect(sent.result).to.equal(signatureOf(transaction));
    harness.control.advanceBlocks(3);
    expect(await harness.status(signatureOf(transaction))).to.equal(null);
  });

  it('cannot be paid by a wallet without funds', async () => {
    const { blockhash } = await harness.connection.getLatestBlockhash('confirmed');
    const transaction = transfer(blockhash, (await balance()) + 1);
    const { error } = await harness.rpc('sendTransaction', [wire(transaction), preflight]);
    expect(error?.data).to.deep.include({ err: { InstructionError: [0, { Custom: 1 }] } });
  });

  it('is seen by reads at the commitment they ask for', async () => {
    const { connection, wallet } = harness;
    const at = async () => [
      await connection.getBalance(wallet.publicKey, 'processed'),
      await connection.getBalance(wallet.publicKey, 'confirmed'),
      await connection.getBalance(wallet.publicKey, 'finalized'),
    ];
    const start = await balance();
    await harness.send(await harness.signedBuy('BONK', ONE_SOL));
    harness.control.advanceBlocks(1);
    const end = await balance();
    expect(end).to.be.lessThan(start);
    expect(await at()).to.deep.equal([end, start, start]);
    harness.control.advanceBlocks(1);
    expect(await at()).to.deep.equal([end, end, start]);
    harness.control.advanceBlocks(31);
    expect(await at()).to.deep.equal([end, end, end]);
  });

  it('comes with blocks that follow the clock', async () => {
    const { connection, clock, control } = harness;
    const height = await connection.getBlockHeight('processed');
    await clock.advance(10_000);
    expect(await connection.getBlockHeight('processed')).to.equal(height);
    control.resumeBlocks();
    await clock.advance(399);
    expect(await connection.getBlockHeight('processed')).to.equal(height);
    await clock.advance(1);
    expect(await connection.getBlockHeight('processed')).to.equal(height + 1);
    await clock.advance(4_000);
    expect(await connection.getBlockHeight('processed')).to.equal(height + 11);
    expect(await connection.getBlockHeight('confirmed')).to.equal(height + 10);
    expect(await connection.getBlockHeight('finalized')).to.equal(height - 21);
    expect(await connection.getSlot('processed')).to.equal(height + 11 + 20_000);
    control.pauseBlocks();
    await clock.advance(4_000);
    expect(await connection.getBlockHeight('processed')).to.equal(height + 11);
    const time = await connection.getBlockTime(height + 11 + 20_000);
    expect(time).to.equal(Math.floor((clock.now() - 4_000) / 1000));
  });
});
