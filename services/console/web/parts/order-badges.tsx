import type { OrderStatusName, OrderView, PositionStatusName } from '../../model/view.js';
import { exitReasonLabel, kindLabel, levelLabel, STATUS_LABEL, STATUS_MEANING } from '../../model/words.js';
import { Badge, type Tone } from './basics.js';

const STATUS_TONE: Readonly<Record<OrderStatusName, Tone>> = {
  PENDING: 'quiet',
  SUBMITTED: 'busy',
  CONFIRMING: 'busy',
  FILLED: 'good',
  FAILED: 'warn',
  CANCELLED: 'bad',
  UNKNOWN: 'quiet',
};

export function StatusBadge({ status, reason = '' }: { readonly status: OrderStatusName; readonly reason?: string }) {
  const isUnsure = status === 'CONFIRMING' && reason === 'UNKNOWN';
  // An order that a person took back is no failure.
  const tone = isUnsure
    ? 'warn'
    : status === 'CANCELLED' && reason === 'CANCELLED_BY_CLIENT'
      ? 'quiet'
      : STATUS_TONE[status];
  return (
    <Badge tone={tone} title={STATUS_MEANING[status]}>
      {STATUS_LABEL[status]}
    </Badge>
  );
}

/** Entry or exit, and why it sells. */
export function Kind({ order }: { readonly order: Pick<OrderView, 'type' | 'exitReason' | 'emergency' | 'priority'> }) {
  const tone = order.emergency ? 'emergency' : order.type === 'EXIT' ? 'exit' : 'entry';
  const reason = order.emergency && order.exitReason !== '' ? `, ${exitReasonLabel(order.exitReason)}` : '';
  return (
    <span class={`kind ${tone}`} title={`${levelLabel(order.priority)}, priority ${order.priority}${reason}`}>
      {kindLabel(order)}
    </span>
  );
}

const POSITION_TONE: Readonly<Record<PositionStatusName, Tone>> = {
  OPEN: 'good',
  EXIT_PENDING: 'busy',
  PARTIAL_EXIT: 'good',
  CLOSED: 'quiet',
  UNKNOWN: 'quiet',
};
const POSITION_LABEL: Readonly<Record<PositionStatusName, string>> = {
  OPEN: 'Open',
  EXIT_PENDING: 'Exit pending',
  PARTIAL_EXIT: 'Partly sold',
  CLOSED: 'Closed',
  UNKNOWN: 'Unknown',
};

export function PositionBadge({ status, blocker }: { readonly status: PositionStatusName; readonly blocker: string }) {
  const isStuck = blocker !== '' && status !== 'CLOSED';
  return (
    <Badge tone={isStuck ? 'bad' : POSITION_TONE[status]} title={blocker}>
      {POSITION_LABEL[status]}
    </Badge>
  );
}

/** A token by its symbol, as text whatever it says, with its address on hover. */
export function Token({ symbol, address }: { readonly symbol: string; readonly address?: string }) {
  return (
    <span class="token" title={address ?? symbol}>
      {symbol === '' ? (address ?? '–') : symbol}
    </span>
  );
}
