import { useEffect, useState } from 'preact/hooks';
import type { OrderPageView, OrderView, PositionView } from '../../model/view.js';
import { whyItStands } from '../../model/words.js';
import { useMayAct, useNow, useSelect } from '../state/hooks.js';
import { get } from '../state/http.js';
import { newestOrders } from '../state/lists.js';
import { linkTo } from '../state/route.js';
import { useAct } from './act.js';
import { Card, Empty, Time } from './basics.js';
import { Kind, StatusBadge } from './order-badges.js';
import { Slippage, slippageIn } from './slippage.js';

/** Exits drawn; a position has a few. */
const SHOWN_MAX = 20;
/** X6: where a retry begins unless the requestor is set otherwise. */
const RETRY_SLIPPAGE_BPS = 200;
/** Reasons of an exit that ended without a failure: somebody or something took it back. */
const TAKEN_BACK: readonly string[] = ['CANCELLED_BY_CLIENT', 'SUPERSEDED', 'RESTORED'];

/** The exits of a position, newest first, and the retry of one that failed for good. */
export function ExitStatus({ position }: { readonly position: PositionView }) {
  const exits = useExits(position);
  const queue = useSelect((state) => state.queue);
  const now = useNow();
  const [last] = exits;
  const failed = last && hasFailed(last) && position.status !== 'CLOSED' ? last : undefined;
  return (
    <Card title="Exit orders">
      {exits.length === 0 ? (
        <Empty title="No exit so far" />
      ) : (
        <ol class="exits">
          {exits.slice(0, SHOWN_MAX).map((order, index) => (
            <li key={order.orderId}>
              <div class="line">
                <StatusBadge status={order.status} reason={order.reason} />
                <Kind order={order} />
                <a href={linkTo('orders', order.orderReqId)}>timeline</a>
                <span class="when num">
                  <Time at={order.createdAt} />
                </span>
              </div>
              {index === 0 && <p>{whyItStands(order, queue, now)}</p>}
            </li>
          ))}
        </ol>
      )}
      {failed && <RetryExit key={failed.orderId} position={position} failed={failed} />}
    </Card>
  );
}

function hasFailed({ status, reason }: OrderView): boolean {
  return status === 'CANCELLED' && !TAKEN_BACK.includes(reason);
}

/** Exits that the page holds, and older ones once asked for. */
function useExits({ positionId }: PositionView): readonly OrderView[] {
  const orders = useSelect((state) => state.orders);
  const [older, setOlder] = useState<readonly OrderView[]>([]);
  useEffect(() => {
    get<OrderPageView>(`/api/orders?type=EXIT&positionId=${encodeURIComponent(positionId)}`).then(
      (page) => setOlder(page.orders),
      // What is held is shown; the rest comes when the page is opened again.
      () => undefined,
    );
  }, [positionId]);
  const held = newestOrders(orders).filter((order) => order.positionId === positionId && order.type === 'EXIT');
  const known = new Set(held.map(({ orderId }) => orderId));
  return [...held, ...older.filter(({ orderId }) => !known.has(orderId))];
}

function RetryExit({ position, failed }: { readonly position: PositionView; readonly failed: OrderView }) {
  const [requestId] = useState(() => crypto.randomUUID());
  const [slippage, setSlippage] = useState('');
  const act = useAct();
  const may = useMayAct();
  const send = () => {
    const body = { positionId: position.positionId, requestId, ...slippageIn(slippage) };
    void act.run('/api/positions/retry-exit', body, 'The exit is tried again.');
  };
  return (
    <div class="retry" role="alert">
      <p>
        <strong>The exit failed: {failed.reason}</strong>
        {failed.lastError !== '' && <span>{failed.lastError}</span>}
      </p>
      <div class="line">
        <Slippage value={slippage} standard={RETRY_SLIPPAGE_BPS} onChange={setSlippage} />
        <button type="button" class="primary" disabled={!may.allowed || act.busy} title={may.why} onClick={send}>
          Retry exit
        </button>
      </div>
      <p class="note">Sells all that remains, for the same reason.</p>
      {act.problem !== '' && <p class="problem">{act.problem}</p>}
    </div>
  );
}
