#!/usr/bin/env node
import { Interrupted } from './exit-codes.js';
import { runCli } from './program.js';

const interrupt = new AbortController();

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    // The second one means it: nothing is waited for any more.
    if (interrupt.signal.aborted) process.exit(130);
    interrupt.abort(new Interrupted(signal));
  });
}

// `exitlane orders | head` closes the pipe early, a closed terminal answers EIO: nobody reads any more, which is no error.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
    interrupt.abort(new Interrupted('EPIPE'));
  });
}

const exitCode = await runCli(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: process.stdin,
  env: process.env,
  signal: interrupt.signal,
});

// What was written reaches its reader before the process ends, whatever is still open.
const flushed = (stream: NodeJS.WriteStream) =>
  new Promise<void>((resolve) => {
    if (stream.destroyed || !stream.writable) resolve();
    else stream.write('', () => resolve());
  });
await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
process.exit(exitCode);
