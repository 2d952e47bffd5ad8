import type { Clock } from '../../../shared/core/clock.js';
import { directCalls } from './calls.js';
import { type VenueOptions, type VenueParts, type VenueSettings, venueSettings } from './config.js';
import { Endpoints } from './endpoints.js';
import { Jupiter } from './jupiter.js';
import { Rpc } from './rpc.js';
import { Watcher } from './watch.js';

/** Jupiter plus Solana: where orders trade. One per process. */
export interface Venue {
  readonly settings: VenueSettings;
  readonly jupiter: Jupiter;
  readonly endpoints: Endpoints;
  readonly watcher: Watcher;
  readonly clock: Clock;
  /** Ends all watches; the transactions live on. */
  close(): void;
}

/** Builds the clients; nothing is called yet. Throws a RangeError for a URL that is none, without repeating it. */
export function createVenue(options: VenueOptions, { clock, logger, call }: VenueParts): Venue {
  const settings = venueSettings(options);
  const calls = call ?? directCalls({ clock, timeoutMs: settings.requestTimeoutMs });
  const rpcs = settings.rpcUrls.map((url) => new Rpc({ url, call: calls }));
  const endpoints = new Endpoints(rpcs);
  const { jupiterUrl, jupiterApiKey: apiKey } = settings;
  const jupiter = new Jupiter({ url: jupiterUrl, apiKey, call: calls });
  const { pollIntervalMs, resendIntervalMs, confirmTimeoutMs, settlingNoteMs } = settings;
  const patience = { pollIntervalMs, resendIntervalMs, confirmTimeoutMs, settlingNoteMs };
  const watcher = new Watcher({ endpoints, clock, logger, ...patience });
  return { settings, jupiter, endpoints, watcher, clock, close: () => watcher.close() };
}
