import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import type { Database, Queryable } from '../../../shared/store/database.js';
import { describeOnBothStores } from '../../../shared/store/testing/stores.js';
import type { NotedHead } from '../checks/audit.js';
import { verify } from '../verify.js';
import { type Story, tellStory } from './story.js';

/** One defect, as it would look afterwards, and who must see it. */
interface Defect {
  readonly title: string;
  /** Every check that finds it; the one made for it comes first. */
  readonly caughtBy: readonly string[];
  /** The end of the audit log as it was noted down before. */
  readonly auditHead?: (db: Queryable) => Promise<NotedHead>;
  /** Part of what the first check of `caughtBy` says: `<subject>: <detail>`, a violation per line. */
  readonly saying: RegExp;
}

/** Bends rows or files of a clean history; what it does to either is undone afterwards. */
interface Bent extends Defect {
  readonly bend: (db: Queryable, story: Story) => Promise<void> | void;
}

/** Goes on with a history of its own, through the store's functions. */
interface Lived extends Defect {
  readonly live: (story: Story) => Promise<void>;
}

export type Plant = Bent | Lived;

/** Plants each defect into a clean history, and expects that exactly the named checks find it. */
export function describePlants(title: string, plants: readonly Plant[]): void {
  describeOnBothStores(title, (open) => {
    let db: Database;
    let shared: Story;
    before(async () => {
      db = await open();
      shared = await tellStory(db);
    });
    after(async () => {
      shared.history.remove();
      await db.close();
    });
    for (const plant of plants) {
      it(`${plant.caughtBy[0]} finds ${plant.title}`, async () => {
        if ('bend' in plant) await bendAndUndo(db, shared, plant);
        else await liveAnew(await open(), plant);
      });
    }
  });
}

class Undo extends Error {}

async function bendAndUndo(db: Database, story: Story, plant: Bent): Promise<void> {
  const files = [story.history.chain.path, story.history.witness];
  const before = files.map((file) => readFileSync(file));
  const undone = await db
    .transaction(async (tx) => {
      const noted = await plant.auditHead?.(tx);
      await plant.bend(tx, story);
      await expectCaught(tx, story, plant, noted);
      throw new Undo();
    })
    .catch((error: unknown) => error);
  files.forEach((file, index) => {
    writeFileSync(file, before[index] ?? '');
  });
  if (!(undone instanceof Undo)) throw undone;
}

async function liveAnew(db: Database, plant: Lived): Promise<void> {
  const story = await tellStory(db);
  try {
    await plant.live(story);
    await expectCaught(db, story, plant);
  } finally {
    story.history.remove();
    await db.close();
  }
}

async function expectCaught(db: Queryable, { history }: Story, defect: Defect, auditHead?: NotedHead): Promise<void> {
  const { caughtBy, saying } = defect;
  const { ok, checks } = await verify({ db, ledger: history.chain.path, witness: history.witness, auditHead });
  const found = checks.filter(({ violations }) => violations.length > 0);
  expect(found.map(({ name }) => name)).to.have.members([...caughtBy]);
  expect(ok).to.equal(false);
  const told = found.find(({ name }) => name === caughtBy[0])?.violations ?? [];
  expect(told.map(({ subject, detail }) => `${subject}: ${detail}`).join('\n')).to.match(saying);
}

/** Changes rows behind the store's back; a test that changes none would show nothing. */
export async function change(db: Queryable, sql: string, params: readonly unknown[] = []): Promise<void> {
  const { rowCount } = await db.query(sql, params);
  if (rowCount === 0) throw new Error(`changed nothing: ${sql}`);
}
