import type { OrderMessage, StatusUpdate } from '../../../proto/gen/exitlane/v1/message.js';
import type { Proposal } from '../../../proto/gen/exitlane/v1/proposal.js';
import { bps, price, statusName, timeOfDay } from './format.js';
import { type Style, statusColour } from './style.js';
import { cut, padEnd, padStart, plain, shorten, widthOf } from './text.js';

export interface LineOptions {
  /** Columns of the terminal; undefined: everything in full. */
  readonly width: number | undefined;
  readonly style: Style;
  readonly ellipsis: string;
}

/** `SUBMITTED` and `CONFIRMING` are the longest usual texts; proposal ids are longer and shortened to fit. */
const TEXT_WIDTH = 12;
const SIGNATURE_SHORT = 13;

/**
 * One message of an order in one line: time (UTC), sequence, text, and what it says. On a terminal it fits the width: signature
 * and remarks are shortened, in this order; elsewhere nothing is.
 */
export function messageLine(message: OrderMessage, options: LineOptions): string {
  const { style, width, ellipsis } = options;
  const lead = `${timeOfDay(message.createdAt)} ${padStart(String(message.sequence), 3)}  `;
  const text = plain(message.text);
  const shown =
    width === undefined ? text : proposalText(text, Math.max(TEXT_WIDTH, Math.floor((width - 17) / 3)), ellipsis);
  const paint = message.content?.$case === 'status' ? statusColour(style, text) : style.dim;
  const head = style.dim(lead) + paint(padEnd(shown, TEXT_WIDTH));
  const rest = message.content ? details(message.content) : [];
  const room = width === undefined ? undefined : width - widthOf(head) - 2;
  return rest.length === 0 ? head.trimEnd() : `${head}  ${fitted(rest, room, ellipsis)}`;
}

/** `<id>/New` keeps its state: the id gives way. */
function proposalText(text: string, width: number, ellipsis: string): string {
  const slash = text.lastIndexOf('/');
  if (widthOf(text) <= width || slash < 0) return cut(text, width, ellipsis);
  const state = text.slice(slash);
  return shorten(text.slice(0, slash), Math.max(5, width - state.length), ellipsis) + state;
}

interface Part {
  readonly text: string;
  readonly short?: string;
}

function details(content: NonNullable<OrderMessage['content']>): Part[] {
  return content.$case === 'status' ? statusParts(content.value) : proposalParts(content.value);
}

function statusParts(status: StatusUpdate): Part[] {
  const parts: Part[] = [];
  const name = statusName(status.status);
  if (status.reason !== '' && status.reason !== name) parts.push({ text: plain(status.reason) });
  if (status.actualPrice !== '') {
    parts.push({ text: `at ${price(status.actualPrice)} SOL` });
    if (status.expectedPrice !== '') parts.push({ text: `quoted ${price(status.expectedPrice)}` });
    const slippage = bps(status.slippageBps);
    if (slippage !== '') parts.push({ text: slippage });
  }
  if (status.txSignature !== '') {
    const signature = plain(status.txSignature);
    parts.push({ text: signature, short: shorten(signature, SIGNATURE_SHORT) });
  }
  if (status.actualPrice === '' && status.detail !== '') parts.push({ text: plain(status.detail) });
  return parts;
}

function proposalParts(proposal: Proposal): Part[] {
  const amounts = `${plain(proposal.amountTokens)} for ${plain(proposal.amountSol)} SOL`;
  return [
    { text: `at ${price(proposal.price)} SOL` },
    { text: amounts },
    { text: plain(proposal.source) },
    ...(proposal.note === '' ? [] : [{ text: plain(proposal.note) }]),
  ];
}

/** In full if it fits, else with signatures shortened, else cut at the end. */
function fitted(parts: readonly Part[], room: number | undefined, ellipsis: string): string {
  const joined = (texts: readonly string[]): string => texts.join('  ');
  const full = joined(parts.map(({ text }) => text));
  if (room === undefined || widthOf(full) <= room) return full;
  return cut(joined(parts.map(({ text, short }) => short ?? text)), room, ellipsis);
}
