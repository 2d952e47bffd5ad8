import type { FastifyReply } from 'fastify';
import type { Clock } from '../../shared/core/clock.js';
import type { CallFault } from './fault-specs.js';

/** An HTTP answer before it is sent; `body` goes out as JSON. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Answers a call as its fault says. `work` is what the call would do; some faults do it, some do not. */
export async function answerWithFault(clock: Clock, reply: FastifyReply, fault: CallFault, work: () => Answer) {
  switch (fault.fault) {
    case 'http':
      return reply.code(fault.status).headers(fault.headers).type(fault.contentType).send(fault.body);
    case 'rate_limit':
      return rateLimited(clock, reply, fault.retryAfterSeconds);
    case 'slow':
      await waited(clock, reply, fault.ms);
      return sent(reply, work());
    case 'hang':
      reply.hijack();
      return reply;
    case 'reset':
      if (fault.when === 'after') work();
      return cut(reply);
    case 'garbage':
      return reply.code(200).type('application/json').send('<!doctype html><title>Just a moment...</title>');
    default:
      // The others are JSON-RPC errors; for a Jupiter call there is no such thing.
      return reply.code(500).send({ error: 'Internal server error', errorCode: 'INTERNAL' });
  }
}

function sent(reply: FastifyReply, { status, body }: Answer) {
  return reply.code(status).send(body);
}

/** https://dev.jup.ag/portal/rate-limit */
function rateLimited(clock: Clock, reply: FastifyReply, retryAfterSeconds: number) {
  const reset = Math.ceil(clock.now() / 1000) + retryAfterSeconds;
  return reply
    .code(429)
    .headers({
      'x-ratelimit-remaining': '0',
      'x-ratelimit-current': '61',
      'x-ratelimit-reset': String(reset),
      'retry-after': String(retryAfterSeconds),
    })
    .send({ code: 429, message: 'Rate limit exceeded' });
}

/** Ends the connection without an answer, as a crashed proxy does. */
function cut(reply: FastifyReply) {
  reply.hijack();
  reply.raw.socket?.resetAndDestroy();
  return reply;
}

/** Waits, or until the caller is gone: then there is nobody to answer, but the work is still done. */
async function waited(clock: Clock, reply: FastifyReply, ms: number): Promise<void> {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  await clock.sleep(ms, gone.signal).catch(() => undefined);
}
