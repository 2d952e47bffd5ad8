import { SendTransactionError } from '@solana/web3.js';
import { expect } from 'chai';
import { Harness, signatureOf } from './harness.js';
import { mintOf } from './mints.js';

const ONE_SOL = 1_000_000_000n;
const SLIPPAGE = { InstructionError: [6, { Custom: 6001 }] };

describe('E2 sandbox slippage', () => {
  let harness: Harness;
  beforeEach(async () => {
    harness = await Harness.start();
  });
  afterEach(() => harness.stop());

  it('lands as a failure that charges the fee and moves nothing else', async () => {
    const { connection, wallet } = harness;
    const transaction = await harness.signedBuy('BONK', ONE_SOL, 100);
    harness.control.movePrice({ mint: 'BONK', multiply: '1.02' });
    const before = await connection.getBalance(wallet.publicKey, 'processed');
    const signature = await harness.send(transaction, { skipPreflight: true });
    harness.control.advanceBlocks(2);

    expect((await harness.status(signature))?.err).to.deep.equal(SLIPPAGE);
    const found = await connection.getTransaction(signature, {
      commitment: 'confirmed',
      maxSupportedTransactionVersion: 0,
    });
    expect(found?.meta?.err).to.deep.equal(SLIPPAGE);
    expect(found?.meta?.fee).to.equal(15_000);
    expect(found?.meta?.logMessages?.join()).to.include('custom program error: 0x1771');
    expect(found?.meta?.postTokenBalances).to.deep.equal(found?.meta?.preTokenBalances);
    expect(await connection.getBalance(wallet.publicKey, 'processed')).to.equal(before - 15_000);
    expect(harness.sandbox.ledger.lines().map((line) => line.err)).to.deep.equal([SLIPPAGE]);
  });

  it('is seen by preflight as -32002 with the instruction error', async () => {
    const transaction = await harness.signedBuy('BONK', ONE_SOL, 100);
    harness.control.movePrice({ mint: 'BONK', multiply: '1.02' });
    const wire = Buffer.from(transaction.serialize()).toString('base64');
    const options = { encoding: 'base64', preflightCommitment: 'confirmed' };
    const { error } = await harness.rpc('sendTransaction', [wire, options]);
    expect(error?.code).to.equal(-32002);
    expect(error?.message).to.equal(
      'Transaction simulation failed: Error processing Instruction 6: custom program error: 0x1771',
    );
    expect(error?.data).to.deep.include({ err: SLIPPAGE });
    const thrown = await harness.send(transaction).catch((each: unknown) => each);
    expect(thrown).to.be.instanceOf(SendTransactionError);
    harness.control.advanceBlocks(2);
    expect(await harness.status(signatureOf(transaction))).to.equal(null);
  });

  it('lets a move within the tolerance through, in either direction of the trade', async () => {
    const bonk = mintOf('BONK');
    const buy = await harness.signedBuy('BONK', ONE_SOL, 100);
    harness.control.movePrice({ mint: 'BONK', multiply: '1.009' });
    const bought = await harness.send(buy);
    harness.control.advanceBlocks(2);
    expect((await harness.status(bought))?.err).to.equal(null);

    const sell = await harness.signedSwap(await harness.quote(bonk, mintOf('SOL'), 100_000_000_000n, 100));
    harness.control.movePrice({ mint: 'BONK', multiply: '0.991' });
    const sold = await harness.send(sell);
    harness.control.advanceBlocks(2);
    expect((await harness.status(sold))?.err).to.equal(null);

    const worse = await harness.signedSwap(await harness.quote(bonk, mintOf('SOL'), 100_000_000_000n, 100));
    harness.control.movePrice({ mint: 'BONK', multiply: '0.98' });
    const failed = await harness.send(worse, { skipPreflight: true });
    harness.control.advanceBlocks(2);
    expect((await harness.status(failed))?.err).to.deep.equal({ InstructionError: [3, { Custom: 6001 }] });
  });

  it('reports the failure with the swap transaction too', async () => {
    const quote = await harness.quote(mintOf('SOL'), mintOf('WIF'), ONE_SOL, 10);
    harness.control.movePrice({ mint: 'WIF', multiply: '1.1' });
    const userPublicKey = harness.wallet.publicKey.toBase58();
    const answer = await harness.post('/swap/v1/swap', { userPublicKey, quoteResponse: quote });
    const body = (await answer.json()) as { simulationError: unknown };
    expect(body.simulationError).to.deep.equal({
      errorCode: 'TRANSACTION_ERROR',
      error: 'Error processing Instruction 6: custom program error: 0x1771',
    });
  });
});
