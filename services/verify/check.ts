import type { Queryable } from '../../shared/store/database.js';
import type { NotedHead } from './checks/audit.js';
import type { Ledger } from './ledger.js';
import type { Findings } from './report.js';
import { type SlicedTable, slices } from './slices.js';

/** What checks read from. */
export interface Context {
  readonly db: Queryable;
  /** Undefined: no ledger was given, and checks against the chain look at nothing. */
  readonly ledger: Ledger | undefined;
  /** Path of the witness file. */
  readonly witness: string | undefined;
  /** The end of the audit log as it was noted down elsewhere. */
  readonly auditHead: NotedHead | undefined;
}

/** One rule. It says how much it looked at, and every row that breaks it. */
export interface Check {
  readonly name: string;
  /** What must hold, in one sentence. */
  readonly promise: string;
  run(context: Context, findings: Findings): Promise<void>;
}

/** A rule that one statement can tell. */
export interface SqlRule {
  /**
   * `orders` or `positions`: the statements run once per slice of that table and find its rows in a common table expression
   * `slice`. Left out: they run once over everything.
   */
  readonly over?: SlicedTable;
  /** Yields one row `n`: how many rows are looked at. */
  readonly rows: string;
  /** Yields `subject` and `detail` of each violation. May begin with a comma and further common table expressions. */
  readonly violations: string;
}

/** A check made of SQL alone. */
export function sqlCheck(name: string, promise: string, ...rules: readonly SqlRule[]): Check {
  return {
    name,
    promise,
    async run({ db }, findings) {
      for (const rule of rules) await runRule(db, rule, findings);
    },
  };
}

export async function runRule(db: Queryable, rule: SqlRule, findings: Findings): Promise<void> {
  if (rule.over === undefined) {
    await look(db, rule, '', [], findings);
    return;
  }
  const key = rule.over === 'orders' ? 'order_id' : 'position_id';
  const slice = `WITH slice AS (SELECT * FROM ${rule.over} WHERE ${key} > $1 AND ${key} <= $2)`;
  for await (const bounds of slices(db, rule.over)) await look(db, rule, slice, bounds, findings);
}

async function look(
  db: Queryable,
  rule: SqlRule,
  slice: string,
  params: readonly string[],
  findings: Findings,
): Promise<void> {
  const { rows: counted } = await db.query<{ n: string }>(`${slice} ${rule.rows}`, params);
  findings.looked(Number(counted[0]?.n ?? 0));
  const { rows } = await db.query<{ subject: string; detail: string }>(`${slice} ${rule.violations}`, params);
  for (const { subject, detail } of rows) findings.violation(subject, detail);
}

/** For checks that compare with the chain: without a ledger they say so. */
export function ledgerOf({ ledger }: Context, findings: Findings): Ledger | undefined {
  if (!ledger) findings.note('no ledger was given');
  return ledger;
}
