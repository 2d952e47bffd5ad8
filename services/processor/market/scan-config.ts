import { z } from 'zod';
import { intSetting } from '../../../shared/core/env.js';
import { isMintAddress } from './mint-registry.js';

/** What the scanner keeps prices of. */
export interface ScanConfig {
  /** Mint addresses, base58; none: nothing is scanned. */
  readonly mints: readonly string[];
  /** Between two looks at all of them, ms. */
  readonly intervalMs: number;
  /** The scanner starts this long after the position monitoring, ms (A5). */
  readonly startDelayMs: number;
  /** Its first call comes this long after its start, ms. */
  readonly firstCallDelayMs: number;
}

export const SCAN_DEFAULTS = { mints: [], intervalMs: 10_000, startDelayMs: 500, firstCallDelayMs: 1_000 } as const;

/** Ten calls a look: more would be a market-data service. */
const SCAN_MINTS_MAX = 500;

const mintsSetting = z.string().transform((text, context) => {
  const mints = [...new Set(text.split(',').map((mint) => mint.trim()))];
  if (mints.length <= SCAN_MINTS_MAX && mints.every(isMintAddress)) return mints;
  const message = `must be at most ${SCAN_MINTS_MAX} mint addresses (base58), separated by commas`;
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

/** For `readEnv`. */
export const scanSettings = {
  SCAN_MINTS: mintsSetting.optional().meta({ description: 'Mint addresses to keep prices of.' }),
  SCAN_INTERVAL_MS: intSetting(1_000, 3_600_000, SCAN_DEFAULTS.intervalMs).meta({
    description: 'Between two looks at all of them; more after failures and rate limits.',
    unit: 'ms',
  }),
  SCAN_START_DELAY_MS: intSetting(0, 600_000, SCAN_DEFAULTS.startDelayMs).meta({
    description: 'The scanner starts this long after the prices of positions can be had.',
    unit: 'ms',
  }),
  SCAN_FIRST_CALL_DELAY_MS: intSetting(0, 600_000, SCAN_DEFAULTS.firstCallDelayMs).meta({
    description: 'And makes its first call this long after its start.',
    unit: 'ms',
  }),
};

export function scanConfigOf(settings: z.infer<z.ZodObject<typeof scanSettings>>): ScanConfig {
  return {
    mints: settings.SCAN_MINTS ?? SCAN_DEFAULTS.mints,
    intervalMs: settings.SCAN_INTERVAL_MS,
    startDelayMs: settings.SCAN_START_DELAY_MS,
    firstCallDelayMs: settings.SCAN_FIRST_CALL_DELAY_MS,
  };
}
