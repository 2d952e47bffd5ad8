import { closeSync, openSync } from 'node:fs';

/** Everything in one process, whose standard error is a full disk; a program that a test starts. */
closeSync(2);
// The lowest free number is the one that was closed just now.
if (openSync('/dev/full', 'w') !== 2) process.exit(3);
await import('../crash/dev-child.js');
