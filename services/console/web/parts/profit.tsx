import { changePercent, minus } from '../../model/decimal.js';
import { percent, signed } from '../../model/format.js';
import type { PositionView } from '../../model/view.js';

/** A profit in SOL with its colour. */
export function Profit({ sol }: { readonly sol: string }) {
  if (sol === '') return <span class="none">no price</span>;
  const tone = !/[1-9]/.test(sol) ? '' : sol.startsWith('-') ? 'loss' : 'gain';
  return (
    <span class={`num ${tone}`} title={`${sol} SOL`}>
      {signed(sol)} SOL
    </span>
  );
}

/** How far a price moved. */
export function Move({ from, to }: { readonly from: string; readonly to: string }) {
  const change = to === '' ? undefined : changePercent(from, to);
  if (change === undefined) return <span class="none">–</span>;
  return <span class={`num ${change > 0.005 ? 'gain' : change < -0.005 ? 'loss' : ''}`}>{percent(change)}</span>;
}

/** Tokens not sold yet, those on their way out included. */
export function remaining({ entryAmountTokens, soldTokens }: PositionView): string {
  return minus(entryAmountTokens, soldTokens) ?? '';
}
