import { ExitlaneError } from '../core/errors.js';
import { levelName } from './api-call-priority.js';
import type { WaitingCall } from './lane.js';

/** A caller that comes back sooner finds nothing changed. */
const RETRY_MS_MIN = 100;
const RETRY_MS_FULL = 1_000;

/** @param nextMs until the host's budget may let such a call start, milliseconds */
export function hostLimited(call: WaitingCall, waitedMs: number, nextMs: number): ExitlaneError {
  const { name, lane, why } = call;
  const text = `${name} was not called: it waited ${waitedMs} ms for ${why}. Try again later, or raise the budget.`;
  return refusal('RATE_LIMITED', text, lane.host, call, Math.max(RETRY_MS_MIN, Math.ceil(nextMs)));
}

export function tooManyWaiting(call: WaitingCall, waiting: number): ExitlaneError {
  const text = `${call.name} was not called: ${waiting} calls wait already. Call less often, or raise the budgets.`;
  return refusal('QUEUE_FULL', text, call.lane.host, call, RETRY_MS_FULL);
}

export function shuttingDown(): ExitlaneError {
  return new ExitlaneError('SHUTTING_DOWN', 'the API-call gate is closed: the process is shutting down');
}

function refusal(
  reason: 'RATE_LIMITED' | 'QUEUE_FULL',
  text: string,
  host: string,
  { name, level }: WaitingCall,
  retryDelayMs: number,
): ExitlaneError {
  const metadata = { call: name, host, level: levelName(level) };
  return new ExitlaneError(reason, text, { metadata, retryDelayMs });
}
