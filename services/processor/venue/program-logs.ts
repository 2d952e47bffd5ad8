const FAILED = /^Program ([1-9A-HJ-NP-Za-km-z]{32,44}) failed: /;

/**
 * The program in which a transaction failed, from its logs: of programs calling each other the innermost reports first. It
 * matters because error numbers mean something only together with their program.
 */
export function innermostFailure(logs: readonly string[]): string | undefined {
  for (const line of logs) {
    const match = FAILED.exec(line);
    if (match) return match[1];
  }
  return undefined;
}
