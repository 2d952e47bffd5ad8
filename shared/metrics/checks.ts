import type { ReadyCheck } from './readiness.js';

/** The database answers. A question that hangs is not asked again before it has ended. */
export function databaseCheck(db: { query(sql: string): Promise<unknown> }): ReadyCheck {
  let asking: Promise<unknown> | undefined;
  return {
    name: 'database',
    async look() {
      asking ??= db.query('SELECT 1').finally(() => {
        asking = undefined;
      });
      await asking;
      return 'it answers';
    },
  };
}
