const WHOLE = /^\d{1,5}$/;

/** How much worse than quoted it may become; empty takes the requestor's setting. */
export function Slippage({
  value,
  standard,
  onChange,
}: {
  readonly value: string;
  /** Basis points, usually. */
  readonly standard: number;
  readonly onChange: (text: string) => void;
}) {
  return (
    <span class="field slippage" title="Most slippage accepted">
      <input
        inputMode="numeric"
        maxLength={5}
        aria-label="Most slippage in basis points"
        aria-invalid={value === '' || WHOLE.test(value) ? undefined : true}
        placeholder={String(standard)}
        value={value}
        onInput={(event) => onChange(event.currentTarget.value.trim())}
      />
      <i>bps</i>
    </span>
  );
}

/** The part of a request that says it; nothing where the field is empty. The server refuses what makes no sense. */
export function slippageIn(value: string): { readonly maxSlippageBps?: number } {
  return value === '' ? {} : { maxSlippageBps: Number(value) };
}
