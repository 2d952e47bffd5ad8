import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Logger } from '../../../shared/core/logger.js';
import type { Hub } from '../hub/hub.js';
import type { SessionView } from '../model/events.js';
import { bodyOf } from './body.js';
import type { Guard } from './guard.js';
import { Refusal } from './refusal.js';
import type { Sessions } from './sessions.js';

const signInBody = z.strictObject({ token: z.string().min(1).max(500) });

export interface SessionRouteParts {
  readonly guard: Guard;
  readonly sessions: Sessions;
  readonly hub: Hub;
  readonly logger: Logger;
}

/** Who is looking, and signing in and out. */
export function addSessionRoutes(server: FastifyInstance, { guard, sessions, hub, logger }: SessionRouteParts): void {
  const viewOf = (sessionId: string): SessionView => ({
    identity: sessions.identityOf(sessionId) ?? null,
    csrfToken: sessions.csrfTokenOf(sessionId),
  });

  server.get('/api/session', async (request, reply) => {
    const { sessionId: given } = guard.callerOf(request);
    // Only here: a link from another site brings no cookie, and must not replace the one that is there.
    const sessionId = given === '' ? sessions.newId() : given;
    if (given === '') guard.setCookie(request, reply, sessionId);
    return reply.header('cache-control', 'no-store').send(viewOf(sessionId));
  });

  server.post('/api/session', async (request, reply) => {
    // The pause is for guesses: a right token is let in, or strangers could lock everybody out.
    const wasPaused = sessions.isPaused;
    const sessionId = sessions.signIn(bodyOf(signInBody, request.body).token);
    if (sessionId === undefined && wasPaused) {
      throw new Refusal(429, 'TOO_MANY_TRIES', 'Too many wrong tokens were tried: wait a minute before the next one.');
    }
    if (sessionId === undefined) {
      logger.warn({ action: 'SignIn', outcome: 'refused' }, 'console: a token was refused');
      throw new Refusal(401, 'WRONG_TOKEN', 'This token is nobody’s.');
    }
    guard.setCookie(request, reply, sessionId);
    const view = viewOf(sessionId);
    logger.info(
      { who: view.identity?.name, role: view.identity?.role, action: 'SignIn', outcome: 'done' },
      'console: signed in',
    );
    return reply.send(view);
  });

  server.delete('/api/session', async (request, reply) => {
    const { sessionId, identity } = guard.callerOf(request);
    sessions.signOut(sessionId);
    hub.signOut(sessionId);
    logger.info({ who: identity?.name, action: 'SignOut', outcome: 'done' }, 'console: signed out');
    return reply.code(204).send();
  });
}
