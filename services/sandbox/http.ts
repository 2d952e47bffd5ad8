import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import type { Clock } from '../../shared/core/clock.js';
import { messageOf } from '../../shared/core/errors.js';
import type { Logger } from '../../shared/core/logger.js';
import type { Control } from './control.js';
import { addControlRoutes } from './control-routes.js';
import { type Answer, answerWithFault } from './fault-answers.js';
import type { CallFault, CallTarget } from './fault-specs.js';
import type { Faults } from './faults.js';
import { JupiterError, type JupiterParts, price, quote, swap } from './jupiter.js';
import type { RpcContext } from './rpc/context.js';
import { RpcError } from './rpc/context.js';
import { answerCall, failure, isRpcMethod, type RpcAnswer, type RpcCall, readCall } from './rpc/server.js';

export interface HttpParts {
  readonly jupiter: JupiterParts;
  readonly rpc: RpcContext;
  readonly faults: Faults;
  readonly control: Control;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Requests are small; a batch of 256 transactions fits. */
const BODY_BYTES_MAX = 1024 * 1024;

/** Calls in one JSON-RPC batch. */
const BATCH_MAX = 256;

/** The HTTP server: Jupiter under /swap/v1 and /price/v3, Solana's JSON-RPC at /, control under /control. */
export function createHttpServer(parts: HttpParts): FastifyInstance {
  const server = fastify({ logger: false, forceCloseConnections: true, bodyLimit: BODY_BYTES_MAX });
  // Bodies are parsed by the handlers, because each API words its parse errors differently.
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  server.setNotFoundHandler((request, reply) => {
    return reply.code(404).send({ error: `nothing at ${request.method} ${request.url.split('?')[0]}` });
  });
  server.setErrorHandler((error, _request, reply) => {
    const status = statusOf(error);
    if (status >= 500) parts.logger.error({ err: messageOf(error) }, 'request failed');
    return reply.code(status).send({ error: status >= 500 ? 'internal error' : messageOf(error) });
  });

  const jupiter = (kind: 'quote' | 'swap' | 'price', work: (request: FastifyRequest) => unknown) => {
    return async (request: FastifyRequest, reply: FastifyReply) => {
      const fault = parts.faults.takeForCall(kind);
      return respond(parts, reply, fault, () => {
        const answer = jupiterAnswer(() => work(request));
        jumpPrice(parts, kind);
        return answer;
      });
    };
  };
  server.get(
    '/swap/v1/quote',
    jupiter('quote', (request) => quote(parts.jupiter, request.query)),
  );
  server.post(
    '/swap/v1/swap',
    jupiter('swap', (request) => swap(parts.jupiter, jsonBody(request))),
  );
  server.get(
    '/price/v3',
    jupiter('price', (request) => price(parts.jupiter, request.query)),
  );
  server.post('/', (request, reply) => answerRpc(parts, request, reply));
  addControlRoutes(server, parts.control, jsonBody);
  return server;
}

/** The request's JSON body. Throws a SyntaxError. */
function jsonBody(request: FastifyRequest): unknown {
  return typeof request.body === 'string' && request.body !== '' ? JSON.parse(request.body) : undefined;
}

function statusOf(error: unknown): number {
  if (error instanceof SyntaxError) return 400;
  const { statusCode } = error as { statusCode?: unknown };
  return typeof statusCode === 'number' ? statusCode : 500;
}

function jupiterAnswer(work: () => unknown): Answer {
  try {
    return { status: 200, body: work() };
  } catch (error) {
    if (error instanceof JupiterError) {
      return { status: 400, body: { error: error.message, errorCode: error.errorCode } };
    }
    if (error instanceof SyntaxError) {
      return { status: 400, body: { error: `body: ${error.message}`, errorCode: 'INVALID_PARAMETER' } };
    }
    throw error;
  }
}

async function answerRpc(parts: HttpParts, request: FastifyRequest, reply: FastifyReply) {
  let body: unknown;
  try {
    body = jsonBody(request);
  } catch {
    return reply.send(failure(null, new RpcError(-32700, 'Parse error')));
  }
  if (!Array.isArray(body)) {
    const { fault, answer } = prepareCall(parts, body);
    return respond(parts, reply, fault, () => ({ status: 200, body: answer() }));
  }
  if (body.length === 0 || body.length > BATCH_MAX) {
    return reply.send(failure(null, new RpcError(-32600, `Invalid request: a batch has 1 to ${BATCH_MAX} calls`)));
  }
  const calls = body.map((each) => prepareCall(parts, each));
  const fault = calls.find((call) => call.fault)?.fault;
  return respond(parts, reply, fault, () => ({ status: 200, body: calls.map((call) => call.answer()) }));
}

/** A call with the fault it meets. Faults that are JSON-RPC errors stay within the call, others hit the whole response. */
function prepareCall(parts: HttpParts, value: unknown): { fault?: CallFault; answer: () => RpcAnswer } {
  const read = readCall(value);
  if ('answer' in read) return { answer: () => read.answer };
  const { call } = read;
  const method = isRpcMethod(call.method) ? call.method : undefined;
  const fault = parts.faults.takeForCall('rpc', method);
  const error = fault && rpcErrorOf(fault);
  if (error) return { answer: () => failure(call.id, error) };
  if (fault?.fault === 'blockhash_not_found') return { answer: () => answerCall(parts.rpc, call, parts.logger, true) };
  return { ...(fault && { fault }), answer: () => answerAndJump(parts, call, method) };
}

function answerAndJump(parts: HttpParts, call: RpcCall, method: CallTarget | undefined): RpcAnswer {
  const answer = answerCall(parts.rpc, call, parts.logger);
  jumpPrice(parts, 'rpc', method);
  return answer;
}

function rpcErrorOf(fault: CallFault): RpcError | undefined {
  if (fault.fault === 'rpc_error') return new RpcError(fault.code, fault.message, fault.data);
  if (fault.fault === 'node_behind') {
    const data = { numSlotsBehind: fault.slots };
    return new RpcError(-32005, `Node is behind by ${fault.slots} slots`, data);
  }
  if (fault.fault === 'blockhash_not_found' && fault.on === 'sendTransaction') {
    const data = { accounts: null, err: 'BlockhashNotFound', logs: [], returnData: null, unitsConsumed: 0 };
    return new RpcError(-32002, 'Transaction simulation failed: Blockhash not found', data);
  }
  return undefined;
}

function jumpPrice({ faults, control }: HttpParts, kind: CallTarget, method?: CallTarget): void {
  const jump = faults.takePriceJump(kind, method);
  if (jump) control.movePrice({ mint: jump.mint, multiply: jump.multiply });
}

async function respond(parts: HttpParts, reply: FastifyReply, fault: CallFault | undefined, work: () => Answer) {
  if (fault) return answerWithFault(parts.clock, reply, fault, work);
  const { status, body } = work();
  return reply.code(status).send(body);
}
