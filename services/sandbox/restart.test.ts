import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PublicKey } from '@solana/web3.js';
import { expect } from 'chai';
import { Harness, signatureOf } from './harness.js';
import { mintOf } from './mints.js';
import { startSandbox } from './sandbox.js';
import { TOKEN_PROGRAM } from './spl.js';

const ONE_SOL = 1_000_000_000n;

describe('E8 the sandbox after a restart', () => {
  let harness: Harness;
  beforeEach(async () => {
    harness = await Harness.start();
  });
  afterEach(() => harness.stop());

  /** Everything a client can know about the wallet and one transaction. */
  async function known(signature: string) {
    const { connection, wallet } = harness;
    const owner = wallet.publicKey;
    return {
      lamports: await connection.getBalance(owner, 'processed'),
      tokens: await connection.getParsedTokenAccountsByOwner(owner, { programId: TOKEN_PROGRAM }, 'confirmed'),
      status: await harness.status(signature),
      transaction: await connection.getTransaction(signature, {
        commitment: 'confirmed',
        maxSupportedTransactionVersion: 0,
      }),
      history: await connection.getSignaturesForAddress(owner, {}, 'confirmed'),
    };
  }

  it('knows balances, statuses and transactions as before, and goes on from the same block', async () => {
    const signature = await harness.send(await harness.signedBuy('WHOLE', ONE_SOL));
    harness.control.advanceBlocks(3);
    const failing = await harness.signedBuy('BONK', ONE_SOL);
    harness.control.movePrice({ mint: 'BONK', multiply: '1.5' });
    await harness.send(failing, { skipPreflight: true });
    harness.control.advanceBlocks(2);
    const before = await known(signature);
    const state = harness.control.state();
    const wallet = harness.wallet.publicKey.toBase58();

    await harness.restart();
    expect(await known(signature)).to.deep.equal(before);
    expect(harness.control.state()).to.deep.equal(state);
    expect(harness.wallet.publicKey.toBase58()).to.equal(wallet);
    expect((await harness.status(signatureOf(failing)))?.err).to.deep.equal({
      InstructionError: [6, { Custom: 6001 }],
    });
  });

  it('reads at older commitments still see the older state', async () => {
    const { wallet } = harness;
    const start = await harness.connection.getBalance(wallet.publicKey, 'finalized');
    await harness.send(await harness.signedBuy('WIF', ONE_SOL));
    harness.control.advanceBlocks(3);
    await harness.restart();
    expect(await harness.connection.getBalance(wallet.publicKey, 'finalized')).to.equal(start);
    expect(await harness.connection.getBalance(wallet.publicKey, 'confirmed')).to.be.lessThan(start);
  });

  it('lets a transaction signed before it land after it, once', async () => {
    const transaction = await harness.signedBuy('BONK', ONE_SOL);
    await harness.restart();
    const signature = await harness.send(transaction);
    harness.control.advanceBlocks(1);
    expect((await harness.status(signature))?.err).to.equal(null);
    await harness.restart();
    const wire = Buffer.from(transaction.serialize()).toString('base64');
    const { error } = await harness.rpc('sendTransaction', [
      wire,
      { encoding: 'base64', preflightCommitment: 'confirmed' },
    ]);
    expect(error?.data).to.deep.include({ err: 'AlreadyProcessed' });
    harness.control.advanceBlocks(5);
    expect(harness.sandbox.ledger.lines()).to.have.length(1);
  });

  it('loses what waited for a block, which then expires like any other', async () => {
    const transaction = await harness.signedBuy('BONK', ONE_SOL);
    const signature = await harness.send(transaction);
    await harness.restart();
    expect(harness.control.state().pendingTransactions).to.equal(0);
    harness.control.advanceBlocks(200);
    expect(await harness.status(signature)).to.equal(null);
  });

  it('never repeats a height after a kill, and drops a ledger line cut short', async () => {
    const signature = await harness.send(await harness.signedBuy('BONK', ONE_SOL));
    harness.control.advanceBlocks(40);
    const chainFile = path.join(harness.dataDir, 'chain.json');
    const ledgerFile = path.join(harness.dataDir, 'ledger.jsonl');
    const height = await harness.connection.getBlockHeight('processed');
    const asKilled = readFileSync(chainFile);
    await harness.restart();
    // What a kill leaves: the chain file of the last reservation, and half a line.
    await harness.sandbox.close();
    writeFileSync(chainFile, asKilled);
    appendFileSync(ledgerFile, '{"signature":"half');
    await harness.restart();
    const resumed = await harness.connection.getBlockHeight('processed');
    expect(resumed).to.be.within(height, height + 32);
    expect((await harness.status(signature))?.err).to.equal(null);
    expect(harness.sandbox.ledger.lines().map((line) => line.signature)).to.deep.equal([signature]);
    const again = await harness.send(await harness.signedBuy('BONK', ONE_SOL));
    harness.control.advanceBlocks(1);
    expect(harness.sandbox.ledger.lines().map((line) => line.signature)).to.deep.equal([signature, again]);
  });

  it('refuses a data directory that another sandbox uses', async () => {
    const second = await startSandbox({ dataDir: harness.dataDir, port: 0 }).catch((error: unknown) => error);
    expect(String(second)).to.match(/in use by another sandbox/);
  });

  it('refuses a port that is taken, and leaves the data directory free', async () => {
    const other = await Harness.start();
    try {
      const { port } = harness.sandbox;
      const failed = await other.restart({ port }).catch((error: unknown) => error);
      expect(String(failed)).to.match(new RegExp(`127.0.0.1:${port} is in use`));
      await other.restart();
    } finally {
      await other.stop();
    }
  });

  it('refuses another seed than the chain has, and damaged files, saying what to do', async () => {
    const seeded = await Harness.start({ seed: 1 });
    try {
      const failed = await seeded.restart({ seed: 2 }).catch((error: unknown) => error);
      expect(String(failed)).to.match(/another seed/);
      writeFileSync(path.join(seeded.dataDir, 'chain.json'), '{}');
      const damaged = await seeded.restart().catch((error: unknown) => error);
      expect(String(damaged)).to.match(/start a new chain/);
    } finally {
      await seeded.stop();
    }
  });
});

