import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { count } from '../../model/format.js';
import type { OrderPageView, OrderStatusName, OrderView } from '../../model/view.js';
import { Card, Empty } from '../parts/basics.js';
import { OrderTable } from '../parts/order-table.js';
import { useSelect } from '../state/hooks.js';
import { get, messageOf } from '../state/http.js';
import { newestOrders } from '../state/lists.js';
import { goTo } from '../state/route.js';
import { OrderDetail } from './order-detail.js';

type StatusFilter = 'all' | 'live' | 'filled' | 'failed' | 'cancelled';
type TypeFilter = 'all' | 'ENTRY' | 'EXIT';

const STATUS_FILTERS: Readonly<Record<StatusFilter, { label: string; statuses: readonly OrderStatusName[] }>> = {
  all: { label: 'All', statuses: [] },
  live: { label: 'Live', statuses: ['PENDING', 'SUBMITTED', 'CONFIRMING', 'FAILED'] },
  filled: { label: 'Filled', statuses: ['FILLED'] },
  failed: { label: 'Retrying', statuses: ['FAILED'] },
  cancelled: { label: 'Cancelled', statuses: ['CANCELLED'] },
};
const TYPE_FILTERS: Readonly<Record<TypeFilter, string>> = { all: 'All', ENTRY: 'Entries', EXIT: 'Exits' };
/** Rows drawn at first, and more with each wish: a browser draws 100 rows without a hitch, people do not read 1,000. */
const ROWS_STEP = 100;

export function Orders({ id }: { readonly id: string }) {
  return id === '' ? <OrderList /> : <OrderDetail key={id} id={id} />;
}

function OrderList() {
  const orders = useSelect((state) => state.orders);
  const [status, setStatus] = useState<StatusFilter>('all');
  const [type, setType] = useState<TypeFilter>('all');
  const [search, setSearch] = useState('');
  const [rows, setRows] = useState(ROWS_STEP);
  const archive = useArchive(status, type, orders.byId);
  const matching = useMemo(() => {
    const held = newestOrders(orders);
    const known = new Set(held.map(({ orderId }) => orderId));
    const older = archive.orders.filter(({ orderId }) => !known.has(orderId));
    return [...held, ...older].filter((order) => matches(order, status, type, search.trim().toLowerCase()));
  }, [orders, archive.orders, status, type, search]);
  const shown = matching.slice(0, rows);
  const change = (apply: () => void) => {
    apply();
    setRows(ROWS_STEP);
  };
  return (
    <div class="page orders">
      <h1>Orders</h1>
      <Card class="live">
        <div class="filters">
          <Search text={search} onChange={(text) => change(() => setSearch(text))} />
          <Choice
            label="Status"
            values={Object.entries(STATUS_FILTERS).map(([value, { label }]) => [value as StatusFilter, label])}
            value={status}
            onChange={(value) => change(() => setStatus(value))}
          />
          <Choice
            label="Type"
            values={Object.entries(TYPE_FILTERS).map(([value, label]) => [value as TypeFilter, label])}
            value={type}
            onChange={(value) => change(() => setType(value))}
          />
          <span class="total num">
            {count(matching.length)} {matching.length === 1 ? 'order' : 'orders'}
          </span>
        </div>
        {shown.length === 0 ? (
          <NoOrders isEmpty={orders.byId.size === 0} isKnown={orders.currency !== 'waiting'} search={search.trim()} />
        ) : (
          <OrderTable orders={shown} />
        )}
        <div class="more">
          {matching.length > rows && (
            <button type="button" class="plain" onClick={() => setRows(rows + ROWS_STEP)}>
              Show {Math.min(ROWS_STEP, matching.length - rows)} more
            </button>
          )}
          {matching.length <= rows && archive.more && (
            <button type="button" class="plain" disabled={archive.busy} onClick={() => void archive.load()}>
              Load older orders
            </button>
          )}
          {archive.problem !== '' && <p class="problem">{archive.problem}</p>}
        </div>
      </Card>
    </div>
  );
}

