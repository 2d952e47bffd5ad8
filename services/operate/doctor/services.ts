import type { JsonValue } from '@bufbuild/protobuf';
import {
  type GetStatusResponse,
  SystemServiceClient,
  TradingMode,
} from '../../../proto/gen/exitlane/v1/system_service.js';
import { CLIENT_SECURITY_SETTINGS, clientSecurityOf } from '../../../shared/auth/settings.js';
import { readEnv } from '../../../shared/core/env.js';
import { messageOf } from '../../../shared/core/errors.js';
import { silentLogger } from '../../../shared/core/logger.js';
import { VERSION } from '../../../shared/core/version.js';
import { serversAt } from '../../../shared/grpc/addresses.js';
import { call, connect } from '../../../shared/grpc/client.js';
import { type ClientSecurity, openClientSecurity } from '../../../shared/grpc/client-security.js';
import { callByName } from '../../../shared/grpc/dynamic-client.js';
import { type Check, type Finding, ok, problem, type Surroundings, warning } from './check.js';
import { CALL_TIMEOUT_MS } from './limits.js';
import { askTrading } from './trading.js';

/** The services, each server of them: there, serving, and of one version. */
export const services: Check = {
  name: 'services',
  async run(surroundings, signal) {
    const security = securityOf(surroundings);
    try {
      const asked = (['requestor', 'processor'] as const).flatMap((service) =>
        serversAt(surroundings.addresses[service]).each.map((address) => ({ service, address })),
      );
      const answers = await Promise.all(asked.map((server) => ask(server, security, signal)));
      const versions = new Set(answers.flatMap(({ status }) => status?.version ?? []));
      const schemas = new Set(answers.flatMap(({ status }) => status?.schemaVersion ?? []));
      return [
        ...answers.map(({ finding }) => finding),
        ...(versions.size + schemas.size > 0 ? [agreement(versions, schemas)] : []),
        ...(surroundings.dataDir === undefined ? [] : await tradingOf(answers, security, signal)),
      ];
    } finally {
      security.close();
    }
  },
};

/** An embedded database that is in use tells nothing to others. */
async function tradingOf(
  answers: readonly Answer[],
  security: ClientSecurity,
  signal: AbortSignal,
): Promise<Finding[]> {
  const requestor = answers.find(({ service, status }) => service === 'requestor' && status !== undefined);
  return requestor ? askTrading(requestor.address, security, signal) : [];
}

function securityOf({ settings: { values } }: Surroundings): ClientSecurity {
  const config = clientSecurityOf(readEnv(CLIENT_SECURITY_SETTINGS, { ...values }));
  return openClientSecurity(config, { logger: silentLogger, token: values.EXITLANE_TOKEN || undefined });
}

interface Server {
  readonly service: string;
  readonly address: string;
}

interface Answer extends Server {
  readonly status: GetStatusResponse | undefined;
  readonly finding: Finding;
}

async function ask({ service, address }: Server, security: ClientSecurity, stop: AbortSignal): Promise<Answer> {
  const signal = AbortSignal.any([stop, AbortSignal.timeout(CALL_TIMEOUT_MS)]);
  const client = connect(SystemServiceClient, address, {}, security);
  try {
    const [health, status] = await Promise.all([
      healthOf(address, security, signal),
      call(client, 'getStatus', {}, { signal }),
    ]);
    return { service, address, status, finding: judge(`${service} ${address}`, health, status) };
  } catch (error) {
    const why = messageOf(signal.aborted ? new Error('no answer in time') : error);
    const todo = 'start it, if it is to run; else see address, TLS and token';
    return {
      service,
      address,
      status: undefined,
      finding: warning(`${service} ${address} cannot be asked: ${why}`, todo),
    };
  } finally {
    client.close();
  }
}

function judge(name: string, health: string, { version, mode, database, endpoints }: GetStatusResponse): Finding {
  const sick = endpoints.filter(({ healthy }) => !healthy).map((endpoint) => endpoint.name);
  const what = mode === TradingMode.UNSPECIFIED ? [] : [String(mode).replace(/^TRADING_MODE_/, '')];
  const saw = `${name}: ${[health, `version ${version}`, ...what, database].join(', ')}`;
  if (health !== 'SERVING') return problem(saw, 'see its log');
  return sick.length > 0 ? warning(`${saw}; trouble with ${sick.join(', ')}`, 'exitlane status tells which') : ok(saw);
}

function agreement(versions: ReadonlySet<string>, schemas: ReadonlySet<number>): Finding {
  const all = new Set([...versions, VERSION]);
  if (all.size === 1 && schemas.size <= 1) return ok(`all of version ${VERSION}`);
  const saw = `versions differ: services ${[...versions].join(', ')}, this program ${VERSION}, schemas ${[...schemas].join(', ')}`;
  return warning(saw, 'finish the upgrade: restart what is old');
}

async function healthOf(address: string, security: ClientSecurity, signal: AbortSignal): Promise<string> {
  let health = 'UNKNOWN';
  const onMessage = (message: JsonValue): void => {
    if (typeof message === 'object' && message !== null && 'status' in message) health = String(message.status);
  };
  await callByName({ address, security, method: 'grpc.health.v1.Health/Check', request: {}, onMessage, signal });
  return health;
}
