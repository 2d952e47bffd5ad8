import { existsSync } from 'node:fs';
import path from 'node:path';
import { ExitlaneError } from '../../shared/core/errors.js';

/** Where a database is. */
export type Place = { readonly databaseUrl: string } | { readonly dataDir: string };

export interface PlaceGiven {
  readonly databaseUrl: string | undefined;
  readonly dataDir: string | undefined;
  /** The setting; counts when neither is given. */
  readonly setting: string | undefined;
  /** Whether an embedded database has to be there already: opening a folder without one makes it. */
  readonly mustExist: boolean;
}

/** @throws ExitlaneError CONFIG_INVALID */
export function placeOf({ databaseUrl, dataDir, setting, mustExist }: PlaceGiven): Place {
  if (databaseUrl !== undefined && dataDir !== undefined) throw invalid('give --database-url or --data-dir, not both');
  if (dataDir !== undefined) return { dataDir: folderOf(dataDir, mustExist) };
  const url = databaseUrl ?? (setting || undefined);
  if (url !== undefined) return { databaseUrl: url };
  throw invalid('no database: give --database-url or --data-dir, or set DATABASE_URL');
}

/** A folder of `exitlane dev` has the database inside; a folder with `pgdata` is one. */
function folderOf(dataDir: string, mustExist: boolean): string {
  const inner = path.join(dataDir, 'database');
  if (existsSync(path.join(dataDir, 'pgdata'))) return dataDir;
  if (!mustExist || existsSync(path.join(inner, 'pgdata'))) return inner;
  throw invalid(`${dataDir} holds no database`);
}

/** The database for people, without password. */
export function placeName(place: Place): string {
  if ('dataDir' in place) return place.dataDir;
  if (!URL.canParse(place.databaseUrl)) return 'DATABASE_URL';
  const { host, pathname } = new URL(place.databaseUrl);
  return `postgresql://${host}${pathname}`;
}

function invalid(message: string): ExitlaneError {
  return new ExitlaneError('CONFIG_INVALID', message);
}
