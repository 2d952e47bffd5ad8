/** True when `error` is what aborting `signal` made a call throw, so that an end by order is told from a failure. */
export function isAbortOf(signal: AbortSignal, error: unknown): boolean {
  return signal.aborted && (error === signal.reason || (error instanceof Error && error.name === 'AbortError'));
}
