import type { ProcessSignalRequest, RetryOrderRequest } from '../../../proto/gen/exitlane/v1/order_service.js';
import { ExitPlan } from '../../../proto/gen/exitlane/v1/position.js';
import { parseAmount, SOL_DECIMALS } from '../../../shared/core/decimals.js';
import { ExitlaneError, invalidFields } from '../../../shared/core/errors.js';
import { OrderPriority } from '../../../shared/order/priority.js';
import { orderFacts, recordAudit } from '../../../shared/store/audit.js';
import type { Database } from '../../../shared/store/database.js';
import { ReqIdTaken } from '../../../shared/store/exit-orders.js';
import { lockExposure, readExposure } from '../../../shared/store/exposure.js';
import { getOrder, insertOrder, type NewOrder } from '../../../shared/store/orders.js';
import { readSchedulerState } from '../../../shared/store/scheduler-state.js';
import { type Accepted, findRepeat } from '../../../shared/store/submit.js';
import type { RequestorConfig } from '../config.js';
import type { ProcessorLink } from '../processor-link.js';
import { requireEntriesOpen, requireNoCriticalAlert, requireReserve, requireRoom } from './entry-guard.js';
import type { EntryLimit } from './entry-limit.js';
import { checkExitPlan } from './exit-plan-checks.js';
import { FieldChecks } from './field-checks.js';
import { knownMint } from './known-mint.js';
import { newExitPlan } from './new-exit-plan.js';
import { payloadHashOf } from './payload-hash.js';

export interface SignalIntakeOptions {
  readonly db: Database;
  readonly link: Pick<ProcessorLink, 'mint' | 'balance'>;
  readonly config: Pick<RequestorConfig, 'maxAttempts' | 'entrySlippageBps' | 'defaultExitPlan' | 'entryLimits'>;
  readonly entryLimit: EntryLimit;
}

/** Entries that are not asked for as orders: signals, and orders that ended without a fill and shall be tried anew. */
export interface SignalIntake {
  process(request: ProcessSignalRequest, signal: AbortSignal): Promise<Accepted>;
  retryOrder(request: RetryOrderRequest, signal: AbortSignal): Promise<Accepted>;
}

type EntryDraft = Omit<NewOrder, 'requestedTokens' | 'requestedLamports'> & { readonly requestedLamports: bigint };

/** X13: a signal is never executed, it becomes an order - if nothing stands against it. */
export function createSignalIntake(options: SignalIntakeOptions): SignalIntake {
  const { db, link, config } = options;
  return {
    async process(request, signal) {
      const lamports = checkSignal(request);
      const payloadHash = payloadHashOf(['signal', ...factsOf(request, lamports)]);
      const repeat = await findRepeat(db, request.orderReqId, payloadHash);
      if (repeat) return repeat;
      const mint = await knownMint(db, link, request.tokenAddress, signal);
      const draft = {
        ...ENTRY,
        orderReqId: request.orderReqId,
        payloadHash,
        mint: mint.mint,
        symbol: mint.symbol,
        decimals: mint.decimals,
        requestedLamports: lamports,
        maxSlippageBps: request.maxSlippageBps ?? config.entrySlippageBps,
        maxAttempts: config.maxAttempts,
        exitPlan: newExitPlan(request.exitPlan, config.defaultExitPlan),
        isSimulated: request.isSimulated,
        signal: { score: request.score ?? null, reason: request.signalReason },
      };
      return admit(options, draft, signal);
    },
    async retryOrder(request, signal) {
      checkRetry(request);
      const payloadHash = payloadHashOf(['retry-order', request.orderId]);
      const repeat = await findRepeat(db, request.orderReqId, payloadHash);
      if (repeat) return repeat;
      const tried = await getOrder(db, { orderId: request.orderId });
      const { orderType, status, requestedLamports, orderReqId } = tried;
      if (orderType !== 'ENTRY' || status !== 'CANCELLED' || requestedLamports === null) {
        const what = orderType === 'ENTRY' ? `it is ${status}` : 'it is an EXIT: RetryExit tries those again';
        const text = `order ${orderReqId} cannot be tried again: only a CANCELLED entry can, and ${what}`;
        throw new ExitlaneError('NOTHING_TO_RETRY', text, { metadata: { order_id: request.orderId, status } });
      }
      const { mint, symbol, decimals, maxSlippageBps, maxAttempts, exitPlan, isSimulated, signalScore, signalReason } =
        tried;
      const facts = { mint, symbol, decimals, maxSlippageBps, maxAttempts, exitPlan, isSimulated, requestedLamports };
      const from = { score: signalScore, reason: signalReason };
      const draft = { ...ENTRY, ...facts, signal: from, orderReqId: request.orderReqId, payloadHash };
      return admit(options, draft, signal, { retry_of: request.orderId });
    },
  };
}

