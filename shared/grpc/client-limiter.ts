import { RateBucket } from '../auth/rate-bucket.js';
import type { ClientLimits } from '../auth/settings.js';
import type { Clock } from '../core/clock.js';
import { ExitlaneError } from '../core/errors.js';
import {
  CLIENTS_REMEMBERED_MAX,
  EMERGENCIES_AT_ONCE_MAX,
  HELD_REFUSALS_MAX,
  NAMELESS_STREAMS_PER_ADDRESS_MAX,
} from './bounds.js';
import type { CallUrgency } from './call-urgency.js';

interface Client {
  readonly calls: RateBucket;
  readonly exits: RateBucket;
  /** `address:port` of its connections. */
  readonly connections: Set<string>;
  streams: number;
  held: number;
  /** Emergency exits that are worked on, and what starts those that wait. */
  emergencies: number;
  readonly waiting: (() => void)[];
}

/** What one client (a name of the access file) may ask of this process: rate, streams, connections (O1). */
export class ClientLimiter {
  readonly #limits: ClientLimits;
  readonly #clock: Clock;
  readonly #clients = new Map<string, Client>();
  /** Whose a connection is; a connection may carry the calls of several. */
  readonly #names = new Map<string, Set<string>>();
  readonly #known = new Set<string>();
  readonly #namelessStreams = new Map<string, number>();

  constructor(limits: ClientLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** @throws RATE_LIMITED with the time after which one more may go */
  countCall(name: string, urgency: CallUrgency): void {
    if (urgency === 'emergency') return;
    const client = this.#client(name);
    const waitMs = (urgency === 'exit' ? client.exits : client.calls).take(this.#clock.now());
    if (waitMs === 0) return;
    const { ratePerSecond, exitRatePerSecond } = this.#limits;
    const [what, rate] = urgency === 'exit' ? ['exits', exitRatePerSecond] : ['calls', ratePerSecond];
    throw new ExitlaneError('RATE_LIMITED', `${name} may make ${rate} ${what} a second here; slow down`, {
      retryDelayMs: waitMs,
      metadata: { limit_per_second: String(rate), bucket: what },
    });
  }

  /** @throws TOO_MANY_STREAMS; otherwise give it back with {@link streamEnded} */
  countStream(name: string): void {
    const client = this.#client(name);
    const { streamsMax } = this.#limits;
    if (client.streams >= streamsMax) {
      const text = `${name} has ${streamsMax} streams open here, the most there may be: end some, or follow many orders with WatchOrders`;
      throw new ExitlaneError('TOO_MANY_STREAMS', text, { metadata: { limit: String(streamsMax) } });
    }
    client.streams += 1;
  }

  streamEnded(name: string): void {
    const client = this.#clients.get(name);
    if (client) client.streams -= 1;
  }

  /**
   * Runs `start` when the client has no more than so many emergency exits under way: at once, or when one of them ends. Never refuses.
   * Returns what must be called when this one is over, or is given up.
   */
  emergencyTurn(name: string, start: () => void): () => void {
    const client = this.#client(name);
    let state: 'waiting' | 'running' | 'over' = 'waiting';
    const begin = (): void => {
      state = 'running';
      client.emergencies += 1;
      start();
    };
    if (client.emergencies < EMERGENCIES_AT_ONCE_MAX) begin();
    else client.waiting.push(begin);
    return () => {
      if (state === 'waiting') client.waiting.splice(client.waiting.indexOf(begin), 1);
      if (state === 'running') {
        client.emergencies -= 1;
        client.waiting.shift()?.();
      }
      state = 'over';
    };
  }

  /** Streams of callers without a name, by address. @throws TOO_MANY_STREAMS; give it back with {@link namelessStreamEnded} */
  countNamelessStream(address: string): void {
    const count = this.#namelessStreams.get(address) ?? 0;
    if (count >= NAMELESS_STREAMS_PER_ADDRESS_MAX) {
      const text = `${NAMELESS_STREAMS_PER_ADDRESS_MAX} streams without a name are open from this address, the most there may be`;
      throw new ExitlaneError('TOO_MANY_STREAMS', text, {
        metadata: { limit: String(NAMELESS_STREAMS_PER_ADDRESS_MAX) },
      });
    }
    this.#namelessStreams.set(address, count + 1);
  }

  namelessStreamEnded(address: string): void {
    const left = (this.#namelessStreams.get(address) ?? 1) - 1;
    if (left > 0) this.#namelessStreams.set(address, left);
    else this.#namelessStreams.delete(address);
  }

  /** Somebody with a name calls on this connection. */
  connectionKnown(connection: string): void {
    this.#known.add(connection);
  }

  isKnown(connection: string): boolean {
    return this.#known.has(connection);
  }

  /** @throws TOO_MANY_CONNECTIONS when this would be one more than allowed */
  countConnection(name: string, connection: string): void {
    const client = this.#client(name);
    // A call whose connection is gone already names none.
    if (connection === 'unknown' || client.connections.has(connection)) return;
    const { connectionsMax } = this.#limits;
    if (client.connections.size >= connectionsMax) {
      const text = `${name} has ${connectionsMax} connections here, the most there may be: use one connection for many calls`;
      throw new ExitlaneError('TOO_MANY_CONNECTIONS', text, { metadata: { limit: String(connectionsMax) } });
    }
    client.connections.add(connection);
    const names = this.#names.get(connection) ?? new Set();
    this.#names.set(connection, names.add(name));
  }

  connectionClosed(connection: string): void {
    this.#known.delete(connection);
    for (const name of this.#names.get(connection) ?? []) this.#clients.get(name)?.connections.delete(connection);
    this.#names.delete(connection);
  }

  /**
   * Whether a refusal may be held back for a moment. A client that calls far too fast is slowed down by that, because HTTP/2 lets it have
   * only so many calls open; answering at once would only make it ask again.
   */
  mayHold(name: string): boolean {
    const client = this.#client(name);
    if (client.held >= HELD_REFUSALS_MAX) return false;
    client.held += 1;
    return true;
  }

  heldEnded(name: string): void {
    const client = this.#clients.get(name);
    if (client) client.held -= 1;
  }

  #client(name: string): Client {
    const known = this.#clients.get(name);
    if (known) return known;
    if (this.#clients.size >= CLIENTS_REMEMBERED_MAX) this.#forgetIdle();
    const now = this.#clock.now();
    const { ratePerSecond, exitRatePerSecond } = this.#limits;
    const client: Client = {
      calls: new RateBucket(ratePerSecond, now),
      exits: new RateBucket(exitRatePerSecond, now),
      connections: new Set(),
      streams: 0,
      held: 0,
      emergencies: 0,
      waiting: [],
    };
    this.#clients.set(name, client);
    return client;
  }

  #forgetIdle(): void {
    const now = this.#clock.now();
    for (const [name, { calls, exits, connections, streams, held, emergencies }] of this.#clients) {
      const isIdle = streams === 0 && held === 0 && emergencies === 0 && connections.size === 0;
      if (isIdle && calls.isFull(now) && exits.isFull(now)) this.#clients.delete(name);
    }
  }
}
