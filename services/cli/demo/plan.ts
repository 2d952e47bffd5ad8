/**
 * The orders of the demo, in the order in which they are submitted. First positions to exit from, then entries that take every
 * slot, then the line that waits: entries first and the most urgent exits last, so that first-come-first-served would get it wrong.
 */

export interface PlannedEntry {
  readonly kind: 'entry';
  readonly name: string;
  readonly token: string;
  readonly sol: string;
}

export interface PlannedExit {
  readonly kind: 'exit';
  readonly name: string;
  /** The position bought with this token is sold. */
  readonly token: string;
  readonly reason: string;
  readonly percent: number;
  readonly emergency: boolean;
}

export type PlannedOrder = PlannedEntry | PlannedExit;

export const SLOTS = 3;

export const POSITIONS: readonly PlannedEntry[] = [
  entry('open BONK', 'BONK', '2'),
  entry('open WIF', 'WIF', '1.5'),
  entry('open JUP', 'JUP', '1'),
  entry('open POPCAT', 'POPCAT', '2.5'),
];

export const BUSY: readonly PlannedEntry[] = [
  entry('busy 1', 'JTO', '0.6'),
  entry('busy 2', 'RAY', '0.7'),
  entry('busy 3', 'PYTH', '0.8'),
];

export const LINE: readonly PlannedOrder[] = [
  entry('entry 1', 'JTO', '0.5'),
  entry('entry 2', 'RAY', '0.4'),
  exit('manual exit', 'JUP', 'manual', 50),
  entry('entry 3', 'PYTH', '0.3'),
  exit('take-profit', 'WIF', 'take_profit_1', 50),
  entry('entry 4', 'USDC', '0.5'),
  exit('stop-loss', 'BONK', 'stop_loss', 100),
  entry('entry 5', 'JTO', '0.2'),
];

export const EMERGENCY: PlannedExit = { ...exit('emergency', 'POPCAT', 'emergency', 100), emergency: true };

function entry(name: string, token: string, sol: string): PlannedEntry {
  return { kind: 'entry', name, token, sol };
}

function exit(name: string, token: string, reason: string, percent: number): PlannedExit {
  return { kind: 'exit', name, token, reason, percent, emergency: false };
}
