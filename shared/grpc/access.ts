import type { Metadata } from '@grpc/grpc-js';
import type { Credential } from '../auth/access-file.js';
import { type AccessList, type Found, hasExpired } from '../auth/access-list.js';
import { requirementOf, suffices } from '../auth/method-roles.js';
import { type Caller, LOCAL_CALLER } from '../core/call-context.js';
import type { Clock } from '../core/clock.js';
import { ExitlaneError } from '../core/errors.js';

/** Header that carries a token: `Bearer exl_...` (RFC 6750). */
export const AUTHORIZATION_KEY = 'authorization';
/** Header in which a caller says for whom it acts; goes into the audit log, grants nothing. */
export const ACTING_FOR_KEY = 'x-exitlane-acting-for';

const ACTING_FOR = /^[\x21-\x7e]{1,64}$/;

/** Where a call comes from, as grpc-js tells. */
export interface CallOrigin {
  getAuthContext(): {
    sslPeerCertificate?: { subject?: { CN?: string | string[] }; valid_to?: string } | undefined;
  };
}

/** Who makes a call; the credential is undefined where nobody is asked for one, or the method is open to all. */
export interface Identified {
  readonly caller: Caller;
  readonly credential: Credential | undefined;
}

const NOBODY: Caller = { name: '', role: 'read', client: '', actingFor: '' };

/** Finds out who makes a call and whether he may (O1). Without a list of credentials everyone on this machine may do everything. */
export class Access {
  readonly #list: () => AccessList | undefined;
  readonly #clock: Clock;

  constructor(list: () => AccessList | undefined, clock: Clock) {
    this.#list = list;
    this.#clock = clock;
  }

  /**
   * A token counts before a certificate: a proxy may hold the connection for many.
   * @param method `exitlane.v1.OrderService/SubmitOrder`
   * @throws NOT_AUTHENTICATED, CREDENTIAL_EXPIRED, ROLE_INSUFFICIENT, INTERNAL_METHOD
   */
  check(method: string, metadata: Metadata, origin: CallOrigin): Identified {
    const list = this.#list();
    if (list === undefined) return { caller: localCaller(metadata), credential: undefined };
    const requirement = requirementOf(method);
    // Whoever may ask without a name is not refused for a wrong one.
    if (requirement === 'open') return { caller: NOBODY, credential: undefined };
    const credential = this.#credentialOf(list, metadata, origin);
    if (!suffices(credential.role, requirement)) throw insufficient(method, credential, requirement);
    const { name, role, client } = credential;
    return { caller: withActing({ name, role, client, actingFor: '' }, textIn(metadata, ACTING_FOR_KEY)), credential };
  }

  /** Whether a call that was let in would be let in now. */
  isStillValid(credential: Credential): boolean {
    return this.#list()?.stillValid(credential, this.#clock.now()) ?? true;
  }

  #credentialOf(list: AccessList, metadata: Metadata, origin: CallOrigin): Credential {
    const authorization = textIn(metadata, AUTHORIZATION_KEY);
    const now = this.#clock.now();
    if (authorization !== '') {
      const [, token] = /^Bearer +(\S{1,512})$/i.exec(authorization) ?? [];
      if (token === undefined) throw refusal('the header authorization must be: Bearer <token>');
      return valid(list.byToken(token, now), 'the token is not known here: it is wrong, or was withdrawn');
    }
    const certificate = origin.getAuthContext().sslPeerCertificate;
    const commonName = certificate?.subject?.CN;
    if (typeof commonName === 'string') {
      const unknown = `the certificate of ${commonName.slice(0, 64)} has no line in the access file`;
      const credential = endingBy(valid(list.byCertificate(commonName, now), unknown), certificate?.valid_to);
      if (hasExpired(credential, now)) throw expired(credential);
      return credential;
    }
    throw refusal('who calls? Send the header authorization: Bearer <token>, or connect with a client certificate');
  }
}

function valid(found: Found, unknown: string): Credential {
  if (found.kind === 'valid') return found.credential;
  if (found.kind === 'unknown') throw refusal(unknown);
  throw expired(found.credential);
}

function expired({ name, proof, expiresAt }: Credential): ExitlaneError {
  const text = `the ${proof.kind} of ${name} expired at ${expiresAt?.toISOString()}: ask for a new one`;
  return new ExitlaneError('CREDENTIAL_EXPIRED', text, { metadata: { name } });
}

/** TLS looks at a certificate's dates when the connection begins, and connections live for an hour. */
function endingBy(credential: Credential, validTo: string | undefined): Credential {
  const end = validTo === undefined ? Number.NaN : Date.parse(validTo);
  if (Number.isNaN(end) || (credential.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY) <= end) return credential;
  return { ...credential, expiresAt: new Date(end) };
}

function refusal(text: string): ExitlaneError {
  return new ExitlaneError('NOT_AUTHENTICATED', text);
}

/** What a call is ended with whose token or certificate was withdrawn meanwhile. */
export function withdrawn({ name }: Credential): ExitlaneError {
  const text = `what ${name} showed when the call began is not valid any more: it was withdrawn or has expired`;
  return new ExitlaneError('NOT_AUTHENTICATED', text);
}

function insufficient(method: string, { name, role }: Credential, requirement: string): ExitlaneError {
  const short = method.replace('exitlane.v1.', '');
  if (requirement === 'internal') {
    const text = `${short} is for Exitlane's own services (role service); ${name} has the role ${role}`;
    return new ExitlaneError('INTERNAL_METHOD', text, { metadata: { role } });
  }
  const text = `${short} takes the role ${requirement}; ${name} has the role ${role}`;
  return new ExitlaneError('ROLE_INSUFFICIENT', text, { metadata: { role, required: requirement } });
}

function textIn(metadata: Metadata, key: string): string {
  const [value] = metadata.get(key);
  return typeof value === 'string' ? value : '';
}

/** Who makes a call where nobody is asked for a credential. */
export function localCaller(metadata: Metadata): Caller {
  return withActing(LOCAL_CALLER, textIn(metadata, ACTING_FOR_KEY));
}

function withActing(caller: Caller, actingFor: string): Caller {
  return ACTING_FOR.test(actingFor) ? { ...caller, actingFor } : caller;
}
