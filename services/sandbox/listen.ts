import type { FastifyInstance } from 'fastify';

/** Listens, and returns the port. The error for a port in use says what to do. */
export async function listen(server: FastifyInstance, host: string, port: number): Promise<number> {
  try {
    await server.listen({ host, port });
  } catch (cause) {
    await server.close();
    const code = (cause as NodeJS.ErrnoException).code;
    if (code !== 'EADDRINUSE') throw cause;
    const text = `${host}:${port} is in use: stop what listens there, or give the sandbox another port (0 for any free one)`;
    throw new Error(text, { cause });
  }
  const address = server.server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}
