import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { QueueServiceClient } from '../../../proto/gen/exitlane/v1/queue_service.js';
import { silentLogger } from '../../../shared/core/logger.js';
import { CallError } from '../../../shared/grpc/call-error.js';
import { call, connect } from '../../../shared/grpc/client.js';
import { openDatabase } from '../../../shared/store/database.js';
import { devProcess } from '../crash/dev-stack.js';
import { sandboxService } from '../crash/sandbox-service.js';
import { type Fleet, PROCESSOR_ENV, SLOT_MS } from './fleet.js';

/** Nothing moves while one of them is away: the next goes when it has been back for a while. */
const AWAY_MAX = 1;
const PAUSE_MS = [300, 4_000] as const;
const LOOK_DEADLINE_MS = 1_000;

/**
 * Embedded database, processor and requestor in one process, as `exitlane dev` runs them. The sandbox has a process of its own:
 * in the same one its chain would stand still whenever the others are away, and nothing could land, expire or be hidden behind
 * their backs, which is what a real chain does.
 */
export async function startEmbeddedFleet(): Promise<Fleet> {
  const folder = await mkdtemp(path.join(tmpdir(), 'exitlane-chaos-sandbox-'));
  const sandbox = await sandboxService(folder, SLOT_MS);
  const dev = await devProcess({ sandbox: sandbox.venue, env: PROCESSOR_ENV });
  const queue = connect(QueueServiceClient, dev.requestorAddress);
  const close = async () => {
    queue.close();
    await dev.close();
    await sandbox.service.kill();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    // It makes the wallet that the other one loads.
    await sandbox.service.start();
    await dev.service.start();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    bot: dev.bot,
    venue: dev.venue,
    requestorAddresses: [dev.requestorAddress],
    sandbox: sandbox.service,
    prey: [
      { services: [dev.service], weight: 90 },
      { services: [sandbox.service], weight: 10 },
    ],
    awayMax: AWAY_MAX,
    pauseMs: PAUSE_MS,
    get logs() {
      return `${sandbox.service.log}\n${dev.logs}`;
    },
    async heldSlots() {
      try {
        const { stats } = await call(queue, 'getQueueStats', {}, { deadlineMs: LOOK_DEADLINE_MS });
        return Number(stats?.processing);
      } catch (error) {
        if (error instanceof CallError) return undefined;
        throw error;
      }
    },
    async openDatabase() {
      const { exitCode } = await dev.service.terminate();
      expect(exitCode, `exit code of the ${dev.service.name} after SIGTERM`).to.equal(0);
      return openDatabase({ dataDir: dev.databaseDir, logger: silentLogger });
    },
    close,
  };
}
