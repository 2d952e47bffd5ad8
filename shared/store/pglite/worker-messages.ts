/** What the thread of the embedded database is started with. */
export interface WorkerTask {
  /** PostgreSQL's data folder. */
  readonly folder: string;
  /** Unix socket to serve; without one the thread only creates the database (first start) and ends. */
  readonly socket?: string;
  /** 32-bit numbers that both sides see at once, see {@link SHARED}. */
  readonly shared: SharedArrayBuffer;
}

/** Places in the shared numbers. */
export const SHARED = {
  /** How often the operating system was told to sync a file. */
  FSYNCS: 0,
  /** 1 as soon as PostgreSQL has ended itself: the message that says why takes longer than a broken connection. */
  FAILED: 1,
  LENGTH: 2,
} as const;

/** What it says. Any message to it means: stop. */
export type FromWorker =
  | { readonly type: 'ready' }
  | { readonly type: 'stopped' }
  | { readonly type: 'failed'; readonly reason: string };
