import { ExitlaneError } from '../../shared/core/errors.js';
import { maskedValue } from '../../shared/core/setting-secrets.js';
import { type LoadedSettings, originText } from '../../shared/core/settings.js';
import { consoleConfigFromEnv } from '../console/config.js';
import { processorConfigFromEnv } from '../processor/config.js';
import { requestorConfigFromEnv } from '../requestor/config.js';
import type { Configured } from './configured.js';
import { columns, type Out } from './output.js';
import { settingsOf } from './settings-registry.js';

/** `exitlane config`: what the services' settings are, where each comes from, and what is wrong with them (O4). */

export interface ShownSetting {
  readonly name: string;
  /** As it was written; secrets masked. The default's text where nobody gave one. */
  readonly value: string;
  readonly unit: string;
  /** `flag`, `environment`, `<file> line <n>` or `default`. */
  readonly origin: string;
}

export function shownSettings(service: Configured, settings: LoadedSettings): ShownSetting[] {
  return settingsOf(service).map(({ name, unit, secrecy, defaultText }) => {
    const given = settings.values[name] ?? '';
    if (given === '') return { name, value: defaultText, unit, origin: 'default' };
    return { name, value: maskedValue(secrecy, given), unit, origin: originText(settings.origins.get(name)) };
  });
}

const READERS: Readonly<Record<Configured, (env: NodeJS.ProcessEnv) => unknown>> = {
  requestor: requestorConfigFromEnv,
  processor: processorConfigFromEnv,
  console: consoleConfigFromEnv,
};

/** What keeps the service from starting with these settings; free of values. */
export function configProblems(service: Configured, settings: LoadedSettings): string[] {
  try {
    READERS[service](settings.values);
    return [];
  } catch (error) {
    if (!(error instanceof ExitlaneError)) throw error;
    return error.message
      .replace(/^invalid settings:\n/, '')
      .split('\n')
      .map((line) => line.trim());
  }
}

/** Prints every setting; returns the exit code. */
export function showConfig(services: readonly Configured[], settings: LoadedSettings, out: Out): 0 | 1 {
  const shown = services.map((service) => ({ service, settings: shownSettings(service, settings) }));
  if (out.format === 'json') {
    const json = Object.fromEntries(shown.map((each) => [each.service, each.settings]));
    out.write(`${JSON.stringify(json, undefined, 2)}\n`);
    return 0;
  }
  for (const [index, { service, settings: rows }] of shown.entries()) {
    const lines = columns(
      rows.map(({ name, value, unit, origin }) => [`  ${name}`, `${value}${unitOf(value, unit)}`, origin]),
    );
    out.write(`${index > 0 ? '\n' : ''}${service}\n${lines.join('\n')}\n`);
  }
  return 0;
}

function unitOf(value: string, unit: string): string {
  return unit !== '' && /^[\d.]+$/.test(value) ? ` ${unit}` : '';
}

/** Says what is wrong; returns the exit code. */
export function checkConfig(services: readonly Configured[], settings: LoadedSettings, out: Out): 0 | 1 {
  const found = services.map((service) => ({ service, problems: configProblems(service, settings) }));
  const isGood = found.every(({ problems }) => problems.length === 0);
  for (const warning of settings.warnings) out.note(`warning: ${warning}`);
  if (out.format === 'json') {
    const problems = Object.fromEntries(found.map((each) => [each.service, each.problems]));
    out.write(`${JSON.stringify({ ok: isGood, problems, warnings: settings.warnings }, undefined, 2)}\n`);
    return isGood ? 0 : 1;
  }
  for (const { service, problems } of found) {
    out.write(`${service}: ${problems.length === 0 ? 'valid' : 'would not start'}\n`);
    for (const problem of problems) out.write(`  ${problem}\n`);
  }
  return isGood ? 0 : 1;
}
