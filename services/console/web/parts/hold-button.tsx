import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

/** Long enough to be meant, short enough for an emergency. */
export const HOLD_MS = 1_200;

/** A button that acts when it is held, by pointer or by Space or Enter; letting go earlier does nothing. */
export function HoldButton({
  onHeld,
  disabled,
  title,
  children,
}: {
  readonly onHeld: () => void;
  readonly disabled: boolean;
  readonly title: string;
  readonly children: ComponentChildren;
}) {
  const [holding, setHolding] = useState(false);
  const timer = useRef(0);
  const stop = () => {
    clearTimeout(timer.current);
    timer.current = 0;
    setHolding(false);
  };
  const start = () => {
    if (disabled || timer.current !== 0) return;
    setHolding(true);
    timer.current = window.setTimeout(() => {
      stop();
      onHeld();
    }, HOLD_MS);
  };
  const isKey = (event: KeyboardEvent) => event.key === ' ' || event.key === 'Enter';
  useEffect(() => stop, []);
  useEffect(() => {
    if (disabled) stop();
  }, [disabled]);
  return (
    <button
      type="button"
      class={`hold ${holding ? 'holding' : ''}`}
      disabled={disabled}
      title={title}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        // The pointer may leave the button a little while it is held.
        event.currentTarget.setPointerCapture(event.pointerId);
        start();
      }}
      onPointerUp={stop}
      onPointerCancel={stop}
      onContextMenu={(event) => event.preventDefault()}
      onKeyDown={(event) => {
        if (!isKey(event)) return;
        event.preventDefault();
        if (!event.repeat) start();
      }}
      onKeyUp={(event) => isKey(event) && stop()}
      onBlur={stop}
    >
      <span>{children}</span>
    </button>
  );
}
