import { useEffect } from 'preact/hooks';
import { goTo, PAGES, routeOf } from './route.js';

/** Keys that work everywhere but in fields and dialogs. */
export const KEYS: readonly (readonly [string, string])[] = [
  ['1 – 5', 'overview, orders, positions, alerts, health'],
  ['/', 'search orders'],
  ['Esc', 'back to the list; close a dialog'],
  ['?', 'this help'],
  ['Space or Enter, held', 'emergency exit, on its button'],
];

export function useKeys(onHelp: () => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
      const target = event.target instanceof HTMLElement ? event.target : undefined;
      const isField = target?.matches('input, textarea, select') ?? false;
      if (event.key === 'Escape') leave(target, isField);
      else if (!isField && handle(event.key, onHelp)) event.preventDefault();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [onHelp]);
}

function handle(key: string, onHelp: () => void): boolean {
  const page = PAGES[Number(key) - 1];
  if (page !== undefined) goTo(page);
  else if (key === '?') onHelp();
  else if (key === '/') searchOrders();
  else return false;
  return true;
}

function searchOrders(): void {
  const focus = () => document.querySelector<HTMLInputElement>('input.search')?.focus();
  const { page, id } = routeOf(location.hash);
  if (page === 'orders' && id === '') {
    focus();
    return;
  }
  goTo('orders');
  // The page is drawn after the address has changed.
  setTimeout(focus, 50);
}

function leave(target: HTMLElement | undefined, isField: boolean): void {
  const { page, id } = routeOf(location.hash);
  if (isField) target?.blur();
  else if (id !== '') goTo(page);
}
