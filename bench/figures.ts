/** The middle one; what a run on a busy machine says best. */
export function median(values: readonly number[]): number {
  return percentile(values, 50);
}

/** The value that `percent` of all values do not exceed (nearest rank); NaN of none. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)] ?? Number.NaN;
}

/** `1.8 times` */
export function times(value: number, reference: number): string {
  return `${(value / reference).toFixed(value < reference / 10 ? 3 : 1)} times`;
}
