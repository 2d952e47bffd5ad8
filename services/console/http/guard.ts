import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { joinAddress } from '../../../shared/grpc/loopback.js';
import type { Identity } from '../model/events.js';
import { Refusal } from './refusal.js';
import type { Sessions } from './sessions.js';

/** Who a request is from, as the guard found out. */
export interface Caller {
  /** Empty: the browser has no session yet; GET /api/session begins one. */
  readonly sessionId: string;
  readonly identity: Identity | undefined;
}

export const CSRF_HEADER = 'x-csrf-token';

/**
 * No inline script, no inline style, nothing from elsewhere, nowhere to be framed; and the page cannot make markup out of text
 * even if it tried. Pico draws its checkmarks with data: images.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
};

export interface GuardOptions {
  readonly host: string;
  /** The port that was bound; known only after listening. */
  readonly port: () => number;
  readonly allowedHosts: readonly string[];
  readonly sessions: Sessions;
}

/**
 * Stands before every route. A request must name this console as its host (a name that a stranger points at this machine must not
 * reach it), must not come from another site's page, and must carry the session's CSRF token when it may change something.
 */
export class Guard {
  readonly #options: GuardOptions;
  readonly #callers = new WeakMap<FastifyRequest, Caller>();

  constructor(options: GuardOptions) {
    this.#options = options;
  }

  install(server: FastifyInstance): void {
    server.addHook('onRequest', async (request, reply) => {
      for (const [name, value] of Object.entries(SECURITY_HEADERS)) reply.header(name, value);
      this.#checkHost(request);
      this.#checkOrigin(request);
      const caller = this.#identify(request);
      this.#callers.set(request, caller);
      this.#checkCsrf(request, caller);
    });
  }

  callerOf(request: FastifyRequest): Caller {
    const caller = this.#callers.get(request);
    if (!caller) throw new Error('a request came past the guard');
    return caller;
  }

  /** Whoever may look. */
  viewer(request: FastifyRequest): Caller & { readonly identity: Identity } {
    const { sessionId, identity } = this.callerOf(request);
    if (sessionId === '') throw new Refusal(401, 'SESSION', 'The browser has no session: load the page anew.');
    if (!identity) throw new Refusal(401, 'SIGN_IN', 'Sign in with your token.');
    return { sessionId, identity };
  }

  /** Whoever may act. */
  operator(request: FastifyRequest): Caller & { readonly identity: Identity } {
    const caller = this.viewer(request);
    if (caller.identity.role === 'operator') return caller;
    throw new Refusal(
      403,
      'FORBIDDEN',
      `${caller.identity.name} may look (role viewer), not act: that takes the role operator.`,
    );
  }

  get cookieName(): string {
    // Browsers do not keep cookies of two ports apart.
    return `exitlane_${this.#options.port()}`;
  }

  setCookie(request: FastifyRequest, reply: FastifyReply, sessionId: string): void {
    const isTls = request.protocol === 'https' || (request.headers.origin?.startsWith('https:') ?? false);
    const attributes = ['Path=/', 'HttpOnly', 'SameSite=Strict', ...(isTls ? ['Secure'] : [])];
    reply.header('set-cookie', `${this.cookieName}=${sessionId}; ${attributes.join('; ')}`);
  }

  #checkHost({ headers }: FastifyRequest): void {
    if (this.#isOwnHost(headers.host?.toLowerCase() ?? '')) return;
    const message = `This console does not answer to the name "${headers.host ?? ''}". Open http://${this.#ownHosts()[0]}, or add the name to EXITLANE_CONSOLE_ALLOWED_HOSTS.`;
    throw new Refusal(421, 'FOREIGN_HOST', message);
  }

  #isOwnHost(host: string): boolean {
    const { allowedHosts } = this.#options;
    return (
      this.#ownHosts().includes(host) || allowedHosts.includes(host) || allowedHosts.includes(host.replace(/:\d+$/, ''))
    );
  }

  #ownHosts(): string[] {
    const port = this.#options.port();
    return [...new Set([this.#options.host, '127.0.0.1', 'localhost', '::1'])].map((host) => joinAddress(host, port));
  }

  #checkOrigin({ method, headers }: FastifyRequest): void {
    const { origin } = headers;
    const site = headers['sec-fetch-site'];
    const isForeign =
      origin === undefined ? mayChange(method) && site !== 'same-origin' : !this.#isOwnHost(hostIn(origin));
    // A link from elsewhere may open the page; nothing else may come from elsewhere.
    const isForeignFetch = site !== undefined && !['same-origin', 'none'].includes(site) && !isNavigation(headers);
    if (isForeign || isForeignFetch) {
      throw new Refusal(403, 'FOREIGN_ORIGIN', 'Only the pages of this console may ask this.');
    }
  }

  #identify({ headers }: FastifyRequest): Caller {
    const sessionId = cookieIn(headers.cookie ?? '', this.cookieName) ?? '';
    return { sessionId, identity: this.#options.sessions.identityOf(sessionId) };
  }

  #checkCsrf({ method, headers }: FastifyRequest, { sessionId }: Caller): void {
    if (!mayChange(method)) return;
    const token = headers[CSRF_HEADER];
    if (typeof token === 'string' && this.#options.sessions.isCsrfToken(sessionId, token)) return;
    throw new Refusal(403, 'CSRF', 'The page is older than the console: load it anew.');
  }
}

function mayChange(method: string): boolean {
  return method !== 'GET' && method !== 'HEAD';
}

function isNavigation(headers: FastifyRequest['headers']): boolean {
  return headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
}

function hostIn(origin: string): string {
  return URL.canParse(origin) ? new URL(origin).host : '';
}

function cookieIn(header: string, name: string): string | undefined {
  for (const part of header.split(';')) {
    const [key, value] = part.trim().split('=');
    if (key === name && value !== undefined && /^[A-Za-z0-9_-]{32}$/.test(value)) return value;
  }
  return undefined;
}
