/** One client floods the requestor while another wants to get out: how long the other's exits take to be accepted and to start. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { DeliveryServiceClient } from '../../../proto/gen/exitlane/v1/delivery_service.js';
import { OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import { OrderServiceClient, SubmitOrderRequest } from '../../../proto/gen/exitlane/v1/order_service.js';
import { ExitPositionRequest, PositionServiceClient } from '../../../proto/gen/exitlane/v1/position_service.js';
import { call, connect, openStream } from '../../../shared/grpc/client.js';
import { eventually } from '../../../shared/store/testing/waiting.js';
import { entryRequest } from '../api/support.js';
import { type LockedStack, lineFor } from './locked-stack.js';

/** Milliseconds from the call to the answer, and to the message that the order is in a slot. */
export interface ExitDelay {
  readonly acceptedMs: number;
  readonly startedMs: number;
}

export interface Flood {
  /** Calls that the flooder made. */
  readonly sent: number;
  /** What became of them: `OK`, or the reason of the refusal. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** From its first call to the last answer. */
  readonly tookMs: number;
}

/** Lets in the flooder and the client who wants out. */
export function letIn(stack: LockedStack): void {
  stack.allow([lineFor('flooder', 'trade', 'exl_flooder'), lineFor('victim', 'trade', 'exl_victim')]);
}

export interface Victim {
  /** Exits a tenth of its position: how long that took. */
  exit(): Promise<ExitDelay>;
  close(): void;
}

/** A client with a position of its own. */
export async function openVictim(stack: LockedStack, name: string): Promise<Victim> {
  const security = stack.as('exl_victim');
  const orders = connect(OrderServiceClient, stack.requestorAddress, {}, security);
  const positions = connect(PositionServiceClient, stack.requestorAddress, {}, security);
  const delivery = connect(DeliveryServiceClient, stack.processorAddress, {}, security);
  await call(orders, 'submitOrder', SubmitOrderRequest.create(entryRequest(`${name}-entry`)));
  const positionId = await eventually('a position', async () => {
    const { order } = await call(orders, 'getOrder', { id: { $case: 'orderReqId', value: `${name}-entry` } });
    return order?.status === OrderStatus.FILLED ? order.positionId : undefined;
  });
  let exits = 0;
  return {
    async exit() {
      exits += 1;
      const orderReqId = `${name}-exit-${exits}`;
      const from = performance.now();
      await call(
        positions,
        'exitPosition',
        ExitPositionRequest.create({ positionId, orderReqId, percent: 2, exitReason: 'trailing_stop' }),
      );
      const acceptedMs = performance.now() - from;
      let startedMs: number | undefined;
      for await (const { frame } of openStream(delivery, 'streamOrder', { orderReqId, afterSequence: 0n })) {
        if (frame?.$case !== 'message' || frame.value.content?.$case !== 'status') continue;
        if (frame.value.content.value.status === OrderStatus.SUBMITTED) startedMs ??= performance.now() - from;
      }
      if (startedMs === undefined) throw new Error(`${orderReqId} never started`);
      return { acceptedMs, startedMs };
    },
    close() {
      for (const client of [orders, positions, delivery]) client.close();
    },
  };
}

/** Floods for a while, and runs `meanwhile` once the flood is under way. */
export async function flood<T>(
  stack: LockedStack,
  {
    perSecond,
    seconds,
    kind = 'reads',
  }: { readonly perSecond: number; readonly seconds: number; readonly kind?: 'reads' | 'emergencies' },
  meanwhile: () => Promise<T>,
): Promise<{ readonly flood: Flood; readonly result: T }> {
  const program = fileURLToPath(new URL('./flood-child.js', import.meta.url));
  const env = {
    ...process.env,
    EXITLANE_TOKEN: 'exl_flooder',
    EXITLANE_CA_FILE: path.join(stack.folder, 'certs', 'ca.pem'),
  };
  const child = spawn(process.execPath, [program, stack.requestorAddress, String(perSecond), String(seconds), kind], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    const ended = once(child, 'close');
    await eventually('the flood to begin', () => output.includes('flooding\n'));
    const from = performance.now();
    const result = await meanwhile();
    await ended;
    const [, last = ''] = output.trim().split('\n');
    return { flood: { ...(JSON.parse(last) as Omit<Flood, 'tookMs'>), tookMs: performance.now() - from }, result };
  } finally {
    child.kill('SIGKILL');
  }
}
