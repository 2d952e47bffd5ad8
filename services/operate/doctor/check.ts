import type { Clock } from '../../../shared/core/clock.js';
import { messageOf } from '../../../shared/core/errors.js';
import type { LoadedSettings } from '../../../shared/core/settings.js';
import type { ProcessorConfig } from '../../processor/config.js';
import type { RequestorConfig } from '../../requestor/config.js';

/** `exitlane doctor`: each check looks at one thing, has a time of its own, and cannot hide another. */

export type Verdict = 'ok' | 'warning' | 'problem' | 'skipped';

/** What a check found. */
export interface Finding {
  readonly verdict: Verdict;
  /** What it saw, free of secrets. */
  readonly saw: string;
  /** What to do; empty when nothing is. */
  readonly todo: string;
}

export interface Check {
  readonly name: string;
  /** May throw: then that is what it found. One check may find several things. */
  run(surroundings: Surroundings, signal: AbortSignal): Promise<readonly Finding[]> | readonly Finding[];
}

export interface Surroundings {
  readonly settings: LoadedSettings;
  /** Of a folder of `exitlane dev`, instead of DATABASE_URL. */
  readonly dataDir: string | undefined;
  /** Undefined where the settings are invalid; the check of the settings tells. */
  readonly processor: ProcessorConfig | undefined;
  readonly requestor: RequestorConfig | undefined;
  /** Where the services are looked for; one or several each. */
  readonly addresses: { readonly requestor: string; readonly processor: string };
  readonly clock: Clock;
  readonly timeoutMs: number;
}

export interface Result extends Finding {
  readonly check: string;
}

export const ok = (saw: string): Finding => ({ verdict: 'ok', saw, todo: '' });
export const warning = (saw: string, todo: string): Finding => ({ verdict: 'warning', saw, todo });
export const problem = (saw: string, todo: string): Finding => ({ verdict: 'problem', saw, todo });
export const skipped = (saw: string): Finding => ({ verdict: 'skipped', saw, todo: '' });

/** Runs all checks at once; results come in the order of the checks. */
export async function examine(checks: readonly Check[], surroundings: Surroundings): Promise<Result[]> {
  const results = await Promise.all(checks.map((check) => runOne(check, surroundings)));
  return results.flat();
}

async function runOne(check: Check, surroundings: Surroundings): Promise<Result[]> {
  const { clock, timeoutMs } = surroundings;
  const stop = new AbortController();
  const late = clock.sleep(timeoutMs, stop.signal).then(
    () => [problem(`no answer within ${timeoutMs / 1_000} s`, 'see why it hangs; the other checks are not concerned')],
    () => [],
  );
  try {
    const work = (async () => check.run(surroundings, stop.signal))();
    const findings = await Promise.race([work, late]);
    return findings.map((finding) => ({ check: check.name, ...finding }));
  } catch (error) {
    return [{ check: check.name, ...problem(messageOf(error), 'see the message') }];
  } finally {
    stop.abort();
  }
}
