import { expect } from 'chai';
import { orderOf, RecordingRun } from '../../processor/venue/testing/recording-run.js';
import { startSandbox } from '../../sandbox/sandbox.js';
import { type Bench, startBench, token } from './harness.js';

const BONK = token('BONK');

describe('venue executor when things go wrong', () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await startBench({ confirmTimeoutMs: 6_000 });
  });
  afterEach(() => bench.close());

  const landed = () => bench.sandbox.ledger.lines();
  const entry = () => new RecordingRun(orderOf(BONK));

  it('E7 sends a dropped transaction again until it lands, once', async () => {
    bench.sandbox.control.addFault({ fault: 'drop', count: 2 });
    const run = entry();
    await bench.drive(bench.executor.execute(run));
    expect(run.calls.at(-1)).to.equal('settle');
    expect(landed()).to.have.length(1);
  });

  it('E7 a lost answer to the send is not a failure', async () => {
    bench.sandbox.control.addFault({ fault: 'reset', on: 'sendTransaction', when: 'after' });
    const run = entry();
    await bench.drive(bench.executor.execute(run));
    expect(run.calls).to.deep.equal(['propose', 'accept', 'commit', 'sent', 'settle']);
    expect(landed()).to.have.length(1);
  });

  it('E7 refused sends, rate limits and garbage after the commit fail nothing', async () => {
    const { control } = bench.sandbox;
    const run = entry();
    run.onCall = (call) => {
      if (call !== 'commit') return;
      control.addFault({ fault: 'rpc_error', on: 'sendTransaction', code: -32003, message: 'signature' });
      control.addFault({ fault: 'rate_limit', on: 'getSignatureStatuses', count: 3 });
      control.addFault({ fault: 'garbage', on: 'getSignatureStatuses', count: 2 });
      control.addFault({ fault: 'http', on: 'getTransaction', status: 502, count: 2 });
    };
    await bench.drive(bench.executor.execute(run));
    expect(run.calls.at(-1)).to.equal('settle');
    expect(landed()).to.have.length(1);
  });

  it('E2 a price that jumps after the quote lands as SLIPPAGE_EXCEEDED with its fee, and takes nothing', async () => {
    bench.sandbox.control.addFault({ fault: 'price_jump', mint: 'BONK', multiply: '1.5', after: 'sendTransaction' });
    const run = entry();
    await bench.drive(bench.executor.execute(run));
    const [failed] = run.failed;
    expect(failed?.failure.reason).to.equal('SLIPPAGE_EXCEEDED');
    expect(Number(failed?.failure.feeLamports)).to.be.greaterThan(5_000);
    expect(failed?.attempt).to.include({ number: 1, state: 'LANDED_FAILED' });
    expect(Number(failed?.attempt?.slot)).to.be.greaterThan(20_000);
    expect(landed()[0]?.err).to.deep.equal({ InstructionError: [6, { Custom: 6001 }] });
  });

  it('E2 slippage seen by the simulation is refused before anything is signed', async () => {
    bench.sandbox.control.addFault({ fault: 'price_jump', mint: 'BONK', multiply: '1.5', after: 'swap' });
    const run = entry();
    await bench.drive(bench.executor.execute(run));
    expect(run.calls).to.deep.equal(['propose', 'accept', 'fail']);
    expect(run.failed[0]?.failure.reason).to.equal('SLIPPAGE_EXCEEDED');
    expect(run.failed[0]?.attempt).to.equal(undefined);
  });

  it('E2 a wallet without the means is INSUFFICIENT_FUNDS before anything is signed', async () => {
    const buy = new RecordingRun(orderOf({ ...BONK, requestedLamports: 5_000n * 10n ** 9n }));
    const sell = new RecordingRun(
      orderOf({ ...BONK, orderType: 'EXIT', requestedLamports: null, requestedTokens: 1_000_000n }),
    );
    for (const run of [buy, sell]) {
      await bench.drive(bench.executor.execute(run));
      expect(run.calls).to.deep.equal(['propose', 'accept', 'fail']);
    }
    expect(buy.failed[0]?.failure).to.include({ reason: 'INSUFFICIENT_FUNDS', definitive: false });
    // The wallet has no account of this token: the account is what is missing.
    expect(['INSUFFICIENT_FUNDS', 'SIMULATION_FAILED']).to.include(sell.failed[0]?.failure.reason);
  });

  it('E7 dropped for ever: DEAD, and only after the chain is final beyond its last block', async () => {
    const { control } = bench.sandbox;
    control.addFault({ fault: 'drop', count: null, resends: true });
    const run = entry();
    const work = bench.executor.execute(run);
    // Valid for 150 blocks, final 32 later. Until then any number of polls proves nothing.
    let finalizedAtEnd = 0;
    run.onCall = (call) => {
      if (call === 'fail') finalizedAtEnd = control.state().finalizedBlockHeight;
    };
    await bench.drive(work);
    const lastValid = Number(run.committed[0]?.lastValidBlockHeight);
    expect(run.calls).to.deep.equal(['propose', 'accept', 'commit', 'sent', 'note UNKNOWN', 'fail']);
    expect(run.failed[0]?.failure.reason).to.equal('TRANSACTION_EXPIRED');
    expect(run.failed[0]?.attempt).to.deep.equal({ number: 1, state: 'DEAD' });
    expect(finalizedAtEnd).to.be.greaterThan(lastValid);
    expect(landed()).to.deep.equal([]);
  });

  it('E7 time alone never ends an order: without blocks it stays UNKNOWN, then lands', async () => {
    const { control } = bench.sandbox;
    const run = entry();
    const work = bench.executor.execute(run);
    let ended = false;
    work.then(
      () => {
        ended = true;
      },
      () => undefined,
    );
    const hour = new Promise<void>((resolve) => {
      run.onCall = (call) => {
        if (call === 'note UNKNOWN') resolve();
      };
    });
    await bench.drive(hour, { blocks: 0, ms: 500 });
    await bench.clock.advance(300_000);
    expect(ended).to.equal(false);
    expect(run.failed).to.deep.equal([]);
    control.advanceBlocks(1);
    await bench.drive(work);
    expect(run.calls.slice(-2)).to.deep.equal(['note UNKNOWN', 'settle']);
  });

  it('E10 landed but not readable: SETTLING, then the amounts of the chain', async () => {
    bench.sandbox.control.addFault({ fault: 'history_lag', blocks: 60 });
    const run = entry();
    await bench.drive(bench.executor.execute(run));
    expect(run.calls.slice(-2)).to.deep.equal(['note SETTLING', 'settle']);
    expect(run.settled[0]?.fill.lamports).to.equal(1_000_000_000n);
  });

  it('E7 landed with its status hidden for a while is found, not sent anew', async () => {
    bench.sandbox.control.addFault({ fault: 'hide_status', blocks: 120 });
    const run = entry();
    await bench.drive(bench.executor.execute(run));
    expect(run.calls.slice(-2)).to.deep.equal(['note UNKNOWN', 'settle']);
    expect(landed()).to.have.length(1);
  });

  it('E7 processed on a fork that went away does not count as landed', async () => {
    bench.sandbox.control.addFault({ fault: 'vanish', blocks: 5 });
    const run = entry();
    await bench.drive(bench.executor.execute(run));
    expect(run.calls.at(-1)).to.equal('settle');
    expect(landed()).to.have.length(1);
  });

  it('E8 a crash after the commit and before the send: another process sends it, and it lands once', async () => {
    const first = entry();
    first.onCall = (call) => {
      if (call === 'commit') first.controller.abort(new Error('killed'));
    };
    await bench.drive(bench.executor.execute(first)).catch(() => undefined);
    expect(landed()).to.deep.equal([]);
    const second = first.resume('PERSISTED');
    await bench.drive(bench.another().executor.execute(second));
    expect(second.calls).to.deep.equal(['sent', 'settle']);
    expect(landed()).to.have.length(1);
  });

  it('E8 a crash after it landed: another process finds it long after its blockhash died, and settles', async () => {
    const first = entry();
    first.onCall = (call) => {
      if (call === 'sent') first.controller.abort(new Error('killed'));
    };
    await bench.drive(bench.executor.execute(first)).catch(() => undefined);
    bench.sandbox.control.advanceBlocks(1_000);
    const second = first.resume();
    await bench.drive(bench.another().executor.execute(second));
    expect(second.calls).to.deep.equal(['settle']);
    expect(landed()).to.have.length(1);
  });

  it('E7 with two endpoints dead takes both of them', async () => {
    const other = await startSandbox({ dataDir: `${bench.sandbox.ledger.path}.other`, port: 0, paused: true });
    try {
      bench.sandbox.control.addFault({ fault: 'drop', count: null, resends: true });
      const { executor } = bench.another({ rpcUrls: [bench.sandbox.url, other.url] });
      const run = entry();
      const work = executor.execute(run);
      let ended = false;
      work.then(
        () => {
          ended = true;
        },
        () => undefined,
      );
      const unknown = new Promise<void>((resolve) => {
        run.onCall = (call) => {
          if (call === 'note UNKNOWN') resolve();
        };
      });
      await bench.drive(unknown);
      bench.sandbox.control.advanceBlocks(400);
      await bench.drive(bench.clock.sleep(60_000), { blocks: 1, ms: 500 });
      expect(ended).to.equal(false);
      other.control.advanceBlocks(800);
      await bench.drive(work);
      expect(run.failed[0]?.attempt?.state).to.equal('DEAD');
    } finally {
      await other.close();
    }
  });
});
