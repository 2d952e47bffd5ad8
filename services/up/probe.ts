import http from 'node:http';
import https from 'node:https';
import type { ClientSecurityConfig } from '../../shared/auth/settings.js';
import { silentLogger } from '../../shared/core/logger.js';
import { openClientSecurity } from '../../shared/grpc/client-security.js';
import { callByName } from '../../shared/grpc/dynamic-client.js';
import { LOOK_EVERY_MS, PROBE_MS } from './limits.js';
import type { GrpcProbe, Probe } from './plan.js';
import { postgresAnswers } from './postgres.js';

/** Whether it does its work now: a gRPC server says SERVING, the others answer. */
export async function isReady(probe: Probe, config: ClientSecurityConfig): Promise<boolean> {
  try {
    switch (probe.by) {
      case 'grpc':
        return await isServing(probe, config);
      case 'http':
        return await isAnswering(probe.url);
      case 'postgres':
        await postgresAnswers(probe.url, PROBE_MS);
        return true;
    }
  } catch {
    // Why not is in its log; here it only matters that it is not.
    return false;
  }
}

async function isServing({ address, caFile }: GrpcProbe, config: ClientSecurityConfig): Promise<boolean> {
  const security = openClientSecurity(caFile === undefined ? config : { ...config, caFile }, { logger: silentLogger });
  let status = '';
  try {
    await callByName({
      address,
      security,
      method: 'grpc.health.v1.Health/Check',
      request: {},
      deadlineMs: PROBE_MS,
      onMessage: (answer) => {
        if (typeof answer === 'object' && answer !== null && 'status' in answer) status = String(answer.status);
      },
    });
  } finally {
    security.close();
  }
  return status === 'SERVING';
}

/** Whose certificate it shows does not matter: which process answers here is known by its number, and nothing is sent. */
function isAnswering(url: string): Promise<boolean> {
  const options = { rejectUnauthorized: false, timeout: PROBE_MS };
  return new Promise((resolve, reject) => {
    const asked = (url.startsWith('https:') ? https : http).get(url, options, (answer) => {
      answer.resume();
      resolve(answer.statusCode !== undefined && answer.statusCode < 400);
    });
    asked.once('timeout', () => asked.destroy(new Error('no answer in time')));
    asked.once('error', reject);
  });
}

/** Looks until it is so or the time is up; which of the two. */
export async function until(check: () => boolean | Promise<boolean>, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    if (await check()) return true;
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
