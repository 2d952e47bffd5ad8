import { PAGE_SIZE_MAX } from './limits.js';

export interface PageRequest {
  readonly pageSize: number;
  readonly pageToken: string;
}

export interface Page<T> {
  readonly records: readonly T[];
  /** Empty at the end. */
  readonly nextPageToken: string;
}

/** The records of a list, page by page to its end. */
export async function* allPages<T>(read: (page: PageRequest) => Promise<Page<T>>): AsyncGenerator<T> {
  for (let pageToken = ''; ; ) {
    const { records, nextPageToken } = await read({ pageSize: PAGE_SIZE_MAX, pageToken });
    yield* records;
    if (nextPageToken === '') return;
    pageToken = nextPageToken;
  }
}
