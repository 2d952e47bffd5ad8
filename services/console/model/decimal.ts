/** Exact arithmetic on the API's decimal strings, for what the page works out itself: estimates, trigger prices. */

const PLAIN = /^(-?)(\d+)(?:\.(\d+))?$/;

interface Scaled {
  readonly units: bigint;
  readonly decimals: number;
}

function scaled(text: string): Scaled | undefined {
  const match = PLAIN.exec(text);
  if (!match) return undefined;
  const [, sign = '', whole = '', fraction = ''] = match;
  const units = BigInt(whole + fraction);
  return { units: sign === '-' ? -units : units, decimals: fraction.length };
}

function text({ units, decimals }: Scaled): string {
  const digits = (units < 0n ? -units : units).toString().padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, '');
  return (units < 0n ? '-' : '') + whole + (fraction === '' ? '' : `.${fraction}`);
}

/** The product; undefined if one of them is no number. */
export function times(one: string, other: string): string | undefined {
  const a = scaled(one);
  const b = scaled(other);
  return a && b && text({ units: a.units * b.units, decimals: a.decimals + b.decimals });
}

export function minus(one: string, other: string): string | undefined {
  const a = scaled(one);
  const b = scaled(other);
  if (!a || !b) return undefined;
  const decimals = Math.max(a.decimals, b.decimals);
  const units = a.units * 10n ** BigInt(decimals - a.decimals) - b.units * 10n ** BigInt(decimals - b.decimals);
  return text({ units, decimals });
}

/** `percent` (whole) of an amount with that many decimals, rounded down as the service does. */
export function percentOf(amount: string, percent: number, decimals: number): string | undefined {
  const a = scaled(amount);
  if (!a || a.decimals > decimals || !Number.isInteger(percent)) return undefined;
  const units = a.units * 10n ** BigInt(decimals - a.decimals);
  return text({ units: (units * BigInt(percent)) / 100n, decimals });
}

/** How far `now` is from `then`, in percent; for people only, so a float will do. */
export function changePercent(then: string, now: string): number | undefined {
  const from = Number(then);
  const to = Number(now);
  return from > 0 && Number.isFinite(to) && now !== '' ? (to / from - 1) * 100 : undefined;
}

/** The price `percent` above (or, negative, below) another; for people only. */
export function priceAt(price: string, percent: number): string | undefined {
  const from = Number(price);
  if (!(from > 0) || !Number.isFinite(percent)) return undefined;
  const to = from * (1 + percent / 100);
  return to > 0 ? to.toFixed(18) : undefined;
}
