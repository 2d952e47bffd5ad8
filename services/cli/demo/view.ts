import type { OrderMessage } from '../../../proto/gen/exitlane/v1/message.js';
import type { Clock } from '../../../shared/core/clock.js';
import type { Output } from '../output.js';
import { bps, price, proposalStateName, statusName } from '../render/format.js';
import { LiveRegion } from '../render/live-region.js';
import { statusColour } from '../render/style.js';
import { padEnd, padStart, shorten } from '../render/text.js';
import { rowLines, SIGNATURE_WIDTH } from './rows.js';
import type { Tracked } from './tracked.js';

/** What the audience sees while the demo plays. */
export interface DemoView {
  /** A new part of the story. With rows: from now on these are shown, in place of those of the parts before. */
  chapter(title: string, rows?: readonly Tracked[]): void;
  /** Orders that join the present chapter. */
  show(rows: readonly Tracked[]): void;
  /** Something happened to an order. */
  event(row: Tracked, message: OrderMessage): void;
  /** The last order has ended. */
  done(): void;
  /** Gives the terminal back; whatever happened. */
  close(): void;
}

/** Rows in place on a terminal that has room for them, one line per event elsewhere. */
export function viewFor(out: Output, clock: Clock, rowsNeeded: number): DemoView {
  if (out.liveTarget && out.rows > rowsNeeded) return new LiveView(out, new LiveRegion(out.liveTarget));
  return new PlainView(out, clock);
}

class LiveView implements DemoView {
  readonly #out: Output;
  readonly #region: LiveRegion;
  #rows: Tracked[] = [];
  #number = 0;

  constructor(out: Output, region: LiveRegion) {
    this.#out = out;
    this.#region = region;
  }

  chapter(title: string, rows: readonly Tracked[] = []): void {
    this.#region.close();
    this.#number += 1;
    this.#out.text('', this.#out.style.bold(`${this.#number}  ${title}`));
    this.#rows = [...rows];
    this.#draw();
  }

  show(rows: readonly Tracked[]): void {
    this.#rows.push(...rows);
    this.#draw();
  }

  event(): void {
    this.#draw();
  }

  done(): void {
    this.#draw();
    this.close();
  }

  close(): void {
    this.#region.close();
  }

  #draw(): void {
    if (this.#rows.length > 0) this.#region.draw(rowLines(this.#rows, this.#out));
  }
}

class PlainView implements DemoView {
  readonly #out: Output;
  readonly #clock: Clock;
  readonly #startedAt: number;
  #number = 0;

  constructor(out: Output, clock: Clock) {
    this.#out = out;
    this.#clock = clock;
    this.#startedAt = clock.now();
  }

  chapter(title: string): void {
    this.#number += 1;
    this.#out.text('', this.#out.style.bold(`${this.#number}  ${title}`));
  }

  show(): void {}

  event({ plan }: Tracked, message: OrderMessage): void {
    const at = padStart(((this.#clock.now() - this.#startedAt) / 1_000).toFixed(3), 7);
    const [what, detail] = eventWords(message, this.#out.ellipsis);
    const { style } = this.#out;
    const word = statusColour(style, what)(padEnd(what, 10));
    this.#out.text(
      `${style.dim(at)}  ${padEnd(plan.name, 11)}  ${padEnd(plan.token, 6)}  ${word}  ${detail}`.trimEnd(),
    );
  }

  done(): void {}

  close(): void {}
}

/** Status or `PROPOSAL`, and what there is to say. */
function eventWords({ content }: OrderMessage, ellipsis: string): [string, string] {
  if (content?.$case === 'proposal') {
    const { state, source } = content.value;
    return ['PROPOSAL', `${proposalStateName(state).toLowerCase()}: ${price(content.value.price)} SOL by ${source}`];
  }
  if (content?.$case !== 'status') return ['-', ''];
  const { status, reason, txSignature, actualPrice, expectedPrice, slippageBps, detail } = content.value;
  const name = statusName(status);
  const signature = shorten(txSignature, SIGNATURE_WIDTH, ellipsis);
  if (actualPrice !== '') {
    return [name, `${signature}  at ${price(actualPrice)}, quoted ${price(expectedPrice)}, ${bps(slippageBps)}`];
  }
  if (name === 'CONFIRMING')
    return [name, [signature, reason === 'ATTEMPT_COMMITTED' ? '' : reason].filter(Boolean).join('  ')];
  return [name, detail || reason];
}
