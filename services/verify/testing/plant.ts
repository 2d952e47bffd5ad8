import { expect } from 'chai';
import type { Database } from '../../../shared/store/database.js';
import { describeOnBothStores } from '../../../shared/store/testing/stores.js';
import { type Story, tellStory } from './story.js';

/** One defect, as it would look afterwards, and who must see it. */
export interface Plant {
  readonly title: string;
  /** Every check that finds it, in the order of the report; the first is the one made for it when there are several. */
  readonly caughtBy: readonly string[];
  /** Part of a violation's subject or detail, in the report of the first check of `caughtBy`. */
  readonly saying: RegExp;
  /** Breaks a clean history. */
  readonly bend: (db: Database, story: Story) => Promise<unknown> | undefined;
}

/** Plants each defect into a clean history, and expects that exactly the named checks find it. */
export function describePlants(title: string, plants: readonly Plant[]): void {
  describeOnBothStores(title, (open) => {
    for (const { title: defect, caughtBy, saying, bend } of plants) {
      it(`${caughtBy[0]} finds ${defect}`, async () => {
        const db = await open();
        const story = await tellStory(db);
        try {
          await bend(db, story);
          const { ok, checks } = await story.history.verify();
          const found = checks.filter(({ violations }) => violations.length > 0);
          expect(found.map(({ name }) => name)).to.have.members([...caughtBy]);
          expect(ok).to.equal(false);
          const told = found.find(({ name }) => name === caughtBy[0])?.violations ?? [];
          expect(told.map(({ subject, detail }) => `${subject}: ${detail}`).join('\n')).to.match(saying);
        } finally {
          story.history.remove();
          await db.close();
        }
      });
    }
  });
}

/** Changes rows behind the store's back, which at least one row must allow. */
export async function change(db: Database, sql: string, params: readonly unknown[] = []): Promise<void> {
  const { rowCount } = await db.query(sql, params);
  if (rowCount === 0) throw new Error(`changed nothing: ${sql}`);
}
