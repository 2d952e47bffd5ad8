import type { QueueView, RunningView } from '../../model/view.js';
import { levelLabel } from '../../model/words.js';
import { linkTo } from '../state/route.js';
import { Age, Card } from './basics.js';
import { StatusBadge, Token } from './order-badges.js';

/** Lanes drawn as such; with more slots the rest is a number. */
const LANES_MAX = 12;

/** Every slot as a lane: what runs in it and for how long, or that it is free. */
export function Slots({ queue }: { readonly queue: QueueView }) {
  const slots = Math.max(queue.maxConcurrentOrders, queue.running.length);
  const lanes = Math.min(slots, LANES_MAX);
  return (
    <Card
      class="slots"
      title="Slots"
      aside={
        <p class="counts">
          <span>
            <b class="num">{queue.queued}</b> queued
          </span>
          <span>
            <b class="num">{queue.processing}</b> processing
          </span>
          <span>
            <b class="num">{queue.availableSlots}</b> available
          </span>
        </p>
      }
    >
      <ol>
        {Array.from({ length: lanes }, (_, index) => (
          <Lane key={index} number={index + 1} order={queue.running[index]} />
        ))}
      </ol>
      <p class="note">{note(queue, slots - lanes)}</p>
    </Card>
  );
}

function Lane({ number, order }: { readonly number: number; readonly order: RunningView | undefined }) {
  if (!order) {
    return (
      <li class="free">
        <span class="slot num">{number}</span>
        <span class="what">free</span>
      </li>
    );
  }
  const tone = order.priority === 0 ? 'emergency' : order.type === 'EXIT' ? 'exit' : 'entry';
  return (
    <li class={`busy ${tone}`}>
      <span class="slot num">{number}</span>
      <a href={linkTo('orders', order.orderReqId)} class="what" title={order.orderReqId}>
        <span class={`kind ${tone}`}>{levelLabel(order.priority).toLowerCase()}</span>
        <Token symbol={order.tokenSymbol} />
        <code>{order.orderReqId}</code>
      </a>
      <StatusBadge status={order.status} />
      <Age at={order.since} />
    </li>
  );
}

function note(queue: QueueView, hidden: number): string {
  const facts = [];
  if (hidden > 0) facts.push(`${hidden} more slots`);
  if (queue.watching > 0) facts.push(`${queue.watching} sent and watched without a slot`);
  if (queue.exitReservedSlots > 0) facts.push(`${queue.exitReservedSlots} for exits only`);
  if (queue.emergencyExtraSlots > 0) facts.push(`${queue.emergencyExtraSlots} more for emergency exits`);
  if (queue.waitingForRetry > 0) facts.push(`${queue.waitingForRetry} failed, waiting for the next try`);
  return facts.length === 0 ? '\u00a0' : facts.join(' · ');
}
