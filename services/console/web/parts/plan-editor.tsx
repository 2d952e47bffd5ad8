import { useState } from 'preact/hooks';
import { priceAt } from '../../model/decimal.js';
import { price } from '../../model/format.js';
import { draftOf, type PlanDraft, planIn, STEPS_MAX } from '../../model/plan-draft.js';
import type { PositionView } from '../../model/view.js';
import { useMayAct } from '../state/hooks.js';
import { useAct } from './act.js';
import { Card } from './basics.js';

/** When the position is left by itself. An empty field is a rule that is off. */
export function PlanEditor({ position }: { readonly position: PositionView }) {
  const [draft, setDraft] = useState<PlanDraft>();
  const may = useMayAct();
  const act = useAct();
  const held = draftOf(position.exitPlan);
  const shown = draft ?? held;
  const read = planIn(shown);
  const set = (change: Partial<PlanDraft>) => setDraft({ ...shown, ...change });
  const save = async () => {
    if (!read.plan) return;
    const body = { positionId: position.positionId, plan: read.plan };
    if (await act.run('/api/positions/exit-plan', body, 'The exit plan is set.')) setDraft(undefined);
  };
  return (
    <Card class="plan" title="Exit plan" aside={draft && <span class="badge warn">not saved</span>}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <fieldset disabled={!may.allowed || act.busy}>
          <Rules draft={shown} entryPrice={position.entryPrice} onChange={set} />
        </fieldset>
        {draft && read.problem !== '' && <p class="problem">{read.problem}</p>}
        {act.problem !== '' && (
          <p class="problem" role="alert">
            {act.problem}
          </p>
        )}
        <footer>
          <button type="button" class="plain" disabled={!draft || act.busy} onClick={() => setDraft(undefined)}>
            Undo
          </button>
          <button
            type="submit"
            class="primary"
            disabled={!draft || !read.plan || !may.allowed || act.busy}
            title={may.why}
          >
            Save plan
          </button>
        </footer>
      </form>
    </Card>
  );
}

interface RulesProps {
  readonly draft: PlanDraft;
  readonly entryPrice: string;
  readonly onChange: (change: Partial<PlanDraft>) => void;
}

/** A line per rule, with the price at which it triggers. */
function Rules({ draft, entryPrice, onChange }: RulesProps) {
  return (
    <>
      <Rule name="Stop-loss" hint={trigger(entryPrice, draft.stopLoss, -1)}>
        <Percent
          label="Stop-loss, percent below entry"
          sign="−"
          value={draft.stopLoss}
          onChange={(stopLoss) => onChange({ stopLoss })}
        />
      </Rule>
      <Rule
        name="Trailing stop"
        hint={draft.activation === '' ? '' : `from ${trigger(entryPrice, draft.activation, 1)}`}
      >
        <Percent
          label="Trailing stop, percent below the best price"
          sign="−"
          value={draft.trailing}
          onChange={(trailing) => onChange({ trailing })}
        />
        <span class="word">from</span>
        <Percent
          label="Trailing stop begins, percent above entry"
          sign="+"
          value={draft.activation}
          onChange={(activation) => onChange({ activation })}
        />
      </Rule>
      <Steps draft={draft} entryPrice={entryPrice} onChange={onChange} />
      <Rule name="Time limit" hint="">
        <Minutes
          label="Time limit in minutes"
          value={draft.timeLimit}
          onChange={(timeLimit) => onChange({ timeLimit })}
        />
      </Rule>
      <Rule name="Stagnation" hint="">
        <Percent
          label="Stagnation, percent of movement"
          sign="<"
          value={draft.stagnation}
          onChange={(stagnation) => onChange({ stagnation })}
        />
        <span class="word">in</span>
        <Minutes
          label="Stagnation window in minutes"
          value={draft.window}
          onChange={(window) => onChange({ window })}
        />
      </Rule>
    </>
  );
}

function Steps({ draft, entryPrice, onChange }: RulesProps) {
  return (
    <>
      {draft.steps.map((step, index) => (
        <Rule key={STEP_NAMES[index]} name={STEP_NAMES[index] ?? ''} hint={trigger(entryPrice, step.gain, 1)}>
          <Percent
            label={`${STEP_NAMES[index]}, percent above entry`}
            sign="+"
            value={step.gain}
            onChange={(gain) => onChange({ steps: draft.steps.with(index, { ...step, gain }) })}
          />
          <span class="word">sell</span>
          <Percent
            label={`${STEP_NAMES[index]}, percent to sell`}
            sign=""
            value={step.sell}
            onChange={(sell) => onChange({ steps: draft.steps.with(index, { ...step, sell }) })}
          />
        </Rule>
      ))}
    </>
  );
}

function trigger(entryPrice: string, percent: string, sign: 1 | -1): string {
  const at = percent === '' ? undefined : priceAt(entryPrice, sign * Number(percent));
  return at === undefined ? '' : price(at);
}

const STEP_NAMES: readonly string[] = Array.from({ length: STEPS_MAX }, (_, index) => `Take-profit ${index + 1}`);

function Rule({
  name,
  hint,
  children,
}: {
  readonly name: string;
  readonly hint: string;
  readonly children: preact.ComponentChildren;
}) {
  return (
    <div class="rule">
      <span class="name">{name}</span>
      <span class="inputs">{children}</span>
      <span class="hint num">{hint}</span>
    </div>
  );
}

interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (text: string) => void;
}

function Percent({ label, sign, value, onChange }: FieldProps & { readonly sign: string }) {
  return (
    <span class="field">
      {sign !== '' && <i>{sign}</i>}
      <input
        inputMode="decimal"
        aria-label={label}
        placeholder="off"
        value={value}
        onInput={(event) => onChange(event.currentTarget.value.trim().replace(',', '.'))}
      />
      <i>%</i>
    </span>
  );
}

function Minutes({ label, value, onChange }: FieldProps) {
  return (
    <span class="field">
      <input
        inputMode="numeric"
        aria-label={label}
        placeholder="off"
        value={value}
        onInput={(event) => onChange(event.currentTarget.value.trim())}
      />
      <i>min</i>
    </span>
  );
}
