const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
const CLEAR_DOWN = '\u001b[J';

/** The part of a terminal that a live region needs. */
export interface LiveTarget {
  write(text: string): unknown;
}

/** Lines at the end of the output that are drawn again in place. The cursor is hidden until `close`. */
export class LiveRegion {
  readonly #target: LiveTarget;
  #height = 0;
  #last = '';
  #open = false;

  constructor(target: LiveTarget) {
    this.#target = target;
  }

  /** Replaces what the region shows. Lines must not be wider than the terminal. */
  draw(lines: readonly string[]): void {
    const text = lines.map((line) => `${line}\n`).join('');
    if (text === this.#last) return;
    const lead = this.#open ? '' : HIDE_CURSOR;
    this.#open = true;
    this.#target.write(lead + this.#rewind() + text);
    this.#last = text;
    this.#height = lines.length;
  }

  /** Leaves what is shown in place and gives the cursor back; later output follows below. */
  close(): void {
    if (this.#open) this.#target.write(SHOW_CURSOR);
    this.#open = false;
    this.#height = 0;
    this.#last = '';
  }

  #rewind(): string {
    return this.#height === 0 ? '' : `\u001b[${this.#height}A\r${CLEAR_DOWN}`;
  }
}
