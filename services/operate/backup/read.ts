import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { createGunzip } from 'node:zlib';
import { ExitlaneError, messageOf } from '../../../shared/core/errors.js';
import {
  endSchema,
  FORMAT_VERSION,
  type Header,
  headerSchema,
  ROW_MARK,
  type TableLine,
  tableSchema,
} from './format.js';
import { LINE_CHARS_MAX } from './limits.js';

/** What a backup says, in its order. Rows are JSON as it stands in the file. */
export type BackupLine =
  | { readonly kind: 'header'; readonly header: Header }
  | { readonly kind: 'table'; readonly table: TableLine }
  | { readonly kind: 'row'; readonly row: string };

/**
 * Reads a backup to its end, and throws there unless it is complete and every byte as it was written.
 *
 * @throws ExitlaneError CONFIG_INVALID (not there, not a backup, of a newer form, cut off, changed)
 */
export async function* readBackup(file: string): AsyncGenerator<BackupLine, void, void> {
  const sum = createHash('sha256');
  const rows: Record<string, number> = {};
  let table = '';
  let header: Header | undefined;
  let ended = false;
  try {
    for await (const line of linesOf(file)) {
      if (ended) throw damaged(file, 'goes on after its end');
      if (line.startsWith(ROW_MARK)) {
        if (table === '') throw damaged(file, 'has a row of no table');
        rows[table] = (rows[table] ?? 0) + 1;
        yield { kind: 'row', row: line.slice(ROW_MARK.length) };
      } else if (header === undefined) {
        header = headerFrom(file, line);
        yield { kind: 'header', header };
      } else {
        const value: unknown = JSON.parse(line);
        const next = tableSchema.safeParse(value);
        if (next.success) {
          table = next.data.table;
          rows[table] = 0;
          yield { kind: 'table', table: next.data };
        } else {
          refuseOther(file, endSchema.parse(value).end, { rows, sha256: sum.copy().digest('hex') });
          ended = true;
        }
      }
      sum.update(`${line}\n`);
    }
  } catch (error) {
    throw error instanceof ExitlaneError ? error : damaged(file, `cannot be read: ${messageOf(error).split('\n')[0]}`);
  }
  if (!ended) throw damaged(file, 'is cut off');
}

/** Reads the whole file, for nothing but that it is sound. */
export async function checkBackup(file: string): Promise<{ header: Header; tables: string[] }> {
  let header: Header | undefined;
  const tables: string[] = [];
  for await (const line of readBackup(file)) {
    if (line.kind === 'header') header = line.header;
    if (line.kind === 'table') tables.push(line.table.table);
  }
  if (header) return { header, tables };
  throw damaged(file, 'is empty');
}

/** Lines without their ends. JSON has no line breaks inside. */
async function* linesOf(file: string): AsyncGenerator<string, void, void> {
  const source = createReadStream(file);
  const unpacked = createGunzip();
  source.on('error', (error) => unpacked.destroy(error));
  source.pipe(unpacked);
  const text = new StringDecoder('utf8');
  let rest = '';
  try {
    for await (const chunk of unpacked as AsyncIterable<Buffer>) {
      const lines = (rest + text.write(chunk)).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > LINE_CHARS_MAX) throw damaged(file, 'has a line that is too long');
      yield* lines;
    }
    if (rest !== '') yield rest;
  } finally {
    source.destroy();
    unpacked.destroy();
  }
}

function headerFrom(file: string, line: string): Header {
  const parsed = headerSchema.safeParse(JSON.parse(line));
  if (!parsed.success) throw damaged(file, 'is not a backup of Exitlane');
  const { formatVersion, program } = parsed.data;
  if (formatVersion <= FORMAT_VERSION) return parsed.data;
  throw new ExitlaneError(
    'CONFIG_INVALID',
    `${file} has format ${formatVersion}, written by Exitlane ${program}; this program reads up to format ${FORMAT_VERSION}: restore it with that version`,
  );
}

interface End {
  readonly rows: Readonly<Record<string, number>>;
  readonly sha256: string;
}

function refuseOther(file: string, told: End, found: End): void {
  if (told.sha256 !== found.sha256) throw damaged(file, 'is not as it was written (its checksum is another)');
  for (const [table, count] of Object.entries(told.rows)) {
    if (found.rows[table] !== count) throw damaged(file, `has ${found.rows[table] ?? 0} of ${count} rows of ${table}`);
  }
}

function damaged(file: string, problem: string): ExitlaneError {
  return new ExitlaneError('CONFIG_INVALID', `${file} ${problem}: take another backup`);
}
