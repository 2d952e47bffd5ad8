import { type DescField, type DescMessage, fromJson, type JsonValue, type Message } from '@bufbuild/protobuf';
import { ExitlaneError, type FieldViolation, invalidFields, messageOf } from '../core/errors.js';
import { descriptorRegistry } from './descriptors.js';
import { editDistance } from './method-catalogue.js';

/**
 * Builds a message from JSON by the rules of protobuf's JSON format: both spellings of a field, enums by name, 64-bit numbers
 * as strings, timestamps as ISO 8601, durations as `1.5s`.
 * @throws ExitlaneError INVALID_FIELD naming every field that the message does not have, or the value that does not fit
 */
export function messageFromJson(type: DescMessage, json: JsonValue): Message {
  const unknown = unknownFields(type, json, '');
  if (unknown.length > 0) throw invalidFields(unknown);
  try {
    return fromJson(type, json, { registry: descriptorRegistry() });
  } catch (cause) {
    throw new ExitlaneError('INVALID_FIELD', messageOf(cause), { cause });
  }
}

/** Fields the message does not have, at any depth. Well-known types have a JSON form of their own and are left to the parser. */
function unknownFields(type: DescMessage, json: JsonValue, path: string): FieldViolation[] {
  if (!isObject(json) || type.typeName.startsWith('google.protobuf.')) return [];
  return Object.entries(json).flatMap(([key, value]) => {
    const field = type.fields.find((candidate) => candidate.name === key || candidate.jsonName === key);
    if (!field) return [{ field: path + key, description: `${type.name} has no such field${suggestion(type, key)}` }];
    return partsOf(field, value, path + key).flatMap((part) => unknownFields(part.type, part.json, `${part.path}.`));
  });
}

function partsOf(
  field: DescField,
  json: JsonValue,
  path: string,
): { type: DescMessage; json: JsonValue; path: string }[] {
  const type = field.message;
  if (!type) return [];
  if (field.fieldKind === 'list' && Array.isArray(json)) {
    return json.map((item, index) => ({ type, json: item, path: `${path}[${index}]` }));
  }
  if (field.fieldKind === 'map' && isObject(json)) {
    return Object.entries(json).map(([key, item]) => ({ type, json: item, path: `${path}.${key}` }));
  }
  return [{ type, json, path }];
}

function suggestion(type: DescMessage, key: string): string {
  const names = type.fields.map((field) => field.name);
  const plain = (name: string) => name.replaceAll('_', '').toLowerCase();
  const nearest = names.toSorted((a, b) => editDistance(plain(key), plain(a)) - editDistance(plain(key), plain(b)))[0];
  return nearest === undefined ? ': it has none' : `; did you mean ${nearest}? It has ${names.join(', ')}`;
}

function isObject(json: JsonValue): json is { [key: string]: JsonValue } {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}
