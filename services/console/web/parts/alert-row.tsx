import { useState } from 'preact/hooks';
import type { AlertView, SeverityName } from '../../model/view.js';
import { useMayAct } from '../state/hooks.js';
import { linkTo } from '../state/route.js';
import { useAct } from './act.js';
import { Age, Badge, Time, type Tone } from './basics.js';
import { Dialog } from './dialog.js';
import { Token } from './order-badges.js';

const TONES: Readonly<Record<SeverityName, Tone>> = {
  CRITICAL: 'bad',
  WARNING: 'warn',
  INFO: 'busy',
  UNKNOWN: 'quiet',
};

type Verb = 'acknowledge' | 'resolve';

/** One alert: what happened, to what, what became of it, and what one can do about it. */
export function AlertRow({ alert, short = false }: { readonly alert: AlertView; readonly short?: boolean }) {
  const [verb, setVerb] = useState<Verb>();
  const may = useMayAct();
  return (
    <li class={`alert ${alert.severity.toLowerCase()} ${alert.state.toLowerCase()}`}>
      <div class="head">
        <Badge tone={TONES[alert.severity]}>{alert.severity.toLowerCase()}</Badge>
        <strong>{alert.title}</strong>
        {alert.tokenSymbol !== '' && <Token symbol={alert.tokenSymbol} address={alert.tokenAddress} />}
        <span class="when">
          <Age at={alert.createdAt} suffix=" ago" />
        </span>
      </div>
      <p class="message">{alert.message}</p>
      {!short && <Story alert={alert} />}
      <div class="foot">
        {alert.positionId !== '' && <a href={linkTo('positions', alert.positionId)}>Position</a>}
        {alert.orderId !== '' && <a href={linkTo('orders', alert.orderId)}>Order</a>}
        {alert.repeats > 0 && <span class="quiet">told {alert.repeats + 1} times</span>}
        <span class="grow" />
        {alert.state === 'OPEN' && (
          <button
            type="button"
            class="small"
            disabled={!may.allowed}
            title={may.why}
            onClick={() => setVerb('acknowledge')}
          >
            Acknowledge
          </button>
        )}
        {alert.state !== 'RESOLVED' && (
          <button
            type="button"
            class="small plain"
            disabled={!may.allowed}
            title={may.why}
            onClick={() => setVerb('resolve')}
          >
            Resolve
          </button>
        )}
      </div>
      {verb !== undefined && <NoteDialog alert={alert} verb={verb} onClose={() => setVerb(undefined)} />}
    </li>
  );
}

function Story({ alert }: { readonly alert: AlertView }) {
  const lost = alert.deliveries.filter(({ state }) => state === 'GIVEN_UP');
  return (
    <ul class="story">
      <li>
        Raised <Time at={alert.createdAt} />
        {alert.attempts !== null &&
          alert.attempts > 0 &&
          ` after ${alert.attempts} failed ${alert.attempts === 1 ? 'execution' : 'executions'}`}
      </li>
      {alert.acknowledgedAt !== null && (
        <li>
          Acknowledged by <b>{alert.acknowledgedBy}</b> <Time at={alert.acknowledgedAt} />
          {alert.acknowledgeNote !== '' && `: ${alert.acknowledgeNote}`}
        </li>
      )}
      {alert.resolvedAt !== null && (
        <li>
          Resolved by <b>{alert.resolvedBy}</b> <Time at={alert.resolvedAt} />
          {alert.resolveNote !== '' && `: ${alert.resolveNote}`}
        </li>
      )}
      {lost.map(({ sender, event, lastError }) => (
        <li key={`${sender} ${event}`} class="problem">
          Not told by {sender}: {lastError}
        </li>
      ))}
    </ul>
  );
}

function NoteDialog({
  alert,
  verb,
  onClose,
}: {
  readonly alert: AlertView;
  readonly verb: Verb;
  readonly onClose: () => void;
}) {
  const [note, setNote] = useState('');
  const act = useAct();
  const name = verb === 'acknowledge' ? 'Acknowledge' : 'Resolve';
  const send = async () => {
    const done = await act.run(`/api/alerts/${verb}`, { alertId: alert.alertId, note }, `Alert ${verb}d.`);
    if (done) onClose();
  };
  return (
    <Dialog title={`${name}: ${alert.title}`} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <p>{verb === 'acknowledge' ? 'Says that you have seen it and look after it.' : 'Says that it is over.'}</p>
        <label>
          Note, if you like
          <input
            name="note"
            maxLength={400}
            autocomplete="off"
            autofocus
            value={note}
            onInput={(event) => setNote(event.currentTarget.value)}
          />
        </label>
        {act.problem !== '' && <p class="problem">{act.problem}</p>}
        <footer>
          <button type="button" class="plain" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="primary" disabled={act.busy}>
            {name}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
