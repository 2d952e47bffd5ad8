import type { Command } from 'commander';
import type { Clock } from '../../shared/core/clock.js';
import type { Addresses, Clients } from './clients.js';
import type { CallKind, ExitCode } from './exit-codes.js';
import type { Io } from './io.js';
import type { Output } from './output.js';

/** What a verb works with. */
export interface Cli {
  readonly io: Io;
  readonly out: Output;
  readonly clients: Clients;
  readonly addresses: Addresses;
  readonly clock: Clock;
  /** `exitlane`, with the addresses when they are not the default: for commands to paste. */
  readonly command: string;
  /** Of `--config`; the settings in it are in the environment of `io`. */
  readonly configFile?: string | undefined;
  /** Says something beside the result, on standard error. */
  note(line: string): void;
}

/** The work of a verb; returns its exit code. Options come last, as commander hands them over. */
export type Work<Args extends unknown[]> = (cli: Cli, ...args: Args) => Promise<ExitCode>;

/**
 * Makes a commander action of a verb's work: builds the Cli from the global options and turns whatever is thrown into one clear
 * message and an exit code.
 */
export type MakeAction = <Args extends unknown[]>(kind: CallKind, work: Work<Args>) => (...args: Args) => Promise<void>;

/** Adds one verb to the program. */
export type Verb = (program: Command, action: MakeAction) => void;
