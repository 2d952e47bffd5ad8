import { InvalidArgumentError } from 'commander';

/** Parsers of option values. They check form; what a value means is for the service to judge, with all others at once. */

export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d{1,15}$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
    }
    return value;
  };
}

export function sequence(text: string): bigint {
  if (!/^\d{1,19}$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 0.');
  return BigInt(text);
}

export function decimal(text: string): string {
  if (!/^\d{1,30}(\.\d{1,30})?$/.test(text)) {
    throw new InvalidArgumentError('It must be a plain decimal such as 0.5 (no sign, exponent or comma).');
  }
  return text;
}

/** A plain number for percentages and scores; what is too much is for the service to say. */
export function number(text: string): number {
  if (!/^-?\d{1,12}(\.\d{1,12})?$/.test(text)) {
    throw new InvalidArgumentError('It must be a plain number such as 12.5 (no exponent, comma or percent sign).');
  }
  return Number(text);
}

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** `30s`, `5m`, `1.5h`, `500ms`; a bare number is seconds. In milliseconds. */
export function timeSpan(text: string): number {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|min|h|d)?$/.exec(text);
  const ms = Math.round(Number(match?.[1]) * (UNIT_MS[match?.[2] ?? 's'] ?? 0));
  if (!match || ms < 1) throw new InvalidArgumentError('It must be a time such as 30s, 5m or 1h.');
  return ms;
}

export function instant(text: string): Date {
  const at = new Date(text);
  if (!/^\d{4}-\d{2}-\d{2}T/.test(text) || Number.isNaN(at.getTime())) {
    throw new InvalidArgumentError('It must be a time in ISO 8601, such as 2026-01-02T03:04:05Z.');
  }
  return at;
}

/** `24h`, back from now, or a point in time in ISO 8601. `now` in milliseconds. */
export function since(text: string): (now: number) => Date {
  if (/^\d{4}-/.test(text)) {
    const at = instant(text);
    return () => at;
  }
  const ms = timeSpan(text);
  return (now) => new Date(Math.max(0, now - ms));
}

/** One step of taking profit, as the API has it. */
export interface GainStep {
  readonly gainPercent: number;
  readonly sellPercent: number;
}

/** Repeatable, commas too: `50:30`, at a gain of 50 % sell 30 % of the rest. */
export function takeProfits(text: string, before: readonly GainStep[] | undefined): readonly GainStep[] {
  const steps = text.split(',').map((part) => {
    const match = /^\+?(\d{1,9}(?:\.\d{1,4})?):(\d{1,3})$/.exec(part.trim());
    if (!match) throw new InvalidArgumentError('It must be gain:sell in percent, such as 50:30.');
    return { gainPercent: Number(match[1]), sellPercent: Number(match[2]) };
  });
  return [...(before ?? []), ...steps];
}

export interface Stagnation {
  readonly percent: number;
  readonly windowMs: number;
}

/** `2:30m`: moved less than 2 % in 30 minutes. */
export function stagnation(text: string): Stagnation {
  const match = /^(\d{1,9}(?:\.\d{1,4})?):(.+)$/.exec(text);
  if (!match?.[2]) throw new InvalidArgumentError('It must be percent:time, such as 2:30m.');
  return { percent: Number(match[1]), windowMs: timeSpan(match[2]) };
}

/** A repeatable option that also takes commas: `--status FILLED,CANCELLED --status FAILED`. */
export function oneOfMany<Value extends string>(values: readonly Value[], prefix: string) {
  return (text: string, before: readonly Value[] | undefined): readonly Value[] => [
    ...(before ?? []),
    ...text.split(',').map((part) => oneOf(values, prefix)(part)),
  ];
}

/** One of an enum's values, without its prefix, in upper or lower case. */
export function oneOf<Value extends string>(values: readonly Value[], prefix: string): (text: string) => Value {
  return (text) => {
    const wanted = text.trim().toUpperCase();
    const found = values.find((value) => value === wanted || value === prefix + wanted);
    if (found !== undefined) return found;
    const names = values
      .map((value) => value.slice(prefix.length))
      .filter((name) => name !== 'UNSPECIFIED' && name !== '');
    throw new InvalidArgumentError(`It must be one of ${names.join(', ')}.`);
  };
}

/** Values of a generated enum that a user may choose. */
export function choicesOf<Value extends string>(wireEnum: Readonly<Record<string, Value>>): Value[] {
  return Object.entries(wireEnum)
    .filter(([name]) => name !== 'UNSPECIFIED' && name !== 'UNRECOGNIZED')
    .map(([, value]) => value);
}
