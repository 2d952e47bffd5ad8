import { invalidField } from '../core/errors.js';
import { isUuid } from '../core/ids.js';
import { PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX } from '../core/limits.js';

/** Pages of lists that are sorted by id, newest first. A token holds the last id of its page; clients must not read it. */
export interface Page {
  readonly size: number;
  readonly beforeId: string | undefined;
}

export function readPage(request: { pageSize: number; pageToken: string }): Page {
  if (request.pageSize > PAGE_SIZE_MAX) throw invalidField('page_size', `must be at most ${PAGE_SIZE_MAX}`);
  const size = request.pageSize === 0 ? PAGE_SIZE_DEFAULT : request.pageSize;
  if (request.pageToken === '') return { size, beforeId: undefined };
  const beforeId = Buffer.from(request.pageToken, 'base64url').toString('utf8');
  if (!isUuid(beforeId)) throw invalidField('page_token', 'is not a next_page_token of this list');
  return { size, beforeId };
}

/** Ask the store for one row more than the page: whether it comes tells whether there is a next page. */
export function cutPage<T>(
  rows: readonly T[],
  size: number,
  idOf: (row: T) => string,
): { items: T[]; nextPageToken: string } {
  const items = rows.slice(0, size);
  const last = items.at(-1);
  const more = rows.length > size && last !== undefined;
  return { items, nextPageToken: more ? Buffer.from(idOf(last)).toString('base64url') : '' };
}
