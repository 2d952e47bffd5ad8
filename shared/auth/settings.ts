import { z } from 'zod';
import { intSetting } from '../core/env.js';
import { ExitlaneError } from '../core/errors.js';

/** Settings of a service's gRPC port: what it shows, whom it lets in, how much one client may ask. */
export interface ServerSecurityConfig {
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  /** CA of client certificates; set: clients must show one. */
  readonly clientCaFile?: string | undefined;
  /** Tokens and certificates with their roles; undefined: everybody who reaches the port may do everything (loopback only). */
  readonly accessFile?: string | undefined;
  readonly limits: ClientLimits;
}

/** How much one client (a name of the access file) may ask of one process. Emergency exits are never counted or refused. */
export interface ClientLimits {
  /** Calls per second other than exits, over all its connections; twice as many may come at once. */
  readonly ratePerSecond: number;
  /** Exits, cancels and changes of the trading state, per second, in a bucket of their own. */
  readonly exitRatePerSecond: number;
  readonly streamsMax: number;
  readonly connectionsMax: number;
}

/** How a process or a tool shows itself to the services it calls. */
export interface ClientSecurityConfig {
  /** CA of the services' certificates, or `system`; set: connections are TLS. */
  readonly caFile?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly tokenFile?: string | undefined;
  /** Name in the services' certificates, where it is not the name in their address. */
  readonly serverName?: string | undefined;
}

export const CLIENT_LIMITS_DEFAULT: ClientLimits = {
  ratePerSecond: 200,
  exitRatePerSecond: 100,
  streamsMax: 500,
  connectionsMax: 50,
};

const file = z.string().min(1);

export const SERVER_SECURITY_SETTINGS = {
  EXITLANE_TLS_CERT_FILE: file.optional().meta({
    description:
      'Certificate of this service, PEM with its chain; set: the port speaks TLS. Read again when it changes.',
  }),
  EXITLANE_TLS_KEY_FILE: file.optional().meta({
    description: 'Private key of that certificate, PEM; others must not be able to read it.',
    allowed: 'a path',
  }),
  EXITLANE_TLS_CLIENT_CA_FILE: file
    .optional()
    .meta({ description: 'CA of client certificates, PEM; set: clients must show a certificate of it (mTLS).' }),
  EXITLANE_ACCESS_FILE: file.optional().meta({
    description:
      'Who may call, one line per token or certificate; needed on any address but loopback. Read again when it changes.',
  }),
  CLIENT_RATE_PER_SECOND: intSetting(1, 100_000, CLIENT_LIMITS_DEFAULT.ratePerSecond).meta({
    description: 'Calls per second of one client, exits not counted; twice as many at once.',
  }),
  CLIENT_EXIT_RATE_PER_SECOND: intSetting(1, 100_000, CLIENT_LIMITS_DEFAULT.exitRatePerSecond).meta({
    description:
      'Exits, cancels and changes of the trading state per second of one client. Emergency exits are never refused.',
  }),
  CLIENT_STREAMS_MAX: intSetting(1, 100_000, CLIENT_LIMITS_DEFAULT.streamsMax).meta({
    description: 'Streams one client may have open at one process.',
  }),
  CLIENT_CONNECTIONS_MAX: intSetting(1, 10_000, CLIENT_LIMITS_DEFAULT.connectionsMax).meta({
    description: 'Connections one client may have at one process.',
  }),
};

export const CLIENT_SECURITY_SETTINGS = {
  EXITLANE_CA_FILE: file
    .optional()
    .meta({ description: 'CA of the services this process calls, PEM, or `system`; set: it connects by TLS.' }),
  EXITLANE_CLIENT_CERT_FILE: file
    .optional()
    .meta({ description: 'Certificate to show to the services (mTLS), PEM.', allowed: 'a path' }),
  EXITLANE_CLIENT_KEY_FILE: file
    .optional()
    .meta({ description: 'Private key of that certificate, PEM; others must not be able to read it.' }),
  EXITLANE_TOKEN_FILE: file.optional().meta({
    description:
      'File with the token to show to the services; others must not be able to read it. Read again when it changes.',
  }),
  EXITLANE_TLS_SERVER_NAME: z
    .string()
    .regex(/^[A-Za-z0-9.-]{1,253}$/, 'must be a host name')
    .optional()
    .meta({
      description:
        "Name in the services' certificates where it is not the one in their address; needed for a list of addresses.",
    }),
};

type Values<Shape extends z.ZodRawShape> = z.infer<z.ZodObject<Shape>>;

export function serverSecurityOf(settings: Values<typeof SERVER_SECURITY_SETTINGS>): ServerSecurityConfig {
  const config: ServerSecurityConfig = {
    certFile: settings.EXITLANE_TLS_CERT_FILE,
    keyFile: settings.EXITLANE_TLS_KEY_FILE,
    clientCaFile: settings.EXITLANE_TLS_CLIENT_CA_FILE,
    accessFile: settings.EXITLANE_ACCESS_FILE,
    limits: {
      ratePerSecond: settings.CLIENT_RATE_PER_SECOND,
      exitRatePerSecond: settings.CLIENT_EXIT_RATE_PER_SECOND,
      streamsMax: settings.CLIENT_STREAMS_MAX,
      connectionsMax: settings.CLIENT_CONNECTIONS_MAX,
    },
  };
  if (config.clientCaFile !== undefined && config.certFile === undefined) {
    throw invalid(
      'EXITLANE_TLS_CERT_FILE',
      'is required with EXITLANE_TLS_CLIENT_CA_FILE: client certificates are part of TLS',
    );
  }
  return config;
}

export function clientSecurityOf(settings: Values<typeof CLIENT_SECURITY_SETTINGS>): ClientSecurityConfig {
  const config: ClientSecurityConfig = {
    caFile: settings.EXITLANE_CA_FILE,
    certFile: settings.EXITLANE_CLIENT_CERT_FILE,
    keyFile: settings.EXITLANE_CLIENT_KEY_FILE,
    tokenFile: settings.EXITLANE_TOKEN_FILE,
    serverName: settings.EXITLANE_TLS_SERVER_NAME,
  };
  if (config.certFile !== undefined && config.caFile === undefined) {
    throw invalid(
      'EXITLANE_CA_FILE',
      'is required with EXITLANE_CLIENT_CERT_FILE: a certificate is shown over TLS only',
    );
  }
  return config;
}

function invalid(field: string, description: string): ExitlaneError {
  return new ExitlaneError('CONFIG_INVALID', `invalid settings:\n  ${field}: ${description}`, {
    violations: [{ field, description }],
  });
}
