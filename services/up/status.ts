import type { ClientSecurityConfig } from '../../shared/auth/settings.js';
import { isAlive } from './identity.js';
import { lastLines } from './logs.js';
import type { Places } from './places.js';
import { isReady } from './probe.js';
import { type ProcessRecord, readRecords } from './record.js';

/** `ready`: does its work. `alive`: runs, and does not (starts, drains, stands still). `down`: it ended and nobody stopped it. */
export type Health = 'ready' | 'alive' | 'down';

export interface Seen {
  readonly record: ProcessRecord;
  readonly health: Health;
  /** The end of its log, unless it is ready. */
  readonly lastLines: readonly string[];
}

/**
 * Looks at everything that was started and not stopped. It starts nothing.
 * @param config how the services are asked
 */
export function look(places: Places, config: ClientSecurityConfig): Promise<Seen[]> {
  return Promise.all(
    readRecords(places).map(async (record) => {
      const health = await healthOf(record, config);
      return { record, health, lastLines: health === 'ready' ? [] : lastLines(record) };
    }),
  );
}

async function healthOf(record: ProcessRecord, config: ClientSecurityConfig): Promise<Health> {
  // Without the process, whoever answers at its address is somebody else.
  if (!isAlive(record)) return 'down';
  return (await isReady(record.probe, config)) ? 'ready' : 'alive';
}
