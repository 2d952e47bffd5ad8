/** What the checker found. Subjects are the ids people know: order_req_id, position_id, signature. */
export interface Violation {
  readonly subject: string;
  /** What is wrong, with both sides of the comparison. */
  readonly detail: string;
}

export interface CheckResult {
  /** Stable, such as `landed-once`. */
  readonly name: string;
  /** What must hold, in one sentence. */
  readonly promise: string;
  /** How many rows it looked at. With 0 it has shown nothing, whatever `violations` says. */
  readonly rows: number;
  /** At most {@link VIOLATIONS_MAX}. */
  readonly violations: readonly Violation[];
  /** Violations found beyond those listed. */
  readonly omitted: number;
  /** Why rows were left out, or why there are none. */
  readonly notes: readonly string[];
}

export interface VerifyReport {
  /** No check found a violation. Says nothing about checks with 0 rows. */
  readonly ok: boolean;
  readonly checks: readonly CheckResult[];
}

/** Kept per check: one broken rule can break for every order, and a thousand examples show the pattern. */
export const VIOLATIONS_MAX = 1_000;

/** Collects what one check sees. */
export class Findings {
  #rows = 0;
  #omitted = 0;
  readonly #violations: Violation[] = [];
  readonly #notes: string[] = [];

  /** So many more rows were looked at. */
  looked(rows = 1): void {
    this.#rows += rows;
  }

  violation(subject: string, detail: string): void {
    if (this.#violations.length < VIOLATIONS_MAX) this.#violations.push({ subject, detail });
    else this.#omitted += 1;
  }

  note(text: string): void {
    this.#notes.push(text);
  }

  result(name: string, promise: string): CheckResult {
    return {
      name,
      promise,
      rows: this.#rows,
      violations: this.#violations,
      omitted: this.#omitted,
      notes: this.#notes,
    };
  }
}
