import { BigNumber } from 'bignumber.js';
import type { Duration } from '../../../proto/gen/google/protobuf/duration.js';
import { millisOf } from '../../../shared/grpc/duration.js';

/** Digits of a price that people look at: a basis point shows. The full value is in `-o json` and `orders <id>`. */
const PRICE_DIGITS = 5;

/** `ORDER_STATUS_FILLED` without its prefix; `UNSPECIFIED` and unknown values read `-`. */
export function enumName(value: string, prefix: string): string {
  const name = value.startsWith(prefix) ? value.slice(prefix.length) : value;
  return name === 'UNSPECIFIED' || name === 'UNRECOGNIZED' ? '-' : name;
}

export const statusName = (value: string): string => enumName(value, 'ORDER_STATUS_');
export const orderTypeName = (value: string): string => enumName(value, 'ORDER_TYPE_');
export const attemptStateName = (value: string): string => enumName(value, 'ATTEMPT_STATE_');
export const positionStatusName = (value: string): string => enumName(value, 'POSITION_STATUS_');
export const proposalStateName = (value: string): string => enumName(value, 'PROPOSAL_STATE_');
export const tradingStateName = (value: string): string => enumName(value, 'TRADING_STATE_');
export const tradingModeName = (value: string): string => enumName(value, 'TRADING_MODE_');

const LEVEL_NAMES: Readonly<Record<number, string>> = {
  0: 'EMERGENCY',
  10: 'EXIT_STOP_LOSS',
  20: 'EXIT_TRAILING',
  30: 'EXIT_TAKE_PROFIT',
  40: 'EXIT_MANUAL',
  50: 'EXIT_OTHER',
  100: 'ENTRY',
};

/** Name of a place on the priority scale. */
export function levelName(priority: number): string {
  return LEVEL_NAMES[priority] ?? `level ${priority}`;
}

/** A price with as many digits as people look at, never in exponent form; empty stays empty. */
export function price(text: string): string {
  if (!/^-?\d+(\.\d+)?(e-?\d+)?$/i.test(text)) return text;
  const value = new BigNumber(text);
  return value.toFixed(Math.max(0, PRICE_DIGITS - 1 - (value.e ?? 0)));
}

/** `+12 bps`, positive is worse for the trader; empty if unknown. */
export function bps(value: number | undefined): string {
  return value === undefined ? '' : `${value > 0 ? '+' : ''}${value} bps`;
}

/** A profit with its sign; empty stays empty. */
export function signed(amount: string): string {
  return amount === '' || amount.startsWith('-') || /^0(\.0*)?$/.test(amount) ? amount : `+${amount}`;
}

/** Time of day in UTC with milliseconds, for logs of one order. */
export function timeOfDay(at: Date | undefined): string {
  return at ? at.toISOString().slice(11, 23) : '';
}

/** Date and time in UTC, to the second: `2026-01-02 03:04:05Z`. */
export function dateTime(at: Date | undefined): string {
  return at ? `${at.toISOString().slice(0, 19).replace('T', ' ')}Z` : '';
}

/** `340 ms`, `2.4 s`, `3 min 05 s`, `2 h 10 min`, `3 d 4 h`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  const two = (value: number): string => String(value).padStart(2, '0');
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1_440) return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
  const hours = Math.floor(minutes / 60);
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** A duration of the API; empty if unset. */
export function wireDuration(value: Duration | undefined): string {
  return value ? duration(millisOf(value)) : '';
}
