import { LEASE_MS } from '../../../shared/core/limits.js';
import type { Random } from '../../../shared/core/random.js';
import type { Service } from '../crash/process.js';
import type { Fleet } from './fleet.js';
import { drawFault } from './venue-weather.js';

export interface MonkeyOptions {
  readonly fleet: Fleet;
  readonly random: Random;
  /** Processes killed in all. */
  readonly kills: number;
  readonly log: (line: string) => void;
}

export interface MonkeyFigures {
  /** Kills by process. */
  readonly kills: Record<string, number>;
  /** Of those, kills of a process that was just starting. */
  duringStart: number;
  /** Times a process stood still for longer than its lease. */
  freezes: number;
  /** Faults of the venue that were armed. */
  faults: number;
  /** Unix milliseconds of each kill. */
  readonly killedAt: number[];
  /** Milliseconds from each kill until the process served again. */
  readonly restartMs: number[];
}

/** Milliseconds a killed process stays away. */
const AWAY_MS = [0, 1_200] as const;
/** Kills between two lines of the log. */
const TELL_EVERY = 20;

/**
 * Kills and freezes processes at random moments and starts them again, and gives the venue troubles, all drawn from a seed.
 * Several may be away at once. Resolves when all are back; rejects when one did not come back.
 */
export async function letLoose(options: MonkeyOptions, signal: AbortSignal): Promise<MonkeyFigures> {
  const { fleet, random, log } = options;
  const figures: MonkeyFigures = { kills: {}, duringStart: 0, freezes: 0, faults: 0, killedAt: [], restartMs: [] };
  const busy = new Map<Service, Promise<void>>();
  let failure: unknown;
  let told = 0;
  const start = (service: Service, deed: Promise<void>) => {
    const tracked = deed
      .catch((error: unknown) => {
        failure ??= error;
      })
      .finally(() => busy.delete(service));
    busy.set(service, tracked);
  };
  while (figures.killedAt.length < options.kills && !signal.aborted && failure === undefined) {
    await pause(random.int(...fleet.pauseMs));
    await trouble(fleet, random, figures, busy);
    if (busy.size >= fleet.awayMax) {
      await Promise.race(busy.values());
      continue;
    }
    const idle = chooseFrom(fleet, random).filter((service) => !busy.has(service));
    const service = idle[random.int(0, Math.max(0, idle.length - 1))];
    if (!service) continue;
    if (!service.isAlive) throw new Error(`the ${service.name} ended by itself:\n${service.log}`);
    const deed = random.int(1, 10);
    if (deed === 1 && service !== fleet.sandbox) start(service, freeze(service, random, figures));
    else start(service, kill(service, random, figures, deed === 2));
    if (figures.killedAt.length < told + TELL_EVERY) continue;
    told = figures.killedAt.length;
    log(`${told} kills, ${figures.freezes} freezes`);
  }
  await Promise.all(busy.values());
  if (failure !== undefined) throw failure;
  return figures;
}

function chooseFrom({ prey }: Fleet, random: Random): readonly Service[] {
  let left = random.int(
    1,
    prey.reduce((sum, { weight }) => sum + weight, 0),
  );
  for (const { services, weight } of prey) {
    left -= weight;
    if (left <= 0) return services;
  }
  return [];
}

async function trouble(
  fleet: Fleet,
  random: Random,
  figures: MonkeyFigures,
  busy: Map<Service, unknown>,
): Promise<void> {
  const fault = drawFault(random);
  if (busy.has(fleet.sandbox)) return;
  await fleet.venue.arm(fault);
  figures.faults += 1;
}

/** `twice`: and again while it starts. */
async function kill(service: Service, random: Random, figures: MonkeyFigures, twice: boolean): Promise<void> {
  const awayMs = random.int(...AWAY_MS);
  const startingMs = random.int(0, 900);
  const from = note(service, figures);
  await service.kill();
  await pause(awayMs);
  if (twice) {
    service.launch();
    await pause(startingMs);
    note(service, figures);
    figures.duringStart += 1;
    await service.kill();
  }
  await service.start();
  figures.restartMs.push(performance.now() - from);
}

function note(service: Service, figures: MonkeyFigures): number {
  figures.kills[service.name] = (figures.kills[service.name] ?? 0) + 1;
  figures.killedAt.push(Date.now());
  return performance.now();
}

async function freeze(service: Service, random: Random, figures: MonkeyFigures): Promise<void> {
  const ms = LEASE_MS + random.int(500, 3_000);
  figures.freezes += 1;
  service.freeze();
  await pause(ms);
  service.thaw();
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
