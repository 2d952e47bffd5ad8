import { parseArgs } from 'node:util';
import { messageOf } from './errors.js';
import { distance, nearestName } from './nearest-name.js';
import { ADDRESS_SETTINGS, SECRET_SETTINGS, SETTING_NAMES } from './setting-names.js';
import { holdsSecret, type Secrecy } from './setting-secrets.js';
import { readSettingsFile, type SettingsFile } from './settings-file.js';

/**
 * Settings of a process, each from the first of these that gives it: flag (`--set NAME=value`), environment, file (`--config` or
 * EXITLANE_CONFIG_FILE), default. What is loaded looks like an environment, so everything that reads one reads it; where each value
 * came from, and what was wrong on the way, is kept beside it for `readEnv`, which reports all problems at once.
 */

export type Origin =
  | { readonly kind: 'flag' | 'environment' | 'default' }
  | { readonly kind: 'file'; readonly path: string; readonly line: number };

export interface LoadedSettings {
  /** As an environment: names and texts. A name that is not there, or empty, has its default. */
  readonly values: NodeJS.ProcessEnv;
  readonly origins: ReadonlyMap<string, Origin>;
  /** What must be put right before anything starts; free of values. */
  readonly problems: readonly string[];
  /** What is worth a line in the log. */
  readonly warnings: readonly string[];
}

export interface SettingSources {
  /** Of a service: nothing but `--config <file>` and `--set NAME=value`. */
  readonly argv?: readonly string[];
  /** For programs with flags of their own. */
  readonly flags?: readonly string[];
  readonly configFile?: string | undefined;
  readonly env: NodeJS.ProcessEnv;
}

export const CONFIG_FILE_VARIABLE = 'EXITLANE_CONFIG_FILE';

const loadedBy = new WeakMap<object, LoadedSettings>();

/** What `loadSettings` knows of this environment; undefined for one that it did not make. */
export function loadedSettings(env: NodeJS.ProcessEnv): LoadedSettings | undefined {
  return loadedBy.get(env);
}

/** Never throws: problems are reported with those of the values, by whoever reads them. */
export function loadSettings(sources: SettingSources): LoadedSettings {
  const problems: string[] = [];
  const warnings: string[] = [];
  const values: NodeJS.ProcessEnv = {};
  const origins = new Map<string, Origin>();
  const given = sources.argv === undefined ? { config: undefined, set: [] } : argumentsOf(sources.argv, problems);
  const path = sources.configFile ?? given.config ?? (sources.env[CONFIG_FILE_VARIABLE] || undefined);
  if (path !== undefined) {
    const file = readSettingsFile(path);
    problems.push(...file.problems, ...misfits(file), ...exposed(file));
    for (const { name, value, line } of file.settings) {
      values[name] = value;
      origins.set(name, { kind: 'file', path, line });
    }
  }
  for (const [name, value] of Object.entries(sources.env)) {
    if (value === undefined || (value === '' && name in values)) continue;
    values[name] = value;
    if (value !== '') origins.set(name, { kind: 'environment' });
    if (name.startsWith('EXITLANE_') && !isKnown(name)) {
      warnings.push(`the environment has ${name}, which is no setting${didYouMean(name)}`);
    }
  }
  for (const text of [...given.set, ...(sources.flags ?? [])]) {
    const [, name, value] = /^([A-Za-z_][A-Za-z0-9_]*)=([\s\S]*)$/.exec(text) ?? [];
    if (name === undefined || value === undefined) problems.push('--set: must be NAME=value');
    else if (!isKnown(name)) problems.push(`${name} (flag): is no setting${didYouMean(name)}`);
    else {
      values[name] = value;
      origins.set(name, { kind: value === '' ? 'default' : 'flag' });
      if (holdsSecret(secrecyOf(name), value)) {
        warnings.push(`${name} was given as a flag: everybody on this machine can see it; put it into a file`);
      }
    }
  }
  const loaded = { values, origins, problems, warnings };
  loadedBy.set(values, loaded);
  return loaded;
}

function argumentsOf(argv: readonly string[], problems: string[]): { config: string | undefined; set: string[] } {
  try {
    const options = { config: { type: 'string' }, set: { type: 'string', multiple: true } } as const;
    const { values } = parseArgs({ args: [...argv], options });
    return { config: values.config, set: values.set ?? [] };
  } catch (error) {
    problems.push(`${messageOf(error)}. A service takes --config <file> and --set NAME=value`);
    return { config: undefined, set: [] };
  }
}

function isKnown(name: string): boolean {
  return SETTING_NAMES.includes(name);
}

export function secrecyOf(name: string): Secrecy {
  if (SECRET_SETTINGS.includes(name)) return 'secret';
  return ADDRESS_SETTINGS.includes(name) ? 'address' : undefined;
}

function didYouMean(name: string): string {
  const nearest = nearestName(name, SETTING_NAMES);
  return nearest === undefined ? '' : `; did you mean ${nearest}?`;
}

/** Letters by which a name may miss a setting's and still be taken for a slip; a file may hold names of other programs too. */
const SLIP_LETTERS_MAX = 2;

function misfits(file: SettingsFile): string[] {
  return file.settings.flatMap(({ name, line }) => {
    if (isKnown(name)) return [];
    const slip = SETTING_NAMES.some((known) => distance(name.toUpperCase(), known) <= SLIP_LETTERS_MAX);
    if (!slip && !name.startsWith('EXITLANE_')) return [];
    return [`${name} (${file.path} line ${line}): is no setting${didYouMean(name)}`];
  });
}

/** Permission bit that a settings file must not have. */
export const CHANGED_BY_ALL = 0o002;

/**
 * Refused rather than warned about, as key files are: nobody reads the warning of a service that works. The group may read it, since
 * that is how systemd's units and their users share a file.
 */
function exposed({ path, mode, settings }: SettingsFile): string[] {
  const shown = mode.toString(8).padStart(3, '0');
  if ((mode & CHANGED_BY_ALL) !== 0)
    return [`${path} can be changed by everybody (mode ${shown}): run chmod 600 ${path}`];
  const secrets = settings.filter(({ name, value }) => holdsSecret(secrecyOf(name), value)).map(({ name }) => name);
  if (secrets.length === 0 || (mode & 0o004) === 0) return [];
  return [
    `${path} holds ${secrets.join(', ')} and can be read by everybody (mode ${shown}): run chmod 600 ${path}, or chmod 640 and give it to the service's group`,
  ];
}

/** Where a value came from, for people: `flag`, `environment`, `exitlane.env line 3`, `default`. */
export function originText(origin: Origin | undefined): string {
  if (origin === undefined) return 'default';
  return origin.kind === 'file' ? `${origin.path} line ${origin.line}` : origin.kind;
}
