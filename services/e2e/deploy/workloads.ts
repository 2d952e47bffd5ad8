import type { Service } from './environments.js';
import { at, isMapping, list, type Mapping, mapping, type Node, textAt } from './files.js';
import { PROGRAMS } from './image.js';
import { nameOf, ofKind } from './kustomize.js';

/** A Deployment or StatefulSet, taken apart. */
export interface Workload {
  readonly name: string;
  readonly object: Mapping;
  readonly pod: Mapping;
  readonly container: Mapping;
  /** Of our image; undefined: somebody else's. */
  readonly program: Service | undefined;
  readonly env: Record<string, string>;
}

export function workloadsOf(objects: readonly Mapping[]): Workload[] {
  return ofKind(objects, 'Deployment', 'StatefulSet').map((object) => {
    const pod = mapping(at(object, 'spec.template.spec'));
    const container = mapping(list(pod.containers)[0]);
    const file = String(list(container.args)[0] ?? '');
    const program = PROGRAMS.includes(file) ? (file.split('/')[2] as Service) : undefined;
    return { name: nameOf(object), object, pod, container, program, env: environmentOf(container, objects) };
  });
}

function environmentOf(container: Mapping, objects: readonly Mapping[]): Record<string, string> {
  const maps = list(container.envFrom ?? []).map((source) => textAt(source, 'configMapRef.name'));
  const data = maps.map((name) => {
    const found = ofKind(objects, 'ConfigMap').find((each) => nameOf(each) === name);
    if (!found) throw new Error(`no ConfigMap ${name}`);
    return mapping(found.data) as Record<string, string>;
  });
  const own = list(container.env ?? []).map((each) => [textAt(each, 'name'), textAt(each, 'value')]);
  return Object.assign({}, ...data, Object.fromEntries(own));
}

export function initMounts(pod: Mapping): Node[] {
  return list(pod.initContainers ?? []).flatMap((each) => list(at(each, 'volumeMounts')));
}

/** Every image that is named anywhere. */
export function imagesIn(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap(imagesIn);
  if (!isMapping(node)) return [];
  return Object.entries(node).flatMap(([key, value]) =>
    key === 'image' && typeof value === 'string' ? [value] : imagesIn(value),
  );
}
