import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { descriptorRegistry, descriptorSet } from '../../shared/grpc/descriptors.js';
import { listMethods, type MethodInfo } from '../../shared/grpc/dynamic-client.js';
import { editDistance } from '../../shared/grpc/method-catalogue.js';
import type { Addresses } from './clients.js';
import { CliError } from './exit-codes.js';

const PACKAGE = 'exitlane.v1';
/** A name this far away may still be what was meant. */
const TYPOS_MAX = 3;
const ON_PROCESSOR: ReadonlySet<string> = new Set(['DeliveryService', 'ExecutionService', 'MarketService']);

/** `OrderService/SubmitOrder`. */
export function shortName({ service, method }: MethodInfo): string {
  return `${service.slice(PACKAGE.length + 1)}/${method}`;
}

/** Which of the two services answers a method; SystemService is on both, and the requestor is asked unless told otherwise. */
export function servedBy(name: string): keyof Addresses {
  const service = /(?:^|\.)(\w+)[./]\w+$/.exec(name)?.[1] ?? '';
  return ON_PROCESSOR.has(service) ? 'processor' : 'requestor';
}

/** Methods that change nothing: a lost answer to them is only unreachable, not unknown. */
export function isRead(name: string): boolean {
  return /(?:^|[./])(Get|List|Watch|Stream|Check)\w*$/.test(name);
}

/**
 * The full name of a method given as `exitlane.v1.Service/Method`, `Service/Method` or, if no other service has it, `Method`.
 * Names with a service are passed on as they are: health and reflection can be called too.
 * @throws CliError for a method without service that several have or none
 */
export function fullMethodName(name: string): string {
  if (/[./]/.test(name)) return name;
  const wanted = name.toLowerCase();
  const found = listMethods().filter(({ method }) => method.toLowerCase() === wanted);
  if (found.length === 1 && found[0]) return found[0].name;
  if (found.length > 1) {
    throw new CliError(
      `several services have ${name}`,
      1,
      found.map((method) => `say ${shortName(method)}`),
    );
  }
  const alike = listMethods().filter(({ method }) => {
    const own = method.toLowerCase();
    return own.includes(wanted) || editDistance(own, wanted) <= TYPOS_MAX;
  });
  const hint = alike.length > 0 ? `did you mean ${alike.map(shortName).join(', ')}?` : 'exitlane call --list shows all';
  throw new CliError(`there is no method ${name}`, 1, [hint]);
}

/** A method of the product by any of its names. */
export function methodInfo(name: string): MethodInfo {
  const full = fullMethodName(name).replace(/^\//, '');
  const dotted = (text: string): string => text.replaceAll('/', '.');
  const found = listMethods().find((method) => [method.name, shortName(method)].map(dotted).includes(dotted(full)));
  if (!found) throw new CliError(`there is no method ${name}`, 1, ['exitlane call --list shows all']);
  return found;
}

export interface FieldInfo {
  readonly name: string;
  readonly type: string;
  readonly comment: string;
  /** Type of the message in the field, if it is one of the product's. */
  readonly message: string | undefined;
}

/** The fields of a message with their types and the comments of the proto file. */
export function fieldsOf(typeName: string): FieldInfo[] {
  const type = descriptorRegistry().getMessage(typeName);
  if (!type) throw new Error(`no message ${typeName}: the installation is incomplete`);
  return type.fields.map((field, index) => ({
    name: field.name,
    type: typeText(field),
    comment: fieldComment(type, index),
    message: ownMessage(field),
  }));
}

/** Values of an enum field in words; empty for other fields. */
export function enumValues(typeName: string, fieldName: string): string[] {
  const field = descriptorRegistry()
    .getMessage(typeName)
    ?.fields.find(({ name }) => name === fieldName);
  return field?.enum?.values.filter(({ number }) => number !== 0).map(({ name }) => name) ?? [];
}

function ownMessage(field: DescField): string | undefined {
  const name = field.message?.typeName;
  return name?.startsWith(`${PACKAGE}.`) ? name : undefined;
}

function typeText(field: DescField): string {
  const one = bareType(field);
  if (field.fieldKind === 'list') return `${one}[]`;
  if (field.fieldKind === 'map') return `map<string, ${one}>`;
  return one;
}

function bareType(field: DescField): string {
  const name = field.message?.typeName ?? field.enum?.typeName;
  if (name !== undefined) return name.replace(`${PACKAGE}.`, '').replace('google.protobuf.', '');
  const SCALARS: Readonly<Record<number, string>> = {
    1: 'double',
    3: 'int64',
    4: 'uint64',
    5: 'int32',
    8: 'bool',
    9: 'string',
    12: 'bytes',
    13: 'uint32',
    17: 'sint32',
    18: 'sint64',
  };
  return field.scalar === undefined ? 'message' : (SCALARS[field.scalar] ?? 'number');
}

/** Numbers of `message_type` in FileDescriptorProto and of `field` in DescriptorProto: the path to a comment. */
const MESSAGE_FIELD = 4;
const FIELD_FIELD = 2;

function fieldComment(type: DescMessage, fieldIndex: number): string {
  const file = descriptorSet().file.find(({ name }) => name === `${type.file.name}.proto`);
  const messageIndex = file?.messageType.findIndex(({ name }) => name === type.name);
  const path = [MESSAGE_FIELD, messageIndex, FIELD_FIELD, fieldIndex].join();
  const location = file?.sourceCodeInfo?.location.find((candidate) => candidate.path.join() === path);
  return (location?.leadingComments ?? '').replace(/\s+/g, ' ').trim();
}