const ENTRY = {
  orderType: 'ENTRY',
  priority: OrderPriority.ENTRY,
  emergency: false,
  expectedPrice: null,
  slippageCapBps: null,
  positionId: null,
  exitReason: '',
  expiresAt: null,
} as const;

/** Checks and insert are one transaction, and signals take turns in it: what was checked is still true when the order exists. */
async function admit(
  options: SignalIntakeOptions,
  draft: EntryDraft,
  signal: AbortSignal,
  facts: Readonly<Record<string, string>> = {},
): Promise<Accepted> {
  const { db, link, config, entryLimit } = options;
  const balance = draft.isSimulated ? undefined : await link.balance(signal);
  try {
    const order = await entryLimit.admit(() =>
      db.transaction(async (tx) => {
        await lockExposure(tx);
        requireEntriesOpen((await readSchedulerState(tx)).tradingState);
        await requireNoCriticalAlert(tx, draft.mint);
        const exposure = await readExposure(tx, draft.mint);
        if (!draft.isSimulated) requireRoom(draft.requestedLamports, exposure, config.entryLimits);
        if (balance !== undefined) requireReserve(draft.requestedLamports, balance, exposure, config.entryLimits);
        const inserted = await insertOrder(tx, { ...draft, requestedTokens: null });
        if (!inserted) throw new ReqIdTaken();
        await recordAudit(tx, { subject: inserted.orderId, detail: { ...orderFacts(inserted), ...facts } });
        return inserted;
      }),
    );
    return { order, duplicate: false, follows: false };
  } catch (error) {
    const repeat = error instanceof ReqIdTaken ? await findRepeat(db, draft.orderReqId, draft.payloadHash) : undefined;
    if (repeat) return repeat;
    throw error;
  }
}

/** Lamports to spend. @throws INVALID_FIELD that lists every wrong field */
function checkSignal(request: ProcessSignalRequest): bigint {
  const checks = new FieldChecks();
  checks.orderReqId(request.orderReqId);
  checks.mint('token_address', request.tokenAddress);
  checks.slippageBps(request.maxSlippageBps);
  if (request.score !== undefined && !Number.isFinite(request.score)) checks.refuse('score', 'must be a finite number');
  if (request.signalReason.length > 500) checks.refuse('signal_reason', 'has more than 500 characters');
  if (request.exitPlan) checkExitPlan(request.exitPlan, checks);
  const amount = parseAmount(request.amountSol, SOL_DECIMALS);
  if (request.amountSol === '') checks.refuse('amount_sol', 'is required: a decimal string such as "0.5"');
  else if (!amount.ok) checks.refuse('amount_sol', amount.problem);
  if (checks.violations.length > 0 || !amount.ok) throw invalidFields(checks.violations);
  return amount.units;
}

function checkRetry(request: RetryOrderRequest): void {
  const checks = new FieldChecks();
  checks.uuid('order_id', request.orderId, 'the CANCELLED entry; ListOrders shows them');
  checks.orderReqId(request.orderReqId);
  if (checks.violations.length > 0) throw invalidFields(checks.violations);
}

function factsOf(request: ProcessSignalRequest, lamports: bigint): unknown[] {
  const { tokenAddress, score, signalReason, maxSlippageBps, isSimulated, exitPlan } = request;
  const plan = exitPlan ? ExitPlan.toJSON(exitPlan) : null;
  return [tokenAddress, lamports.toString(), score ?? null, signalReason, maxSlippageBps ?? null, isSimulated, plan];
}
