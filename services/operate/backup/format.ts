import { z } from 'zod';

/**
 * A backup is one gzip file of lines of JSON: a header; for each table a line that names it and its columns, then its rows, each an
 * object as PostgreSQL's `row_to_json` writes it (numbers exact to the last digit, bytes in hexadecimal); and an end with the number
 * of rows of each table and the SHA-256 of every byte before it. It does not depend on a PostgreSQL's version, nor on its tools: what
 * was saved from an embedded database can be restored into a PostgreSQL, and the other way round.
 */
export const FORMAT = 'exitlane-backup';

/** Raised when an older program could not read what this one writes. */
export const FORMAT_VERSION = 1;

export const headerSchema = z.object({
  format: z.literal(FORMAT),
  formatVersion: z.number().int(),
  /** Version of the program that wrote it. */
  program: z.string(),
  schemaVersion: z.number().int(),
  /** Epoch of the message log (S2) at that time. */
  epoch: z.string(),
  /** By the database's clock, ISO 8601. */
  takenAt: z.string(),
  kind: z.enum(['postgresql', 'pglite']),
});

export type Header = z.infer<typeof headerSchema>;

export const tableSchema = z.object({ table: z.string(), columns: z.array(z.string()) });
export type TableLine = z.infer<typeof tableSchema>;

export const endSchema = z.object({
  end: z.object({ rows: z.record(z.string(), z.number().int()), sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
});
export type EndLine = z.infer<typeof endSchema>;

/** A row's line begins with this, which no other line does; the rest is its JSON, never parsed on the way. */
export const ROW_MARK = ' ';
