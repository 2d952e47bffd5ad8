import { writeSync } from 'node:fs';

/**
 * Named points before and after every step of an order's way, where a crash test can stop a process and kill it. Without
 * EXITLANE_FAILPOINT in the environment, passing one costs one comparison.
 *
 * EXITLANE_FAILPOINT=`<name>` or `<name>:<n>`: when the point is passed for the n-th time (default the first), the process writes
 * `failpoint <name>` as a line to standard output and stands still for ever - the whole thread, so that nothing else happens any
 * more - until its parent kills it.
 */
export const FAILPOINTS = [
  'requestor.intake.before',
  'requestor.intake.after',
  'requestor.claim.before',
  'requestor.claim.after',
  'requestor.dial.before',
  'requestor.dial.first-message',
  'requestor.fence.before',
  'requestor.fence.after',
  'requestor.run.ended',
  'requestor.retry.before',
  'requestor.retry.after',
  'processor.run.before',
  'processor.quote.before',
  'processor.quote.after',
  'processor.propose.after',
  'processor.accept.after',
  'processor.swap.after',
  'processor.check.after',
  'processor.sign.after',
  'processor.commit.before',
  'processor.commit.after',
  'processor.send.before',
  'processor.send.after',
  'processor.sent.after',
  'processor.verdict.after',
  'processor.settle.before',
  'processor.settle.after',
  'processor.fail.before',
  'processor.fail.after',
] as const;
export type Failpoint = (typeof FAILPOINTS)[number];

interface Armed {
  readonly name: string;
  passesLeft: number;
}

function armedFrom(text: string | undefined): Armed | undefined {
  if (!text) return undefined;
  const [name = '', count = '1'] = text.split(':');
  if (!FAILPOINTS.some((known) => known === name) || !/^[1-9]\d{0,6}$/.test(count)) {
    throw new Error(
      `EXITLANE_FAILPOINT=${text}: must be <name> or <name>:<n>, with a name of shared/core/failpoints.ts`,
    );
  }
  return { name, passesLeft: Number(count) };
}

const armed = armedFrom(process.env.EXITLANE_FAILPOINT);

export function failpoint(name: Failpoint): void {
  if (armed === undefined || armed.name !== name) return;
  armed.passesLeft -= 1;
  if (armed.passesLeft !== 0) return;
  writeSync(1, `failpoint ${name}\n`);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}
