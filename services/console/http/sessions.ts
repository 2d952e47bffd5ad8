import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { userInfo } from 'node:os';
import type { Clock } from '../../../shared/core/clock.js';
import { SESSION_MS_MAX, SESSIONS_MAX, SIGN_IN_FAILURES_MAX, SIGN_IN_WINDOW_MS } from '../limits.js';
import type { Identity } from '../model/events.js';
import type { Role } from '../model/view.js';
import { type User, userWith } from './users-file.js';

export interface SessionsOptions {
  /** Those who may sign in now; undefined: nobody signs in. */
  readonly users: () => readonly User[] | undefined;
  readonly role: Role;
  readonly clock: Clock;
}

interface SignedIn {
  readonly user: User;
  readonly until: number;
}

/**
 * Who a browser is. Each browser has a random id in a cookie that scripts cannot read. Without users the id only ties the CSRF
 * token to the browser; with users it is also the proof that somebody signed in, kept in memory until it ends or the console does.
 */
export class Sessions {
  readonly #options: SessionsOptions;
  /** New with every start: a page that is older asks for a new token. */
  readonly #csrfKey = randomBytes(32);
  readonly #signedIn = new Map<string, SignedIn>();
  #failures: number[] = [];

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  newId(): string {
    return randomBytes(24).toString('base64url');
  }

  csrfTokenOf(sessionId: string): string {
    return createHmac('sha256', this.#csrfKey).update(sessionId).digest('base64url');
  }

  isCsrfToken(sessionId: string, token: string): boolean {
    const expected = Buffer.from(this.csrfTokenOf(sessionId));
    const given = Buffer.from(token);
    return given.length === expected.length && timingSafeEqual(given, expected);
  }

  /** Who this is; nobody if there are users and this browser has not signed in. */
  identityOf(sessionId: string): Identity | undefined {
    const { role, clock } = this.#options;
    const users = this.#options.users();
    if (!users) return { name: localName(), role, signedIn: false };
    const session = this.#signedIn.get(sessionId);
    if (!session) return undefined;
    if (session.until <= clock.now() || !isStill(session.user, users)) {
      this.#signedIn.delete(sessionId);
      return undefined;
    }
    return { name: session.user.name, role: session.user.role, signedIn: true };
  }

  /** Too many wrong tokens were tried of late: no more of them are heard. */
  get isPaused(): boolean {
    const since = this.#options.clock.now() - SIGN_IN_WINDOW_MS;
    this.#failures = this.#failures.filter((at) => at > since);
    return this.#failures.length >= SIGN_IN_FAILURES_MAX;
  }

  /** The id of a new session; nothing if the token is nobody's. */
  signIn(token: string): string | undefined {
    const { clock } = this.#options;
    const users = this.#options.users() ?? [];
    const user = userWith(users, token);
    if (!user) {
      if (!this.isPaused) this.#failures.push(clock.now());
      return undefined;
    }
    const sessionId = this.newId();
    this.#signedIn.set(sessionId, { user, until: clock.now() + SESSION_MS_MAX });
    if (this.#signedIn.size > SESSIONS_MAX) {
      const [oldest] = this.#signedIn.keys();
      if (oldest !== undefined) this.#signedIn.delete(oldest);
    }
    return sessionId;
  }

  /** Ends the sessions of those who are not what they were when they signed in; returns their ids. */
  endStale(): string[] {
    const users = this.#options.users() ?? [];
    const stale = [...this.#signedIn].filter(([, { user }]) => !isStill(user, users)).map(([id]) => id);
    for (const id of stale) this.#signedIn.delete(id);
    return stale;
  }

  signOut(sessionId: string): void {
    this.#signedIn.delete(sessionId);
  }
}

/** Same name, role and token. */
function isStill({ name, role, tokenHash }: User, users: readonly User[]): boolean {
  return users.some((user) => user.name === name && user.role === role && user.tokenHash === tokenHash);
}

/** On loopback without users the person is whoever runs the console. */
function localName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a user id without a name.
    return 'console';
  }
}
