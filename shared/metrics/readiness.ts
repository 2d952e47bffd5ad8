import { type Clock, systemClock, type Timer } from '../core/clock.js';
import { messageOf } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { READY_CHECK_MS_MAX, READY_FRESH_MS, READY_LOOK_MS } from './limits.js';
import type { Metrics } from './metrics.js';

/**
 * Whether a service can do its work, as opposed to being alive:
 *
 *   starting -> ready <-> not ready        by its checks, looked at every 2 s and whenever somebody asks
 *                 +----------+-> draining  for good, when it is told to stop
 */

/** One thing a service needs, or wants to tell about. */
export interface ReadyCheck {
  /** Such as `database`; also a label, so: few and fixed. */
  readonly name: string;
  /** What there is to say; throws when the service cannot work like this. */
  look(signal: AbortSignal): string | Promise<string>;
}

export interface CheckResult {
  readonly name: string;
  readonly ok: boolean;
  /** One line for people. */
  readonly detail: string;
}

export interface Readiness {
  readonly ready: boolean;
  readonly checks: readonly CheckResult[];
}

export interface ReadinessOptions {
  /** For numbers, where several services share a process. */
  readonly service: string;
  readonly checks: readonly ReadyCheck[];
  /** Told when it changes, and once at the first look. */
  readonly onChange: (ready: boolean) => void;
  readonly logger: Logger;
  readonly metrics?: Metrics | undefined;
  /** Real time: what is looked at does not follow a test's clock. */
  readonly clock?: Clock;
}

export class ReadinessWatch {
  readonly #options: ReadinessOptions;
  readonly #clock: Clock;
  #last: { readonly at: number; readonly value: Readiness } | undefined;
  #looking: Promise<Readiness> | undefined;
  #told: boolean | undefined;
  #timer: Timer | undefined;
  #draining = false;

  constructor(options: ReadinessOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    if (options.metrics) this.#count(options.metrics);
  }

  /** Looks for the first time, and from then on by itself. */
  async start(): Promise<void> {
    await this.look();
    this.#arm();
  }

  /** Not ready any more, for good. */
  drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    this.#timer?.cancel();
    this.#tell({ ready: false, checks: [DRAINING] });
  }

  /** How it is now, or was a moment ago. Never rejects. */
  look(): Promise<Readiness> {
    const { at = Number.NEGATIVE_INFINITY, value } = this.#last ?? {};
    if (this.#draining) return Promise.resolve({ ready: false, checks: [DRAINING, ...(value?.checks ?? [])] });
    if (value && this.#clock.now() - at < READY_FRESH_MS) return Promise.resolve(value);
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #look(): Promise<Readiness> {
    const checks = await Promise.all(this.#options.checks.map((check) => this.#run(check)));
    const value = { ready: checks.every(({ ok }) => ok), checks };
    this.#last = { at: this.#clock.now(), value };
    if (!this.#draining) this.#tell(value);
    return value;
  }

  async #run({ name, look }: ReadyCheck): Promise<CheckResult> {
    const stop = new AbortController();
    const late = this.#clock.sleep(READY_CHECK_MS_MAX, stop.signal).then(
      () => Promise.reject(new Error(`no answer within ${READY_CHECK_MS_MAX} ms`)),
      () => '',
    );
    try {
      const detail = await Promise.race([Promise.resolve(look(stop.signal)), late]);
      return { name, ok: true, detail: oneLine(detail) };
    } catch (error) {
      return { name, ok: false, detail: oneLine(messageOf(error)) };
    } finally {
      stop.abort();
    }
  }

  #tell({ ready, checks }: Readiness): void {
    if (ready === this.#told) return;
    const failed = checks.filter(({ ok }) => !ok).map(({ name, detail }) => `${name}: ${detail}`);
    if (!ready && !this.#draining) this.#options.logger.warn({ failed }, 'not ready');
    else if (ready && this.#told === false) this.#options.logger.info('ready again');
    this.#told = ready;
    this.#options.onChange(ready);
  }

  #arm(): void {
    if (this.#draining) return;
    this.#timer = this.#clock.setTimer(() => void this.look().then(() => this.#arm()), READY_LOOK_MS);
  }

  #count(metrics: Metrics): void {
    const ready = metrics.gauge({
      name: 'exitlane_ready',
      help: '1 while the service can do its work.',
      labels: ['service'],
    });
    const checks = metrics.gauge({
      name: 'exitlane_ready_check',
      help: '1 while this check of the readiness holds.',
      labels: ['service', 'check'],
    });
    metrics.onScrape(async () => {
      const found = await this.look();
      const { service } = this.#options;
      ready.set({ service }, found.ready ? 1 : 0);
      for (const { name: check, ok } of found.checks) checks.set({ service, check }, ok ? 1 : 0);
    });
  }
}

const DRAINING: CheckResult = { name: 'draining', ok: false, detail: 'the service is told to stop' };

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').slice(0, 300);
}
