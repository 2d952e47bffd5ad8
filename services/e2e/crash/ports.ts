import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { callByName } from '../../../shared/grpc/dynamic-client.js';

/** Below the ports that systems give to outgoing connections, so that nothing takes one while its service is down. */
const PORT_MIN = 15_000;
const PORT_MAX = 32_000;
const TRIES_MAX = 50;

/** A port of 127.0.0.1 that is free, and stays so while its service is down. */
export async function quietPort(): Promise<number> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const port = randomInt(PORT_MIN, PORT_MAX);
    if (await isFree(port)) return port;
  }
  throw new Error('found no free port');
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  const failed = once(probe, 'error').then(() => false);
  probe.listen(port, '127.0.0.1');
  const free = await Promise.race([once(probe, 'listening').then(() => true), failed]);
  if (free) {
    probe.close();
    await once(probe, 'close');
  }
  return free;
}

/** Whether a gRPC server says SERVING at this address; rejects when nobody answers. */
export async function isServing(address: string): Promise<boolean> {
  let serving = false;
  await callByName({
    address,
    method: 'grpc.health.v1.Health/Check',
    request: {},
    deadlineMs: 1_000,
    onMessage: (answer) => {
      serving = JSON.stringify(answer) === '{"status":"SERVING"}';
    },
  });
  return serving;
}
