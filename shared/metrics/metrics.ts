import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** What a metric is. Names follow https://prometheus.io/docs/practices/naming/ and begin with `exitlane_`. */
export interface MetricSpec<Label extends string> {
  readonly name: `exitlane_${string}`;
  /** For people, with the unit. */
  readonly help: string;
  /** Only labels with few values: never a mint, an id, or text that a client sends. */
  readonly labels?: readonly Label[];
}

export interface HistogramSpec<Label extends string> extends MetricSpec<Label> {
  readonly buckets: readonly number[];
}

/** Reads numbers into gauges just before they are shown. */
export type BeforeScrape = () => void | Promise<void>;

/**
 * The numbers of one process. A metric that is asked for twice is the same one, so that several services in one process share what they
 * have in common. What is cheap to count is counted as it happens; what is kept elsewhere is read when somebody looks.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #beforeScrape = new Set<BeforeScrape>();

  counter<Label extends string = never>({ name, help, labels = [] }: MetricSpec<Label>): Counter<Label> {
    const known = this.#registry.getSingleMetric(name);
    if (known instanceof Counter) return known;
    return new Counter({ name, help, labelNames: [...labels], registers: [this.#registry] });
  }

  gauge<Label extends string = never>({ name, help, labels = [] }: MetricSpec<Label>): Gauge<Label> {
    const known = this.#registry.getSingleMetric(name);
    if (known instanceof Gauge) return known;
    return new Gauge({ name, help, labelNames: [...labels], registers: [this.#registry] });
  }

  histogram<Label extends string = never>(spec: HistogramSpec<Label>): Histogram<Label> {
    const { name, help, labels = [], buckets } = spec;
    const known = this.#registry.getSingleMetric(name);
    if (known instanceof Histogram) return known;
    const registers = [this.#registry];
    return new Histogram({ name, help, labelNames: [...labels], buckets: [...buckets], registers });
  }

  /** Event loop, memory, garbage collection, CPU and file descriptors under their usual names (`process_`, `nodejs_`). Once per process. */
  addProcessDefaults(): void {
    collectDefaultMetrics({ register: this.#registry });
  }

  /** Calls `read` before each scrape; returns the function that ends it. A read that fails leaves the others alone. */
  onScrape(read: BeforeScrape): () => void {
    this.#beforeScrape.add(read);
    return () => this.#beforeScrape.delete(read);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Everything, in the text form of Prometheus. */
  async text(): Promise<string> {
    await Promise.allSettled([...this.#beforeScrape].map(async (read) => read()));
    return this.#registry.metrics();
  }

  /** Name, type, labels and help of every metric, by name. */
  list(): {
    readonly name: string;
    readonly type: string;
    readonly labels: readonly string[];
    readonly help: string;
  }[] {
    const known = this.#registry.getMetricsAsArray().map((metric) => {
      const {
        name,
        help,
        type,
        labelNames = [],
      } = metric as unknown as {
        name: string;
        help: string;
        type: string;
        labelNames?: string[];
      };
      return { name, type: String(type), labels: labelNames, help };
    });
    return known.sort((one, other) => (one.name < other.name ? -1 : 1));
  }
}

/** Seconds of waits and durations: from a millisecond, where things usually are, to minutes, where somebody should look. */
export const SECONDS_BUCKETS: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
];

/** Replaces what a counter shows by a total that is kept elsewhere. */
export function setTotal<Label extends string>(
  counter: Counter<Label>,
  totals: readonly { readonly labels: Partial<Record<Label, string>>; readonly value: number }[],
): void {
  counter.reset();
  for (const { labels, value } of totals) counter.inc(labels, value);
}
