import { fsyncSync } from 'node:fs';
import { NodeFS } from '@electric-sql/pglite/nodefs';

type PgliteOfInit = Parameters<NodeFS['init']>[0];
type OptionsOfInit = Parameters<NodeFS['init']>[1];

/** The two parts of Emscripten's runtime that are reached into; its own types leave them open. */
interface Runtime {
  FS: { filesystems: { NODEFS: { stream_ops: { fsync?: (stream: { nfd: number }) => number } } } };
}

/** Exit codes by which PGlite jumps back from PostgreSQL's main loop; they are not exits (pglite.ts, `#startInSingleMode`). */
const NOT_AN_EXIT = new Set([99, 100]);

export interface DurableFsEvents {
  /** After each fsync of the operating system. */
  onFsync(): void;
  /** PostgreSQL ended itself (FATAL, PANIC, out of memory) or a disk sync failed: its memory must not be used again. */
  onFatal(reason: string): void;
}

/**
 * PGlite's directory file system with an fsync that syncs. As shipped, fsync does nothing (and the server runs with `-F`):
 * what was committed would survive the death of the process but not of the machine. Directories come through here too, so
 * that created and renamed files keep their names.
 *
 * A failed fsync is fatal, as in PostgreSQL: the kernel may have dropped the pages, so trying again proves nothing.
 */
export class DurableFs extends NodeFS {
  readonly #events: DurableFsEvents;

  constructor(folder: string, events: DurableFsEvents) {
    super(folder);
    this.#events = events;
  }

  override async init(pglite: PgliteOfInit, options: OptionsOfInit): ReturnType<NodeFS['init']> {
    const { onFatal } = this.#events;
    const { emscriptenOpts } = await super.init(pglite, options);
    const hook = (runtime: unknown) => {
      (runtime as Runtime).FS.filesystems.NODEFS.stream_ops.fsync = ({ nfd }) => this.#fsync(nfd);
    };
    return {
      emscriptenOpts: {
        ...emscriptenOpts,
        preRun: [...(emscriptenOpts.preRun ?? []), hook],
        onAbort: (what: unknown) => onFatal(`aborted: ${String(what)}`),
        quit: (status: number, jump: unknown) => {
          if (!NOT_AN_EXIT.has(status)) onFatal(`exited with status ${status}`);
          throw jump;
        },
      },
    };
  }

  #fsync(descriptor: number): number {
    try {
      fsyncSync(descriptor);
    } catch (error) {
      this.#events.onFatal(`fsync failed: ${String(error)}`);
    }
    this.#events.onFsync();
    return 0;
  }
}
