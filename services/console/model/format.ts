/** How numbers and spans read. Amounts are cut, never rounded up: nobody should see more than there is. */

const PLAIN = /^-?\d+(\.\d+)?$/;
/** Digits of a price that people look at: a basis point shows. */
const PRICE_DIGITS = 5;
const MINUS = '\u2212';

/** At most `decimals` digits after the point, without trailing zeros; what is not a number stays as it is. */
export function amount(text: string, decimals = 6): string {
  if (!PLAIN.test(text)) return text;
  const [whole = '', fraction = ''] = text.split('.');
  const kept = fraction.slice(0, decimals).replace(/0+$/, '');
  const isTiny = kept === '' && /^-?0+$/.test(whole) && /[1-9]/.test(fraction);
  if (isTiny) return `${whole.startsWith('-') ? '>' : '<'}${minus(whole)}.${'0'.repeat(decimals - 1)}1`;
  return minus(grouped(whole) + (kept === '' ? '' : `.${kept}`));
}

/** An amount with its sign, for profits; empty stays empty. */
export function signed(text: string, decimals = 6): string {
  if (text === '') return '';
  return text.startsWith('-') || !/[1-9]/.test(text) ? amount(text, decimals) : `+${amount(text, decimals)}`;
}

/** A price with as many digits as people look at, never in exponent form. */
export function price(text: string): string {
  if (!PLAIN.test(text)) return text;
  const [whole = '', fraction = ''] = text.split('.');
  const wholeDigits = whole.replace(/^-?0*/, '').length;
  const leadingZeros = wholeDigits > 0 ? 0 : (/^0*/.exec(fraction)?.[0].length ?? 0);
  const kept = fraction.slice(0, Math.max(0, leadingZeros + PRICE_DIGITS - wholeDigits)).replace(/0+$/, '');
  return minus(grouped(whole) + (kept === '' ? '' : `.${kept}`));
}

/** `+12 bps`, positive is worse for the trader. */
export function bps(value: number | null): string {
  return value === null ? '' : `${value > 0 ? '+' : ''}${minus(String(value))} bps`;
}

/** `+4.2 %` */
export function percent(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return `${value > 0 ? '+' : ''}${minus(value.toFixed(digits))} %`;
}

/** Whole numbers with thousands set apart: `12 345`. */
export function count(value: number): string {
  return minus(grouped(String(value)));
}

/** A rate per minute. */
export function rate(value: number): string {
  return value >= 100 ? grouped(value.toFixed(0)) : value.toFixed(1);
}

/** `340 ms`, `2.4 s`, `3 min 05 s`, `2 h 10 min`, `3 d 4 h`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  const two = (value: number): string => String(value).padStart(2, '0');
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1_440) return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
  const hours = Math.floor(minutes / 60);
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** The same in whole seconds, for what is counted on the page. */
export function wholeDuration(ms: number): string {
  return ms < 59_950 ? `${Math.max(0, Math.floor(ms / 1_000))} s` : duration(ms);
}

/** `2 s – 5 s`, or `≤ 5 s`; a dash while there is nothing to go by. */
export function range(min: number | null, max: number | null): string {
  if (max === null) return '–';
  return min !== null && min > 0 ? `${duration(min)} – ${duration(max)}` : `≤ ${duration(max)}`;
}

/** Begin and end of a long id or signature. */
export function shorten(text: string, head = 4, tail = 4): string {
  return text.length <= head + tail + 1 ? text : `${text.slice(0, head)}…${text.slice(-tail)}`;
}

function grouped(whole: string): string {
  return whole.replace(/\B(?=(\d{3})+(?!\d))/g, '\u202f');
}

function minus(text: string): string {
  return text.startsWith('-') ? MINUS + text.slice(1) : text;
}
