/** One order of the line as far as its place is concerned. */
export interface Started {
  readonly name: string;
  readonly filled: boolean;
  /** Lower runs first. */
  readonly priority: number;
  /** Number of its claim; 0n if it never took a slot. */
  readonly dispatchSequence: bigint;
}

export interface Verdict {
  readonly kept: boolean;
  /** Names in the order in which they started. */
  readonly started: readonly string[];
  /** What went wrong, one sentence each. */
  readonly problems: readonly string[];
}

/**
 * Whether orders that all waited together, given in the order of their acceptance, started by priority and within one level by
 * age. Decided by the claims' own numbers: clocks prove nothing.
 */
export function judge(accepted: readonly Started[]): Verdict {
  const problems = accepted.filter(({ filled }) => !filled).map(({ name }) => `${name} was not filled`);
  for (const { name, dispatchSequence } of accepted) {
    if (dispatchSequence === 0n) problems.push(`${name} never took a slot`);
  }
  const started = accepted.toSorted((a, b) => compare(a.dispatchSequence, b.dispatchSequence));
  // toSorted is stable: within one level the order of acceptance stays.
  const wanted = accepted.toSorted((a, b) => a.priority - b.priority);
  started.forEach((order, index) => {
    const should = wanted[index];
    if (should && should !== order)
      problems.push(`${order.name} started in place ${index + 1}, where ${should.name} should have`);
  });
  return { kept: problems.length === 0, started: started.map(({ name }) => name), problems };
}

function compare(a: bigint, b: bigint): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
