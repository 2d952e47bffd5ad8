import { OrderType } from '../../../proto/gen/exitlane/v1/order.js';
import type { SubmitOrderRequest } from '../../../proto/gen/exitlane/v1/order_service.js';
import { type ParsedAmount, parseAmount, SOL_DECIMALS } from '../../../shared/core/decimals.js';
import { invalidFields } from '../../../shared/core/errors.js';
import { checkExitPlan } from './exit-plan-checks.js';
import { FieldChecks } from './field-checks.js';

/** What a SubmitOrder request says once every field by itself has been checked. Mint and position are not looked up yet. */
export type CheckedOrder = CheckedEntry | CheckedExit;

interface CheckedCommon {
  readonly request: SubmitOrderRequest;
}

export interface CheckedEntry extends CheckedCommon {
  readonly kind: 'ENTRY';
  readonly lamports: bigint;
}

export interface CheckedExit extends CheckedCommon {
  readonly kind: 'EXIT';
  /** Percent of what is held, or the amount as text: its decimals depend on the position's mint. */
  readonly amount: { readonly percent: number } | { readonly text: string };
}

/** @throws ExitlaneError INVALID_FIELD that lists every wrong field. */
export function checkOrder(request: SubmitOrderRequest): CheckedOrder {
  const checks = new FieldChecks();
  checks.orderReqId(request.orderReqId);
  checks.slippageBps(request.maxSlippageBps);
  checks.price('expected_price', request.expectedPrice);
  checks.maxAttempts(request.maxAttempts);
  checks.symbol(request.tokenSymbol);
  const lamports = request.orderType === OrderType.ENTRY ? checkEntry(request, checks) : undefined;
  const amount = request.orderType === OrderType.EXIT ? checkExit(request, checks) : undefined;
  if (request.orderType !== OrderType.ENTRY && request.orderType !== OrderType.EXIT) {
    checks.refuse('order_type', 'is required: ORDER_TYPE_ENTRY to buy or ORDER_TYPE_EXIT to sell');
  }
  if (checks.violations.length > 0) throw invalidFields(checks.violations);
  if (lamports !== undefined) return { kind: 'ENTRY', request, lamports };
  if (amount !== undefined) return { kind: 'EXIT', request, amount };
  throw new Error('an order without violations is an entry or an exit');
}

function checkEntry(request: SubmitOrderRequest, checks: FieldChecks): bigint | undefined {
  checks.mint('token_address', request.tokenAddress);
  const onlyExit = 'belongs to an EXIT; an ENTRY says how much SOL to spend in amount_sol';
  if (request.amountTokens !== '') checks.refuse('amount_tokens', onlyExit);
  if (request.percent !== undefined) checks.refuse('percent', onlyExit);
  if (request.positionId !== '') checks.refuse('position_id', 'belongs to an EXIT; an ENTRY opens a new position');
  if (request.exitReason !== '') checks.refuse('exit_reason', 'belongs to an EXIT');
  if (request.exitPlan) checkExitPlan(request.exitPlan, checks);
  const amount = readAmount('amount_sol', request.amountSol, SOL_DECIMALS);
  if (amount.ok) return amount.units;
  checks.refuse('amount_sol', amount.problem);
  return undefined;
}

function checkExit(request: SubmitOrderRequest, checks: FieldChecks): CheckedExit['amount'] | undefined {
  checks.uuid('position_id', request.positionId, 'the position to sell from; ListPositions shows them');
  checks.exitReason(request.exitReason);
  if (request.tokenAddress !== '') checks.mint('token_address', request.tokenAddress);
  if (request.amountSol !== '')
    checks.refuse('amount_sol', 'belongs to an ENTRY; an EXIT sells amount_tokens or percent');
  if (request.expiresAt) checks.refuse('expires_at', 'belongs to an ENTRY: an exit never expires');
  if (request.exitPlan) checks.refuse('exit_plan', 'belongs to an ENTRY; SetExitPlan changes an open position');
  checks.percent(request.percent);
  if (request.percent !== undefined && request.amountTokens !== '') {
    checks.refuse('percent', 'give either percent or amount_tokens, not both');
  }
  if (request.percent !== undefined) return { percent: request.percent };
  if (request.amountTokens === '') {
    checks.refuse('amount_tokens', 'is required for an EXIT, unless percent is given');
    return undefined;
  }
  // Decimals are checked again when the position is known; 18 is more than any mint in use has.
  const amount = parseAmount(request.amountTokens, 18);
  if (!amount.ok && !amount.problem.includes('larger')) checks.refuse('amount_tokens', amount.problem);
  return { text: request.amountTokens };
}

function readAmount(field: string, text: string, decimals: number): ParsedAmount | { ok: false; problem: string } {
  if (text === '') return { ok: false, problem: `is required: a decimal string such as "0.5" (${field})` };
  return parseAmount(text, decimals);
}
