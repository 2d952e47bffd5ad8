import { silentLogger } from '../../core/logger.js';
import { type Database, openDatabase } from '../database.js';
import type { StoreObserver } from '../observer.js';
import { openEmptyPglite } from './pglite.js';
import { createPostgresDatabase, dropPostgresDatabase } from './postgres.js';

/** Opens another empty migrated database. Whoever opens it closes it, before the end of the `describe`. */
export type OpenStore = (observer?: StoreObserver) => Promise<Database>;

/**
 * The same tests on both stores. The body gets `open`, for use in tests and hooks:
 *
 * ```ts
 * describeOnBothStores('orders', (open) => {
 *   let database: Database;
 *   beforeEach(async () => { database = await open(); });
 *   afterEach(() => database.close());
 *   it('...', async () => { ... });
 * });
 * ```
 *
 * A database that is still open at the end fails the tests, saying where it was opened.
 */
export function describeOnBothStores(title: string, body: (open: OpenStore) => void): void {
  describe(title, () => {
    describeOn('PGlite', openEmptyPglite, body);
    describeOn('PostgreSQL', openEmptyPostgres, body);
  });
}

type OpenEmpty = (onClosed: () => void, observer?: StoreObserver) => Promise<Database>;

function describeOn(store: string, openEmpty: OpenEmpty, body: (open: OpenStore) => void): void {
  describe(`on ${store}`, () => {
    const open = new Map<symbol, { database: Database; openedAt: Error }>();
    body(async (observer) => {
      const id = Symbol(store);
      const openedAt = new Error('opened here');
      const database = await openEmpty(() => open.delete(id), observer);
      open.set(id, { database, openedAt });
      return database;
    });
    // After the hooks of the body, which may close what it opened.
    after(async () => {
      const left = [...open.values()];
      for (const { database } of left) await database.close();
      if (left.length > 0) throw new Error(`${left.length} databases were not closed: ${left[0]?.openedAt.stack}`);
    });
  });
}

async function openEmptyPostgres(onClosed: () => void, observer?: StoreObserver): Promise<Database> {
  const databaseUrl = await createPostgresDatabase();
  const database = await openDatabase({ databaseUrl, logger: silentLogger, observer });
  const close = database.close.bind(database);
  database.close = async () => {
    await close();
    await dropPostgresDatabase(databaseUrl);
    onClosed();
  };
  return database;
}
