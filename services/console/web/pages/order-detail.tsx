import { useEffect, useState } from 'preact/hooks';
import { amount, bps, price } from '../../model/format.js';
import type { AttemptView, OrderDetailView, OrderView } from '../../model/view.js';
import { ATTEMPT_MEANING, whyItStands } from '../../model/words.js';
import { Card, Copy, Empty, Facts, Signature, Time } from '../parts/basics.js';
import { ICONS, Icon } from '../parts/icons.js';
import { OrderActions } from '../parts/order-actions.js';
import { Kind, StatusBadge, Token } from '../parts/order-badges.js';
import { Timeline } from '../parts/timeline.js';
import { useNow, useSelect } from '../state/hooks.js';
import { get, messageOf } from '../state/http.js';
import { linkTo } from '../state/route.js';
import { followOrder } from '../state/stream.js';

/** One order: where it stands and why, every message of it, its attempts and what they cost. */
export function OrderDetail({ id }: { readonly id: string }) {
  const { detail, order, problem } = useOrder(id);
  const queue = useSelect((state) => state.queue);
  const now = useNow();
  useEffect(() => {
    if (order) followOrder(order.orderReqId);
    return () => followOrder(undefined);
  }, [order?.orderReqId]);
  if (!order) {
    return (
      <div class="page">
        <BackLink />
        <Card>
          <Empty title={problem === '' ? 'Looking …' : 'No such order'}>{problem}</Empty>
        </Card>
      </div>
    );
  }
  return (
    <div class="page order">
      <BackLink />
      <header class="title">
        <h1>
          <Token symbol={order.tokenSymbol} address={order.tokenAddress} /> <Kind order={order} />
        </h1>
        <StatusBadge status={order.status} reason={order.reason} />
        <span class="grow" />
        <OrderActions order={order} />
      </header>
      <p class="why">{whyItStands(order, queue, now)}</p>
      <div class="columns live">
        <div>
          <Card title="Timeline">
            <Timeline orderReqId={order.orderReqId} />
          </Card>
          {detail && detail.attempts.length > 0 && (
            <Card title="Transactions">
              <Attempts attempts={detail.attempts} />
            </Card>
          )}
        </div>
        <Card title="Facts">
          <OrderFacts order={order} />
        </Card>
      </div>
    </div>
  );
}

function BackLink() {
  return (
    <a class="back" href={linkTo('orders')}>
      <Icon path={ICONS.back} /> Orders
    </a>
  );
}

/** The order as the stream tells it, with its attempts, which are read anew whenever it changes. */
function useOrder(id: string) {
  const listed = useSelect(({ orders }) => orders.byId.get(id) ?? byReqId(orders.byId, id));
  const [detail, setDetail] = useState<OrderDetailView>();
  const [problem, setProblem] = useState('');
  useEffect(() => {
    let isCurrent = true;
    const read = async () => {
      try {
        const found = await get<OrderDetailView | null>(`/api/orders/find?id=${encodeURIComponent(id)}`);
        if (!isCurrent) return;
        if (found) setDetail(found);
        setProblem(found ? '' : `Nothing is known by the id ${id}.`);
      } catch (error) {
        if (isCurrent) setProblem(messageOf(error));
      }
    };
    void read();
    return () => {
      isCurrent = false;
    };
  }, [id, listed?.updatedAt]);
  const read = detail?.order;
  const order = listed && (!read || (listed.updatedAt ?? 0) >= (read.updatedAt ?? 0)) ? listed : read;
  return { detail, order, problem };
}

function byReqId(orders: ReadonlyMap<string, OrderView>, id: string): OrderView | undefined {
  for (const order of orders.values()) if (order.orderReqId === id) return order;
  return undefined;
}

function OrderFacts({ order }: { readonly order: OrderView }) {
  const sol = (text: string) => text !== '' && <span class="num">{`${amount(text, 9)} SOL`}</span>;
  const isEntry = order.type === 'ENTRY';
  return (
    <Facts
      pairs={[
        ['Your id', <Copy key="req" text={order.orderReqId} whole />],
        ['Exitlane id', <Copy key="id" text={order.orderId} />],
        ['Token', <Copy key="mint" text={order.tokenAddress} />],
        [isEntry ? 'Spends' : 'Receives', sol(order.amountSol)],
        [
          isEntry ? 'Bought' : 'Sells',
          order.amountTokens !== '' && <span class="num">{amount(order.amountTokens, 9)}</span>,
        ],
        ['Quoted price', order.expectedPrice !== '' && <span class="num">{price(order.expectedPrice)}</span>],
        ['Actual price', order.actualPrice !== '' && <b class="num">{price(order.actualPrice)}</b>],
        [
          'Slippage',
          <span key="slip" class="num">
            {slippage(order)}
          </span>,
        ],
        ['Fee', sol(order.feeSol)],
        ['Deposits', order.rentSol !== '0' && sol(order.rentSol)],
        [
          'Priority',
          <span key="prio" class="num">
            {order.priority}
          </span>,
        ],
        ['Failed executions', <span key="tries" class="num">{`${order.attemptCount} of ${order.maxAttempts}`}</span>],
        ['Last error', order.lastError !== '' && <span class="problem">{order.lastError}</span>],
        ['Position', order.positionId !== '' && <a href={linkTo('positions', order.positionId)}>open it</a>],
        ['Simulated', order.isSimulated && 'yes: nothing is on a chain'],
        ['Created', <Time key="created" at={order.createdAt} millis />],
        ['Took a slot', order.submittedAt !== null && <Time at={order.submittedAt} millis />],
        ['Filled', order.filledAt !== null && <Time at={order.filledAt} millis />],
        ['Next try', order.nextRetryAt !== null && <Time at={order.nextRetryAt} />],
        ['Expires', order.expiresAt !== null && <Time at={order.expiresAt} />],
      ]}
    />
  );
}

function slippage({ slippageBps, maxSlippageBps }: OrderView): string {
  return slippageBps === null ? `at most ${maxSlippageBps} bps` : `${bps(slippageBps)} (at most ${maxSlippageBps})`;
}

function Attempts({ attempts }: { readonly attempts: readonly AttemptView[] }) {
  return (
    <table class="list attempts">
      <thead>
        <tr>
          <th class="right">#</th>
          <th>Signature</th>
          <th>State</th>
          <th class="right">Fee SOL</th>
          <th>Sent</th>
        </tr>
      </thead>
      <tbody>
        {attempts.map((attempt) => (
          <tr key={attempt.number}>
            <td class="right num">{attempt.number}</td>
            <td>
              <Signature text={attempt.txSignature} />
            </td>
            <td>
              {ATTEMPT_MEANING[attempt.state]}
              {attempt.error !== '' && <p class="problem">{attempt.error}</p>}
            </td>
            <td class="right num">{amount(attempt.feeSol, 9)}</td>
            <td class="num">
              <Time at={attempt.sentAt} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
