import { expect } from 'chai';
import type { Database } from '../../shared/store/database.js';
import { describeOnBothStores } from '../../shared/store/testing/stores.js';
import { CannotCheck } from './cannot-check.js';
import { exitCodeOf, reportLines } from './render.js';
import { type Story, tellStory } from './testing/story.js';
import { verify } from './verify.js';

describeOnBothStores('verify', (open) => {
  let db: Database;
  let story: Story | undefined;
  beforeEach(async () => {
    db = await open();
  });
  afterEach(async () => {
    story?.history.remove();
    story = undefined;
    await db.close();
  });

  it('finds nothing in a history made by the store, and every check has looked at something', async () => {
    story = await tellStory(db);
    const report = await story.history.verify();
    expect(report.checks.filter(({ violations }) => violations.length > 0)).to.deep.equal([]);
    expect(report.checks.filter(({ rows }) => rows === 0).map(({ name }) => name)).to.deep.equal([]);
    expect(exitCodeOf(report)).to.equal(0);
    expect(reportLines(report).at(-1)).to.equal('no violations.');
  });

  it('says of every check without ledger or witness that it looked at nothing', async () => {
    story = await tellStory(db);
    const report = await verify({ db });
    expect(report.ok).to.equal(true);
    const empty = report.checks.filter(({ rows }) => rows === 0);
    expect(empty.map(({ name }) => name)).to.deep.equal([
      'acknowledged-orders',
      'acknowledgements-agree',
      'fates-match-chain',
      'dead-is-proven',
      'no-unknown-signatures',
      'amounts-match-chain',
      'attempt-fees',
      'wallet-tokens',
      'wallet-lamports',
    ]);
    for (const { notes } of empty) expect(notes.join()).to.match(/^no (ledger|witness file) was given$/);
    expect(reportLines(report).at(-1)).to.equal('no violations; 9 of 45 checks had nothing to look at.');
  });

  it('does not call an empty database clean', async () => {
    const report = await verify({ db });
    expect(report.ok).to.equal(true);
    expect(exitCodeOf(report)).to.equal(2);
    expect(reportLines(report).at(-1)).to.contain('nothing could be checked');
  });

  it('cannot check against files that are missing or broken', async () => {
    story = await tellStory(db);
    const failure = async (options: object) => {
      const error = await verify({ db, ...options }).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).to.be.instanceOf(CannotCheck);
      return (error as CannotCheck).message;
    };
    expect(await failure({ ledger: '/nowhere/ledger.jsonl' })).to.contain('cannot be read');
    story.history.chain.bend((lines) => [{ signature: 'only a name' }, ...lines]);
    expect(await failure({ ledger: story.history.chain.path })).to.match(/line 1 is not what was expected: slot: /);
    expect(await failure({ witness: story.history.chain.path })).to.match(
      /line 1 is not what was expected: orderReqId/,
    );
  });
});
