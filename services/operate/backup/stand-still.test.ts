import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { silentLogger } from '../../../shared/core/logger.js';
import { packageRoot } from '../../../shared/core/package-root.js';
import type { Order } from '../../../shared/order/order.js';
import { claimNextOrder } from '../../../shared/store/claim-next.js';
import { takeOverOrders } from '../../../shared/store/claims.js';
import { type Database, openDatabase } from '../../../shared/store/database.js';
import { readLogEpoch, readMessages } from '../../../shared/store/messages.js';
import { getOrder } from '../../../shared/store/orders.js';
import { getPosition } from '../../../shared/store/positions.js';
import { insertProposal } from '../../../shared/store/proposals.js';
import type { StoodStill } from '../../../shared/store/restored-orders.js';
import { readSchedulerState, setSlotLimits } from '../../../shared/store/scheduler-state.js';
import { settleFailure } from '../../../shared/store/settlement.js';
import { findRepeat } from '../../../shared/store/submit.js';
import { exitDraft, LEASE_MS, setDatabaseTime } from '../../../shared/store/testing/drafts.js';
import { createPostgresDatabase, dropPostgresDatabase } from '../../../shared/store/testing/postgres.js';
import { describeOnBothStores } from '../../../shared/store/testing/stores.js';
import { requeueDueRetries } from '../../../shared/store/waiting-orders.js';
import { History } from '../../verify/testing/history.js';
import { verify } from '../../verify/verify.js';
import { restoreBackup } from './restore.js';
import { writeBackup } from './write.js';

const NO_ROUTE = { reason: 'NO_ROUTE' as const, error: 'No route.', retryDelayMs: 1_000 };
const DAY_MS = 86_400_000;

