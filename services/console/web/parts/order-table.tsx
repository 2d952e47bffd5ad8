import { amount, bps, price } from '../../model/format.js';
import type { OrderView } from '../../model/view.js';
import { goTo, linkTo } from '../state/route.js';
import { Time } from './basics.js';
import { memo } from './memo.js';
import { Kind, StatusBadge, Token } from './order-badges.js';

/** Orders, one line each; a click anywhere in the line opens it. */
export function OrderTable({ orders }: { readonly orders: readonly OrderView[] }) {
  return (
    <table class="list order-list">
      <thead>
        <tr>
          <th class="c-time">Created</th>
          <th class="c-id">Order</th>
          <th class="c-kind">Kind</th>
          <th class="c-token">Token</th>
          <th class="c-status">Status</th>
          <th class="c-reason">Reason</th>
          <th class="c-sol right">SOL</th>
          <th class="c-price right">Price</th>
          <th class="c-slip right">Slippage</th>
        </tr>
      </thead>
      <tbody>
        {orders.map((order) => (
          <OrderRow key={order.orderId} order={order} />
        ))}
      </tbody>
    </table>
  );
}

const OrderRow = memo(({ order }: { readonly order: OrderView }) => (
  <tr class={order.isTerminal ? 'ended' : 'running'} onClick={() => goTo('orders', order.orderReqId)}>
    <td class="c-time num">
      <Time at={order.createdAt} />
    </td>
    <td class="c-id">
      <a href={linkTo('orders', order.orderReqId)} title={order.orderReqId}>
        {order.orderReqId}
      </a>
    </td>
    <td class="c-kind">
      <Kind order={order} />
    </td>
    <td class="c-token">
      <Token symbol={order.tokenSymbol} address={order.tokenAddress} />
    </td>
    <td class="c-status">
      <StatusBadge status={order.status} reason={order.reason} />
    </td>
    <td class="c-reason" title={order.lastError}>
      {order.reason === order.status ? '' : order.reason}
    </td>
    <td class="c-sol right num" title={order.amountSol}>
      {amount(order.amountSol, 4)}
    </td>
    <td class="c-price right num" title={order.actualPrice || order.expectedPrice}>
      <span class={order.actualPrice === '' ? 'quiet' : ''}>{price(order.actualPrice || order.expectedPrice)}</span>
    </td>
    <td class="c-slip right num">{bps(order.slippageBps)}</td>
  </tr>
));
