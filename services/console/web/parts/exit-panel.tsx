import { useState } from 'preact/hooks';
import { percentOf, times } from '../../model/decimal.js';
import { amount, price } from '../../model/format.js';
import type { PositionView } from '../../model/view.js';
import { useMayAct } from '../state/hooks.js';
import { useAct } from './act.js';
import { Age, Card } from './basics.js';
import { Dialog } from './dialog.js';
import { HoldButton } from './hold-button.js';
import { Token } from './order-badges.js';
import { remaining } from './profit.js';
import { Slippage, slippageIn } from './slippage.js';

/** Of exits, unless the requestor is set otherwise. */
const SLIPPAGE_BPS = 150;
const PRESETS: readonly number[] = [10, 25, 50, 75, 100];

/** How much to sell, what that would bring, and the two ways to do it. */
export function ExitPanel({ position }: { readonly position: PositionView }) {
  const [percent, setPercent] = useState(100);
  const [asking, setAsking] = useState(false);
  const may = useMayAct();
  const emergency = useAct();
  const isWhole = Number.isInteger(percent) && percent >= 1 && percent <= 100;
  const tokens = isWhole ? percentOf(position.availableTokens, percent, position.tokenDecimals) : undefined;
  const nothingLeft = !/[1-9]/.test(position.availableTokens);
  const leave = async () => {
    const body = { positionId: position.positionId, percent: 100, emergency: true, requestId: crypto.randomUUID() };
    await emergency.run('/api/positions/exit', body, 'Emergency exit: the order is on its way.');
  };
  return (
    <Card class="exit-panel" title="Exit">
      <PercentPicker percent={percent} isWhole={isWhole} onChange={setPercent} />
      <Estimate position={position} tokens={tokens} />
      <div class="buttons">
        <button
          type="button"
          class="primary"
          disabled={!may.allowed || !isWhole || nothingLeft}
          title={may.allowed ? (nothingLeft ? 'All of it is being sold already.' : '') : may.why}
          onClick={() => setAsking(true)}
        >
          Manual exit {isWhole ? `${percent} %` : ''}
        </button>
        <HoldButton
          disabled={!may.allowed || emergency.busy}
          title={may.allowed ? 'Hold for a good second. Runs before everything else.' : may.why}
          onHeld={() => void leave()}
        >
          Emergency exit 100 % <small>hold</small>
        </HoldButton>
      </div>
      {emergency.problem !== '' && (
        <p class="problem" role="alert">
          {emergency.problem}
        </p>
      )}
      {asking && tokens !== undefined && (
        <ConfirmExit position={position} percent={percent} tokens={tokens} onClose={() => setAsking(false)} />
      )}
    </Card>
  );
}

/** Slider in steps of ten, presets, and a field for any whole percent. */
function PercentPicker({
  percent,
  isWhole,
  onChange,
}: {
  readonly percent: number;
  readonly isWhole: boolean;
  readonly onChange: (percent: number) => void;
}) {
  return (
    <>
      <div class="percent">
        <label for="exit-percent">Exit percentage</label>
        <input
          id="exit-percent"
          type="range"
          min={10}
          max={100}
          step={10}
          value={Math.round(percent / 10) * 10}
          style={{ '--filled': `${Math.max(0, Math.min(100, ((percent - 10) / 90) * 100))}%` }}
          onInput={(event) => onChange(event.currentTarget.valueAsNumber)}
        />
        <span class="typed">
          <input
            type="number"
            min={1}
            max={100}
            step={1}
            inputMode="numeric"
            aria-label="Exit percentage, any whole percent"
            aria-invalid={isWhole ? undefined : true}
            value={Number.isNaN(percent) ? '' : percent}
            onInput={(event) => onChange(event.currentTarget.valueAsNumber)}
          />
          %
        </span>
      </div>
      <fieldset class="segments presets" aria-label="Presets">
        {PRESETS.map((preset) => (
          <button key={preset} type="button" aria-pressed={percent === preset} onClick={() => onChange(preset)}>
            {preset} %
          </button>
        ))}
      </fieldset>
    </>
  );
}

function Estimate({ position, tokens }: { readonly position: PositionView; readonly tokens: string | undefined }) {
  const sol = tokens === undefined ? undefined : times(tokens, position.currentPrice);
  const isPartlySold = remaining(position) !== position.availableTokens;
  return (
    <dl class="estimate">
      <div>
        <dt>Sells</dt>
        <dd class="num">
          {tokens === undefined ? '–' : amount(tokens, 4)} <Token symbol={position.tokenSymbol} />
        </dd>
      </div>
      <div>
        <dt>Would bring about</dt>
        <dd class="num">
          {sol === undefined ? <span class="none">no price known</span> : <b>{amount(sol, 5)} SOL</b>}
        </dd>
      </div>
      <div>
        <dt>At the price of</dt>
        <dd class="num">
          {position.currentPrice === '' ? (
            '–'
          ) : (
            <>
              {price(position.currentPrice)} · <Age at={position.currentPriceAt} suffix=" old" />
            </>
          )}
        </dd>
      </div>
      <p class="note">
        {isPartlySold ? 'Of what no other exit sells already. ' : ''}Before fees, price impact and slippage.
      </p>
    </dl>
  );
}

function ConfirmExit({
  position,
  percent,
  tokens,
  onClose,
}: {
  readonly position: PositionView;
  readonly percent: number;
  readonly tokens: string;
  readonly onClose: () => void;
}) {
  // One id per question: sending it twice cannot sell twice.
  const [requestId] = useState(() => crypto.randomUUID());
  const [slippage, setSlippage] = useState('');
  const act = useAct();
  const send = async () => {
    const body = { positionId: position.positionId, percent, emergency: false, requestId, ...slippageIn(slippage) };
    if (await act.run('/api/positions/exit', body, `Exit of ${percent} %: the order is on its way.`)) onClose();
  };
  return (
    <Dialog title={`Sell ${percent} % of this position`} onClose={onClose}>
      <p>
        Sells <b class="num">{amount(tokens, position.tokenDecimals)}</b> <Token symbol={position.tokenSymbol} /> as a
        manual exit. It runs before entries, after stop-losses and take-profits.
      </p>
      <p class="line">
        Most slippage <Slippage value={slippage} standard={SLIPPAGE_BPS} onChange={setSlippage} />
      </p>
      {act.problem !== '' && (
        <p class="problem" role="alert">
          {act.problem}
        </p>
      )}
      <footer>
        <button type="button" class="plain" onClick={onClose}>
          Cancel
        </button>
        <button type="button" class="primary" autofocus disabled={act.busy} onClick={() => void send()}>
          Sell {percent} %
        </button>
      </footer>
    </Dialog>
  );
}