describeOnBothStores('O6 P9 after a restore nothing trades by itself', (open) => {
  let folder: string;
  let file: string;
  let db: Database;
  let history: History;
  let restored: Database | undefined;
  const databases: string[] = [];
  beforeEach(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'exitlane-restore-'));
    file = path.join(folder, 'today.backup');
    db = await open();
    history = new History(db);
    await history.knowMint();
    await setSlotLimits(db, { maxConcurrent: 20, exitReserved: 0, emergencyExtra: 0 });
  });
  afterEach(async () => {
    rmSync(folder, { recursive: true });
    history.remove();
    await restored?.close();
    restored = undefined;
    await db.close();
    for (const url of databases.splice(0)) await dropPostgresDatabase(url);
  });

  /** Saves the database and loads it into another one, a day later: every lease is over, every retry due. */
  const restore = async (keepTradingState: boolean) => {
    await writeBackup(db, file);
    const databaseUrl = await createPostgresDatabase({ migrated: false });
    databases.push(databaseUrl);
    const report = await restoreBackup({ file, place: { databaseUrl }, keepTradingState, logger: silentLogger });
    restored = await openDatabase({ databaseUrl, logger: silentLogger });
    await setDatabaseTime(restored, new Date(Date.now() + DAY_MS));
    return { after: restored, report };
  };
  const emergency = (positionId: string) =>
    history.submit(exitDraft(positionId, 'manual', { percent: 100 }, { emergency: true }));
  const wrongIn = async (of: Database) => {
    const { checks } = await verify({ db: of });
    return checks.flatMap(({ name, violations }) => violations.map(({ detail }) => `${name}: ${detail}`));
  };
  /** What a requestor does by itself, whatever the trading state. */
  const startsIn = async (of: Database) => {
    const taken = await takeOverOrders(of, 'requestor', LEASE_MS, [], 100);
    await requeueDueRetries(of, 100);
    const claimed = await claimNextOrder(of, 'requestor', LEASE_MS);
    return { taken: idsOf(taken.filter(({ status }) => status === 'SUBMITTED')), claimed: claimed?.orderReqId };
  };
  const idsOf = (orders: readonly Order[]) => orders.map(({ orderReqId }) => orderReqId);
  const lastReason = async (of: Database, { orderId }: Order) =>
    (await readMessages(of, orderId, 0n, 100)).at(-1)?.body;

  it('not what was at work, not what is an emergency; what is on the wire is watched, and ends', async () => {
    const positions: string[] = [];
    for (let i = 0; i < 6; i += 1) positions.push(await history.open());
    const [stopped = '', failing = '', dialled = '', sent = '', followed = '', waiting = ''] = positions;
    const entry = await history.claim(await history.entry());
    const offer = {
      proposalId: 'offer',
      source: 'test',
      lamports: 1n,
      tokens: 1n,
      price: '1',
      note: '',
      expiresAt: null,
    };
    await db.transaction((tx) => insertProposal(tx, { ...offer, orderId: entry.orderId }, entry.decimals));
    const stop = await history.claim(await history.exit(stopped, 100, 'stop_loss'));
    const failed = await history.claim(await emergency(failing));
    await settleFailure(db, failed, failed, NO_ROUTE);
    const submitted = await history.claim(await emergency(dialled));
    const onTheWire = await history.attempt(await emergency(sent));
    const slow = await history.attempt(await history.exit(followed, 100, 'stop_loss'));
    const wish = await emergency(followed);
    expect(wish.orderId, 'it follows').to.equal(slow.order.orderId);
    const pending = await emergency(waiting);
    const later = await history.entry();

    const { after, report } = await restore(false);
    const expected: StoodStill = {
      returned: idsOf([entry, stop]),
      cancelled: idsOf([failed, submitted, pending]),
      lastTries: idsOf([onTheWire.order]),
      notFollowed: idsOf([slow.order]),
    };
    expect(report.stoodStill).to.deep.equal(expected);
    expect(report).to.include({ tradingState: 'HALTED', unfinishedOrders: 5 });
    expect(await wrongIn(after)).to.deep.equal([]);
    for (const order of [entry, stop]) {
      const now = await getOrder(after, order);
      expect(now).to.include({ status: 'PENDING', reason: 'RESTORED', leaseOwner: null, holdsSlot: false });
      expect(now.fence > order.fence, 'whoever ran it before can write nothing').to.equal(true);
      expect(await lastReason(after, order)).to.include({ status: 'PENDING', reason: 'RESTORED' });
    }
    for (const order of [failed, submitted, pending]) {
      expect(await getOrder(after, order)).to.include({ status: 'CANCELLED', reason: 'RESTORED' });
      expect(await getPosition(after, order.positionId ?? '')).to.include({ status: 'OPEN', reservedTokens: 0n });
    }
    expect(await startsIn(after)).to.deep.equal({ taken: [], claimed: undefined });

    for (const { order, number } of [onTheWire, slow]) {
      const now = await getOrder(after, order);
      await settleFailure(after, now, now, NO_ROUTE, { number, state: 'DEAD' });
    }
    expect(await getOrder(after, onTheWire.order)).to.include({ status: 'CANCELLED', reason: 'ATTEMPTS_EXHAUSTED' });
    expect((await getOrder(after, slow.order)).status).to.equal('FAILED');
    await setDatabaseTime(after, new Date(Date.now() + 2 * DAY_MS));
    expect(await startsIn(after)).to.deep.equal({ taken: [], claimed: undefined });
    expect((await getOrder(after, later)).status).to.equal('PENDING');
    expect(await wrongIn(after)).to.deep.equal([]);
  });

  it('and a request whose emergency exit was forgotten keeps its answer', async () => {
    const slow = await history.attempt(await history.exit(await history.open(), 100, 'stop_loss'));
    const { draft } = exitDraft(slow.order.positionId ?? '', 'manual', { percent: 100 }, { emergency: true });
    await history.submit({ draft, exitAmount: { percent: 100 } });
    const { after } = await restore(false);
    const again = await findRepeat(after, draft.orderReqId, draft.payloadHash);
    expect(again).to.include({ duplicate: true, follows: true });
    expect(again?.order.orderId).to.equal(slow.order.orderId);
  });

  it('unless the trading state is to be kept', async () => {
    const entry = await history.claim(await history.entry());
    const { after, report } = await restore(true);
    expect(report.stoodStill).to.equal(undefined);
    expect((await startsIn(after)).taken).to.deep.equal([entry.orderReqId]);
  });

  it('nor after a recovery by PostgreSQL itself, by what the guide says to run', async () => {
    const guide = readFileSync(path.join(packageRoot(), 'docs/operations.md'), 'utf8');
    const [halt = '', look = ''] = [...guide.matchAll(/```sql\n([^`]*)```/g)].map(([, sql]) => sql);
    const followed = await history.attempt(await history.exit(await history.open(), 100, 'stop_loss'));
    const running = await history.claim(await history.entry());
    await emergency(followed.order.positionId ?? '');
    await history.entry();
    const epoch = await readLogEpoch(db);
    await db.query(halt);
    expect(await readLogEpoch(db)).to.not.equal(epoch);
    expect(await readSchedulerState(db)).to.include({ tradingState: 'HALTED', changedBy: 'recovery' });
    const { rows } = await db.query<{ order_req_id: string }>(look);
    expect(rows.map((row) => row.order_req_id)).to.have.members(idsOf([followed.order, running]));
    const { after } = await restore(false);
    expect((await after.query(look)).rows).to.deep.equal([]);
    expect(await wrongIn(after)).to.deep.equal([]);
  });
});
