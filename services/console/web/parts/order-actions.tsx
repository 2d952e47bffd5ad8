import { useState } from 'preact/hooks';
import type { OrderView } from '../../model/view.js';
import { useMayAct } from '../state/hooks.js';
import { useAct } from './act.js';
import { Dialog } from './dialog.js';

/** What can be done with an order: take it back while nothing of it may land, or submit a cancelled entry again. */
export function OrderActions({ order }: { readonly order: OrderView }) {
  const [asking, setAsking] = useState<'cancel' | 'retry'>();
  const may = useMayAct();
  const canCancel = !order.isTerminal && order.status !== 'CONFIRMING';
  return (
    <>
      {canCancel && (
        <button type="button" class="small" disabled={!may.allowed} title={may.why} onClick={() => setAsking('cancel')}>
          Cancel order
        </button>
      )}
      {order.canRetry && order.type === 'ENTRY' && (
        <button type="button" class="small" disabled={!may.allowed} title={may.why} onClick={() => setAsking('retry')}>
          Submit again
        </button>
      )}
      {asking === 'cancel' && <CancelDialog order={order} onClose={() => setAsking(undefined)} />}
      {asking === 'retry' && <RetryDialog order={order} onClose={() => setAsking(undefined)} />}
    </>
  );
}

interface DialogProps {
  readonly order: OrderView;
  readonly onClose: () => void;
}

function CancelDialog({ order, onClose }: DialogProps) {
  const [reason, setReason] = useState('');
  const act = useAct();
  const send = async () => {
    if (await act.run('/api/orders/cancel', { orderId: order.orderId, reason }, 'Cancelling was asked for.')) onClose();
  };
  return (
    <Dialog title="Cancel this order" onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <p>A waiting order ends at once. A running one stops, unless its transaction is committed first.</p>
        <label>
          Why, if you like
          <input
            maxLength={400}
            autocomplete="off"
            autofocus
            value={reason}
            onInput={(event) => setReason(event.currentTarget.value)}
          />
        </label>
        {act.problem !== '' && <p class="problem">{act.problem}</p>}
        <footer>
          <button type="button" class="plain" onClick={onClose}>
            Keep it
          </button>
          <button type="submit" class="warning" disabled={act.busy}>
            Cancel order
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

function RetryDialog({ order, onClose }: DialogProps) {
  const [requestId] = useState(() => crypto.randomUUID());
  const act = useAct();
  const send = async () => {
    const body = { orderId: order.orderId, requestId };
    if (await act.run('/api/orders/retry', body, 'Submitted again as a new order.')) onClose();
  };
  return (
    <Dialog title="Submit this entry again" onClose={onClose}>
      <p>A new order with the same token and amount is queued.</p>
      {act.problem !== '' && <p class="problem">{act.problem}</p>}
      <footer>
        <button type="button" class="plain" onClick={onClose}>
          Cancel
        </button>
        <button type="button" class="primary" disabled={act.busy} onClick={() => void send()}>
          Submit again
        </button>
      </footer>
    </Dialog>
  );
}
