import path from 'node:path';
import { quietPort } from './ports.js';
import { Service } from './process.js';
import { VenueControl } from './venue.js';

export interface SandboxService {
  /** Not started yet. */
  readonly service: Service;
  readonly venue: VenueControl;
}

/** The sandbox as a process of its own, with its data in `folder`: its chain goes on whatever happens to the others. */
export async function sandboxService(folder: string, slotMs: number): Promise<SandboxService> {
  const port = await quietPort();
  const dataDir = path.join(folder, 'sandbox');
  const venue = new VenueControl(`http://127.0.0.1:${port}`, dataDir);
  const service = new Service({
    name: 'sandbox',
    program: '../../sandbox/main.js',
    env: {
      EXITLANE_SANDBOX_PORT: String(port),
      EXITLANE_SANDBOX_DATA_DIR: dataDir,
      EXITLANE_SANDBOX_SLOT_MS: String(slotMs),
    },
    isReady: () => venue.state().then(() => true),
  });
  return { service, venue };
}
