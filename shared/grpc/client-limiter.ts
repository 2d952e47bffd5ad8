import { RateBucket } from '../auth/rate-bucket.js';
import type { ClientLimits } from '../auth/settings.js';
import type { Clock } from '../core/clock.js';
import { ExitlaneError } from '../core/errors.js';
import { CLIENTS_REMEMBERED_MAX, HELD_REFUSALS_MAX } from './bounds.js';
import type { CallUrgency } from './call-urgency.js';

interface Client {
  readonly calls: RateBucket;
  readonly exits: RateBucket;
  /** `address:port` of its connections. */
  readonly connections: Set<string>;
  streams: number;
  held: number;
}

/** What one client (a name of the access file) may ask of this process: rate, streams, connections (O1). */
export class ClientLimiter {
  readonly #limits: ClientLimits;
  readonly #clock: Clock;
  readonly #clients = new Map<string, Client>();
  /** Whose a connection is; a connection may carry the calls of several. */
  readonly #names = new Map<string, Set<string>>();

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

  /** @throws TOO_MANY_CONNECTIONS when this would be one more than allowed */
  countConnection(name: string, connection: string): void {
    const client = this.#client(name);
    if (client.connections.has(connection)) return;
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
    };
    this.#clients.set(name, client);
    return client;
  }

  #forgetIdle(): void {
    const now = this.#clock.now();
    for (const [name, { calls, exits, connections, streams, held }] of this.#clients) {
      const isIdle = streams === 0 && held === 0 && connections.size === 0;
      if (isIdle && calls.isFull(now) && exits.isFull(now)) this.#clients.delete(name);
    }
  }
}
