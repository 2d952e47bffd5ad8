import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { packageRoot } from '../../../shared/core/package-root.js';

/** What is in `deploy/` for those who watch over the services. */
export const PROMETHEUS = path.join(packageRoot(), 'deploy/prometheus');
export const RULES = path.join(PROMETHEUS, 'alerts.yml');
export const DASHBOARD = path.join(packageRoot(), 'deploy/grafana/dashboards/exitlane.json');

export interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export async function readRules(): Promise<Rule[]> {
  const { parse } = await import('yaml');
  const { groups } = parse(await readFile(RULES, 'utf8')) as { groups: { rules: Rule[] }[] };
  return groups.flatMap(({ rules }) => rules);
}

interface Panel {
  readonly title: string;
  readonly description?: string;
  readonly type: string;
  readonly targets?: readonly { readonly expr: string }[];
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
}

export async function readPanels(): Promise<Panel[]> {
  return (JSON.parse(await readFile(DASHBOARD, 'utf8')) as { panels: Panel[] }).panels;
}

/** Names of the metrics in an expression of PromQL: what is followed by neither `(` nor `=`, and is no label of a `by (...)`. */
export function metricsIn(expr: string): string[] {
  const outsideOfLists = expr.replace(/\b(by|on|without|ignoring)\s*\([^)]*\)/g, '').replace(/\{[^}]*\}/g, '');
  return [...new Set(outsideOfLists.match(/\b(?:exitlane|nodejs|process)_\w+\b|\bup\b/g) ?? [])];
}
