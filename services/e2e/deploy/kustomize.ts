import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { at, envOf, filePath, isMapping, list, type Mapping, mapping, type Node, textAt, yamlOf } from './files.js';

/**
 * As much of kustomize as our files use, so that they can be looked at whole where it is not installed. What it does not know it refuses.
 * Names get no hashes: those of kustomize change with the content, and references to them along.
 */
const KEYS = ['apiVersion', 'kind', 'namespace', 'resources', 'components', 'configMapGenerator', 'patches', 'images'];

/** Every object of a folder with a kustomization, after all is applied. */
export function build(folder: string, under: readonly Mapping[] = []): Mapping[] {
  const file = path.posix.join(folder, 'kustomization.yaml');
  const [document, ...others] = yamlOf(file);
  const kustomization = mapping(document, file);
  if (others.length > 0) throw new Error(`${file}: more than one document`);
  const unknown = Object.keys(kustomization).filter((key) => !KEYS.includes(key));
  if (unknown.length > 0) throw new Error(`${file}: ${unknown.join(', ')} is not known here`);
  let objects = [...under];
  for (const resource of pathsIn(folder, kustomization.resources)) {
    objects.push(...(isFolder(resource) ? build(resource) : yamlOf(resource)));
  }
  for (const component of pathsIn(folder, kustomization.components)) objects = build(component, objects);
  for (const generator of list(kustomization.configMapGenerator)) objects = generated(objects, folder, generator);
  for (const patch of list(kustomization.patches)) {
    for (const change of yamlOf(path.posix.join(folder, textAt(patch, 'path'))))
      objects = patched(objects, change, file);
  }
  const images = list(kustomization.images);
  const namespace = textAt(kustomization, 'namespace');
  return objects.map((object) => {
    const placed = namespace === '' ? object : withNamespace(object, namespace);
    return withImages(placed, images) as Mapping;
  });
}

function pathsIn(folder: string, names: Node | undefined): string[] {
  return list(names ?? []).map((name) => {
    const target = path.posix.join(folder, String(name));
    if (!existsSync(filePath(target)))
      throw new Error(`${folder}/kustomization.yaml names ${name}, which does not exist`);
    return target;
  });
}

function isFolder(target: string): boolean {
  return statSync(filePath(target)).isDirectory();
}

function generated(objects: readonly Mapping[], folder: string, generator: Node): Mapping[] {
  const name = textAt(generator, 'name');
  const data = Object.assign({}, ...pathsIn(folder, at(generator, 'envs')).map((file) => envOf(file))) as Mapping;
  const before = objects.find((object) => object.kind === 'ConfigMap' && nameOf(object) === name);
  const merges = textAt(generator, 'behavior') === 'merge';
  if (merges !== (before !== undefined))
    throw new Error(`${folder}: the ConfigMap ${name} ${merges ? 'is not there' : 'is there already'}`);
  const made = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name },
    data: { ...mapping(at(before, 'data') ?? {}), ...data },
  };
  return [...objects.filter((object) => object !== before), made];
}

function patched(objects: readonly Mapping[], change: Mapping, file: string): Mapping[] {
  const target = objects.find((object) => object.kind === change.kind && nameOf(object) === nameOf(change));
  if (!target) throw new Error(`${file}: a patch changes ${change.kind} ${nameOf(change)}, which is not there`);
  return objects.map((object) => (object === target ? (merged(target, change) as Mapping) : object));
}

/** Lists of named things are merged by name, mounts by their path, others replaced: strategic merge, for what our patches change. */
function merged(under: Node, over: Node): Node {
  if (Array.isArray(under) && Array.isArray(over)) {
    const key = (['name', 'mountPath'] as const).find((each) =>
      over.every((item: Node) => at(item, each) !== undefined),
    );
    const byMount = over.every((item: Node) => at(item, 'mountPath') !== undefined);
    const by = byMount ? 'mountPath' : key;
    if (by === undefined) return over;
    const rest = under.filter((item: Node) => !over.some((each: Node) => at(each, by) === at(item, by)));
    const changed = over.map((item: Node) => {
      const before = under.find((each: Node) => at(each, by) === at(item, by));
      return before === undefined ? item : merged(before, item);
    });
    return [...rest, ...changed];
  }
  if (!isMapping(under) || !isMapping(over)) return over;
  const keys = [...new Set([...Object.keys(under), ...Object.keys(over)])];
  return Object.fromEntries(
    keys.map((key) => {
      const [below, above] = [under[key], over[key]];
      return [key, below === undefined || above === undefined ? ((above ?? below) as Node) : merged(below, above)];
    }),
  );
}

const EVERYWHERE = ['Namespace'];

function withNamespace(object: Mapping, namespace: string): Mapping {
  if (EVERYWHERE.includes(String(object.kind))) return object;
  return { ...object, metadata: { ...mapping(object.metadata), namespace } };
}

function withImages(node: Node, images: readonly Node[]): Node {
  if (Array.isArray(node)) return node.map((each: Node) => withImages(each, images));
  if (!isMapping(node)) return node;
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => {
      const image = key === 'image' ? images.find((each) => textAt(each, 'name') === value) : undefined;
      return [key, image ? `${value}:${textAt(image, 'newTag')}` : withImages(value, images)];
    }),
  );
}

export function nameOf(object: Node): string {
  return textAt(object, 'metadata.name');
}

export function ofKind(objects: readonly Mapping[], ...kinds: readonly string[]): Mapping[] {
  return objects.filter(({ kind }) => kinds.includes(String(kind)));
}

/** Whether labels have all that a selector's `matchLabels` ask; an empty selector takes everything. */
export function selects(selector: Node | undefined, labels: Node | undefined): boolean {
  const wanted = Object.entries(mapping(at(selector, 'matchLabels') ?? {}));
  return wanted.every(([key, value]) => isMapping(labels) && labels[key] === value);
}
