import { messageOf } from '../../shared/core/errors.js';
import { down } from './down.js';
import { placesIn, shown } from './places.js';
import { type UpSettings, upSettingsFrom } from './settings.js';
import { look } from './status.js';
import { banner, startedLine, statusLines, stoppedLine } from './text.js';
import { up } from './up.js';

/**
 * The services as processes of their own on one machine, without containers:
 *
 *     make up       up.ts      starts what is not there, waits until it serves
 *     make status   status.ts  looks, starts nothing
 *     make down     down.ts    stops what was started; data stay unless WIPE=1
 *
 * Nothing stands guard: a process that dies stays dead until the next `make up`. That is for systemd or Kubernetes (deploy/).
 * Which process is which stands in `record.ts`, told apart from later ones of the same number by `identity.ts`.
 */
const USAGE = 'usage: node dist/services/up/main.js up | status | down [--wipe]';

const say = (...lines: readonly string[]) => void process.stdout.write(lines.map((line) => `${line}\n`).join(''));

async function main([verb, ...rest]: readonly string[]): Promise<number> {
  const wipe = verb === 'down' && rest.length === 1 && rest[0] === '--wipe';
  if (rest.length > 0 && !wipe) throw new Error(USAGE);
  const settings = upSettingsFrom(process.env);
  if (verb === 'up') return start(settings);
  if (verb === 'status') return status(settings);
  if (verb === 'down') return stop(settings, wipe);
  throw new Error(USAGE);
}

async function start(settings: UpSettings): Promise<number> {
  const places = placesIn(settings.folder);
  say(`Starting Exitlane in ${shown(places.folder)} ...`);
  const result = await up(settings, (started) => say(startedLine(started))).catch(async (error: unknown) => {
    const left = (await look(places, settings.security)).filter(({ health }) => health !== 'down');
    if (left.length === 0) throw error;
    throw new Error(`${messageOf(error)}\nThe others stay up: make status shows them, make down stops them.`);
  });
  say(...banner(settings, places, result));
  return 0;
}

async function status({ folder, security }: UpSettings): Promise<number> {
  const seen = await look(placesIn(folder), security);
  say(...statusLines(seen, Date.now()));
  return seen.length > 0 && seen.every(({ health }) => health === 'ready') ? 0 : 1;
}

async function stop({ folder, databaseUrl }: UpSettings, wipe: boolean): Promise<number> {
  const places = placesIn(folder);
  const stopped = await down(places, wipe, (each) => say(stoppedLine(each)));
  if (stopped.length === 0) say('Nothing was up.');
  if (!wipe) say(`Data and logs stay in ${shown(folder)}.`);
  else say(`Everything in ${shown(folder)} is removed.`);
  if (wipe && databaseUrl !== undefined) {
    say('The database of DATABASE_URL was left alone: its orders now speak of a chain that is gone.');
  }
  return stopped.some(({ how }) => how === 'killed') ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`error: ${messageOf(error)}\n`);
  return 1;
});
