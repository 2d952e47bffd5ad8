import { once } from 'node:events';
import { createServer } from 'node:net';
import { CliError, ExitCode } from './exit-codes.js';

/** A port by the option that chooses it. */
export interface WantedPort {
  readonly option: string;
  /** 0 takes any free one and is not looked at. */
  readonly port: number;
}

/**
 * Says at once which port is taken, instead of after the seconds that a new database takes. Somebody may still be quicker; then the
 * service itself says so.
 * @throws CliError naming every port that is in use
 */
export async function refuseTakenPorts(host: string, wanted: readonly WantedPort[]): Promise<void> {
  const looked = await Promise.all(wanted.map(async (each) => ({ ...each, taken: await isTaken(host, each.port) })));
  const taken = looked.filter((each) => each.taken);
  if (taken.length === 0) return;
  const where = taken.map(({ port }) => `${host}:${port}`).join(', ');
  const hints = [
    'perhaps exitlane dev runs already: exitlane status',
    `for other ports, 0 for any free one: ${taken.map(({ option }) => option).join(', ')}`,
  ];
  throw new CliError(`${where} ${taken.length === 1 ? 'is' : 'are'} in use by another process`, ExitCode.LOCAL, hints);
}

async function isTaken(host: string, port: number): Promise<boolean> {
  if (port === 0) return false;
  const server = createServer();
  try {
    server.listen(port, host);
    await once(server, 'listening');
    return false;
  } catch (error) {
    // Any other trouble is for the service to report: it knows more about it.
    return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
  } finally {
    server.close();
  }
}
