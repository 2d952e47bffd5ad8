import { messageOf } from '../../../shared/core/errors.js';
import { POLL_INTERVAL_MS } from '../limits.js';
import { type FeedParts, isMissing, keepDoing, keepFollowing } from './follow.js';
import type { LiveList } from './live-list.js';

/** A frame of any Watch stream of the API. */
export interface WatchFrame<Wire> {
  readonly item: Wire | undefined;
  /** Everything that include_current asked for was sent. */
  readonly currentComplete: boolean;
}

export interface ListFeedOptions<Wire, Item> {
  readonly name: string;
  readonly list: LiveList<Item>;
  readonly watch: (signal: AbortSignal) => AsyncIterable<WatchFrame<Wire>>;
  readonly toItem: (wire: Wire) => Item;
  /** Reads what is current, for services that do not stream it. */
  readonly poll: () => Promise<readonly Item[]>;
}

/** Keeps a list current by its stream, or by asking every few seconds while the service has no such stream. */
export async function followList<Wire, Item>(options: ListFeedOptions<Wire, Item>, parts: FeedParts): Promise<void> {
  const { name, list, watch, toItem, poll } = options;
  let missing = false;
  const heal = async (everything: boolean) => {
    try {
      if (everything) await list.refresh();
      await list.complete();
      if (everything && !missing) list.currency = 'live';
    } catch (error) {
      // The service went away again: the next connection heals.
      parts.logger.debug({ stream: name, err: messageOf(error) }, 'healing was interrupted');
    }
  };
  const streaming = keepFollowing<WatchFrame<Wire>>(
    {
      name,
      open: watch,
      onOpen: () => {
        missing = false;
        list.begin();
      },
      onFrame: ({ item, currentComplete }) => {
        if (item !== undefined) list.put(toItem(item));
        else void heal(currentComplete);
      },
      onBroken: (error) => {
        missing = isMissing(error);
        if (!missing) list.currency = 'waiting';
      },
    },
    parts,
  );
  const pollOnce = async () => {
    if (!missing) return;
    try {
      list.begin();
      for (const item of await poll()) list.put(item);
      await list.complete();
      list.currency = 'polled';
    } catch (error) {
      list.currency = isMissing(error) ? 'missing' : 'waiting';
    }
  };
  await Promise.all([
    streaming,
    keepDoing(pollOnce, () => (missing ? POLL_INTERVAL_MS : POLL_INTERVAL_MS / 10), parts),
  ]);
}
