import { useState } from 'preact/hooks';
import type { TradingStateName } from '../../model/view.js';
import { TRADING_LABEL, TRADING_MEANING } from '../../model/words.js';
import { useMayAct, useSelect } from '../state/hooks.js';
import { useAct } from './act.js';
import { Card, Time } from './basics.js';
import { Dialog } from './dialog.js';

const STATES: readonly TradingStateName[] = ['ACTIVE', 'EXITS_ONLY', 'HALTED'];

/** Which orders may start, who said so and why; the switch asks for a reason. */
export function TradingSwitch() {
  const queue = useSelect((state) => state.queue);
  const trading = useSelect((state) => state.trading);
  const may = useMayAct();
  const [wanted, setWanted] = useState<TradingStateName>();
  const current = queue?.tradingState ?? 'UNKNOWN';
  return (
    <Card class={`trading ${current.toLowerCase()}`} title="Trading">
      <p class="state">
        <strong>{TRADING_LABEL[current]}</strong>
        <span>{TRADING_MEANING[current]}</span>
      </p>
      <fieldset class="segments" aria-label="Trading state">
        {STATES.map((state) => (
          <button
            key={state}
            type="button"
            class={state.toLowerCase()}
            aria-pressed={state === current}
            disabled={!may.allowed || state === current}
            title={may.allowed ? TRADING_MEANING[state] : may.why}
            onClick={() => setWanted(state)}
          >
            {TRADING_LABEL[state]}
          </button>
        ))}
      </fieldset>
      <p class="who">
        {trading && trading.state === current ? (
          <>
            Set by <b>{trading.changedBy}</b> <Time at={trading.changedAt} />: {trading.changeReason}
          </>
        ) : (
          ' '
        )}
      </p>
      {wanted !== undefined && <SwitchDialog wanted={wanted} onClose={() => setWanted(undefined)} />}
    </Card>
  );
}

function SwitchDialog({ wanted, onClose }: { readonly wanted: TradingStateName; readonly onClose: () => void }) {
  const [reason, setReason] = useState('');
  const act = useAct();
  const send = async () => {
    const done = await act.run(
      '/api/trading-state',
      { state: wanted, reason },
      `Trading is ${TRADING_LABEL[wanted].toLowerCase()} now.`,
    );
    if (done) onClose();
  };
  return (
    <Dialog title={`Switch to ${TRADING_LABEL[wanted].toLowerCase()}`} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <p>{TRADING_MEANING[wanted]} Orders that run already are not touched.</p>
        <label>
          Why, for the record
          <input
            name="reason"
            required
            maxLength={200}
            autocomplete="off"
            autofocus
            value={reason}
            onInput={(event) => setReason(event.currentTarget.value)}
          />
        </label>
        {act.problem !== '' && <p class="problem">{act.problem}</p>}
        <footer>
          <button type="button" class="plain" onClick={onClose}>
            Cancel
          </button>
          <button
            type="submit"
            class={wanted === 'ACTIVE' ? 'primary' : 'warning'}
            disabled={act.busy || reason.trim() === ''}
          >
            Switch to {TRADING_LABEL[wanted].toLowerCase()}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
