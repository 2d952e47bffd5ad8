import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';

const digits = z.string().regex(/^\d+$/);

const schema = z.object({
  version: z.literal(1),
  seed: z.string().regex(/^[0-9a-f]{64}$/),
  wallet: z.string(),
  fundedLamports: digits,
  heightReserved: z.number().int().positive(),
  prices: z.object({ solUsd: digits, sol: z.record(z.string(), digits) }),
});

/**
 * What a restart needs besides the ledger.
 *
 * `heightReserved`: no block above this height was produced before this file was written again, so a chain that goes on
 * from here never repeats a height. After a clean stop it is the last block; after a kill it is up to one reservation
 * above, as if the chain had gone on without us.
 */
export type ChainState = z.infer<typeof schema>;

export function readChainFile(path: string): ChainState | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return schema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    const advice = "move the sandbox's data directory away to start a new chain";
    throw new Error(`${path} is not a sandbox chain file of this version: ${advice}`, { cause });
  }
}

/** Replaces the file in one step: a kill leaves the old or the new one. */
export function writeChainFile(path: string, state: ChainState): void {
  const fresh = `${path}.new`;
  writeFileSync(fresh, `${JSON.stringify(state)}\n`, { mode: 0o600 });
  renameSync(fresh, path);
}
