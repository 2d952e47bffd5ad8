import type { ComponentChildren } from 'preact';
import { count, duration, range, rate } from '../../model/format.js';
import type { PriorityView, QueueView } from '../../model/view.js';
import { AlertRow } from '../parts/alert-row.js';
import { Card, Empty, Span } from '../parts/basics.js';
import { Chart, type Line } from '../parts/chart.js';
import { Levels } from '../parts/levels.js';
import { Slots } from '../parts/slots.js';
import { TradingSwitch } from '../parts/trading.js';
import { useSelect } from '../state/hooks.js';
import { sortedAlerts } from '../state/lists.js';
import { linkTo } from '../state/route.js';

const DEPTH: readonly Line[] = [
  { label: 'exits', colour: '--exit', pick: ({ exits }) => exits },
  { label: 'entries', colour: '--entry', pick: ({ entries }) => entries },
];
const WAIT: readonly Line[] = [{ label: 'average', colour: '--accent', pick: ({ averageWaitMs }) => averageWaitMs }];
const RATE: readonly Line[] = [
  { label: 'in', colour: '--muted', pick: ({ arrivals }) => arrivals },
  { label: 'out', colour: '--good', pick: ({ completions }) => completions },
];
/** Alerts shown here; the rest has a page. */
const ALERTS_SHOWN = 4;

/** What a trader looks at first: may orders start, what runs, what waits and for how long. */
export function Overview() {
  const queue = useSelect((state) => state.queue);
  const history = useSelect((state) => state.history);
  return (
    <div class="page overview">
      <h1>Overview</h1>
      <div class="top live">
        <TradingSwitch />
        {queue ? <Slots queue={queue} /> : <Waiting title="Slots" />}
      </div>
      {queue && <Tiles queue={queue} />}
      <OpenAlerts />
      <div class="charts live">
        <Card>
          <Chart title="Waiting" samples={history} lines={DEPTH} format={whole} least={4} />
        </Card>
        <Card>
          <Chart title="Wait" samples={history} lines={WAIT} format={duration} least={1_000} />
        </Card>
        <Card>
          <Chart title="Orders per minute" samples={history} lines={RATE} format={rate} least={4} />
        </Card>
      </div>
      <div class="live">{queue ? <Levels queue={queue} /> : <Waiting title="Queue by priority" />}</div>
    </div>
  );
}

function whole(value: number): string {
  return Number.isInteger(value) ? count(value) : '';
}

function Waiting({ title }: { readonly title: string }) {
  return (
    <Card title={title}>
      <Empty title="Not known yet">The requestor has not told anything since this console started.</Empty>
    </Card>
  );
}

function Tiles({ queue }: { readonly queue: QueueView }) {
  const oldest = queue.priorities.reduce<number | null>((best, { oldestWaitingMs: ms }) => larger(best, ms), null);
  const stopLoss = queue.priorities.find(({ priority }) => priority === 10);
  const entry = queue.priorities.find(({ priority }) => priority === 100);
  return (
    <div class="tiles live">
      <Tile name="Exits waiting" tone="exit" under="in the queue">
        {count(queue.queuedExits)}
      </Tile>
      <Tile name="Entries waiting" tone="entry" under="in the queue">
        {count(queue.queuedEntries)}
      </Tile>
      <Tile name="Oldest waiting" under="of all levels">
        <Span ms={oldest} />
      </Tile>
      <Tile name="Average wait" under="of the last orders">
        <Span ms={queue.averageWaitMs} />
      </Tile>
      <Tile name="Wait, stop-loss" under="if it came now">
        {estimate(stopLoss)}
      </Tile>
      <Tile name="Wait, entry" under="if it came now">
        {estimate(entry)}
      </Tile>
      <Tile name="Orders per minute" under={`out; ${rate(queue.arrivalsPerMinute)} in`}>
        {rate(queue.completionsPerMinute)}
      </Tile>
      <Tile name="Processed" under={`session; ${count(queue.processedTotal)} in all`}>
        {count(queue.processedSinceStart)}
      </Tile>
    </div>
  );
}

function Tile({
  name,
  tone = '',
  under,
  children,
}: {
  readonly name: string;
  readonly tone?: string;
  readonly under?: string;
  readonly children: ComponentChildren;
}) {
  return (
    <div class={`tile ${tone}`}>
      <span class="name">{name}</span>
      <span class="value num">{children}</span>
      {under !== undefined && <span class="under num">{under}</span>}
    </div>
  );
}

function larger(one: number | null, other: number | null): number | null {
  if (one === null || other === null) return one ?? other;
  return Math.max(one, other);
}

function estimate(level: PriorityView | undefined): string {
  return level ? range(level.estimatedWaitMinMs, level.estimatedWaitMaxMs) : '–';
}

function OpenAlerts() {
  const alerts = useSelect((state) => state.alerts);
  const open = sortedAlerts(alerts).filter(({ state }) => state !== 'RESOLVED');
  if (open.length === 0) return null;
  return (
    <Card
      class="open-alerts live"
      title="Open alerts"
      aside={<a href={linkTo('alerts')}>{open.length > ALERTS_SHOWN ? `all ${open.length}` : 'all alerts'}</a>}
    >
      <ul class="alerts">
        {open.slice(0, ALERTS_SHOWN).map((alert) => (
          <AlertRow key={alert.alertId} alert={alert} short />
        ))}
      </ul>
    </Card>
  );
}
