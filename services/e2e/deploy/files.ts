import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseAllDocuments } from 'yaml';
import { packageRoot } from '../../../shared/core/package-root.js';
import { parseSettings } from '../../../shared/core/settings-file.js';

/** Anything that a YAML file may hold. */
export type Node = null | boolean | number | string | readonly Node[] | { readonly [key: string]: Node };
export type Mapping = { readonly [key: string]: Node };

/** A file of the repository, by its path from the root. */
export function filePath(file: string): string {
  return path.join(packageRoot(), file);
}

export function textOf(file: string): string {
  return readFileSync(filePath(file), 'utf8');
}

/**
 * The documents of a YAML file. Version 1.1 with anchors, as Kubernetes and compose read it: 0440 is octal there.
 * @throws Error with the file's name and the line
 */
export function yamlOf(file: string): Mapping[] {
  const documents = parseAllDocuments(textOf(file), { version: '1.1', merge: true, uniqueKeys: true });
  if (!Array.isArray(documents)) throw new Error(`${file} is empty`);
  return documents.map((document) => {
    const problem = document.errors[0] ?? document.warnings[0];
    if (problem) throw new Error(`${file}: ${problem.message}`);
    return mapping(document.toJS(), file);
  });
}

/** Lines `NAME=value`, by the parser of the services' own settings files. */
export function envOf(file: string): Record<string, string> {
  const { settings, problems } = parseSettings(file, textOf(file));
  if (problems.length > 0) throw new Error(problems.join('; '));
  return Object.fromEntries(settings.map(({ name, value }) => [name, value]));
}

export function isMapping(node: unknown): node is Mapping {
  return typeof node === 'object' && node !== null && !Array.isArray(node);
}

export function mapping(node: unknown, what = 'a mapping'): Mapping {
  if (!isMapping(node)) throw new Error(`${what}: not a mapping`);
  return node;
}

export function list(node: unknown): readonly Node[] {
  return Array.isArray(node) ? node : [];
}

/** What stands at `a.b.0.c`; undefined when nothing does. */
export function at(node: unknown, route: string): Node | undefined {
  let here: unknown = node;
  for (const key of route.split('.')) {
    if (typeof here !== 'object' || here === null) return undefined;
    here = (here as Record<string, unknown>)[key];
  }
  return here as Node | undefined;
}

export function textAt(node: unknown, route: string): string {
  const found = at(node, route);
  return typeof found === 'string' || typeof found === 'number' ? String(found) : '';
}

/** Seconds of `30s`, `1m`, `500ms`. */
export function secondsOf(text: string): number {
  const [, digits, unit = 's'] = /^(\d+)(ms|s|m)?$/.exec(text) ?? [];
  if (digits === undefined) throw new Error(`${text} is no time`);
  return Number(digits) * { ms: 0.001, s: 1, m: 60 }[unit as 'ms' | 's' | 'm'];
}
