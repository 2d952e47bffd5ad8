/** Rows per statement: a row of the widest table (a signed transaction in hexadecimal) takes some kilobytes. */
export const ROWS_PER_PAGE = 500;

/** Text of rows handed to one INSERT; more rows than this many bytes are parted. */
export const INSERT_BYTES_MAX = 4 * 1024 * 1024;

/** One line of a backup: the widest row is an attempt with its quote, far below. */
export const LINE_CHARS_MAX = 16 * 1024 * 1024;
