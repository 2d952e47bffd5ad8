import { at, envOf, isMapping, list, type Mapping, mapping, type Node, textOf, yamlOf } from './files.js';

const FOLDER = 'deploy/compose';

/** A way to start it: what `.env` is begun with, and the files that it names. */
export interface Variant {
  readonly name: 'try' | 'mainnet' | 'plain';
  readonly env: Readonly<Record<string, string>>;
  readonly files: readonly string[];
}

export function variants(): Variant[] {
  const of = (name: 'try' | 'mainnet'): Variant => {
    const env = envOf(`${FOLDER}/${name}.env`);
    return { name, env, files: (env.COMPOSE_FILE ?? '').split(':') };
  };
  return [{ name: 'plain', env: {}, files: ['compose.yaml'] }, of('try'), of('mainnet')];
}

/** A file as the schema sees it: variables filled in, `x-` parts left out where anchors have done their work. */
export function composeFile(file: string, env: Readonly<Record<string, string>>): Mapping {
  const [document] = yamlOf(`${FOLDER}/${file}`);
  return mapping(filled(document as Mapping, env), file);
}

/** The files of a variant laid over each other, as compose does: mappings are merged, lists added. */
export function project({ env, files }: Variant): Mapping {
  const [first, ...others] = files.map((file) => composeFile(file, env));
  return others.reduce((under, over) => overlaid(under, over) as Mapping, first as Mapping);
}

export function overlaid(under: Node, over: Node): Node {
  if (Array.isArray(under) && Array.isArray(over)) return [...under, ...over];
  if (!isMapping(under) || !isMapping(over)) return over;
  const keys = [...new Set([...Object.keys(under), ...Object.keys(over)])];
  return Object.fromEntries(
    keys.map((key) => {
      const [below, above] = [under[key], over[key]];
      if (below === undefined || above === undefined) return [key, (above ?? below) as Node];
      return [key, overlaid(below, above)];
    }),
  );
}

/** `${NAME}` and `${NAME:-default}`; other forms are an error, so that nobody writes one that is not looked at. */
function filled(node: Node, env: Readonly<Record<string, string>>): Node {
  if (typeof node === 'string') {
    return node.replace(/\$\{([^}]*)\}/g, (_, inside: string) => {
      const [, name, fallback] = /^(\w+)(?::-(.*))?$/.exec(inside) ?? [];
      if (name === undefined) throw new Error(`\${${inside}} is of no known form`);
      return env[name] || (fallback ?? '');
    });
  }
  if (Array.isArray(node)) return node.map((each: Node) => filled(each, env));
  if (!isMapping(node)) return node;
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, filled(value, env)]));
}

/** Names of variables that the files ask for. */
export function variablesIn(files: readonly string[]): string[] {
  const texts = files.map((file) => textOf(`${FOLDER}/${file}`));
  return [...new Set(texts.flatMap((text) => [...text.matchAll(/\$\{(\w+)/g)].map(([, name]) => name ?? '')))];
}

export function environmentOf(service: Mapping): Record<string, string> {
  const environment = service.environment ?? {};
  return Object.fromEntries(Object.entries(mapping(environment)).map(([name, value]) => [name, String(value ?? '')]));
}

export function servicesOf(project: Mapping): [string, Mapping][] {
  return Object.entries(mapping(at(project, 'services') ?? {})).map(([name, service]) => [
    name,
    mapping(service, name),
  ]);
}

/** The program that a service of our image runs: `requestor`. Undefined for others' images. */
export function programOf(service: Mapping): string | undefined {
  const words = [...list(service.entrypoint), ...list(service.command)].map(String);
  return words.map((word) => /^dist\/services\/(\w+)\/main\.js$/.exec(word)?.[1]).find((name) => name !== undefined);
}
