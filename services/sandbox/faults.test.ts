import { expect } from 'chai';
import { Harness, signatureOf } from './harness.js';
import { mintOf, SOL_MINT } from './mints.js';

const ONE_SOL = 1_000_000_000n;
const QUOTE = `/swap/v1/quote?inputMint=${SOL_MINT}&outputMint=${mintOf('BONK').address}&amount=1000000000`;

describe('E7 faults of the sandbox', () => {
  let harness: Harness;
  beforeEach(async () => {
    harness = await Harness.start();
  });
  afterEach(() => harness.stop());

  describe('on transactions', () => {
    it('drop: it never lands; the same bytes may be sent again', async () => {
      harness.control.addFault({ fault: 'drop' });
      const transaction = await harness.signedBuy('BONK', ONE_SOL);
      const signature = await harness.send(transaction);
      harness.control.advanceBlocks(3);
      expect(await harness.status(signature)).to.equal(null);
      await harness.send(transaction);
      harness.control.advanceBlocks(1);
      expect((await harness.status(signature))?.err).to.equal(null);
    });

    it('drop with resends: it never lands, however often it is sent', async () => {
      harness.control.addFault({ fault: 'drop', resends: true });
      const transaction = await harness.signedBuy('BONK', ONE_SOL);
      for (let sent = 0; sent < 5; sent++) {
        await harness.send(transaction, { skipPreflight: true });
        harness.control.advanceBlocks(40);
      }
      expect(await harness.status(signatureOf(transaction))).to.equal(null);
      expect(harness.control.listFaults()).to.deep.equal([]);
    });

    it('delay: it lands later, or never if its blockhash expires first', async () => {
      harness.control.addFault({ fault: 'delay', blocks: 10 });
      const late = await harness.send(await harness.signedBuy('BONK', ONE_SOL));
      harness.control.addFault({ fault: 'delay', blocks: 151 });
      const tooLate = await harness.send(await harness.signedBuy('WIF', ONE_SOL));
      harness.control.advanceBlocks(10);
      expect(await harness.status(late)).to.equal(null);
      harness.control.advanceBlocks(1);
      expect((await harness.status(late))?.err).to.equal(null);
      harness.control.advanceBlocks(300);
      expect(await harness.status(tooLate)).to.equal(null);
      expect(harness.sandbox.ledger.lines()).to.have.length(1);
    });

    it('hide_status: it lands, but nothing shows it for a while', async () => {
      harness.control.addFault({ fault: 'hide_status', blocks: 5 });
      const signature = await harness.send(await harness.signedBuy('BONK', ONE_SOL));
      harness.control.advanceBlocks(5);
      expect(harness.sandbox.ledger.lines()).to.have.length(1);
      expect(await harness.status(signature)).to.equal(null);
      const options = { commitment: 'confirmed' as const, maxSupportedTransactionVersion: 0 };
      expect(await harness.connection.getTransaction(signature, options)).to.equal(null);
      harness.control.advanceBlocks(2);
      expect((await harness.status(signature))?.err).to.equal(null);
    });

    it('history_lag: its status is there before the transaction can be read', async () => {
      harness.control.addFault({ fault: 'history_lag', blocks: 5 });
      const signature = await harness.send(await harness.signedBuy('BONK', ONE_SOL));
      harness.control.advanceBlocks(3);
      const options = { commitment: 'confirmed' as const, maxSupportedTransactionVersion: 0 };
      expect((await harness.status(signature))?.confirmationStatus).to.equal('confirmed');
      expect(await harness.connection.getTransaction(signature, options)).to.equal(null);
      harness.control.advanceBlocks(4);
      expect(await harness.connection.getTransaction(signature, options)).to.not.equal(null);
    });

    it('vanish: processed, then gone as if it had never been; sent again it lands', async () => {
      harness.control.addFault({ fault: 'vanish', blocks: 2 });
      const balance = () => harness.connection.getBalance(harness.sandbox.wallet, 'processed');
      const before = await balance();
      const transaction = await harness.signedBuy('BONK', ONE_SOL);
      const signature = await harness.send(transaction);
      harness.control.advanceBlocks(1);
      expect((await harness.status(signature))?.confirmationStatus).to.equal('processed');
      harness.control.advanceBlocks(2);
      expect(await harness.status(signature)).to.equal(null);
      expect(await balance()).to.equal(before);
      expect(harness.sandbox.ledger.lines()).to.deep.equal([]);
      await harness.send(transaction);
      harness.control.advanceBlocks(2);
      expect((await harness.status(signature))?.confirmationStatus).to.equal('confirmed');
    });
  });

  describe('on calls', () => {
    it('http: an HTML error page, as often as asked', async () => {
      harness.control.addFault({ fault: 'http', on: 'quote', status: 503, count: 2 });
      for (let call = 0; call < 2; call++) {
        const answer = await harness.get(QUOTE);
        expect([answer.status, answer.headers.get('content-type')]).to.deep.equal([503, 'text/html']);
      }
      expect((await harness.get(QUOTE)).status).to.equal(200);
    });

    it("rate_limit: 429 with Jupiter's headers", async () => {
      harness.control.addFault({ fault: 'rate_limit', on: 'quote', retryAfterSeconds: 7 });
      const answer = await harness.get(QUOTE);
      expect(answer.status).to.equal(429);
      expect(answer.headers.get('x-ratelimit-remaining')).to.equal('0');
      expect(answer.headers.get('x-ratelimit-reset')).to.equal(String(harness.clock.now() / 1000 + 7));
      expect(await answer.json()).to.deep.equal({ code: 429, message: 'Rate limit exceeded' });
    });

    it('rpc_error, node_behind, blockhash_not_found: JSON-RPC errors, on the method asked for only', async () => {
      harness.control.addFault({ fault: 'rpc_error', on: 'getSlot', code: -32000, message: 'no', data: { why: 1 } });
      harness.control.addFault({ fault: 'node_behind', on: 'getBlockHeight', slots: 42 });
      harness.control.addFault({ fault: 'blockhash_not_found' });
      expect((await harness.rpc('getHealth')).result).to.equal('ok');
      const slot = await harness.rpc('getSlot');
      expect(slot.error).to.deep.equal({ code: -32000, message: 'no', data: { why: 1 } });
      const height = await harness.rpc('getBlockHeight');
      expect(height.error).to.deep.include({ code: -32005, data: { numSlotsBehind: 42 } });
      const sent = await harness.rpc('sendTransaction', ['']);
      expect(sent.error).to.have.nested.property('data.err', 'BlockhashNotFound');
      expect(harness.control.listFaults()).to.deep.equal([]);
    });

    it('blockhash_not_found on simulateTransaction: the result says it, as that of a lagging node', async () => {
      const transaction = await harness.signedBuy('BONK', ONE_SOL);
      harness.control.addFault({ fault: 'blockhash_not_found', on: 'simulateTransaction' });
      const simulated = async () => (await harness.connection.simulateTransaction(transaction)).value.err;
      expect(await simulated()).to.equal('BlockhashNotFound');
      expect(await simulated()).to.equal(null);
    });

    it('price_jump: a token that is worth a dollar by definition cannot jump', () => {
      const jump = { fault: 'price_jump', mint: 'USDC', multiply: '2' } as const;
      expect(() => harness.control.addFault(jump)).to.throw('mint: USDC is worth 1 USD by definition');
    });

    it('reset after: the transaction is taken, only the answer is lost', async () => {
      harness.control.addFault({ fault: 'reset', on: 'sendTransaction', when: 'after' });
      const transaction = await harness.signedBuy('BONK', ONE_SOL);
      const failed = await harness.send(transaction).catch((error: unknown) => error);
      expect(failed).to.be.instanceOf(Error);
      harness.control.advanceBlocks(1);
      expect((await harness.status(signatureOf(transaction)))?.err).to.equal(null);
    });

    it('reset before: nothing was done', async () => {
      harness.control.addFault({ fault: 'reset', on: 'any' });
      const failed = await harness.rpc('sendTransaction', ['x']).catch((error: unknown) => error);
      expect(failed).to.be.instanceOf(Error);
      expect(harness.control.state().pendingTransactions).to.equal(0);
    });

    it('slow: answers when its time has come', async () => {
      harness.control.addFault({ fault: 'slow', on: 'price', ms: 3_000 });
      let answered = false;
      const call = harness.get(`/price/v3?ids=${SOL_MINT}`).then((answer) => {
        answered = true;
        return answer.status;
      });
      while (harness.clock.pendingTimers === 0) await new Promise((resolve) => setImmediate(resolve));
      await harness.clock.advance(2_999);
      expect(answered).to.equal(false);
      await harness.clock.advance(1);
      expect(await call).to.equal(200);
    });

    it('hang: never answers, and does not keep the sandbox from closing', async () => {
      harness.control.addFault({ fault: 'hang', on: 'getSlot' });
      const call = harness.rpc('getSlot').catch((error: unknown) => error);
      while (harness.control.listFaults().length > 0) await new Promise((resolve) => setImmediate(resolve));
      await harness.restart();
      expect(await call).to.be.instanceOf(Error);
    });

    it('garbage: 200 with what is not JSON', async () => {
      harness.control.addFault({ fault: 'garbage', on: 'rpc' });
      const answer = await harness.post('/', { jsonrpc: '2.0', id: 1, method: 'getSlot' });
      expect(answer.status).to.equal(200);
      expect(await answer.json().catch((error: unknown) => error)).to.be.instanceOf(SyntaxError);
    });

    it('no_route and not_tradable: quotes refuse as Jupiter does', async () => {
      harness.control.addFault({ fault: 'no_route' });
      harness.control.addFault({ fault: 'not_tradable', mint: 'BONK', count: null });
      const code = async () => ((await (await harness.get(QUOTE)).json()) as { errorCode: string }).errorCode;
      expect(await code()).to.equal('COULD_NOT_FIND_ANY_ROUTE');
      expect([await code(), await code()]).to.deep.equal(['TOKEN_NOT_TRADABLE', 'TOKEN_NOT_TRADABLE']);
      const other = await harness.quote(mintOf('SOL'), mintOf('WIF'), ONE_SOL);
      expect(other.outputMint).to.equal(mintOf('WIF').address);
    });

    it('price_jump: the price moves between quote and send', async () => {
      harness.control.addFault({ fault: 'price_jump', mint: 'BONK', multiply: '1.5', after: 'swap' });
      const transaction = await harness.signedBuy('BONK', ONE_SOL);
      const signature = await harness.send(transaction, { skipPreflight: true });
      harness.control.advanceBlocks(1);
      expect((await harness.status(signature))?.err).to.deep.equal({ InstructionError: [6, { Custom: 6001 }] });
    });

    it('in a batch a JSON-RPC error hits one call, an HTTP fault the whole answer', async () => {
      const batch = [1, 2].map((id) => ({ jsonrpc: '2.0', id, method: 'getSlot' }));
      harness.control.addFault({ fault: 'rpc_error', on: 'getSlot', code: -1, message: 'x' });
      const answers = (await (await harness.post('/', batch)).json()) as { error?: unknown }[];
      expect(answers.map((answer) => answer.error !== undefined)).to.deep.equal([true, false]);
      harness.control.addFault({ fault: 'http', on: 'getSlot', status: 500 });
      expect((await harness.post('/', batch)).status).to.equal(500);
    });
  });
});
