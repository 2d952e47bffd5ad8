import { statSync } from 'node:fs';
import { type Clock, systemClock, type Timer } from './clock.js';
import { messageOf } from './errors.js';
import type { Logger } from './logger.js';

/** Certificates are renewed days before they end and tokens are withdrawn by people: seconds are soon enough, and a look costs microseconds. */
export const RELOAD_INTERVAL_MS = 5_000;

export interface ReloadingOptions<T> {
  /** For messages: `access file`, `TLS certificate`. */
  readonly what: string;
  readonly files: readonly string[];
  /** Reads the files and makes the value of them; what it throws at the start ends the start. */
  readonly load: () => T;
  readonly logger: Logger;
  readonly clock?: Clock;
  readonly intervalMs?: number;
}

interface Reload {
  readonly what: string;
  readonly isStale: boolean;
}

/** Of this process, for its numbers: whoever opens a file need not know who counts. */
const living = new Set<Reload>();

/** Whether a changed file is not taken at present, by what is made of it. */
export function staleReloads(): Map<string, boolean> {
  const stale = new Map<string, boolean>();
  for (const { what, isStale } of living) stale.set(what, isStale || stale.get(what) === true);
  return stale;
}

/**
 * A value made from files, made again when one of them changes. What cannot be made (half written, wrong) leaves the value before in
 * force, and is tried again at every look: a bad renewal must not take a service down.
 */
export class Reloading<T> {
  readonly #options: ReloadingOptions<T>;
  readonly #listeners = new Set<(value: T) => void>();
  #value: T;
  #seen: string;
  #complainedOf = '';
  #isStale = false;
  #timer: Timer | undefined;
  #closed = false;

  constructor(options: ReloadingOptions<T>) {
    this.#options = options;
    this.#seen = signatureOf(options.files);
    this.#value = options.load();
    living.add(this);
    this.#schedule();
  }

  get what(): string {
    return this.#options.what;
  }

  /** The files hold something else, and it cannot be taken. */
  get isStale(): boolean {
    return this.#isStale;
  }

  get value(): T {
    return this.#value;
  }

  /** Calls `listener` with every later value. Returns the function that ends this. */
  onChange(listener: (value: T) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Looks now; true if there is a new value. */
  check(): boolean {
    const { files, load, logger, what } = this.#options;
    const seen = signatureOf(files);
    if (seen === this.#seen) {
      this.#isStale = false;
      return false;
    }
    try {
      this.#value = load();
    } catch (error) {
      // Said once per state of the files, not at every look.
      if (this.#complainedOf !== seen) logger.error({ files }, `the ${what} stays as it was: ${messageOf(error)}`);
      this.#complainedOf = seen;
      this.#isStale = true;
      return false;
    }
    this.#seen = seen;
    this.#isStale = false;
    logger.info({ files }, `the ${what} was read again`);
    for (const listener of this.#listeners) listener(this.#value);
    return true;
  }

  close(): void {
    this.#closed = true;
    living.delete(this);
    this.#timer?.cancel();
    this.#listeners.clear();
  }

  #schedule(): void {
    if (this.#closed) return;
    const { clock = systemClock, intervalMs = RELOAD_INTERVAL_MS } = this.#options;
    this.#timer = clock.setTimer(() => {
      this.check();
      this.#schedule();
    }, intervalMs);
  }
}

/** Changes with every way a file is replaced: written over, renamed over, or behind a link that moved (Kubernetes). */
function signatureOf(files: readonly string[]): string {
  return files
    .map((file) => {
      const stat = statSync(file, { throwIfNoEntry: false, bigint: true });
      return stat === undefined ? 'missing' : `${stat.dev}.${stat.ino}.${stat.size}.${stat.mtimeNs}`;
    })
    .join();
}
