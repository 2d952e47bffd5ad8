import { z } from 'zod';
import type { Secrecy } from './setting-secrets.js';

/** What a setting is, for tables and for people. */
export interface AboutSetting {
  readonly name: string;
  /** Empty: nobody described it. */
  readonly meaning: string;
  /** Of numbers and amounts; empty: none. */
  readonly unit: string;
  /** As it would be written; `none`: not set, `required`: there is none. */
  readonly defaultText: string;
  /** What it may hold, such as `a whole number from 1 to 100`; empty: any text. */
  readonly allowed: string;
  readonly secrecy: Secrecy;
}

/** Facts that a setting's schema carries by `.meta()`; `.describe()` gives the description alone. */
export interface SettingFacts {
  readonly description?: string;
  readonly unit?: string;
  readonly secrecy?: Exclude<Secrecy, undefined>;
  /** Where the default is not a plain value. */
  readonly defaultText?: string;
  /** Where it is not what the refusal of a bad value says. */
  readonly allowed?: string;
}

/** A value that no setting with a form accepts: its refusal tells the form. */
const NONSENSE = '\u0000?';

export function aboutSetting(name: string, schema: z.core.$ZodType): AboutSetting {
  const facts = factsOf(schema);
  return {
    name,
    meaning: facts.description ?? '',
    unit: facts.unit ?? '',
    defaultText: facts.defaultText ?? defaultOf(schema),
    allowed: facts.allowed ?? allowedBy(schema),
    secrecy: facts.secrecy,
  };
}

export function aboutShape(shape: z.ZodRawShape): AboutSetting[] {
  return Object.entries(shape).map(([name, schema]) => aboutSetting(name, schema));
}

/** Wrappers (`optional`, `default`) do not inherit what was said of what they wrap. */
function factsOf(schema: z.core.$ZodType): SettingFacts {
  const own = (z.globalRegistry.get(schema) ?? {}) as SettingFacts;
  const inner = innerOf(schema);
  return inner === undefined ? own : { ...factsOf(inner), ...own };
}

function innerOf(schema: z.core.$ZodType): z.core.$ZodType | undefined {
  const { def } = schema._zod;
  return 'innerType' in def ? (def.innerType as z.core.$ZodType) : undefined;
}

function defaultOf(schema: z.core.$ZodType): string {
  const { def } = schema._zod;
  if ('defaultValue' in def) return textOf(def.defaultValue);
  const inner = innerOf(schema);
  if (inner !== undefined && def.type !== 'optional') return defaultOf(inner);
  return z.safeParse(schema, undefined).success ? 'none' : 'required';
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join(',');
  if (typeof value === 'object' && value !== null) {
    return Object.keys(value).length === 0 ? 'none' : JSON.stringify(value);
  }
  return value === undefined || value === '' ? 'none' : String(value);
}

function allowedBy(schema: z.core.$ZodType): string {
  const parsed = z.safeParse(schema, NONSENSE);
  // What comes after a semicolon is about the value at hand.
  const message = (parsed.error?.issues[0]?.message ?? '').replace(/;.*$/s, '');
  return message.startsWith('must be ') ? message.slice('must be '.length) : message;
}
