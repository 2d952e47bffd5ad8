import { useSelect } from '../state/hooks.js';
import { dropToast } from '../state/store.js';

/** How actions went, said once and read out. */
export function Toasts() {
  const toasts = useSelect((state) => state.toasts);
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.map(({ id, kind, text }) => (
        <button key={id} type="button" class={kind} onClick={() => dropToast(id)}>
          {text}
        </button>
      ))}
    </div>
  );
}
