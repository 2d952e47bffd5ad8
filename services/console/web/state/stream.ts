import { EVENT_NAMES, type ServerEvents } from '../../model/events.js';
import { post, RequestError, readSession } from './http.js';
import { follow, getState, setState, takers } from './store.js';

/** The server sends a ping every 5 s: three missing ones are a dead connection, whatever the browser thinks. */
const SILENCE_MS = 16_000;
const RETRY_MS_MIN = 400;
const RETRY_MS_MAX = 3_000;

let source: EventSource | undefined;
let silence = 0;
let retry = 0;
let delayMs = RETRY_MS_MIN;
let followed: string | undefined;

/** Connects, and connects again whenever the connection is lost, until the session ends. */
export async function connect(): Promise<void> {
  disconnect();
  try {
    const { identity } = await readSession();
    setState({ identity });
    if (identity) open();
    else setState({ link: 'signedOut', linkSince: Date.now() });
  } catch {
    lose();
  }
}

export function disconnect(): void {
  source?.close();
  source = undefined;
  clearTimeout(silence);
  clearTimeout(retry);
}

/** Tells the server which order's messages to send; undefined: none any more. */
export function followOrder(orderReqId: string | undefined): void {
  followed = orderReqId;
  if (orderReqId !== undefined && getState().timeline?.orderReqId !== orderReqId) follow(orderReqId);
  void sendFollow();
}

async function sendFollow(): Promise<void> {
  const { hello, link } = getState();
  if (!hello || link !== 'open') return;
  try {
    await post('/api/follow', { tabId: hello.tabId, orderReqId: followed ?? null });
  } catch (error) {
    const { timeline } = getState();
    const problem = error instanceof RequestError ? error.message : String(error);
    if (timeline && timeline.orderReqId === followed) setState({ timeline: { ...timeline, problem } });
  }
}

function open(): void {
  // Two tries may have waited for their session at the same time.
  disconnect();
  const own = new EventSource('/api/events');
  source = own;
  for (const name of EVENT_NAMES) own.addEventListener(name, (event) => take(own, name, event as MessageEvent<string>));
  own.addEventListener('error', () => {
    if (source === own) lose();
  });
  watchSilence();
}

function take<Name extends keyof ServerEvents>(own: EventSource, name: Name, event: MessageEvent<string>): void {
  if (source !== own) return;
  watchSilence();
  takers[name](JSON.parse(event.data) as ServerEvents[Name]);
  if (name === 'hello') {
    delayMs = RETRY_MS_MIN;
    if (followed !== undefined) void sendFollow();
  }
  if (name === 'paused' || name === 'signedOut') disconnect();
}

/** The browser would try by itself, but not after every kind of failure, and without asking who it is. */
function lose(): void {
  disconnect();
  if (getState().link !== 'lost') setState({ link: 'lost', linkSince: Date.now() });
  retry = window.setTimeout(() => void connect(), delayMs);
  delayMs = Math.min(RETRY_MS_MAX, delayMs * 1.5);
}

function watchSilence(): void {
  clearTimeout(silence);
  silence = window.setTimeout(lose, SILENCE_MS);
}

// A tab that was put to sleep, or had to make room for others, comes back when somebody looks at it.
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible' && ['paused', 'lost'].includes(getState().link)) void connect();
});
