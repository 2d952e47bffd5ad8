import { HINT_TOPICS } from './database.js';
import { HINT_PAYLOAD_BYTES_MAX } from './limits.js';
import type { Hint } from './session.js';

/** Channel of NOTIFY. */
export const HINT_CHANNEL = 'exitlane_hints';

export interface HintMessage {
  /** Which database handle sent it. */
  readonly sender: string;
  readonly hints: readonly Hint[];
}

/** One NOTIFY payload. Too many hints for one become "look at everything" of their topics. */
export function encodeHints({ sender, hints }: HintMessage): string {
  const payload = JSON.stringify([sender, ...hints]);
  if (Buffer.byteLength(payload) <= HINT_PAYLOAD_BYTES_MAX) return payload;
  const topics = new Set(hints.map(([topic]) => topic));
  return JSON.stringify([sender, ...[...topics].map((topic) => [topic, ''])]);
}

/** Reads a payload; undefined when it is not one of ours (anyone may NOTIFY). Topics of newer versions are left out. */
export function decodeHints(payload: string): HintMessage | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(payload);
  } catch {
    return undefined;
  }
  if (!Array.isArray(parsed)) return undefined;
  const [sender, ...hints]: unknown[] = parsed;
  if (typeof sender !== 'string') return undefined;
  return { sender, hints: hints.filter(isHint) };
}

function isHint(value: unknown): value is Hint {
  if (!Array.isArray(value)) return false;
  const [topic, key]: unknown[] = value;
  return HINT_TOPICS.some((known) => known === topic) && typeof key === 'string';
}
