import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';

/** The two programs of one PostgreSQL. */
export interface PostgresPrograms {
  readonly initdb: string;
  readonly postgres: string;
  /** Major version, such as 15. */
  readonly major: number;
}

/** The least version that the migrations were tried on. */
const MAJOR_MIN = 14;

/** Where systems put them, beside the PATH: Debian and Ubuntu, Red Hat's packages of the PostgreSQL project, Homebrew. */
const FOLDERS = ['/usr/lib/postgresql', '/usr', '/opt/homebrew/opt', '/usr/local/opt'];

/**
 * A PostgreSQL to start: the system's newest, or the one from npm that the tests use.
 * @param major of the data there is: only the same version opens it
 * @throws Error that says how to get one
 */
export async function findPostgres(major: number | undefined): Promise<PostgresPrograms> {
  const found = [...systemPrograms(), ...(await fromNpm())].filter((each) => each.major >= MAJOR_MIN);
  const fitting = found.find((each) => major === undefined || each.major === major);
  if (fitting) return fitting;
  const there = [...new Set(found.map((each) => each.major))].join(', ');
  if (major !== undefined && there !== '') {
    throw new Error(
      `the data here were made by PostgreSQL ${major}, and this machine has ${there}: install ${major}, ` +
        'or begin anew with make down WIPE=1',
    );
  }
  throw new Error(
    `found no PostgreSQL (${MAJOR_MIN} or newer): install one (such as apt install postgresql), run npm ci for the one that comes ` +
      'with the tests, or set DATABASE_URL to one that runs',
  );
}

/** The newest first. */
function systemPrograms(): PostgresPrograms[] {
  const folders = [
    ...(process.env.PATH ?? '').split(path.delimiter),
    ...FOLDERS.flatMap((folder) => versionsIn(folder).map((version) => path.join(folder, version, 'bin'))),
  ];
  const found = folders.flatMap((folder) => programsIn(folder));
  return found.sort((a, b) => b.major - a.major);
}

function versionsIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => /^(\d+|pgsql-\d+|postgresql@\d+)$/.test(name));
}

function programsIn(folder: string): PostgresPrograms[] {
  const [initdb, postgres] = [path.join(folder, 'initdb'), path.join(folder, 'postgres')];
  if (folder === '' || !existsSync(initdb) || !existsSync(postgres)) return [];
  const major = majorOf(postgres);
  return major === undefined ? [] : [{ initdb, postgres, major }];
}

async function fromNpm(): Promise<PostgresPrograms[]> {
  try {
    const { postgresBinaries } = await import('../../shared/store/testing/postgres-binaries.js');
    const programs = await postgresBinaries();
    const major = majorOf(programs.postgres);
    return major === undefined ? [] : [{ ...programs, major }];
  } catch {
    // It is a development dependency, and not for every platform: then the system's has to do.
    return [];
  }
}

/** `postgres (PostgreSQL) 15.7 (Debian ...)`; undefined when it does not run. */
function majorOf(postgres: string): number | undefined {
  try {
    const text = execFileSync(postgres, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const digits = /PostgreSQL\) (\d+)/.exec(text)?.[1];
    return digits === undefined ? undefined : Number(digits);
  } catch {
    // A program of another system, or without its libraries: the next one may do.
    return undefined;
  }
}
