import { quietPort } from '../crash/ports.js';
import type { Env } from '../crash/process.js';
import { Stack, type StackOptions } from '../crash/stack.js';
import { type Sample, samplesOf } from './scrape.js';

/** Sandbox, processor and requestor as processes of their own that tell their metrics and health. */
export interface Observed {
  readonly stack: Stack;
  readonly requestor: Told;
  readonly processor: Told;
}

/** The HTTP endpoint of one service. */
export class Told {
  readonly url: string;

  constructor(port: number) {
    this.url = `http://127.0.0.1:${port}`;
  }

  /** Status and text of an answer. */
  async get(path: string): Promise<{ readonly status: number; readonly text: string; readonly type: string }> {
    const answer = await fetch(`${this.url}${path}`, { signal: AbortSignal.timeout(10_000) });
    return { status: answer.status, text: await answer.text(), type: answer.headers.get('content-type') ?? '' };
  }

  async scrape(): Promise<Sample[]> {
    return samplesOf((await this.get('/metrics')).text);
  }

  /** One number; undefined when it is not told. */
  async value(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number | undefined> {
    const matches = (sample: Sample) =>
      Object.entries(labels).every(([label, value]) => sample.labels[label] === value);
    return (await this.scrape()).find((sample) => sample.name === name && matches(sample))?.value;
  }
}

export async function startObserved(env: Env = {}, options: StackOptions = {}): Promise<Observed> {
  const [requestorPort, processorPort] = await Promise.all([quietPort(), quietPort()]);
  const stack = await Stack.start({
    ...options,
    requestorEnv: { ...env, EXITLANE_METRICS_PORT: String(requestorPort), ...options.requestorEnv },
    processorEnv: { ...env, EXITLANE_METRICS_PORT: String(processorPort), ...options.processorEnv },
  });
  return { stack, requestor: new Told(requestorPort), processor: new Told(processorPort) };
}
