import { expect } from 'chai';
import { orderOf, RecordingRun } from '../../processor/venue/testing/recording-run.js';
import { type Bench, startBench, token } from './harness.js';

const BONK = token('BONK');

describe('failures before anything is signed', () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await startBench({ jupiterApiKey: 'jupiter-secret-key' });
  });
  afterEach(() => bench.close());

  const unsigned = async () => {
    const run = new RecordingRun(orderOf(BONK));
    await bench.drive(bench.executor.execute(run));
    expect(run.committed).to.deep.equal([]);
    expect(run.failed[0]?.attempt).to.equal(undefined);
    return run.failed[0]?.failure;
  };

  it('E2 E3 quotes: each refusal and outage has its reason', async () => {
    const { control } = bench.sandbox;
    control.addFault({ fault: 'no_route' });
    expect(await unsigned()).to.include({ reason: 'NO_ROUTE', definitive: false });
    control.addFault({ fault: 'not_tradable' });
    expect(await unsigned()).to.include({ reason: 'TOKEN_NOT_TRADABLE', definitive: true });
    control.addFault({ fault: 'http', on: 'quote', status: 401 });
    expect(await unsigned()).to.include({ reason: 'QUOTE_FAILED', definitive: false });
    control.addFault({ fault: 'rate_limit', on: 'quote' });
    expect((await unsigned())?.reason).to.equal('QUOTE_FAILED');
    control.addFault({ fault: 'http', on: 'quote', status: 503 });
    expect(await unsigned()).to.deep.include({ reason: 'QUOTE_FAILED' });
    control.addFault({ fault: 'garbage', on: 'quote' });
    expect((await unsigned())?.error).to.contain('not JSON');
    control.addFault({ fault: 'reset', on: 'quote' });
    expect((await unsigned())?.error).to.match(/cannot be reached/);
  });

  it('E2 E3 swaps and simulations: each outage has its reason', async () => {
    const { control } = bench.sandbox;
    control.addFault({ fault: 'http', on: 'swap', status: 500 });
    expect((await unsigned())?.reason).to.equal('SWAP_BUILD_FAILED');
    control.addFault({ fault: 'http', on: 'simulateTransaction', status: 500 });
    expect((await unsigned())?.reason).to.equal('SWAP_BUILD_FAILED');
    control.addFault({ fault: 'rpc_error', on: 'simulateTransaction', code: -32603, message: 'Internal error' });
    expect((await unsigned())?.reason).to.equal('SWAP_BUILD_FAILED');
    control.addFault({ fault: 'node_behind', on: 'getLatestBlockhash' });
    expect((await unsigned())?.reason).to.equal('SWAP_BUILD_FAILED');
  });

  it('E3 a call without an answer ends with its time', async () => {
    bench.sandbox.control.addFault({ fault: 'hang', on: 'quote' });
    const { executor } = bench.another({ requestTimeoutMs: 8_000 });
    const run = new RecordingRun(orderOf(BONK));
    await bench.drive(executor.execute(run));
    expect(run.failed[0]?.failure.reason).to.equal('QUOTE_FAILED');
    expect(run.failed[0]?.failure.error).to.match(/gave no answer within 8000 ms/);
  });

  it('a run stopped while a call hangs ends at once', async () => {
    bench.sandbox.control.addFault({ fault: 'hang', on: 'swap' });
    const run = new RecordingRun(orderOf(BONK));
    const reason = new Error('cancelled');
    run.onCall = (call) => {
      if (call === 'accept') setTimeout(() => run.controller.abort(reason), 50);
    };
    const thrown = await bench.executor.execute(run).catch((error: unknown) => error);
    expect(thrown).to.equal(reason);
    expect(run.failed).to.deep.equal([]);
  });

  it('errors show no key: neither that of Jupiter nor one in an RPC URL', async () => {
    const port = bench.sandbox.port;
    await bench.sandbox.close();
    const rpcUrls = [`http://127.0.0.1:${port}/?api-key=rpc-secret-key`];
    const { executor, venue } = bench.another({ rpcUrls });
    const run = new RecordingRun(orderOf(BONK));
    await executor.execute(run);
    const thrown = await venue.endpoints.first((rpc) => rpc.latestBlockhash()).catch((error: unknown) => error);
    const shown = `${JSON.stringify(run.failed)} ${String(thrown)} ${(thrown as Error).stack} ${JSON.stringify(thrown)}`;
    expect(shown).to.contain('ECONNREFUSED');
    expect(shown).not.to.contain('secret-key');
  });

  it('a key that a server repeats in its error is hidden', async () => {
    const body = 'invalid api key rpc-secret-key or jupiter-secret-key';
    const rpcUrls = [`${bench.sandbox.url}/?api-key=rpc-secret-key`];
    const { executor } = bench.another({ rpcUrls });
    for (const on of ['quote', 'simulateTransaction', 'getMultipleAccounts'] as const) {
      bench.sandbox.control.addFault({ fault: 'http', on, status: 401, body });
      const run = new RecordingRun(orderOf(BONK));
      await bench.drive(executor.execute(run));
      expect(run.failed[0]?.failure.error).to.contain('[hidden]');
      expect(run.failed[0]?.failure.error).not.to.contain(on === 'quote' ? 'jupiter-secret' : 'rpc-secret');
    }
  });
});