describe('E2 the sandbox wallet', () => {
  it('is a Solana CLI keypair file that only its owner can read, funded, the same for the same seed', async () => {
    const one = await Harness.start({ seed: 42 });
    const two = await Harness.start({ seed: 42, fundedSol: 5 });
    const other = await Harness.start();
    try {
      const file = one.sandbox.walletPath;
      expect(statSync(file).mode & 0o777).to.equal(0o600);
      expect(JSON.parse(readFileSync(file, 'utf8'))).to.have.length(64);
      expect(one.wallet.publicKey.toBase58()).to.equal(one.sandbox.wallet.toBase58());
      expect(two.wallet.secretKey).to.deep.equal(one.wallet.secretKey);
      expect(other.wallet.secretKey).to.not.deep.equal(one.wallet.secretKey);
      expect(await one.connection.getBalance(one.wallet.publicKey)).to.equal(1_000_000_000_000);
      expect(await two.connection.getBalance(two.wallet.publicKey)).to.equal(5_000_000_000);
    } finally {
      await Promise.all([one.stop(), two.stop(), other.stop()]);
    }
  });

  it('is loaded when the file exists, and funded on a chain that does not know it', async () => {
    const one = await Harness.start();
    const two = await Harness.start({ walletPath: one.sandbox.walletPath });
    try {
      expect(two.sandbox.wallet.toBase58()).to.equal(one.sandbox.wallet.toBase58());
      expect(await two.connection.getBalance(two.sandbox.wallet)).to.equal(1_000_000_000_000);
      const three = await Harness.start();
      try {
        await one.restart({ walletPath: three.sandbox.walletPath });
        one.control.advanceBlocks(1);
        expect(await one.connection.getBalance(three.sandbox.wallet, 'processed')).to.equal(1_000_000_000_000);
      } finally {
        await three.stop();
      }
    } finally {
      await Promise.all([one.stop(), two.stop()]);
    }
  });

  it('is refused when the file is not a key pair, without showing what is in it', async () => {
    const harness = await Harness.start();
    try {
      writeFileSync(path.join(harness.dataDir, 'wallet.json'), '"secret words"');
      const failed = await harness.restart().catch((error: unknown) => error);
      expect(String(failed))
        .to.match(/not a valid key pair/)
        .and.not.match(/secret words/);
    } finally {
      await harness.stop();
    }
  });

  it('starts with empty hands in every token', async () => {
    const harness = await Harness.start();
    try {
      const mint = new PublicKey(mintOf('BONK').address);
      const accounts = await harness.connection.getTokenAccountsByOwner(harness.sandbox.wallet, { mint });
      expect(accounts.value).to.deep.equal([]);
    } finally {
      await harness.stop();
    }
  });
});
