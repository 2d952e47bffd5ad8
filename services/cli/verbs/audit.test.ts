import { expect } from 'chai';
import { AuditEntry, type ListAuditEntriesRequest } from '../../../proto/gen/exitlane/v1/system_service.js';
import { ExitlaneError } from '../../../shared/core/errors.js';
import type { GrpcServer } from '../../../shared/grpc/server.js';
import { unary } from '../../../shared/grpc/unary.js';
import { ExitCode, Interrupted } from '../exit-codes.js';
import { run, serve } from '../testing/rig.js';

const HASH = 'ab'.repeat(32);

function anEntry(sequence: bigint, more: Parameters<typeof AuditEntry.fromPartial>[0] = {}): AuditEntry {
  return AuditEntry.fromPartial({
    sequence,
    entryId: `01a1fe42-d157-7ba9-9dff-${sequence.toString().padStart(12, '0')}`,
    createdAt: new Date('2026-01-02T03:04:05Z'),
    actor: 'desk',
    action: 'QueueService/SetTradingState',
    detail: 'state=HALTED reason="bad news"',
    facts: { state: 'HALTED', reason: 'bad news' },
    peer: '10.0.0.7',
    hash: HASH,
    ...more,
  });
}

describe('O1 exitlane audit', () => {
  let server: GrpcServer | undefined;
  let asked: ListAuditEntriesRequest[] = [];
  afterEach(async () => {
    asked = [];
    await server?.close();
    server = undefined;
  });

  type Page = { entries: AuditEntry[]; nextPageToken?: string };
  const at = async (pages: (request: ListAuditEntriesRequest) => Page) => {
    const listAuditEntries = unary((request: ListAuditEntriesRequest) => {
      asked.push(request);
      return { nextPageToken: '', ...pages(request), headSequence: 12n, headHash: HASH };
    });
    server = await serve({ system: { listAuditEntries } });
    return server;
  };

  it('lists who changed what, from where, with the user behind a console', async () => {
    const entries = [anEntry(0n, { actor: 'console', actingFor: 'alice', subject: 'o-1' }), anEntry(12n)];
    const { lines, exitCode } = await run(['audit'], { at: await at(() => ({ entries })) });
    expect(exitCode).to.equal(ExitCode.OK);
    expect(lines[0]).to.match(/^ *N {2}WHEN +WHO +FROM +WHAT +TO +DETAIL$/);
    expect(lines[1]).to.match(
      /^ - {2}2026-01-02 03:04:05Z {2}alice \(console\) {2}10\.0\.0\.7 {2}SetTradingState {2}o-1 /,
    );
    expect(lines[2]).to.match(/^12 {2}.* desk +10\.0\.0\.7 {2}SetTradingState +state=HALTED reason="bad news"$/);
  });

  it('fits 80 columns', async () => {
    const entries = [anEntry(12n, { subject: '01a1fe42-d157-7ba9-9dff-4079dbdf5270', detail: 'x'.repeat(200) })];
    const { lines } = await run(['audit', '--no-color'], { at: await at(() => ({ entries })), columns: 80 });
    for (const line of lines) expect(line.length).to.be.at.most(80);
  });

  it('asks for every filter, and for pages until it has enough', async () => {
    const there = await at(({ pageToken }) => ({
      entries: pageToken === '' ? [anEntry(2n)] : [anEntry(1n)],
      nextPageToken: pageToken === '' ? 'more' : 'and-more',
    }));
    const filters = [
      '--actor',
      'alice',
      '--action',
      'SubmitOrder',
      '--subject',
      'o-1',
      '--since',
      '2026-01-01T00:00:00Z',
    ];
    const { stdout } = await run(['audit', ...filters, '--limit', '2', '-o', 'json'], { at: there });
    expect(asked.map(({ pageSize, pageToken }) => [pageSize, pageToken])).to.deep.equal([
      [2, ''],
      [1, 'more'],
    ]);
    expect(asked[0]).to.deep.include({
      actor: 'alice',
      action: 'SubmitOrder',
      subject: 'o-1',
      since: new Date('2026-01-01T00:00:00Z'),
    });
    const told = JSON.parse(stdout);
    expect(told.entries.map(({ sequence }: { sequence: string }) => sequence)).to.deep.equal(['2', '1']);
    expect(told).to.include({ next_page_token: 'and-more', head_sequence: '12' });
  });

  it('says when there is nothing, and what is missing to see it', async () => {
    const { stdout } = await run(['audit'], { at: await at(() => ({ entries: [] })) });
    expect(stdout).to.equal('nothing was changed by anybody\n');
    await server?.close();
    const refused = await at(() => {
      throw new ExitlaneError('ROLE_INSUFFICIENT', 'SystemService/ListAuditEntries takes the role admin');
    });
    const { exitCode, stderr } = await run(['audit'], { at: refused });
    expect(exitCode).to.equal(ExitCode.REFUSED);
    expect(stderr).to.contain('takes the role admin');
  });

  it('follows: what there is, then what comes, each once and the oldest first', async () => {
    const stop = new AbortController();
    const there = await at(() => {
      const entries = [anEntry(2n, { subject: 'second' }), anEntry(1n, { subject: 'first' })];
      if (asked.length > 1) entries.unshift(anEntry(4n, { subject: 'fourth' }), anEntry(3n, { subject: 'third' }));
      if (asked.length > 2) stop.abort(new Interrupted('SIGINT'));
      return { entries };
    });
    const { lines, exitCode } = await run(['audit', '--follow'], { at: there, signal: stop.signal });
    expect(exitCode).to.equal(ExitCode.OK);
    const shown = lines.flatMap((line) => /(first|second|third|fourth)/.exec(line)?.[0] ?? []);
    expect(shown).to.deep.equal(['first', 'second', 'third', 'fourth']);
  });

  it('says what to note down: the end of the chain, as verify takes it', async () => {
    const there = await at(() => ({ entries: [anEntry(12n)] }));
    expect((await run(['audit', 'head'], { at: there })).stdout).to.equal(`12:${HASH}\n`);
    const { stdout } = await run(['audit', 'head', '-o', 'json'], { at: there });
    expect(JSON.parse(stdout)).to.deep.equal({ head_sequence: '12', head_hash: HASH });
  });
});
