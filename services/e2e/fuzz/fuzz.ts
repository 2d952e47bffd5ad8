/** Sends malformed requests to running services, and checks that each is answered as it should be and that nobody is the worse for it. */
import { type ClientHttp2Session, connect, constants } from 'node:http2';
import type { DescMethod } from '@bufbuild/protobuf';
import type { Random } from '../../../shared/core/random.js';
import { findMethod, fullName, listMethods } from '../../../shared/grpc/method-catalogue.js';
import { speakNonsense } from './hostile-bytes.js';
import { framed, grpcHeaders, type HostileCall, hostileCall, UNDECODABLE } from './hostile-calls.js';
import { hostileRequest } from './hostile-messages.js';
import { pick } from './hostile-values.js';

/** Requests under way at a time. */
const AT_ONCE = 32;
/** A stream that was opened well says nothing for as long as nothing happens: it is left after this. */
const STREAM_MS = 100;
/** Far more than any handler takes on a busy machine; who is not answered then never would be. */
const ANSWER_MS_MAX = 20_000;

export interface FuzzTarget {
  readonly requestorAddress: string;
  readonly processorAddress: string;
}

export interface FuzzResult {
  readonly requests: number;
  /** How many of each kind were answered how. */
  readonly answers: Readonly<Record<string, number>>;
  /** Answers that are not right, with what was asked. */
  readonly wrong: readonly string[];
}

/** Kinds of malice, and how often each is chosen. */
const SHARES = { bytes: 0.15, call: 0.25 } as const;

export async function fuzz(target: FuzzTarget, requests: number, random: Random): Promise<FuzzResult> {
  const methods = listMethods().map(({ name }) => findMethod(name));
  const answers: Record<string, number> = {};
  const wrong: string[] = [];
  const sessions = new Sessions();
  let left = requests;
  const work = async () => {
    while (left > 0) {
      left -= 1;
      const method = pick(methods, random);
      const address = /\.(Delivery|Market|Execution)Service\//.test(fullName(method))
        ? target.processorAddress
        : target.requestorAddress;
      const { kind, verdict } = await one(sessions, address, method, random);
      const answer = `${kind}: ${verdict.answer}`;
      answers[answer] = (answers[answer] ?? 0) + 1;
      if (verdict.problem !== undefined && wrong.length < 50) wrong.push(verdict.problem);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  sessions.close();
  return { requests, answers, wrong };
}

interface Verdict {
  readonly answer: string;
  readonly problem?: string;
}

async function one(
  sessions: Sessions,
  address: string,
  method: DescMethod,
  random: Random,
): Promise<{ readonly kind: string; readonly verdict: Verdict }> {
  const way = random.next();
  if (way < SHARES.bytes) {
    await speakNonsense(portOf(address), random);
    return { kind: 'bytes', verdict: { answer: 'connection closed' } };
  }
  const path = `/${fullName(method)}`;
  const call: HostileCall =
    way < SHARES.bytes + SHARES.call
      ? hostileCall(path, random)
      : {
          what: 'message',
          headers: grpcHeaders(path),
          body: framed(hostileRequest(method.input, random)),
          statuses: UNDECODABLE,
          httpStatuses: [],
        };
  const kind = way < SHARES.bytes + SHARES.call ? 'call' : 'message';
  const outcome = await send(sessions.to(address), call);
  return { kind, verdict: judge(call, path, outcome) };
}

interface Answered {
  readonly http: number | undefined;
  readonly grpc: number | undefined;
  readonly message: string;
  /** The stream was reset by the server, or the connection went. */
  readonly reset: boolean;
  /** A stream that goes on, or no answer at all. */
  readonly open: 'stream' | 'silent' | undefined;
}

function judge(call: HostileCall, path: string, answered: Answered): Verdict {
  const { http, grpc, message, reset, open } = answered;
  const told = `${call.what} to ${path} (${call.body.subarray(0, 200).toString('base64')})`;
  if (open === 'stream') return { answer: 'stream' };
  if (open === 'silent') return { answer: 'no answer', problem: `${told}: no answer` };
  if (reset) return { answer: 'reset' };
  if (http !== undefined && http !== 200) {
    const right = call.httpStatuses.includes(http);
    return { answer: `HTTP ${http}`, ...(right ? {} : { problem: `${told}: HTTP ${http}` }) };
  }
  const answer = nameOf(grpc);
  if (grpc === undefined) return { answer, problem: `${told}: no status` };
  // Ours: a handler that failed for a reason nobody thought of.
  if (/internal error [0-9a-f-]{36}/.test(message)) return { answer, problem: `${told}: ${message}` };
  if (!call.statuses.includes(grpc)) return { answer, problem: `${told}: ${answer} ${message}` };
  return { answer };
}

const NAMES =
  'OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS UNAUTHENTICATED'.split(
    ' ',
  );

function nameOf(code: number | undefined): string {
  return code === undefined ? 'no status' : (NAMES[code] ?? String(code));
}

function send(session: ClientHttp2Session, call: HostileCall): Promise<Answered> {
  return new Promise((resolve) => {
    let http: number | undefined;
    let grpc: number | undefined;
    let message = '';
    let open: Answered['open'];
    let reset = false;
    let timer: NodeJS.Timeout | undefined;
    const read = (headers: Readonly<Record<string, unknown>>) => {
      if (headers['grpc-status'] !== undefined) grpc = Number(headers['grpc-status']);
      if (typeof headers['grpc-message'] === 'string') message = headers['grpc-message'];
    };
    const done = () => {
      clearTimeout(timer);
      resolve({ http, grpc, message, reset, open });
    };
    let stream: ReturnType<ClientHttp2Session['request']>;
    try {
      stream = session.request({ ...call.headers });
    } catch {
      // Our own library would not send it.
      resolve({ http, grpc, message, reset: true, open });
      return;
    }
    const leave = (how: NonNullable<Answered['open']>, ms: number) => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        open = how;
        stream.close(constants.NGHTTP2_CANCEL);
      }, ms);
    };
    leave('silent', ANSWER_MS_MAX);
    stream.on('response', (headers) => {
      http = Number(headers[':status']);
      read(headers);
      if (grpc === undefined) leave('stream', STREAM_MS);
    });
    stream.on('trailers', read);
    stream.on('data', () => undefined);
    stream.on('error', () => {
      reset = open === undefined;
    });
    stream.on('close', () => {
      if (grpc === undefined && http === undefined && open === undefined) reset = true;
      done();
    });
    // A stream of a watch that has nothing to say sends no headers either.
    if (/\/(Watch|Stream|Execute)/.test(String(call.headers[':path']))) leave('stream', STREAM_MS);
    stream.end(call.body);
  });
}

/** A few connections, made anew when one was closed on us. */
class Sessions {
  readonly #open = new Map<string, ClientHttp2Session>();

  to(address: string): ClientHttp2Session {
    const known = this.#open.get(address);
    if (known && !known.closed && !known.destroyed) return known;
    const session = connect(`http://${address}`);
    session.on('error', () => undefined);
    session.on('goaway', () => session.close());
    this.#open.set(address, session);
    return session;
  }

  close(): void {
    for (const session of this.#open.values()) session.destroy();
  }
}

function portOf(address: string): number {
  return Number(address.split(':').at(-1));
}
