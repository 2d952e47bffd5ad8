import { mkdirSync, writeFileSync } from 'node:fs';
import { silentLogger } from '../../shared/core/logger.js';
import { openClientSecurity } from '../../shared/grpc/client-security.js';
import { isAlive } from './identity.js';
import { type LaunchParts, launch, untilReady } from './launch.js';
import { alone } from './lock.js';
import { type Places, placesIn } from './places.js';
import { type Planned, planOf } from './plan.js';
import { refuseTakenPorts } from './ports.js';
import { ensureDatabase, ownDatabaseUrl, preparePostgres } from './postgres.js';
import { type ProcessRecord, readRecords } from './record.js';
import { addressOf } from './service-env.js';
import type { UpSettings } from './settings.js';

/** How a process came to be there. */
export interface Started {
  readonly record: ProcessRecord;
  /** False: it ran before, and was left alone. */
  readonly isNew: boolean;
  /** Until it did its work. */
  readonly tookMs: number;
}

export interface UpResult {
  /** In the order of the plan. */
  readonly processes: readonly Started[];
  readonly databaseUrl: string;
}

/**
 * Starts what is not there yet, stage by stage, and resolves when all of it does its work. What runs already is left alone, so that a
 * second call brings back what died and nothing else. When something does not start, what was started stays for a look.
 * @param onReady told of each process as it gets there
 */
export function up(settings: UpSettings, onReady: (started: Started) => void = () => undefined): Promise<UpResult> {
  const places = placesIn(settings.folder);
  return alone(places, async () => {
    // A file that is missing is told now, and not taken for a service that does not get ready.
    openClientSecurity(settings.security, { logger: silentLogger }).close();
    const { databaseUrl, planned } = await prepare(settings, places);
    const running = new Map(
      readRecords(places)
        .filter(isAlive)
        .map((record) => [record.name, record]),
    );
    refuseOtherPlan(planned, running);
    await refuseTakenPorts(planned.filter(({ name }) => !running.has(name)));
    writeForTools(settings, places, databaseUrl);
    const parts = { places, environment: settings.environment, security: settings.security };
    return { processes: await startStages(planned, running, databaseUrl, parts, onReady), databaseUrl };
  });
}

/** One stage after the other; the processes of one side by side. */
async function startStages(
  planned: readonly Planned[],
  running: ReadonlyMap<string, ProcessRecord>,
  databaseUrl: string,
  parts: LaunchParts,
  onReady: (started: Started) => void,
): Promise<Started[]> {
  const start = async (each: Planned): Promise<Started> => {
    const from = performance.now();
    const before = running.get(each.name);
    if (before) await untilReady(before, parts.security);
    const record = before ?? (await launch(each, parts));
    if (each.kind === 'postgres') await ensureDatabase(databaseUrl);
    const result = { record, isNew: before === undefined, tookMs: performance.now() - from };
    onReady(result);
    return result;
  };
  const processes: Started[] = [];
  for (const stage of stagesOf(planned)) {
    const started = stage.map(start);
    // All of a stage come to an end before anybody hears of a failure: nothing is started behind its back.
    await Promise.allSettled(started);
    processes.push(...(await Promise.all(started)));
  }
  return processes;
}

/** The plan for these settings, with everything made that PostgreSQL needs before it can start. */
async function prepare(settings: UpSettings, places: Places) {
  mkdirSync(places.folder, { recursive: true, mode: 0o755 });
  if (settings.databaseUrl !== undefined) {
    return { databaseUrl: settings.databaseUrl, planned: planOf(settings, settings.databaseUrl, undefined) };
  }
  const postgres = await preparePostgres(places, settings.postgresPort);
  const databaseUrl = ownDatabaseUrl(places, settings.postgresPort);
  return { databaseUrl, planned: planOf(settings, databaseUrl, postgres) };
}

/** What runs under other settings is not what is asked for, and is not stopped without being told to. */
function refuseOtherPlan(planned: readonly Planned[], running: ReadonlyMap<string, ProcessRecord>): void {
  for (const record of running.values()) {
    const wanted = planned.find(({ name }) => name === record.name);
    if (wanted?.address === record.address) continue;
    const difference = wanted ? `${wanted.address} is wanted` : 'these settings have no such process';
    throw new Error(
      `${record.name} runs at ${record.address}, and ${difference}: run make down first, or use the settings it was started with`,
    );
  }
}

function stagesOf(planned: readonly Planned[]): Planned[][] {
  const stages = [...new Set(planned.map(({ stage }) => stage))].sort((a, b) => a - b);
  return stages.map((stage) => planned.filter((each) => each.stage === stage));
}

/** Files with which a shell and other programs find the stack. */
function writeForTools(settings: UpSettings, places: Places, databaseUrl: string): void {
  writeFileSync(places.databaseUrl, `${databaseUrl}\n`, { mode: 0o600 });
  const lines = [
    `export EXITLANE_REQUESTOR=${addressOf(settings.requestorPorts)}`,
    `export EXITLANE_PROCESSOR=${addressOf(settings.processorPorts)}`,
    ...(settings.certs === undefined ? [] : [`export EXITLANE_CA_FILE='${settings.security.caFile}'`]),
  ];
  writeFileSync(places.env, `${lines.join('\n')}\n`);
}
