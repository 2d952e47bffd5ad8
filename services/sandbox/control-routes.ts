import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type Control, ControlError, priceChange } from './control.js';
import { faultSpec } from './fault-specs.js';

const blocksBody = z.strictObject({ blocks: z.number().int().min(1).max(10_000).default(1) });
const volatilityBody = z.strictObject({ volatility: z.number().min(0).max(1) });
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
  const body = <Schema extends z.ZodType>(request: FastifyRequest, schema: Schema): z.infer<Schema> => {
    return schema.parse(readJson(request) ?? {});
  };

  server.get(
    '/control/state',
    route(() => control.state()),
  );
  server.post(
    '/control/price',
    route((request) => control.movePrice(body(request, priceChange))),
  );
  server.post(
    '/control/volatility',
    route((request) => {
      control.setVolatility(body(request, volatilityBody).volatility);
      return control.state();
    }),
  );
  server.post(
    '/control/pause',
    route(() => control.pauseBlocks()),
  );
  server.post(
    '/control/resume',
    route(() => control.resumeBlocks()),
  );
  server.post(
    '/control/advance',
    route((request) => control.advanceBlocks(body(request, blocksBody).blocks)),
  );
  server.get(
    '/control/faults',
    route(() => ({ faults: control.listFaults() })),
  );
  server.post(
    '/control/faults',
    route((request) => control.addFault(body(request, faultSpec))),
  );
  server.delete(
    '/control/faults',
    route(() => ({ removed: control.resetFaults() })),
  );
  server.post(
    '/control/faults/reset',
    route(() => ({ removed: control.resetFaults() })),
  );
  server.delete(
    '/control/faults/:id',
    route((request) => ({ removed: control.resetFaults(Number(faultId.parse(request.params).id)) })),
  );
}

interface Violation {
  readonly field: string;
  readonly description: string;
}

function violationsOf(error: unknown): Violation[] | undefined {
  if (error instanceof ControlError) {
    return [{ field: error.field, description: error.message.slice(error.field.length + 2) }];
  }
  if (error instanceof RangeError) return [{ field: 'fault', description: error.message }];
  if (error instanceof SyntaxError) return [{ field: 'body', description: error.message }];
  if (!(error instanceof z.ZodError)) return undefined;
  return error.issues.map((issue) => ({ field: issue.path.join('.') || 'body', description: issue.message }));
}
