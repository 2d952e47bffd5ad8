import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { Random } from '../../../shared/core/random.js';
import { damaged, hostileFraction, hostileText, hostileWhole, noise, pick } from './hostile-values.js';

const DEPTH_MAX = 6;
const FIELD_NUMBER_MAX = 2 ** 29 - 1;

/**
 * The bytes of a request of this type, wrong in one of the ways that a client's bug or malice can make it wrong: hostile values in the
 * right places, the wrong kind of value, unknown fields, nesting without end, or no protobuf at all.
 */
export function hostileRequest(type: DescMessage, random: Random): Buffer {
  const way = random.next();
  if (way < 0.1) return noise(Math.floor(random.next() * 200), random);
  if (way < 0.15) return nested(2_000);
  const message = hostileMessage(type, random, 0);
  return way < 0.45 ? damaged(message, random) : message;
}

function hostileMessage(type: DescMessage, random: Random, depth: number): Buffer {
  const writer = new BinaryWriter();
  for (const field of type.fields) {
    const times =
      random.next() < 0.3
        ? 0
        : field.fieldKind === 'list'
          ? Math.floor(random.next() * 6)
          : random.next() < 0.1
            ? 2
            : 1;
    for (let n = 0; n < times; n += 1) writeField(writer, field, random, depth);
  }
  if (random.next() < 0.1)
    writer.tag(1 + Math.floor(random.next() * FIELD_NUMBER_MAX), WireType.Varint).uint64(hostileWhole(random));
  return Buffer.from(writer.finish());
}

function writeField(writer: BinaryWriter, field: DescField, random: Random, depth: number): void {
  if (random.next() < 0.05) {
    writeWrongKind(writer, field.number, random);
    return;
  }
  const message = field.message;
  if (message !== undefined) {
    const bytes = depth >= DEPTH_MAX ? Buffer.alloc(0) : hostileMessage(message, random, depth + 1);
    writer.tag(field.number, WireType.LengthDelimited).bytes(bytes);
    return;
  }
  const { scalar } = field;
  if (scalar === undefined) writer.tag(field.number, WireType.Varint).uint64(hostileWhole(random));
  else writeScalar(writer, field.number, scalar, random);
}

function writeScalar(writer: BinaryWriter, number: number, scalar: ScalarType, random: Random): void {
  switch (scalar) {
    case ScalarType.STRING:
      // Not every byte string is UTF-8, and protobuf demands it of strings.
      if (random.next() < 0.1) writer.tag(number, WireType.LengthDelimited).bytes(noise(8, random));
      else writer.tag(number, WireType.LengthDelimited).string(hostileText(random));
      return;
    case ScalarType.BYTES:
      writer.tag(number, WireType.LengthDelimited).bytes(noise(16, random));
      return;
    case ScalarType.DOUBLE:
      writer.tag(number, WireType.Bit64).double(hostileFraction(random));
      return;
    case ScalarType.FLOAT:
      writer.tag(number, WireType.Bit32).raw(noise(4, random));
      return;
    default:
      // Every other kind that the API has is a varint.
      writer.tag(number, WireType.Varint).uint64(hostileWhole(random));
  }
}

function writeWrongKind(writer: BinaryWriter, number: number, random: Random): void {
  const kind = pick([WireType.Varint, WireType.Bit64, WireType.LengthDelimited, WireType.StartGroup], random);
  if (kind === WireType.Varint) writer.tag(number, kind).uint64(hostileWhole(random));
  else if (kind === WireType.Bit64) writer.tag(number, kind).raw(noise(8, random));
  else if (kind === WireType.LengthDelimited) writer.tag(number, kind).bytes(noise(5, random));
  // A group that never ends.
  else writer.tag(number, kind);
}

/** Messages within messages, which a careless decoder follows until its stack is gone. */
function nested(levels: number): Buffer {
  let bytes: Uint8Array = Buffer.alloc(0);
  for (let level = 0; level < levels; level += 1) {
    bytes = new BinaryWriter()
      .tag(1 + (level % 20), WireType.LengthDelimited)
      .bytes(bytes)
      .finish();
  }
  return Buffer.from(bytes);
}
