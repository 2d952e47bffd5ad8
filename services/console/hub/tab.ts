import type { ServerResponse } from 'node:http';
import { TAB_BUFFER_BYTES_MAX } from '../limits.js';
import type { Identity, ServerEvents } from '../model/events.js';

/** One SSE stream to one browser tab. */
export class Tab {
  readonly #response: ServerResponse;
  readonly #onClose: () => void;
  /** Stops what runs for this tab alone. */
  readonly #ended = new AbortController();

  constructor(
    readonly id: string,
    readonly sessionId: string,
    readonly identity: Identity,
    response: ServerResponse,
    onClose: () => void,
  ) {
    this.#response = response;
    this.#onClose = onClose;
    response.on('close', () => this.#close());
    response.on('error', () => this.#close());
  }

  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  send<Name extends keyof ServerEvents>(name: Name, data: ServerEvents[Name]): void {
    this.sendText(eventText(name, data));
  }

  /** An event made once for many tabs. A browser that does not read is cut off: it comes back and gets a snapshot. */
  sendText(text: string): void {
    if (this.#ended.signal.aborted) return;
    this.#response.write(text);
    if (this.#response.writableLength > TAB_BUFFER_BYTES_MAX) this.#response.destroy();
  }

  /** Ends the stream after what was sent. */
  end(): void {
    if (!this.#ended.signal.aborted) this.#response.end();
    this.#close();
  }

  #close(): void {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort();
    this.#onClose();
  }
}

export function eventText<Name extends keyof ServerEvents>(name: Name, data: ServerEvents[Name]): string {
  // JSON has no raw line breaks, so one data line is enough.
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
