import { Server as TlsServer } from 'node:tls';
import { type FastifyInstance, fastify } from 'fastify';
import { serverContext, type TlsMaterial } from '../../../shared/auth/tls-files.js';
import { messageOf } from '../../../shared/core/errors.js';
import { newId } from '../../../shared/core/ids.js';
import type { Logger } from '../../../shared/core/logger.js';
import type { Reloading } from '../../../shared/core/reloading.js';
import { BODY_BYTES_MAX } from '../limits.js';
import type { Failure } from '../model/events.js';
import { SECURITY_HEADERS } from './guard.js';
import { failureOf } from './refusal.js';

/** Time for a request to arrive whole; a slow one holds a connection that others need. */
const REQUEST_MS_MAX = 15_000;

/** The bare HTTP server of the console: bounds, and errors in one form. */
export function createHttpServer(logger: Logger, tls?: Reloading<TlsMaterial>): FastifyInstance {
  // Without forceCloseConnections closing waits for open streams for ever.
  const server = fastify({
    logger: false,
    forceCloseConnections: true,
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_MS_MAX,
    // The type of fastify's instance depends on it, and nothing here on that type.
    ...(tls ? ({ https: serverContext(tls.value) } as object) : {}),
  });
  const stop = tls?.onChange((value) => {
    if (server.server instanceof TlsServer) server.server.setSecureContext(serverContext(value));
  });
  server.addHook('onClose', async () => stop?.());
  server.setNotFoundHandler((_request, reply) => {
    return reply.code(404).send({ reason: 'NOT_FOUND', message: 'Nothing is here.', violations: [] } satisfies Failure);
  });
  server.setErrorHandler((error, _request, reply) => {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) reply.header(name, value);
    const { httpStatus, body } = failureOf(error) ?? ownFailure(error, logger);
    return reply.code(httpStatus).send(body);
  });
  return server;
}

/** fastify's own refusals carry a status; anything else is a defect, told by an id only. */
function ownFailure(error: unknown, logger: Logger): { httpStatus: number; body: Failure } {
  const { statusCode } = error as { statusCode?: unknown };
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    return { httpStatus: statusCode, body: { reason: 'BAD_REQUEST', message: messageOf(error), violations: [] } };
  }
  const errorId = newId();
  logger.error({ err: error, error_id: errorId }, 'a request failed unexpectedly');
  const message = `internal error ${errorId}: the console's log tells more under this id`;
  return { httpStatus: 500, body: { reason: 'INTERNAL', message, violations: [] } };
}
