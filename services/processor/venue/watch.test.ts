import { expect } from 'chai';
import { ManualClock } from '../../../shared/core/clock.js';
import { silentLogger } from '../../../shared/core/logger.js';
import { Endpoints } from './endpoints.js';
import type { LandedTransaction } from './landed-transaction.js';
import type { Rpc } from './rpc.js';
import type { SignatureStatus } from './rpc-wire.js';
import { currentUrgency, withUrgency } from './urgency.js';
import { VenueError } from './venue-error.js';
import { Watcher } from './watch.js';
import type { WatchRequest } from './watched.js';

type Api = Pick<Rpc, 'sendRaw' | 'blockHeight' | 'signatureStatuses' | 'transaction'>;

/** An endpoint that has nothing and counts its calls; tests replace what they need. */
class FakeRpc implements Api {
  readonly calls: string[] = [];
  readonly asked: number[] = [];
  height = { height: 100n, slot: 1_100n };
  status: (signature: string) => SignatureStatus | undefined = () => undefined;
  hanging = false;

  constructor(readonly host: string) {}

  /** Urgencies under which it was sent to, in order. */
  readonly urgencies: (number | undefined)[] = [];

  async sendRaw(): Promise<string> {
    this.calls.push('send');
    this.urgencies.push(currentUrgency()?.());
    return '';
  }

  async blockHeight() {
    this.calls.push('height');
    return this.height;
  }

  async signatureStatuses(signatures: readonly string[], history: boolean) {
    this.calls.push(history ? 'history' : 'statuses');
    this.asked.push(signatures.length);
    if (this.hanging) await new Promise(() => undefined);
    return { slot: this.height.slot, statuses: signatures.map((signature) => this.status(signature)) };
  }

  async transaction(signature: string): Promise<LandedTransaction | undefined> {
    this.calls.push('transaction');
    const status = this.status(signature);
    return status && ({ slot: status.slot } as LandedTransaction);
  }
}

const CONFIRMED: SignatureStatus = { slot: 5n, err: null, commitment: 'confirmed' };

describe('E7 watcher', () => {
  let clock: ManualClock;
  beforeEach(() => {
    clock = new ManualClock();
  });

  const start = (...hosts: string[]) => {
    const rpcs = hosts.map((host) => new FakeRpc(host));
    const endpoints = new Endpoints(rpcs as unknown as Rpc[]);
    const times = { pollIntervalMs: 400, resendIntervalMs: 2_000, confirmTimeoutMs: 60_000, settlingNoteMs: 3_000 };
    const [first = new FakeRpc('none'), second = first] = rpcs;
    return { watcher: new Watcher({ endpoints, clock, logger: silentLogger, ...times }), first, second };
  };
  const request = (signature: string, more: Partial<WatchRequest> = {}): WatchRequest => ({
    signature,
    bytes: new Uint8Array([1]),
    lastValidBlockHeight: 200n,
    resumed: false,
    note: async () => undefined,
    signal: new AbortController().signal,
    ...more,
  });

  it('is one poller with 256 signatures a call, and still while nothing is watched', async () => {
    const { watcher, first } = start('a');
    expect(clock.pendingTimers).to.equal(0);
    const watches = Array.from({ length: 600 }, (_each, index) => watcher.watch(request(`tx${index}`)));
    await clock.advance(400);
    expect(first.asked).to.deep.equal([256, 256, 88]);
    first.status = () => CONFIRMED;
    await clock.advance(800);
    await Promise.all(watches);
    expect(clock.pendingTimers).to.equal(0);
    const calls = first.calls.length;
    await clock.advance(60_000);
    expect(first.calls.length).to.equal(calls);
  });

  it('goes on sending, and says UNKNOWN, while status calls hang', async () => {
    const { watcher, first } = start('a');
    first.hanging = true;
    const notes: string[] = [];
    const controller = new AbortController();
    const note = async (reason: string) => {
      notes.push(reason);
    };
    const watch = watcher.watch(request('tx', { note, signal: controller.signal })).catch((error: unknown) => error);
    await clock.advance(61_000);
    expect(first.calls.filter((call) => call === 'send').length).to.be.within(25, 31);
    expect(notes).to.deep.equal(['UNKNOWN']);
    controller.abort(new Error('stop'));
    expect(await watch).to.have.property('message', 'stop');
    expect(clock.pendingTimers).to.equal(0);
  });

  it('A6 sends again as urgently as each order is, whoever began to be watched first', async () => {
    const { watcher, first } = start('a');
    let raised = 50;
    const controller = new AbortController();
    const begin = (signature: string) => watcher.watch(request(signature, { signal: controller.signal }));
    const watches = [
      withUrgency(
        () => 100,
        () => begin('entry'),
      ),
      withUrgency(
        () => raised,
        () => begin('exit'),
      ),
      begin('nobody’s'),
    ];
    await clock.advance(2_000);
    expect(first.urgencies).to.deep.equal([100, 50, undefined]);
    raised = 0;
    await clock.advance(2_000);
    expect(first.urgencies.slice(3)).to.deep.equal([100, 0, undefined]);
    controller.abort(new Error('enough'));
    await Promise.allSettled(watches);
  });

  it('finds on another endpoint what the first one does not see', async () => {
    const { watcher, second } = start('a', 'b');
    second.status = () => CONFIRMED;
    const watch = watcher.watch(request('tx'));
    await clock.advance(12_000);
    expect((await watch).kind).to.equal('landed');
  });

  it('an endpoint that has seen it keeps it alive, whatever the others say', async () => {
    const { watcher, first, second } = start('a', 'b');
    first.height = second.height = { height: 201n, slot: 1_201n };
    second.status = () => ({ ...CONFIRMED, commitment: 'processed' });
    let ended = false;
    const watch = watcher.watch(request('tx')).then((verdict) => {
      ended = true;
      return verdict;
    });
    second.transaction = async () => undefined;
    await clock.advance(120_000);
    expect(ended).to.equal(false);
    second.status = () => undefined;
    await clock.advance(10_000);
    expect((await watch).kind).to.equal('dead');
  });

  it('statuses from an older slot than the height prove nothing', async () => {
    const { watcher, first } = start('a');
    const controller = new AbortController();
    first.signatureStatuses = async (signatures) => ({ slot: 1n, statuses: signatures.map(() => undefined) });
    first.blockHeight = async () => {
      first.height = { height: 300n, slot: first.height.slot + 1n };
      return first.height;
    };
    const watch = watcher.watch(request('tx', { signal: controller.signal })).catch((error: unknown) => error);
    await clock.advance(120_000);
    expect(watcher.size).to.equal(1);
    controller.abort(new Error('stop'));
    expect(await watch).to.have.property('message', 'stop');
  });

  it('backs off when polls fail, and what a note throws ends its watch alone', async () => {
    const { watcher, first } = start('a');
    let polls = 0;
    first.signatureStatuses = async () => {
      polls += 1;
      throw new VenueError('RATE_LIMITED', 'slow down');
    };
    const stale = new Error('stale fence');
    const noted = watcher.watch(request('one', { note: () => Promise.reject(stale) })).catch((error: unknown) => error);
    const other = watcher.watch(request('two')).catch((error: unknown) => error);
    await clock.advance(60_000);
    expect(polls).to.be.within(12, 50);
    expect(await noted).to.equal(stale);
    expect(watcher.size).to.equal(1);
    watcher.close();
    expect(await other).to.have.property('reason', 'SHUTTING_DOWN');
    expect(clock.pendingTimers).to.equal(0);
  });
});
