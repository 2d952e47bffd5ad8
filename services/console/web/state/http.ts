import type { Failure, SessionView } from '../../model/events.js';

/** A request that the console or a service refused, or that got no answer. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  constructor(
    readonly reason: string,
    message: string,
    readonly violations: Failure['violations'] = [],
  ) {
    super(message);
  }
}

/** A person waits for the answer. */
const ANSWER_MS_MAX = 15_000;

let csrfToken = '';

export function get<Answer>(url: string): Promise<Answer> {
  return request<Answer>('GET', url);
}

/** Sends something that changes something. A page that is older than the server gets a new CSRF token and tries once more. */
export async function post<Answer>(url: string, body: unknown): Promise<Answer> {
  return change<Answer>('POST', url, body);
}

/** Who this browser is; also brings the CSRF token. */
export async function readSession(): Promise<SessionView> {
  const session = await get<SessionView>('/api/session');
  csrfToken = session.csrfToken;
  return session;
}

export async function signIn(token: string): Promise<SessionView> {
  const session = await change<SessionView>('POST', '/api/session', { token });
  csrfToken = session.csrfToken;
  return session;
}

export function signOut(): Promise<void> {
  return change<void>('DELETE', '/api/session');
}

async function change<Answer>(method: string, url: string, body?: unknown): Promise<Answer> {
  try {
    return await request<Answer>(method, url, body);
  } catch (error) {
    if (!(error instanceof RequestError && ['CSRF', 'SESSION'].includes(error.reason))) throw error;
    await readSession();
    return request<Answer>(method, url, body);
  }
}

async function request<Answer>(method: string, url: string, body?: unknown): Promise<Answer> {
  const response = await fetch(url, {
    method,
    credentials: 'same-origin',
    signal: AbortSignal.timeout(ANSWER_MS_MAX),
    headers: {
      ...(method === 'GET' ? {} : { 'x-csrf-token': csrfToken }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch((cause: unknown) => {
    const late = cause instanceof DOMException && cause.name === 'TimeoutError';
    throw new RequestError(
      'UNREACHABLE',
      late ? 'The console did not answer in time.' : 'The console does not answer.',
    );
  });
  if (response.status === 204) return undefined as Answer;
  const answer: unknown = await response.json().catch(() => undefined);
  if (response.ok) return answer as Answer;
  const { reason, message, violations } = (answer ?? {}) as Partial<Failure>;
  throw new RequestError(reason ?? 'UNKNOWN', message ?? `The console answered ${response.status}.`, violations);
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
