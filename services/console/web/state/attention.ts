import { getState, type State, subscribe } from './store.js';

export function openCritical({ alerts }: State): number {
  let open = 0;
  for (const { severity, state } of alerts.byId.values()) if (severity === 'CRITICAL' && state === 'OPEN') open += 1;
  return open;
}

/** Shows open critical alerts where a tab in the background is seen: in its title and its icon. */
export function showAttention(): void {
  const icon = document.querySelector<HTMLLinkElement>('#icon');
  const apply = () => {
    const state = getState();
    const open = openCritical(state);
    const isLost = state.link === 'lost';
    const title = `${open > 0 ? `(${open}) CRITICAL · ` : ''}${isLost ? 'No connection · ' : ''}Exitlane`;
    if (document.title !== title) document.title = title;
    const href = open > 0 ? '/icon-alert.svg' : '/icon.svg';
    if (icon && icon.getAttribute('href') !== href) icon.setAttribute('href', href);
  };
  subscribe(apply);
  apply();
}
