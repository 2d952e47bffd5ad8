import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { eventually } from '../../../shared/store/testing/waiting.js';

/**
 * Services as processes of their own, that a test starts, kills, freezes and starts again on the same port. Whatever happens to
 * the test, no process outlives it: each is ended by its own pid, at the latest by a watcher that notices that the test's
 * process is gone.
 */

/** A loaded machine may take this long to start a service; an idle one needs a second. */
const READY_WITHIN_MS = 40_000;
/** Time for a process to do what it prints. */
const PRINTED_WITHIN_MS = 20_000;
/** A service that was told to stop ends itself after 15 s at the latest. */
const EXIT_WITHIN_MS = 20_000;
/** Characters of a service's log that a failure shows. */
const LOG_CHARS_MAX = 6_000;
/** And of which is kept, for tests that read it. */
const LOG_CHARS_KEPT = 2_000_000;

/** Many services run at once here: none takes the usual port unless a test asks for one. */
const NO_METRICS = { EXITLANE_METRICS_PORT: 'off' };

/** Variables of a process's environment. */
export type Env = Readonly<Record<string, string>>;

export interface ServiceOptions {
  /** For messages. */
  readonly name: string;
  /** The compiled program, relative to this folder. */
  readonly program: string;
  readonly env: Env;
  /** Whether it serves now; a rejection means not yet. */
  readonly isReady: () => Promise<boolean>;
}

export interface Stopped {
  readonly exitCode: number | null;
  readonly tookMs: number;
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** One service: not running, or running as one process. */
export class Service {
  readonly name: string;
  readonly #options: ServiceOptions;
  #child: ChildProcess | undefined;
  #log = '';
  #output = '';

  constructor(options: ServiceOptions) {
    this.name = options.name;
    this.#options = options;
  }

  /** Starts it and resolves when it serves: the milliseconds that took. */
  async start(): Promise<number> {
    const startedAt = performance.now();
    this.launch();
    await this.serving();
    return performance.now() - startedAt;
  }

  /** Starts it, for this life with `more` in its environment, and waits for nothing. */
  launch(more: Env = {}): void {
    if (this.#child) throw new Error(`the ${this.name} runs already`);
    this.#spawn(more);
  }

  /** Resolves when it serves; rejects when it ended instead. */
  async serving(): Promise<void> {
    const child = this.#running();
    await eventually(
      `the ${this.name} to serve`,
      () => {
        if (child.exitCode !== null || child.signalCode !== null) {
          throw new Error(`the ${this.name} ended with ${child.exitCode ?? child.signalCode}:\n${this.#log}`);
        }
        return this.#options.isReady().catch(() => false);
      },
      READY_WITHIN_MS,
    );
  }

  /** Resolves when it has written this line to standard output in its present life. */
  async printed(line: string): Promise<void> {
    await eventually(
      `the ${this.name} to write "${line}"`,
      () => this.#output.includes(`${line}\n`),
      PRINTED_WITHIN_MS,
    );
  }

  /** It was started, nobody killed it, and it has not ended. */
  get isAlive(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** As a power cut would: no handler of it runs. Resolves when it is gone. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (!child) return;
    this.#child = undefined;
    child.kill('SIGKILL');
    await ended(child);
  }

  /** Asks it to stop and waits until it has. */
  async terminate(): Promise<Stopped> {
    const child = this.#running();
    const from = performance.now();
    child.kill('SIGTERM');
    await eventually(
      `the ${this.name} to stop`,
      () => child.exitCode !== null || child.signalCode !== null,
      EXIT_WITHIN_MS,
    );
    this.#child = undefined;
    return { exitCode: child.exitCode, tookMs: performance.now() - from };
  }

  /** It stands still: its connections stay open, and nobody answers on them. */
  freeze(): void {
    this.#running().kill('SIGSTOP');
  }

  thaw(): void {
    this.#running().kill('SIGCONT');
  }

  /** The end of what it wrote to standard error, over all its lives. */
  get log(): string {
    return `--- ${this.name} ---\n${this.#log.slice(-LOG_CHARS_MAX)}`;
  }

  /** All of it, over all its lives. */
  get wholeLog(): string {
    return this.#log;
  }

  /** All of it, over all its lives: what each line of JSON says. */
  get lines(): Record<string, unknown>[] {
    const whole = this.#log.split('\n').slice(0, -1);
    return whole.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  }

  #running(): ChildProcess {
    if (!this.#child) throw new Error(`the ${this.name} does not run`);
    return this.#child;
  }

  #spawn(more: Env): void {
    const { PATH = '', HOME = '', TMPDIR } = process.env;
    const env = {
      PATH,
      HOME,
      ...(TMPDIR === undefined ? {} : { TMPDIR }),
      ...NO_METRICS,
      ...this.#options.env,
      ...more,
    };
    const program = fileURLToPath(new URL(this.#options.program, import.meta.url));
    const child = spawn(process.execPath, ['--enable-source-maps', program], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.#output = '';
    running.add(child);
    const letGo = endWithThisProcess(child.pid);
    child.once('exit', () => {
      running.delete(child);
      letGo();
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#log = (this.#log + text).slice(-LOG_CHARS_KEPT);
    });
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      if (this.#child === child) this.#output = (this.#output + text).slice(-LOG_CHARS_MAX);
    });
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

/** Waits at the end of a pipe: when this process goes away, however it does, it kills the other. Call the result to end it. */
function endWithThisProcess(pid: number | undefined): () => void {
  if (pid === undefined) return () => undefined;
  const watcher = spawn('/bin/sh', ['-c', 'read -r _; kill -KILL "$0"', String(pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  watcher.unref();
  if (watcher.stdin instanceof Socket) watcher.stdin.unref();
  return () => watcher.kill('SIGKILL');
}
