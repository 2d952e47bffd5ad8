import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import readline from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { OpenDatabaseOptions } from '../database.js';
import { eventually } from './waiting.js';

const PROGRAM = fileURLToPath(new URL('./store-process.js', import.meta.url));

/** Another process with a database open, or one that tries to. End it with `kill` or `end`. */
export class StoreProcess {
  /** What it said so far. */
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;

  constructor(options: Omit<OpenDatabaseOptions, 'logger'>) {
    const child = spawn(process.execPath, [PROGRAM, JSON.stringify(options)], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child = child;
    this.#exited = once(child, 'exit');
    if (child.stdout) readline.createInterface({ input: child.stdout }).on('line', (line) => this.lines.push(line));
    // Killed while it is told something: the test looks at what it said.
    child.stdin?.on('error', () => undefined);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** The first line that begins so. */
  said(start: string): Promise<string> {
    return eventually(
      `"${start}" from another process`,
      () => this.lines.find((line) => line.startsWith(start)),
      60_000,
    );
  }

  write(row: number): void {
    this.#child.stdin?.write(`write ${row}\n`);
  }

  /** As a power cut would: no handler of it runs. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  /** Lets it close its database and end. */
  async end(): Promise<void> {
    this.#child.stdin?.end();
    await this.#exited;
  }
}
