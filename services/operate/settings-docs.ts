import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type AboutSetting, aboutShape } from '../../shared/core/about-setting.js';
import { packageRoot } from '../../shared/core/package-root.js';
import { aboutIn, allNames, GROUPS, SERVICE_NAMES, type ServiceName, settingsOf } from './settings-registry.js';

/** The documentation of every setting, made from the schemas that read them and a template with the prose. */

const TEMPLATE = 'docs/settings.template.md';
const DOCUMENT = 'docs/settings.md';
const NAMES = 'shared/core/setting-names.ts';

/** `{{settings requestor}}`, alone in its line: the table of a service, or of a group. */
const PLACE = /^\{\{settings (\w+)\}\}$/gm;

/** Files as they should be, by path inside the package. */
export function generatedFiles(root: string = packageRoot()): Map<string, string> {
  const template = readFileSync(path.join(root, TEMPLATE), 'utf8');
  const shown = new Set<string>();
  const document = template.replace(PLACE, (_, key: string) => {
    shown.add(key);
    return tableOf(key);
  });
  const missing = [...SERVICE_NAMES, ...Object.keys(GROUPS)].filter((key) => !shown.has(key));
  if (missing.length > 0) throw new Error(`${TEMPLATE} has no place for ${missing.join(', ')}`);
  return new Map([
    [DOCUMENT, document],
    [NAMES, namesModule()],
  ]);
}

/** Paths of files that are not as they should be; with `write` they are made so. */
export function staleFiles({ write, root = packageRoot() }: { write: boolean; root?: string }): string[] {
  return [...generatedFiles(root)].flatMap(([name, text]) => {
    const file = path.join(root, name);
    if (readFileSync(file, 'utf8') === text) return [];
    if (write) writeFileSync(file, text);
    return [name];
  });
}

function tableOf(key: string): string {
  const group = GROUPS[key];
  if (group) return table(aboutShape(group), true);
  const service = SERVICE_NAMES.find((name) => name === key);
  if (service === undefined)
    throw new Error(`${TEMPLATE} wants settings of ${key}, which is neither service nor group`);
  return table(ownSettings(service), false);
}

/** Of the service alone: what stands in a group is left to the group's table. */
function ownSettings(service: ServiceName): AboutSetting[] {
  const grouped = new Set(Object.values(GROUPS).flatMap(Object.keys));
  return settingsOf(service).filter(({ name }) => !grouped.has(name));
}

function table(settings: readonly AboutSetting[], withServices: boolean): string {
  const head = ['Setting', 'Default', 'Unit', 'May be', ...(withServices ? ['Services'] : []), 'Meaning'];
  const rows = settings.map((setting) => {
    if (setting.meaning === '') throw new Error(`${setting.name} has no description`);
    return [
      `\`${setting.name}\``,
      withServices ? defaultsOf(setting) : defaultCell(setting),
      setting.unit,
      setting.allowed,
      ...(withServices ? [[...aboutIn(setting.name).keys()].join(', ')] : []),
      setting.secrecy === 'secret' ? `${setting.meaning} Secret.` : setting.meaning,
    ].map((cell) => cell.replace(/(?<!\\)\|/g, '\\|'));
  });
  const widths = head.map((title, at) => Math.max(title.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`;
  return [line(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rows.map(line)].join('\n');
}

/** One default, or the default of each service. */
function defaultsOf(setting: AboutSetting): string {
  const each = [...aboutIn(setting.name)].map(([service, about]) => ({ service, cell: defaultCell(about) }));
  const [first] = each;
  if (!first || each.every(({ cell }) => cell === first.cell)) return defaultCell(setting);
  return each.map(({ service, cell }) => `${service} ${cell}`).join(', ');
}

function defaultCell({ defaultText }: AboutSetting): string {
  return isPlain(defaultText) ? `\`${defaultText}\`` : defaultText;
}

/** A value to be written as it stands; anything else is words about it. */
function isPlain(text: string): boolean {
  return text !== 'none' && text !== 'required' && /^\S+$/.test(text);
}

function namesModule(): string {
  const { names, secrets, addresses } = allNames();
  const list = (values: readonly string[]) => {
    const line = `[${values.map((value) => `'${value}'`).join(', ')}]`;
    return line.length <= 60 ? line : `[\n${values.map((value) => `  '${value}',\n`).join('')}]`;
  };
  return `/** Made by \`make docs\`: the names of all settings, of those that are secrets, and of those whose addresses may hold one. */

export const SETTING_NAMES: readonly string[] = ${list(names)};

export const SECRET_SETTINGS: readonly string[] = ${list(secrets)};

export const ADDRESS_SETTINGS: readonly string[] = ${list(addresses)};
`;
}
