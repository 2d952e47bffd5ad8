import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { ORDER_REQ_ID_PATTERN } from '../../../shared/core/ids.js';
import type { Hub } from '../hub/hub.js';
import { TABS_MAX } from '../limits.js';
import { bodyOf } from './body.js';
import { type Guard, SECURITY_HEADERS } from './guard.js';
import { Refusal } from './refusal.js';

const followBody = z.strictObject({
  tabId: z.string().max(64),
  /** null: no order any more. */
  orderReqId: z.string().regex(ORDER_REQ_ID_PATTERN).nullable(),
});

/** The one stream of each tab, and what it is about besides everything. */
export function addStream(server: FastifyInstance, guard: Guard, hub: Hub): void {
  server.get('/api/events', (request, reply) => {
    const visitor = guard.viewer(request);
    if (!hub.hasRoom) {
      throw new Refusal(503, 'TOO_MANY_TABS', `${TABS_MAX} tabs look at this console: close some of them.`);
    }
    reply.hijack();
    reply.raw.writeHead(200, {
      ...SECURITY_HEADERS,
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    reply.raw.write('retry: 1000\n\n');
    hub.open(visitor, reply.raw);
  });

  server.post('/api/follow', async (request, reply) => {
    const { sessionId } = guard.viewer(request);
    const { tabId, orderReqId } = bodyOf(followBody, request.body);
    if (orderReqId === null) hub.unfollow(tabId, sessionId);
    else if (!hub.follow(tabId, sessionId, orderReqId)) {
      throw new Refusal(404, 'NO_SUCH_TAB', 'This tab has no stream: it opens one by itself.');
    }
    return reply.code(204).send();
  });
}
