import { z } from 'zod';
import { CLIENT_SECURITY_SETTINGS, SERVER_SECURITY_SETTINGS } from '../../shared/auth/settings.js';
import { type AboutSetting, aboutShape } from '../../shared/core/about-setting.js';
import { CONFIG_FILE_VARIABLE } from '../../shared/core/settings.js';
import { addressSetting } from '../../shared/grpc/addresses.js';
import { metricsSettings } from '../../shared/metrics/settings.js';
import { CONSOLE_SETTINGS } from '../console/config.js';
import { PROCESSOR_PROCESS_SETTINGS } from '../processor/config.js';
import { scanSettings } from '../processor/market/scan-config.js';
import { gateSettings } from '../processor/venue/gate-config.js';
import { ALERT_SETTINGS } from '../requestor/alerts/config.js';
import { REQUESTOR_PROCESS_SETTINGS } from '../requestor/config.js';
import { RETENTION_SETTINGS } from '../requestor/retention/config.js';
import { SANDBOX_SETTINGS } from '../sandbox/settings.js';

/** Every program that has settings, with all of them. What a service adds to its shape is in the tables by that. */

const CLI_SETTINGS = {
  EXITLANE_REQUESTOR: addressSetting
    .default('127.0.0.1:50051')
    .meta({ description: 'Requestors that commands talk to; several with commas, or `dns:///name:port`.' }),
  EXITLANE_PROCESSOR: addressSetting
    .default('127.0.0.1:50052')
    .meta({ description: 'Processors that commands talk to.' }),
  EXITLANE_DEBUG: z.string().optional().meta({ description: '`1` shows where an error happened.', allowed: '1' }),
  EXITLANE_TOKEN: z.string().optional().meta({
    description: 'Your token, where it is in no file.',
    secrecy: 'secret',
    allowed: 'a token',
  }),
  ...CLIENT_SECURITY_SETTINGS,
};

export const SHAPES = {
  requestor: REQUESTOR_PROCESS_SETTINGS,
  processor: PROCESSOR_PROCESS_SETTINGS,
  console: CONSOLE_SETTINGS,
  sandbox: SANDBOX_SETTINGS,
  cli: CLI_SETTINGS,
} as const satisfies Readonly<Record<string, z.ZodRawShape>>;

export type ServiceName = keyof typeof SHAPES;

export const SERVICE_NAMES = Object.keys(SHAPES) as ServiceName[];

/** Parts that the documentation shows as tables of their own. */
export const GROUPS: Readonly<Record<string, z.ZodRawShape>> = {
  alerts: ALERT_SETTINGS,
  retention: RETENTION_SETTINGS,
  calls: { ...gateSettings, ...scanSettings },
  server: SERVER_SECURITY_SETTINGS,
  client: CLIENT_SECURITY_SETTINGS,
  metrics: metricsSettings('requestor'),
};

/** Not of one service: the file itself, what only tests set, and what `make up` and the compose file take for themselves. */
const OTHER_NAMES = [
  CONFIG_FILE_VARIABLE,
  'EXITLANE_FAILPOINT',
  'EXITLANE_GID',
  'EXITLANE_UID',
  'EXITLANE_UP_CERTS',
  'EXITLANE_UP_CONSOLE_PORT',
  'EXITLANE_UP_DIR',
  'EXITLANE_UP_METRICS_PORT',
  'EXITLANE_UP_POSTGRES_PORT',
  'EXITLANE_UP_PROCESSOR_PORTS',
  'EXITLANE_UP_REQUESTOR_PORTS',
  'EXITLANE_UP_SANDBOX_PORT',
  'EXITLANE_UP_SLOT_MS',
  'EXITLANE_VERSION',
];

export function settingsOf(service: ServiceName): AboutSetting[] {
  return aboutShape(SHAPES[service]);
}

/** What it is in each service that has it, by service: the default may differ. */
export function aboutIn(name: string): Map<ServiceName, AboutSetting> {
  return new Map(
    SERVICE_NAMES.flatMap((service) => {
      const about = settingsOf(service).find((setting) => setting.name === name);
      return about ? [[service, about] as const] : [];
    }),
  );
}

export function allNames(): { names: string[]; secrets: string[]; addresses: string[] } {
  const all = new Map(SERVICE_NAMES.flatMap(settingsOf).map((setting) => [setting.name, setting]));
  const of = (secrecy: AboutSetting['secrecy']) =>
    [...all.values()].filter((setting) => setting.secrecy === secrecy).map(({ name }) => name);
  return {
    names: [...new Set([...all.keys(), ...OTHER_NAMES])].sort(),
    secrets: of('secret').sort(),
    addresses: of('address').sort(),
  };
}
