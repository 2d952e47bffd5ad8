import type { JsonValue } from '@bufbuild/protobuf';
import { type TextOut, widthOfOutput } from './io.js';
import { type Style, styleFor } from './render/style.js';
import { type Encoder, wireJson } from './wire-json.js';

export type OutputFormat = 'text' | 'json';

/** Where results go: lines for people, or JSON for programs. Never both. */
export class Output {
  readonly #out: TextOut;

  constructor(
    out: TextOut,
    readonly format: OutputFormat,
    coloured: boolean,
    /** Whether frames and ellipses may be more than ASCII. */
    readonly utf8: boolean,
  ) {
    this.#out = out;
    this.style = styleFor(coloured);
  }

  readonly style: Style;

  get isJson(): boolean {
    return this.format === 'json';
  }

  /** A terminal that lines can be drawn on again in place. */
  get liveTarget(): TextOut | undefined {
    return this.#out.isTTY && this.format === 'text' ? this.#out : undefined;
  }

  /** See `widthOfOutput`. */
  get width(): number | undefined {
    return widthOfOutput(this.#out);
  }

  get rows(): number {
    return this.#out.rows ?? 24;
  }

  get ellipsis(): string {
    return this.utf8 ? '…' : '...';
  }

  /** Lines for people; nothing in JSON. */
  text(...lines: readonly string[]): void {
    if (this.isJson) return;
    for (const line of lines) this.#out.write(`${line}\n`);
  }

  /** The one result of a verb; nothing in text. */
  json(value: JsonValue): void {
    if (this.isJson) this.#out.write(`${JSON.stringify(value, undefined, 2)}\n`);
  }

  /** One of many: a line of its own. Nothing in text. */
  jsonLine(value: JsonValue): void {
    if (this.isJson) this.#out.write(`${JSON.stringify(value)}\n`);
  }

  /** The one result, as a message of the API. */
  message<T>(typeName: string, encoder: Encoder<T>, message: T): void {
    if (this.isJson) this.json(wireJson(typeName, encoder, message));
  }

  /** One message of a stream. */
  messageLine<T>(typeName: string, encoder: Encoder<T>, message: T): void {
    if (this.isJson) this.jsonLine(wireJson(typeName, encoder, message));
  }
}
