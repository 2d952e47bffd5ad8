import { readFile } from 'node:fs/promises';
import path from 'node:path';
import bs58 from 'bs58';
import { expect } from 'chai';
import { GetWalletResponse, PricePurpose } from '../../../proto/gen/exitlane/v1/market_service.js';
import { GetStatusResponse, TradingMode } from '../../../proto/gen/exitlane/v1/system_service.js';
import { call } from '../../../shared/grpc/client.js';
import { START_MS, type Stack, startStack } from './stack.js';
import { buy, expectViolation, filled, mint, refusal } from './support.js';

/** A valid address where no mint is. */
const NO_MINT = 'SysvarC1ock11111111111111111111111111111111';

describe('E2 X10 S5 prices, mints, the wallet and the services themselves', () => {
  let stack: Stack;
  before(async function () {
    this.timeout(START_MS);
    stack = await startStack();
    await stack.control('price', { mint: 'BONK', price: '0.00000025' });
  });
  after(() => stack?.close());

  for (const purpose of [PricePurpose.POSITION, PricePurpose.SCAN, PricePurpose.UNSPECIFIED]) {
    it(`GetPrice tells price, source and age (${purpose})`, async () => {
      const { price } = await call(stack.market, 'getPrice', { tokenAddress: mint('BONK'), purpose });
      expect(price).to.include({ tokenAddress: mint('BONK'), price: '0.00000025', source: 'jupiter-price' });
      expect(Math.abs(Date.now() - (price?.at?.getTime() ?? 0))).to.be.lessThan(20_000);
      expect(Number(price?.age?.seconds)).to.be.within(0, 20);
    });
  }

  it('GetMint reads decimals from the chain', async () => {
    for (const [symbol, decimals] of [
      ['BONK', 5],
      ['WIF', 6],
      ['JTO', 9],
    ] as const) {
      const found = await call(stack.market, 'getMint', { tokenAddress: mint(symbol) });
      expect(found).to.deep.equal({ tokenAddress: mint(symbol), decimals, symbol });
    }
    const whole = await call(stack.market, 'getMint', { tokenAddress: mint('WHOLE') });
    expect(whole).to.include({ decimals: 0, symbol: '' });
  });

  for (const [what, tokenAddress, text] of [
    ['no address', '', /base58/],
    ['something that is no address', 'bonk', /base58/],
    ['an address without a mint', NO_MINT, /no token mint at .*check the address/],
  ] as const) {
    it(`GetMint and GetPrice name the field when given ${what}`, async () => {
      expectViolation(await refusal(call(stack.market, 'getMint', { tokenAddress })), 'token_address', text);
      const price = call(stack.market, 'getPrice', { tokenAddress, purpose: PricePurpose.SCAN });
      expectViolation(await refusal(price), 'token_address', text);
    });
  }

  it('GetWallet tells address and balances, and nothing of the key', async () => {
    await buy(stack, 'to-hold', { tokenAddress: mint('BONK') });
    const order = await filled(stack, 'to-hold');
    const wallet = await call(stack.market, 'getWallet', {});
    expect(wallet.keySource).to.equal('keypair-file');
    expect(Number(wallet.balanceSol)).to.be.within(999, 1000 - Number(order.amountSol));
    expect(wallet.tokens).to.deep.equal([
      { tokenAddress: mint('BONK'), tokenSymbol: 'BONK', amount: order.amountTokens, decimals: 5 },
    ]);

    const file = await readFile(path.join(stack.dataDir, 'sandbox', 'wallet.json'), 'utf8');
    const key = Buffer.from(JSON.parse(file) as number[]);
    expect(bs58.decode(wallet.address)).to.deep.equal(new Uint8Array(key.subarray(32)));
    const secret = key.subarray(0, 32);
    const statuses = [stack.requestorSystem, stack.processorSystem].map((system) => call(system, 'getStatus', {}));
    const answers = (await Promise.all(statuses)).map((each) => GetStatusResponse.encode(each).finish());
    for (const bytes of [GetWalletResponse.encode(wallet).finish(), ...answers]) {
      const sent = Buffer.from(bytes);
      for (const form of [
        secret,
        secret.toString('hex'),
        secret.toString('base64'),
        bs58.encode(secret),
        bs58.encode(key),
      ]) {
        expect(sent.includes(form)).to.equal(false);
      }
    }
  });

  it('GetStatus of both services', async () => {
    const requestor = await call(stack.requestorSystem, 'getStatus', {});
    const processor = await call(stack.processorSystem, 'getStatus', {});
    expect(requestor).to.include({ service: 'requestor', mode: TradingMode.UNSPECIFIED });
    expect(processor).to.include({ service: 'processor', mode: TradingMode.SANDBOX });
    for (const status of [requestor, processor]) {
      expect(status).to.include({ database: 'pglite', nodeVersion: process.versions.node });
      expect(status.version).to.match(/^\d+\.\d+\.\d+$/);
      expect(status.schemaVersion).to.be.greaterThan(0);
      expect(Number(status.uptime?.seconds)).to.be.within(0, 300);
    }
    expect(processor.schemaVersion).to.equal(requestor.schemaVersion);
  });

  it('GetStatus of the processor names its external endpoints and whether they answer', async () => {
    await call(stack.market, 'getWallet', {});
    const { endpoints } = await call(stack.processorSystem, 'getStatus', {});
    expect(endpoints.map(({ name }) => name)).to.include.members(['jupiter', 'rpc']);
    for (const endpoint of endpoints) expect(endpoint).to.include({ healthy: true, lastError: '' });
  });
});
