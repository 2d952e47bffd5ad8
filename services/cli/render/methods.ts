import type { JsonValue } from '@bufbuild/protobuf';
import type { MethodInfo } from '../../../shared/grpc/dynamic-client.js';
import { enumValues, type FieldInfo, fieldsOf, servedBy } from '../api-methods.js';
import type { View } from './order.js';
import { padEnd, widthOf, wrap } from './text.js';

const WIDTH_WITHOUT_TERMINAL = 120;

/** Methods by service, each with its comment. */
export function methodList(methods: readonly MethodInfo[], view: View): string[] {
  const width = view.width ?? WIDTH_WITHOUT_TERMINAL;
  const services = [...new Set(methods.map(({ service }) => service))];
  return services.flatMap((service, index) => [
    ...(index === 0 ? [] : ['']),
    `${view.style.bold(service)}  ${view.style.dim(service.endsWith('SystemService') ? 'on both' : `on the ${servedBy(`${service}/x`)}`)}`,
    ...methods.filter((method) => method.service === service).flatMap((method) => methodLines(method, width, view)),
  ]);
}

const NAME_WIDTH = 20;

function methodLines({ method, comment, serverStreaming }: MethodInfo, width: number, { style }: View): string[] {
  const text = serverStreaming ? `(stream) ${comment}` : comment;
  const [first = '', ...rest] = wrap(text, width - NAME_WIDTH - 2);
  const indent = ' '.repeat(NAME_WIDTH + 2);
  return [`  ${padEnd(method, NAME_WIDTH)}${first}`, ...rest.map((line) => indent + line)].map((line, index) =>
    index === 0 ? line : style.dim(line),
  );
}

/** A method with the fields of its request and response, messages in them included. */
export function describeMethod(method: MethodInfo, view: View): { lines: string[]; json: JsonValue } {
  const shown = new Set<string>();
  const width = view.width ?? WIDTH_WITHOUT_TERMINAL;
  const lines = [
    `${view.style.bold(method.name)}${method.serverStreaming ? '  (stream)' : ''}`,
    ...wrap(method.comment, width),
    ...messageLines('request', method.requestType, width, view, shown),
    ...messageLines('response', method.responseType, width, view, shown),
  ];
  return {
    lines,
    json: { ...method, request: jsonFields(method.requestType), response: jsonFields(method.responseType) },
  };
}

function messageLines(title: string, typeName: string, width: number, view: View, shown: Set<string>): string[] {
  shown.add(typeName);
  const fields = fieldsOf(typeName);
  const nameWidth = Math.max(0, ...fields.map(({ name }) => widthOf(name)));
  const typeWidth = Math.min(22, Math.max(0, ...fields.map(({ type }) => widthOf(type))));
  const lead = nameWidth + typeWidth + 6;
  const body = fields.flatMap((field) => {
    const [first = '', ...rest] = wrap(commentOf(typeName, field), Math.max(24, width - lead));
    const head = `  ${padEnd(field.name, nameWidth)}  ${view.style.dim(padEnd(field.type, typeWidth))}  ${first}`;
    return [head.trimEnd(), ...rest.map((line) => ' '.repeat(lead) + line)];
  });
  const nested = fields.flatMap(({ message }) =>
    message === undefined || shown.has(message) ? [] : messageLines('', message, width, view, shown),
  );
  const short = typeName.slice(typeName.lastIndexOf('.') + 1);
  const heading = [title, short].filter(Boolean).join(' ');
  return ['', view.style.bold(heading), ...(body.length === 0 ? ['  (no fields)'] : body), ...nested];
}

function commentOf(typeName: string, field: FieldInfo): string {
  const values = enumValues(typeName, field.name);
  return values.length === 0 ? field.comment : `${field.comment} ${values.join(', ')}.`;
}

function jsonFields(typeName: string): JsonValue {
  return fieldsOf(typeName).map(({ name, type, comment }) => ({ name, type, comment }));
}
