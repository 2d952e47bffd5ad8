import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Planned, WantedPort } from './plan.js';

/** A port of a process. */
interface Wanted extends WantedPort {
  readonly name: string;
}

/**
 * Says which ports are taken before anything is started. Somebody may still be quicker; then the service itself says so in its log.
 * @throws Error with each of them and the setting that chooses it
 */
export async function refuseTakenPorts(planned: readonly Planned[]): Promise<void> {
  const wanted = planned.flatMap(({ name, ports }) => ports.map((port): Wanted => ({ ...port, name })));
  refuseTwice(wanted);
  const looked = await Promise.all(wanted.map(async (each) => ({ each, taken: await isTaken(each.port) })));
  const taken = looked.filter((look) => look.taken).map(({ each }) => each);
  const [first] = taken;
  if (!first) return;
  const lines = taken.map(
    ({ name, port, setting }) => `port ${port} of ${name} is in use by another process: ${setting} chooses it`,
  );
  throw new Error(`${lines.join('\n  ')}\n  such as: make up ${first.setting}=${exampleFor(first, wanted)}`);
}

function refuseTwice(wanted: readonly Wanted[]): void {
  for (const [index, each] of wanted.entries()) {
    const other = wanted.slice(0, index).find(({ port }) => port === each.port);
    if (!other) continue;
    const settings = [...new Set([other.setting, each.setting])].join(' or ');
    throw new Error(`${other.name} and ${each.name} would have the same port ${each.port}: change ${settings}`);
  }
}

/** What the setting may be instead: the same list of ports with the taken one moved, or another first one. */
function exampleFor(taken: Wanted, wanted: readonly Wanted[]): string {
  const ports = wanted.filter(({ setting }) => setting === taken.setting).map(({ port }) => port);
  if (taken.setting === 'EXITLANE_UP_METRICS_PORT') return String(Math.min(...ports) + 1_000);
  return ports.map((port) => (port === taken.port ? port + 1_000 : port)).join(',');
}

async function isTaken(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return false;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return true;
    throw new Error(`port ${port} cannot be had: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  } finally {
    server.close();
  }
}
