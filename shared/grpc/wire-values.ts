import { type FieldViolation, invalidFields } from '../core/errors.js';

/** Times that everything behind the API can hold and show: from the Unix epoch to four-digit years. */
const EARLIEST_MS = 0;
const LATEST_MS = Date.UTC(9999, 11, 31);

/**
 * Refuses what protobuf can carry and nothing behind it can keep, before any handler sees it: a NUL in a text (PostgreSQL has none), a
 * time that is no time. What a value means is for the handler to judge.
 * @throws INVALID_FIELD naming each field
 */
export function checkWireValues(request: unknown): void {
  const violations: FieldViolation[] = [];
  walk(request, '', violations);
  if (violations.length > 0) throw invalidFields(violations);
}

function walk(value: unknown, path: string, violations: FieldViolation[]): void {
  if (typeof value === 'string') {
    if (value.includes('\0')) violations.push({ field: path, description: 'holds a NUL character: leave it out' });
    return;
  }
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return;
  if (value instanceof Date) {
    const time = value.getTime();
    if (!(time >= EARLIEST_MS && time <= LATEST_MS)) {
      violations.push({ field: path, description: 'must be a time from 1970 to 9999' });
    }
    return;
  }
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) walk(item, `${path}[${index}]`, violations);
    return;
  }
  for (const [key, inner] of Object.entries(value)) {
    const chosen = oneofIn(inner);
    const name = snakeCase(chosen?.$case ?? key);
    walk(chosen ? chosen.value : inner, path === '' ? name : `${path}.${name}`, violations);
  }
}

/** Of a oneof ts-proto makes {$case, value}, and the field has the name of the case. */
function oneofIn(value: unknown): { readonly $case: string; readonly value: unknown } | undefined {
  const isOneof = typeof value === 'object' && value !== null && '$case' in value && 'value' in value;
  return isOneof ? { $case: String(value.$case), value: value.value } : undefined;
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
