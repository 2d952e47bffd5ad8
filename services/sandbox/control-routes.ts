import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Control } from './control.js';
import { CONTROL_ACTIONS } from './control-actions.js';
import { violationsOf } from './control-violations.js';

const faultId = z.object({ id: z.string().regex(/^\d{1,9}$/, 'must be the number of a fault') });

type ReadJson = (request: FastifyRequest) => unknown;

/** The /control endpoints; README.md has the table. A wrong request gets 400 with the field's name. */
export function addControlRoutes(server: FastifyInstance, control: Control, readJson: ReadJson): void {
  const route = (work: (request: FastifyRequest) => unknown) => (request: FastifyRequest, reply: FastifyReply) => {
    try {
      return reply.send(work(request));
    } catch (error) {
      const violations = violationsOf(error);
      if (!violations) throw error;
      const text = violations.map(({ field, description }) => `${field}: ${description}`).join('; ');
      return reply.code(400).send({ error: text, violations });
    }
  };

  for (const [name, prepare] of Object.entries(CONTROL_ACTIONS)) {
    server.post(
      `/control/${name}`,
      route((request) => prepare(readJson(request))(control)),
    );
  }
  server.get(
    '/control/state',
    route(() => control.state()),
  );
  server.get(
    '/control/faults',
    route(() => ({ faults: control.listFaults() })),
  );
  server.delete(
    '/control/faults',
    route(() => ({ removed: control.resetFaults() })),
  );
  server.delete(
    '/control/faults/:id',
    route((request) => ({ removed: control.resetFaults(Number(faultId.parse(request.params).id)) })),
  );
  server.get(
    '/control/chaos',
    route(() => ({ chaos: control.chaos() })),
  );
}
