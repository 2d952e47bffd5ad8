/**
 * A client that calls far too fast, as a process of its own: `node flood-child.js <address> <calls per second> <seconds> <reads|emergencies>`, its token and CA
 * from the environment as for the CLI. Begins at once, prints what became of its calls as JSON, and ends by itself.
 */
import process from 'node:process';
import { ExitPositionRequest, PositionServiceClient } from '../../../proto/gen/exitlane/v1/position_service.js';
import { QueueServiceClient } from '../../../proto/gen/exitlane/v1/queue_service.js';
import { newId } from '../../../shared/core/ids.js';
import { silentLogger } from '../../../shared/core/logger.js';
import { CallError } from '../../../shared/grpc/call-error.js';
import { call, connect } from '../../../shared/grpc/client.js';
import { openClientSecurity } from '../../../shared/grpc/client-security.js';

const [, , address = '', perSecond = '10000', seconds = '3', kind = 'reads'] = process.argv;
const TICK_MS = 5;
/** Whoever floods does not wait for answers. */
const DEADLINE_MS = 3_000;

const security = openClientSecurity(
  { caFile: process.env.EXITLANE_CA_FILE || undefined },
  { logger: silentLogger, token: process.env.EXITLANE_TOKEN || undefined },
);
const client = connect(QueueServiceClient, address, {}, security);
const positions = connect(PositionServiceClient, address, {}, security);
/** Emergency exits of positions that do not exist: nothing may refuse one unheard. */
const ask = () =>
  kind === 'reads'
    ? call(client, 'getTradingState', {}, { deadlineMs: DEADLINE_MS })
    : call(
        positions,
        'exitPosition',
        ExitPositionRequest.create({
          positionId: newId(),
          orderReqId: newId(),
          percent: 100,
          exitReason: 'emergency',
          emergency: true,
        }),
        { deadlineMs: DEADLINE_MS },
      );
const outcomes: Record<string, number> = {};
const startedAt = performance.now();
const endsAt = startedAt + Number(seconds) * 1_000;
let sent = 0;
let answered = 0;

const one = () => {
  sent += 1;
  void ask()
    .then(
      () => 'OK',
      (error: unknown) => (error instanceof CallError ? (error.reason ?? error.status) : 'LOCAL'),
    )
    .then((outcome) => {
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      answered += 1;
    });
};

await call(client, 'getTradingState', {}).catch(() => undefined);
process.stdout.write('flooding\n');
const timer = setInterval(() => {
  const now = performance.now();
  const due = Math.floor(((Math.min(now, endsAt) - startedAt) / 1_000) * Number(perSecond));
  while (sent < due) one();
  if (now < endsAt || answered < sent) return;
  clearInterval(timer);
  process.stdout.write(`${JSON.stringify({ sent, outcomes })}\n`);
  client.close();
  positions.close();
  security.close();
}, TICK_MS);
