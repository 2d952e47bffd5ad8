import type { OrderMessage, StatusUpdate } from '../../../proto/gen/exitlane/v1/message.js';
import type { Proposal } from '../../../proto/gen/exitlane/v1/proposal.js';
import { bps, price, statusName, timeOfDay } from './format.js';
import { type Style, statusColour } from './style.js';
import { cut, padEnd, padStart, plain, shorten, widthOf } from './text.js';

export interface LineOptions {
  /** Columns of the terminal; undefined: as wide as needed. */
  readonly width: number | undefined;
  readonly style: Style;
  readonly ellipsis: string;
}

/** Room for `CONFIRMING`, and for a proposal's state with enough of its id to tell it from others; JSON has the whole id. */
const TEXT_WIDTH = 16;
const SIGNATURE_SHORT = 13;

/**
 * One message of an order in one line: time (UTC), sequence, text, and what it says. Fits the terminal: signature and remarks
 * are shortened, in this order. Without a terminal only ids of proposals are, so that the columns stay aligned.
 */
export function messageLine(message: OrderMessage, options: LineOptions): string {
  const { style, width, ellipsis } = options;
  const lead = `${timeOfDay(message.createdAt)} ${padStart(String(message.sequence), 2)}  `;
  const text = plain(message.text);
  const paint = message.content?.$case === 'status' ? statusColour(style, text) : style.dim;
  const head = style.dim(lead) + paint(padEnd(shortText(text, ellipsis), TEXT_WIDTH));
  const rest = message.content ? details(message.content, ellipsis) : [];
  const room = width === undefined ? undefined : width - widthOf(head) - 2;
  return rest.length === 0 ? head.trimEnd() : `${head}  ${fitted(rest, room, ellipsis)}`;
}

/** `<id>/New` keeps its state: the id gives way. */
function shortText(text: string, ellipsis: string): string {
  const slash = text.lastIndexOf('/');
  if (widthOf(text) <= TEXT_WIDTH || slash < 0) return cut(text, TEXT_WIDTH, ellipsis);
  const state = text.slice(slash);
  return cut(
    shorten(text.slice(0, slash), Math.max(3, TEXT_WIDTH - state.length), ellipsis) + state,
    TEXT_WIDTH,
    ellipsis,
  );
}

interface Part {
  readonly text: string;
  /** Taken when the line would be too wide. */
  readonly short?: string;
}

function details(content: NonNullable<OrderMessage['content']>, ellipsis: string): Part[] {
  return content.$case === 'status' ? statusParts(content.value, ellipsis) : proposalParts(content.value);
}

function statusParts(status: StatusUpdate, ellipsis: string): Part[] {
  const parts: Part[] = [];
  const name = statusName(status.status);
  if (status.reason !== '' && status.reason !== name) parts.push({ text: plain(status.reason) });
  if (status.actualPrice !== '') parts.push({ text: fillText(status) });
  if (status.txSignature !== '') {
    const signature = plain(status.txSignature);
    parts.push({ text: signature, short: shorten(signature, SIGNATURE_SHORT, ellipsis) });
  }
  if (status.actualPrice === '' && status.detail !== '') parts.push({ text: plain(status.detail) });
  return parts;
}

/** What the fill cost against what was quoted. */
function fillText({ actualPrice, expectedPrice, slippageBps }: StatusUpdate): string {
  const quoted = expectedPrice === '' ? '' : `(quoted ${price(expectedPrice)})`;
  return [price(actualPrice), quoted, bps(slippageBps)].filter((part) => part !== '').join(' ');
}

function proposalParts(proposal: Proposal): Part[] {
  const parts = [
    `at ${price(proposal.price)} SOL`,
    `${plain(proposal.amountTokens)} for ${plain(proposal.amountSol)} SOL`,
    plain(proposal.source),
    plain(proposal.note),
  ];
  return parts.filter((text) => text !== '').map((text) => ({ text }));
}

/** In full if it fits, else with signatures shortened, else cut at the end. */
function fitted(parts: readonly Part[], room: number | undefined, ellipsis: string): string {
  const full = parts.map(({ text }) => text).join('  ');
  if (room === undefined || widthOf(full) <= room) return full;
  return cut(parts.map(({ text, short }) => short ?? text).join('  '), room, ellipsis);
}
