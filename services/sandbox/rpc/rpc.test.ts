import {
  ComputeBudgetProgram,
  Keypair,
  PublicKey,
  SystemProgram,
  Transaction,
  TransactionMessage,
  type VersionedTransaction,
} from '@solana/web3.js';
import bs58 from 'bs58';
import { expect } from 'chai';
import { Harness, signatureOf } from '../harness.js';
import { mintOf } from '../mints.js';
import { associatedTokenAddress } from '../spl.js';
import { RPC_METHODS } from './method-names.js';

const ONE_SOL = 1_000_000_000n;
const base64 = (transaction: VersionedTransaction) => Buffer.from(transaction.serialize()).toString('base64');

describe("E2 the sandbox's JSON-RPC", () => {
  let harness: Harness;
  before(async () => {
    harness = await Harness.start();
  });
  after(() => harness.stop());

  it('answers the calls of a real Connection', async () => {
    const { connection } = harness;
    const epoch = await connection.getEpochInfo('processed');
    expect(epoch.absoluteSlot).to.equal(await connection.getSlot('processed'));
    expect(epoch.blockHeight).to.equal(await connection.getBlockHeight('processed'));
    expect((await connection.getVersion())['solana-core']).to.be.a('string');
    expect(await connection.getGenesisHash()).to.be.a('string');
    expect(await connection.getFirstAvailableBlock()).to.be.a('number');
    expect(await connection.getMinimumLedgerSlot()).to.be.a('number');
    expect(await connection.getRecentPrioritizationFees()).to.be.an('array');
    expect(await connection.getMinimumBalanceForRentExemption(165)).to.be.within(1_000_000, 3_000_000);
    const { blockhash } = await connection.getLatestBlockhash('finalized');
    expect((await connection.isBlockhashValid(blockhash, { commitment: 'finalized' })).value).to.equal(true);
    expect((await harness.rpc('getHealth')).result).to.equal('ok');
  });

  it('shows accounts in every encoding', async () => {
    const { connection, wallet } = harness;
    await harness.send(await harness.signedBuy('BONK', ONE_SOL));
    harness.control.advanceBlocks(2);
    const mint = new PublicKey(mintOf('BONK').address);
    const account = associatedTokenAddress(wallet.publicKey, mint);
    expect((await connection.getAccountInfo(account))?.data).to.have.length(165);
    const parsed = await connection.getParsedAccountInfo(mint);
    expect(parsed.value?.data).to.have.nested.property('parsed.info.decimals', 5);
    const many = await connection.getMultipleAccountsInfo([mint, wallet.publicKey, Keypair.generate().publicKey]);
    expect(many.map((each) => each?.data.length)).to.deep.equal([82, 0, undefined]);
    const slice = { encoding: 'base58', dataSlice: { offset: 44, length: 1 }, commitment: 'confirmed' };
    const sliced = await harness.rpc('getAccountInfo', [mint.toBase58(), slice]);
    expect((sliced.result as { value: object }).value).to.deep.include({ data: [bs58.encode([5]), 'base58'] });
    const whole = await harness.rpc('getAccountInfo', [account.toBase58(), { commitment: 'confirmed' }]);
    expect(whole.error?.code).to.equal(-32600);
    expect((await connection.getTokenSupply(mint)).value.decimals).to.equal(5);
  });

  it('shows transactions in every encoding, of both versions', async () => {
    const { connection, wallet } = harness;
    const swap = await harness.signedBuy('WIF', ONE_SOL);
    const signature = await harness.send(swap);
    const legacy = new Transaction({ feePayer: wallet.publicKey, ...(await connection.getLatestBlockhash()) });
    const to = Keypair.generate().publicKey;
    legacy.add(SystemProgram.transfer({ fromPubkey: wallet.publicKey, toPubkey: to, lamports: 5_000_000 }));
    const legacySignature = await connection.sendTransaction(legacy, [wallet]);
    harness.control.advanceBlocks(2);

    const parsed = await connection.getParsedTransaction(signature, { maxSupportedTransactionVersion: 0 });
    const [payer] = parsed?.transaction.message.accountKeys ?? [];
    expect(payer).to.deep.include({ signer: true, writable: true });
    const options = { encoding: 'base64', commitment: 'confirmed', maxSupportedTransactionVersion: 0 };
    const raw = await harness.rpc('getTransaction', [signature, options]);
    expect(raw.result).to.deep.include({ transaction: [base64(swap), 'base64'], version: 0 });
    const tooOld = await harness.rpc('getTransaction', [signature, { commitment: 'confirmed' }]);
    expect(tooOld.error?.code).to.equal(-32015);
    const sent = await connection.getTransaction(legacySignature, { commitment: 'confirmed' });
    expect(sent?.meta?.fee).to.equal(5_000);
    expect(await connection.getBalance(to)).to.equal(5_000_000);
    const list = await connection.getSignaturesForAddress(wallet.publicKey, { limit: 2 }, 'confirmed');
    expect(list.map((each) => each.signature)).to.deep.equal([legacySignature, signature]);
    const older = await connection.getSignaturesForAddress(wallet.publicKey, { before: legacySignature, limit: 1 });
    expect(older.map((each) => each.signature)).to.deep.equal([signature]);
    const none = await connection.getSignaturesForAddress(wallet.publicKey, { until: legacySignature });
    expect(none).to.deep.equal([]);
  });

  it('simulates without signatures, with any blockhash, and shows the accounts afterwards', async () => {
    const { connection, wallet } = harness;
    const quote = await harness.quote(mintOf('SOL'), mintOf('JTO'), ONE_SOL);
    const transaction = await harness.signedSwap(quote);
    transaction.message.recentBlockhash = PublicKey.default.toBase58();
    const account = associatedTokenAddress(wallet.publicKey, new PublicKey(mintOf('JTO').address));
    const accounts = { encoding: 'base64' as const, addresses: [account.toBase58(), wallet.publicKey.toBase58()] };
    const { value } = await connection.simulateTransaction(transaction, { replaceRecentBlockhash: true, accounts });
    expect(value.err).to.equal(null);
    expect(value.unitsConsumed).to.be.greaterThan(1_000);
    const data = Buffer.from(value.accounts?.[0]?.data[0] ?? '', 'base64');
    expect(data.readBigUInt64LE(64).toString()).to.equal(quote.outAmount);
    expect(await connection.getAccountInfo(account)).to.equal(null);

    const stale = await connection.simulateTransaction(transaction);
    expect(stale.value.err).to.equal('BlockhashNotFound');
    const verified = await harness.rpc('simulateTransaction', [
      base64(transaction),
      { encoding: 'base64', sigVerify: true },
    ]);
    expect(verified.error?.code).to.equal(-32003);
    const both = { encoding: 'base64', sigVerify: true, replaceRecentBlockhash: true };
    expect((await harness.rpc('simulateTransaction', [base64(transaction), both])).error?.code).to.equal(-32602);
  });

  it('knows what a message costs', async () => {
    const { connection, wallet } = harness;
    const { blockhash } = await connection.getLatestBlockhash();
    const instructions = [
      ComputeBudgetProgram.setComputeUnitLimit({ units: 100_000 }),
      ComputeBudgetProgram.setComputeUnitPrice({ microLamports: 10_001 }),
    ];
    const compile = (recentBlockhash: string) =>
      new TransactionMessage({ payerKey: wallet.publicKey, recentBlockhash, instructions }).compileToV0Message();
    expect((await connection.getFeeForMessage(compile(blockhash))).value).to.equal(5_000 + 1_001);
    expect((await connection.getFeeForMessage(compile(PublicKey.default.toBase58()))).value).to.equal(null);
  });

  it('gives SOL to anyone who asks, and twice to one who asks twice', async () => {
    const { connection } = harness;
    const to = Keypair.generate().publicKey;
    const signatures = [await connection.requestAirdrop(to, 7_000_000), await connection.requestAirdrop(to, 7_000_000)];
    harness.control.advanceBlocks(2);
    expect(new Set(signatures).size).to.equal(2);
    expect(await connection.getBalance(to)).to.equal(14_000_000);
  });

  it('honours minContextSlot', async () => {
    const slot = await harness.connection.getSlot('processed');
    const behind = await harness.rpc('getBlockHeight', [{ commitment: 'confirmed', minContextSlot: slot }]);
    expect(behind.error).to.deep.equal({
      code: -32016,
      message: 'Minimum context slot has not been reached',
      data: { contextSlot: slot - 1 },
    });
  });

  it('forgets old statuses unless asked to search', async () => {
    const signature = await harness.send(await harness.signedBuy('RAY', ONE_SOL));
    harness.control.advanceBlocks(302);
    const recent = await harness.connection.getSignatureStatuses([signature]);
    expect(recent.value).to.deep.equal([null]);
    expect((await harness.status(signature))?.confirmationStatus).to.equal('finalized');
  });

  it('says that a commitment mix-up hides a fresh blockhash', async () => {
    const transaction = await harness.signedBuy('RAY', ONE_SOL);
    const { error } = await harness.rpc('sendTransaction', [base64(transaction), { encoding: 'base64' }]);
    expect(error?.data).to.deep.include({ err: 'BlockhashNotFound' });
    expect(await harness.status(signatureOf(transaction))).to.equal(null);
  });

  describe('refuses', () => {
    it('methods it does not have', async () => {
      const { error, id } = await harness.rpc('getClusterNodes');
      expect(error).to.deep.equal({ code: -32601, message: 'Method not found' });
      expect(id).to.equal('raw');
      const inherited = await harness.rpc('constructor');
      expect(inherited.error?.code).to.equal(-32601);
    });

    it('bodies that are not JSON, not a call, or an empty batch', async () => {
      const code = async (body: unknown) => ((await (await harness.post('/', body)).json()) as ErrorBody).error.code;
      expect(await code('{')).to.equal(-32700);
      expect(await code('')).to.equal(-32600);
      expect(await code({ jsonrpc: '1.0', id: 1, method: 'getSlot' })).to.equal(-32600);
      expect(await code({ jsonrpc: '2.0', id: 1, method: 'getSlot', params: { a: 1 } })).to.equal(-32600);
      expect(await code([])).to.equal(-32600);
    });

    const address = PublicKey.default.toBase58();
    const wrong: [string, unknown[]][] = [
      ['getBalance', []],
      ['getBalance', ['not base58 0OIl']],
      ['getBalance', [address, { commitment: 'soon' }]],
      ['getAccountInfo', [42]],
      ['getAccountInfo', [address, { encoding: 'hex' }]],
      ['getMultipleAccounts', [Array(101).fill(address)]],
      ['getTokenAccountsByOwner', [address, {}]],
      ['getTokenAccountsByOwner', [address, { mint: Keypair.generate().publicKey.toBase58() }]],
      ['getTokenAccountBalance', [address]],
      ['getTokenSupply', [address]],
      ['getMinimumBalanceForRentExemption', [-1]],
      ['getSignatureStatuses', [['short']]],
      ['getSignatureStatuses', [Array(257).fill(bs58.encode(new Uint8Array(64)))]],
      ['getTransaction', ['short']],
      ['getTransaction', [bs58.encode(new Uint8Array(64)), { commitment: 'processed' }]],
      ['getSignaturesForAddress', [address, { limit: 0 }]],
      ['getFeeForMessage', ['AA==']],
      ['isBlockhashValid', []],
      ['getBlockTime', ['now']],
      ['requestAirdrop', [address, 0]],
      ['sendTransaction', []],
      ['sendTransaction', ['!!!', { encoding: 'base64' }]],
      ['sendTransaction', ['0OIl']],
      ['sendTransaction', ['AAAA', { encoding: 'base64' }]],
      ['sendTransaction', [Buffer.alloc(1_233).toString('base64'), { encoding: 'base64' }]],
      ['simulateTransaction', ['AAAA', { encoding: 'base64' }]],
      ['simulateTransaction', ['AAAA', { encoding: 'base64', accounts: { addresses: ['x'] } }]],
    ];
    for (const [method, params] of wrong) {
      it(`${method} with ${JSON.stringify(params).slice(0, 60)}`, async () => {
        const { error } = await harness.rpc(method, params);
        expect(error?.code).to.equal(-32602);
        expect(error?.message).to.match(/^Invalid params: ./);
        expect(error).to.not.have.property('data');
      });
    }
  });

  it('answers batches in order, with every id as it came', async () => {
    const batch = [
      { jsonrpc: '2.0', id: 7, method: 'getHealth' },
      { jsonrpc: '2.0', id: 'x', method: 'nothing' },
      { jsonrpc: '2.0', id: 1.5, method: 'getHealth', params: null },
      'nonsense',
    ];
    const answers = (await (await harness.post('/', batch)).json()) as { id: unknown; error?: { code: number } }[];
    expect(answers.map((answer) => [answer.id, answer.error?.code])).to.deep.equal([
      [7, undefined],
      ['x', -32601],
      [1.5, undefined],
      [null, -32600],
    ]);
  });

  it('lists no method twice', () => {
    expect(new Set(RPC_METHODS).size).to.equal(RPC_METHODS.length);
  });
});

interface ErrorBody {
  readonly error: { readonly code: number };
}
