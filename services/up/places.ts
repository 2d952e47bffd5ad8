import path from 'node:path';

/** Where things are below the folder of `make up`. Everything in it is made here, so that `WIPE=1` can name what it removes. */
export interface Places {
  readonly folder: string;
  /** One file per process: which one it is, and where it serves. */
  readonly run: string;
  readonly logs: string;
  readonly postgres: string;
  readonly sandbox: string;
  readonly wallet: string;
  readonly ledger: string;
  /** The URL of the database, password and all, for tools; mode 0600. */
  readonly databaseUrl: string;
  /** Of the PostgreSQL that was made here. */
  readonly postgresPassword: string;
  /** Addresses for a shell: `. .exitlane/up/env`. */
  readonly env: string;
  /** Held by whoever starts or stops. */
  readonly lock: string;
}

export function placesIn(folder: string): Places {
  const at = (...names: string[]) => path.join(folder, ...names);
  return {
    folder,
    run: at('run'),
    logs: at('logs'),
    postgres: at('postgres'),
    sandbox: at('sandbox'),
    wallet: at('sandbox', 'wallet.json'),
    ledger: at('sandbox', 'ledger.jsonl'),
    databaseUrl: at('database-url'),
    postgresPassword: at('postgres-password'),
    env: at('env'),
    lock: at('lock'),
  };
}

/** As people type it: relative to where they are when it lies below. */
export function shown(target: string): string {
  const relative = path.relative(process.cwd(), target);
  return relative === '' || relative.startsWith('..') ? target : relative;
}
