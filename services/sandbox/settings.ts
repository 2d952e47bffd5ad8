import { isIP } from 'node:net';
import { z } from 'zod';
import { CHAOS_KINDS } from './chaos-specs.js';

const whole = z
  .string()
  .regex(/^\d{1,9}$/, 'must be a whole number')
  .transform(Number);

const PART = 'must be a number above 0 and at most 1';

/** Settings of the sandbox as a process of its own. It holds a key and takes orders from anyone: loopback only, unless somebody insists. */
export const SANDBOX_SETTINGS = {
  EXITLANE_SANDBOX_HOST: z
    .string()
    .default('127.0.0.1')
    .refine(isLoopback, 'must be a loopback address')
    .meta({ description: 'Where it listens.' }),
  EXITLANE_SANDBOX_OPEN_HOST: z.string().min(1).optional().meta({
    description:
      'Where it listens instead, open to whoever gets there: for a network of its own, such as that of containers.',
    allowed: 'an address, such as 0.0.0.0',
  }),
  EXITLANE_SANDBOX_PORT: whole
    .refine((port) => port <= 65_535, 'must be at most 65535')
    .default(8899)
    .meta({ description: 'Its HTTP port; 0 takes any free one.', allowed: 'a whole number from 0 to 65535' }),
  EXITLANE_SANDBOX_DATA_DIR: z
    .string()
    .min(1)
    .default('.exitlane/sandbox')
    .meta({ description: 'Folder of chain, ledger and wallet.', allowed: 'a path' }),
  EXITLANE_SANDBOX_SLOT_MS: whole
    .refine((ms) => ms >= 1, 'must be at least 1')
    .default(400)
    .meta({ description: 'Time between blocks.', unit: 'ms', allowed: 'a whole number from 1' }),
  EXITLANE_SANDBOX_SEED: whole
    .optional()
    .meta({ description: 'Same number, same keys, hashes and prices.', defaultText: 'random' }),
  EXITLANE_SANDBOX_SCENARIO: z.string().min(1).optional().meta({
    description: 'File with faults and price moves at given blocks; see `services/sandbox/README.md`.',
    allowed: 'a path',
  }),
  EXITLANE_SANDBOX_CHAOS_SEED: whole
    .optional()
    .meta({ description: 'Faults by chance: same number and same calls, same faults.' }),
  EXITLANE_SANDBOX_CHAOS_INTENSITY: z
    .string()
    .regex(/^(0?\.\d{1,9}|1(\.0*)?)$/, PART)
    .transform(Number)
    .refine((part) => part > 0, PART)
    .optional()
    .meta({ description: 'Part of the calls and transactions that meet one.', defaultText: '0.1' }),
  EXITLANE_SANDBOX_CHAOS_EXCLUDE: z
    .string()
    .transform((text) => text.split(',').map((kind) => kind.trim()))
    .pipe(z.array(z.enum(CHAOS_KINDS, `must be kinds of faults, separated by commas: ${CHAOS_KINDS.join(', ')}`)))
    .optional()
    .meta({ description: 'Kinds of faults that chance leaves out.', allowed: 'kinds, separated by commas' }),
};

export type SandboxSettings = z.infer<z.ZodObject<typeof SANDBOX_SETTINGS>>;

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
