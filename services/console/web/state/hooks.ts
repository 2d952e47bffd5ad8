import { useEffect, useReducer, useRef } from 'preact/hooks';
import { getState, isCurrent, type State, subscribe } from './store.js';

/** What `select` finds in the state; the component is drawn again when that is another thing than before. */
export function useSelect<T>(select: (state: State) => T): T {
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  const selected = select(getState());
  const held = useRef({ select, selected });
  held.current = { select, selected };
  useEffect(() => {
    const look = () => {
      const { select: current, selected: before } = held.current;
      if (!Object.is(current(getState()), before)) redraw(undefined as never);
    };
    look();
    return subscribe(look);
  }, []);
  return selected;
}

export function useNow(): number {
  return useSelect(({ now }) => now);
}

/** This person may act, and there is somebody to act on. */
export function useMayAct(): { readonly allowed: boolean; readonly why: string } {
  const role = useSelect(({ identity }) => identity?.role);
  const current = useSelect(isCurrent);
  if (role !== 'operator') return { allowed: false, why: 'You may look (role viewer), not act.' };
  return current ? { allowed: true, why: '' } : { allowed: false, why: 'The requestor is not connected.' };
}
