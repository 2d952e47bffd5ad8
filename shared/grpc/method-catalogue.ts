import type { DescMethod, DescService } from '@bufbuild/protobuf';
import { ExitlaneError } from '../core/errors.js';
import { descriptorRegistry, descriptorSet } from './descriptors.js';

/** One method as people see it. */
export interface MethodInfo {
  /** `exitlane.v1.OrderService/SubmitOrder`, what `callByName` takes. */
  readonly name: string;
  readonly service: string;
  readonly method: string;
  /** Full names of the messages. */
  readonly requestType: string;
  readonly responseType: string;
  /** Answers with any number of messages. */
  readonly serverStreaming: boolean;
  /** The comment in the proto file. */
  readonly comment: string;
}

const PACKAGE = 'exitlane.v1';
const NEAREST_MAX = 3;
/** Numbers of `service` in FileDescriptorProto and of `method` in ServiceDescriptorProto: the path to a comment. */
const SERVICE_FIELD = 6;
const METHOD_FIELD = 2;

/** The methods of the product, in the order of the proto files. */
export function listMethods(): MethodInfo[] {
  return allServices()
    .filter((service) => service.typeName.startsWith(`${PACKAGE}.`))
    .flatMap((service) => service.methods.map(infoOf));
}

/**
 * Finds a method by name: `exitlane.v1.OrderService/SubmitOrder`, with a dot instead of the slash, or without the package.
 * Health, reflection and channelz are found too.
 * @throws ExitlaneError INVALID_FIELD naming the nearest methods
 */
export function findMethod(name: string): DescMethod {
  const methods = allServices().flatMap((service) => service.methods);
  const wanted = name.replace(/^\//, '').replace('/', '.');
  const found = methods.find((method) => [fullName(method), shortName(method)].some((own) => dotted(own) === wanted));
  if (found) return found;
  const nearest = nearestNames(wanted, methods);
  throw new ExitlaneError('INVALID_FIELD', `there is no method ${name}; did you mean ${nearest.join(', ')}?`, {
    violations: [{ field: 'method', description: `unknown; nearest: ${nearest.join(', ')}` }],
  });
}

/** `exitlane.v1.OrderService/SubmitOrder` */
export function fullName(method: DescMethod): string {
  return `${method.parent.typeName}/${method.name}`;
}

function shortName(method: DescMethod): string {
  return `${method.parent.name}/${method.name}`;
}

function dotted(name: string): string {
  return name.replace('/', '.');
}

function allServices(): DescService[] {
  return [...descriptorRegistry()].filter((type) => type.kind === 'service');
}

function infoOf(method: DescMethod): MethodInfo {
  return {
    name: fullName(method),
    service: method.parent.typeName,
    method: method.name,
    requestType: method.input.typeName,
    responseType: method.output.typeName,
    serverStreaming: method.methodKind === 'server_streaming',
    comment: commentOf(method),
  };
}

function commentOf(method: DescMethod): string {
  const file = descriptorSet().file.find((candidate) => candidate.name === `${method.parent.file.name}.proto`);
  const serviceIndex = file?.service.findIndex((service) => service.name === method.parent.name);
  const path = [SERVICE_FIELD, serviceIndex, METHOD_FIELD, method.parent.methods.indexOf(method)].join();
  const location = file?.sourceCodeInfo?.location.find((candidate) => candidate.path.join() === path);
  return (location?.leadingComments ?? '').replace(/\s+/g, ' ').trim();
}

/** The names a mistyped one most likely meant: compared whole, without the package, and by the method alone. */
function nearestNames(wanted: string, methods: readonly DescMethod[]): string[] {
  const lower = wanted.toLowerCase();
  const distance = (method: DescMethod): number =>
    Math.min(
      ...[fullName(method), shortName(method), method.name].map((own) =>
        editDistance(lower, dotted(own).toLowerCase()),
      ),
    );
  return methods
    .map((method) => ({ name: fullName(method), distance: distance(method) }))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, NEAREST_MAX)
    .map(({ name }) => name);
}

/** Levenshtein distance: insertions, deletions and replacements that turn one text into the other. */
export function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
