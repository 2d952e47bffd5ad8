import { range } from '../../model/format.js';
import type { PriorityView, QueueView } from '../../model/view.js';
import { levelLabel } from '../../model/words.js';
import { Card, Span } from './basics.js';

/** The queue by priority, most urgent first. */
export function Levels({ queue }: { readonly queue: QueueView }) {
  const most = Math.max(1, ...queue.priorities.map(({ queued }) => queued));
  return (
    <Card class="levels" title="Queue by priority">
      <table>
        <thead>
          <tr>
            <th>Level</th>
            <th class="right">Waiting</th>
            <th class="bar" />
            <th class="right">Running</th>
            <th class="right">Oldest</th>
            <th class="right">Expected wait</th>
          </tr>
        </thead>
        <tbody>
          {queue.priorities.map((level) => (
            <Level key={level.priority} level={level} most={most} />
          ))}
        </tbody>
      </table>
    </Card>
  );
}

function Level({ level, most }: { readonly level: PriorityView; readonly most: number }) {
  const tone = level.priority === 0 ? 'emergency' : level.priority >= 100 ? 'entry' : 'exit';
  return (
    <tr class={level.queued + level.processing === 0 ? 'idle' : ''}>
      <td>
        <span class={`kind ${tone}`} title={`priority ${level.priority}`}>
          {levelLabel(level.priority)}
        </span>
      </td>
      <td class="right num">{level.queued}</td>
      <td class="bar" aria-hidden="true">
        <i class={tone} style={{ width: `${(100 * level.queued) / most}%` }} />
      </td>
      <td class="right num">{level.processing}</td>
      <td class="right">
        <Span ms={level.oldestWaitingMs} />
      </td>
      <td class="right num">{range(level.estimatedWaitMinMs, level.estimatedWaitMaxMs)}</td>
    </tr>
  );
}
