import type { ComponentChildren } from 'preact';
import { duration, shorten, wholeDuration } from '../../model/format.js';
import { useNow, useSelect } from '../state/hooks.js';
import { toast } from '../state/store.js';
import { ICONS, Icon } from './icons.js';

const TIME = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});
const DAY = new Intl.DateTimeFormat(undefined, { day: '2-digit', month: 'short' });

/** A time here, with the day unless it is today; UTC on hover. */
export function Time({ at, millis = false }: { readonly at: number | null; readonly millis?: boolean }) {
  if (at === null) return <span class="none">–</span>;
  const date = new Date(at);
  const isToday = date.toDateString() === new Date().toDateString();
  const tail = millis ? `.${String(date.getMilliseconds()).padStart(3, '0')}` : '';
  return (
    <time dateTime={date.toISOString()} title={`${date.toISOString().replace('T', ' ').replace('Z', '')} UTC`}>
      {isToday ? '' : `${DAY.format(date)} `}
      {TIME.format(date)}
      {tail}
    </time>
  );
}

export function timeOfDay(at: number): string {
  return TIME.format(new Date(at));
}

/** How long ago; it goes on while what is shown is current. */
export function Age({ at, suffix = '' }: { readonly at: number | null; readonly suffix?: string }) {
  const now = useNow();
  if (at === null) return <span class="none">–</span>;
  return (
    <span class="num" title={`${new Date(at).toISOString().replace('T', ' ').replace('Z', '')} UTC`}>
      {wholeDuration(now - at)}
      {suffix}
    </span>
  );
}

export function Span({ ms }: { readonly ms: number | null }) {
  return ms === null ? <span class="none">–</span> : <span class="num">{duration(ms)}</span>;
}

export type Tone = 'good' | 'bad' | 'warn' | 'busy' | 'quiet' | 'exit' | 'entry';

export function Badge({
  tone,
  title,
  children,
}: {
  readonly tone: Tone;
  readonly title?: string;
  readonly children: ComponentChildren;
}) {
  return (
    <span class={`badge ${tone}`} title={title}>
      {children}
    </span>
  );
}

export function Card({
  title,
  aside,
  children,
  class: name = '',
}: {
  readonly title?: ComponentChildren;
  readonly aside?: ComponentChildren;
  readonly children: ComponentChildren;
  readonly class?: string;
}) {
  return (
    <section class={`card ${name}`}>
      {title !== undefined && (
        <header>
          <h2>{title}</h2>
          {aside}
        </header>
      )}
      {children}
    </section>
  );
}

/** What stands where nothing is. */
export function Empty({ title, children }: { readonly title: string; readonly children?: ComponentChildren }) {
  return (
    <div class="empty">
      <strong>{title}</strong>
      {children !== undefined && <p>{children}</p>}
    </div>
  );
}

/** Name and value pairs; those without a value are left out. */
export function Facts({ pairs }: { readonly pairs: readonly (readonly [string, ComponentChildren])[] }) {
  const shown = pairs.filter(([, value]) => value !== '' && value !== null && value !== undefined && value !== false);
  return (
    <dl class="facts">
      {shown.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** An id to be copied: short on the page, whole in the clipboard. */
export function Copy({ text, whole = false }: { readonly text: string; readonly whole?: boolean }) {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      toast('good', 'Copied.');
    } catch {
      toast('bad', 'The browser does not allow copying.');
    }
  };
  return (
    <button type="button" class="copy" title={`${text} – copy`} onClick={() => void copy()}>
      <code>{whole ? text : shorten(text, 6, 6)}</code>
      <Icon path={ICONS.copy} />
    </button>
  );
}

/** Solscan knows mainnet; for other chains there is a setting. */
const PUBLIC_EXPLORER = 'https://solscan.io/tx/{signature}';

/** A transaction's signature, with a link where an explorer can know it. */
export function Signature({ text }: { readonly text: string }) {
  const explorer = useSelect(({ hello, services }) => {
    const mode = services.find(({ service }) => service === 'processor')?.mode;
    return hello?.explorerUrl ?? (mode === 'LIVE' ? PUBLIC_EXPLORER : null);
  });
  if (text === '') return <span class="none">–</span>;
  const isReal = /^[1-9A-HJ-NP-Za-km-z]{64,90}$/.test(text);
  return (
    <span class="signature">
      <Copy text={text} />
      {explorer !== null && isReal && (
        <a
          href={explorer.replace('{signature}', encodeURIComponent(text))}
          target="_blank"
          rel="noopener noreferrer"
          title="Open in the explorer"
        >
          <Icon path={ICONS.out} />
          <span class="hidden">explorer</span>
        </a>
      )}
    </span>
  );
}