function matches(order: OrderView, status: StatusFilter, type: TypeFilter, search: string): boolean {
  const { statuses } = STATUS_FILTERS[status];
  if (statuses.length > 0 && !statuses.includes(order.status)) return false;
  if (type !== 'all' && order.type !== type) return false;
  if (search === '') return true;
  const { orderReqId, orderId, tokenSymbol, tokenAddress, exitReason, reason, positionId, txSignature } = order;
  return [orderReqId, orderId, tokenSymbol, tokenAddress, exitReason, reason, positionId, txSignature].some((text) =>
    text.toLowerCase().includes(search),
  );
}

/** Pages asked for with one wish: the newest ones may hold nothing that is not known already. */
const PAGES_MAX = 20;

/** What the list no longer holds, page by page, newest first. */
function useArchive(status: StatusFilter, type: TypeFilter, known: ReadonlyMap<string, OrderView>) {
  const [orders, setOrders] = useState<readonly OrderView[]>([]);
  const [token, setToken] = useState<string | undefined>();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState('');
  useEffect(() => {
    setOrders([]);
    setToken(undefined);
  }, [status, type]);
  const load = async () => {
    const found: OrderView[] = [];
    let next = token;
    for (let pages = 0; pages < PAGES_MAX && found.length === 0 && next !== ''; pages += 1) {
      const page: OrderPageView = await get(`/api/orders?${pageWish(status, type, next)}`);
      found.push(...page.orders.filter(({ orderId }) => !known.has(orderId)));
      next = page.nextPageToken;
    }
    setOrders((held) => [...held, ...found]);
    setToken(next);
  };
  return {
    orders,
    busy,
    problem,
    more: token !== '',
    async load() {
      setBusy(true);
      setProblem('');
      try {
        await load();
      } catch (error) {
        setProblem(messageOf(error));
      } finally {
        setBusy(false);
      }
    },
  };
}

function pageWish(status: StatusFilter, type: TypeFilter, pageToken: string | undefined): URLSearchParams {
  const wish = new URLSearchParams();
  if (pageToken) wish.set('pageToken', pageToken);
  const { statuses } = STATUS_FILTERS[status];
  if (statuses.length > 0) wish.set('statuses', statuses.join(','));
  if (type !== 'all') wish.set('type', type);
  return wish;
}

function Search({ text, onChange }: { readonly text: string; readonly onChange: (text: string) => void }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <input
      ref={input}
      type="search"
      class="search"
      placeholder="Search id, token, reason, signature"
      aria-label="Search orders"
      aria-keyshortcuts="/"
      value={text}
      onInput={(event) => onChange(event.currentTarget.value)}
    />
  );
}

function Choice<Value extends string>({
  label,
  values,
  value,
  onChange,
}: {
  readonly label: string;
  readonly values: readonly (readonly [Value, string])[];
  readonly value: Value;
  readonly onChange: (value: Value) => void;
}) {
  return (
    <fieldset class="segments" aria-label={label}>
      {values.map(([each, name]) => (
        <button key={each} type="button" aria-pressed={each === value} onClick={() => onChange(each)}>
          {name}
        </button>
      ))}
    </fieldset>
  );
}

function NoOrders({
  isEmpty,
  isKnown,
  search,
}: {
  readonly isEmpty: boolean;
  readonly isKnown: boolean;
  readonly search: string;
}) {
  if (!isKnown) return <Empty title="Not known yet">The requestor has not told its orders yet.</Empty>;
  if (isEmpty) {
    return (
      <Empty title="No orders yet">
        Submit one: <code>npx exitlane submit entry --token BONK --sol 0.5</code>
      </Empty>
    );
  }
  if (search === '') return <Empty title="No order matches">Older ones may: load them below.</Empty>;
  const isId = /^[A-Za-z0-9._:-]{1,128}$/.test(search);
  return (
    <Empty title="No order here matches">
      {isId && (
        <button type="button" class="small" onClick={() => goTo('orders', search)}>
          Look it up by id
        </button>
      )}
    </Empty>
  );
}
