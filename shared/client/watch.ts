import type { Caller } from './caller.js';
import type { Reconnecting } from './reconnect.js';

/** What can be said of every watch. */
export interface WatchSettings extends Reconnecting {
  /** Everything there was when the watch began, or came back, has been told. */
  readonly onCurrent?: () => void;
}

export interface WatchParts<Frame, T> {
  /** Opens the stream; it begins with every record that lives, and says when that is done. */
  readonly open: (signal: AbortSignal) => AsyncIterable<Frame>;
  readonly recordOf: (frame: Frame) => T | undefined;
  readonly isComplete: (frame: Frame) => boolean;
  readonly idOf: (record: T) => string;
  /** Whether a new watch would begin with it. */
  readonly lives: (record: T) => boolean;
  /** The record as it stands now; undefined when it is not kept any more. */
  readonly look: (id: string, signal: AbortSignal) => Promise<T | undefined>;
}

/**
 * Records as they stand: first every one that lives, then each after every change, for ever. When the connection breaks it comes back,
 * tells every living record again, and what became of those that lived before and do not any more: the end of nothing that was told is
 * missed. (What began and ended within the gap is not told: list it.)
 */
export function watchRecords<Frame, T>(
  caller: Caller,
  parts: WatchParts<Frame, T>,
  settings: WatchSettings = {},
): AsyncIterable<T> {
  const { recordOf, isComplete } = parts;
  const { onCurrent, signal: outer, ...reconnecting } = settings;
  return caller.iterate(outer, async function* (signal) {
    const living = new Set<string>();
    let missing = new Set<string>();
    let seenConnection = 0;
    const frames = caller.reconnecting((inner, connection) => numbered(parts.open(inner), connection), {
      ...reconnecting,
      signal,
    });
    for await (const { frame, connection } of frames) {
      if (connection !== seenConnection) missing = new Set(living);
      seenConnection = connection;
      const record = recordOf(frame);
      if (record !== undefined) {
        note(living, parts, record);
        missing.delete(parts.idOf(record));
        yield record;
      }
      if (!isComplete(frame)) continue;
      for (const id of missing) {
        const ended = await parts.look(id, signal);
        living.delete(id);
        if (ended === undefined) continue;
        note(living, parts, ended);
        yield ended;
      }
      missing.clear();
      onCurrent?.();
    }
  });
}

function note<Frame, T>(living: Set<string>, { idOf, lives }: WatchParts<Frame, T>, record: T): void {
  if (lives(record)) living.add(idOf(record));
  else living.delete(idOf(record));
}

async function* numbered<Frame>(frames: AsyncIterable<Frame>, connection: number) {
  for await (const frame of frames) yield { frame, connection };
}
