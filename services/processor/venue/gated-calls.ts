import type { Clock } from '../../../shared/core/clock.js';
import { ExitlaneError } from '../../../shared/core/errors.js';
import { ApiCallPriority } from '../../../shared/gate/api-call-priority.js';
import type { ApiGate } from '../../../shared/gate/api-gate.js';
import { rateLimitOf } from '../../../shared/gate/rate-limit.js';
import { OrderPriority } from '../../../shared/order/priority.js';
import type { Call, OnAnswer } from './calls.js';
import { currentUrgency } from './urgency.js';
import { RATE_LIMITED_CODE, RpcError, VenueError } from './venue-error.js';

export interface GatedCallsOptions {
  readonly gate: ApiGate;
  /** Makes the call once the gate lets it start. */
  readonly call: Call;
  readonly clock: Clock;
}

/**
 * Calls that go through the gate first, and tell it what the answers say of the host's limit. Critical calls carry the urgency of
 * the order they are made for. What the gate refuses is a VenueError RATE_LIMITED, as if the venue had refused it.
 */
export function gatedCalls({ gate, call, clock }: GatedCallsOptions): Call {
  return async (level, name, work, options = {}) => {
    const { budget = '', signal, args } = options;
    const priority = ApiCallPriority[level];
    const onAnswer: OnAnswer = (status, headers) => {
      gate.noteAnswer(budget, priority, rateLimitOf(status, headers, clock.now()));
    };
    const started = async () => {
      try {
        return await call(level, name, (inner) => work(inner, onAnswer), options);
      } catch (error) {
        // Some nodes say it in JSON-RPC, in an answer that is fine by HTTP.
        const limited = error instanceof RpcError && error.code === RATE_LIMITED_CODE;
        if (limited) gate.noteAnswer(budget, priority, { limited });
        throw error;
      }
    };
    // Not knowing for whom must not deny an exit, nor put it behind one of the same kind.
    const urgency = currentUrgency()?.() ?? OrderPriority.EXIT_OTHER;
    try {
      return await gate.executeWithPriority(started, priority, name, { host: budget, urgency, signal, args });
    } catch (error) {
      throw refusedByGate(error) ?? error;
    }
  };
}

function refusedByGate(error: unknown): VenueError | undefined {
  if (!(error instanceof ExitlaneError) || (error.reason !== 'RATE_LIMITED' && error.reason !== 'QUEUE_FULL')) return;
  return new VenueError('RATE_LIMITED', error.message, { retryDelayMs: error.retryDelayMs });
}
