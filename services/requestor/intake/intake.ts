import type { SubmitOrderRequest } from '../../../proto/gen/exitlane/v1/order_service.js';
import { ExitPlan } from '../../../proto/gen/exitlane/v1/position.js';
import { currentCallFacts } from '../../../shared/core/call-context.js';
import { parseAmount, parsePrice } from '../../../shared/core/decimals.js';
import { ExitlaneError, invalidField } from '../../../shared/core/errors.js';
import { failpoint } from '../../../shared/core/failpoints.js';
import { priorityOf } from '../../../shared/order/priority.js';
import type { Database } from '../../../shared/store/database.js';
import { getPosition } from '../../../shared/store/positions.js';
import { type Accepted, findRepeat, type Submission, submitOrder } from '../../../shared/store/submit.js';
import type { RequestorConfig } from '../config.js';
import type { ProcessorLink } from '../processor-link.js';
import { requireNoCriticalAlert } from './entry-guard.js';
import type { EntryLimit } from './entry-limit.js';
import { type ExitSlippageConfig, exitSlippage } from './exit-slippage.js';
import { knownMint } from './known-mint.js';
import { newExitPlan } from './new-exit-plan.js';
import { payloadHashOf } from './payload-hash.js';
import { type CheckedEntry, type CheckedExit, checkOrder } from './validate-order.js';

export interface IntakeOptions {
  readonly db: Database;
  readonly link: Pick<ProcessorLink, 'mint'>;
  readonly config: Pick<
    RequestorConfig,
    'maxAttempts' | 'entrySlippageBps' | 'defaultExitPlan' | keyof ExitSlippageConfig
  >;
  readonly entryLimit: EntryLimit;
}

export interface Intake {
  /** Validates and accepts an order; the answer is committed. */
  submit(request: SubmitOrderRequest, signal: AbortSignal): Promise<Accepted>;
}

/** From a request to an accepted order: check the fields, look up mint or position, write it all in one transaction. */
export function createIntake(options: IntakeOptions): Intake {
  const { db, entryLimit } = options;
  return {
    async submit(request, signal) {
      const checked = checkOrder(request);
      const payloadHash = hashOf(request);
      // A repeat must get its answer even when the queue is full or the processor away.
      const repeat = await findRepeat(db, request.orderReqId, payloadHash);
      if (repeat) return repeat;
      const insert = async (submission: Submission) => {
        failpoint('requestor.intake.before');
        return submitOrder(db, submission);
      };
      let accepted: Accepted;
      if (checked.kind === 'ENTRY') {
        refuseEmergencyEntry(checked.request);
        const submission = await entrySubmission(options, checked, payloadHash, signal);
        accepted = await entryLimit.admit(() => insert(submission));
      } else {
        accepted = await insert(await exitSubmission(options, checked, payloadHash));
      }
      failpoint('requestor.intake.after');
      return accepted;
    },
  };
}

/**
 * An entry marked emergency goes before everybody's exits (P1, P3). Where clients have names, that is not for each of them to say.
 * @throws ROLE_INSUFFICIENT
 */
function refuseEmergencyEntry({ emergency }: SubmitOrderRequest): void {
  const caller = currentCallFacts()?.caller;
  if (!emergency || caller?.role !== 'trade') return;
  const text = `emergency: an entry that goes before the exits of others takes the role admin; ${caller.name} has the role trade`;
  throw new ExitlaneError('ROLE_INSUFFICIENT', text, { metadata: { role: 'trade', required: 'admin' } });
}

async function entrySubmission(
  { db, link, config }: IntakeOptions,
  { request, lamports }: CheckedEntry,
  payloadHash: string,
  signal: AbortSignal,
): Promise<Submission> {
  const mint = await knownMint(db, link, request.tokenAddress, signal);
  await requireNoCriticalAlert(db, mint.mint);
  return {
    draft: {
      ...common(request, payloadHash, config),
      orderType: 'ENTRY',
      priority: priorityOf({ orderType: 'ENTRY', emergency: request.emergency }),
      mint: mint.mint,
      symbol: request.tokenSymbol || mint.symbol,
      decimals: mint.decimals,
      requestedLamports: lamports,
      maxSlippageBps: request.maxSlippageBps ?? config.entrySlippageBps,
      slippageCapBps: null,
      positionId: null,
      exitReason: '',
      exitPlan: newExitPlan(request.exitPlan, config.defaultExitPlan),
      isSimulated: request.isSimulated,
    },
  };
}

async function exitSubmission(
  { db, config }: IntakeOptions,
  { request, amount }: CheckedExit,
  payloadHash: string,
): Promise<Submission> {
  const position = await getPosition(db, request.positionId);
  if (request.tokenAddress !== '' && request.tokenAddress !== position.mint) {
    throw invalidField(
      'token_address',
      `is not the token of position ${position.positionId}, which is ${position.mint}`,
    );
  }
  if (request.isSimulated && !position.isSimulated) {
    throw invalidField('is_simulated', `position ${position.positionId} is real; a simulated exit would not sell it`);
  }
  // An exit called an emergency is one: the flag decides over the reason's own priority (P1).
  const emergency = request.emergency || request.exitReason === 'emergency';
  const priority = priorityOf({ orderType: 'EXIT', exitReason: request.exitReason, emergency });
  return {
    draft: {
      ...common(request, payloadHash, config),
      ...exitSlippage(priority, request.maxSlippageBps, config),
      emergency,
      orderType: 'EXIT',
      priority,
      mint: position.mint,
      symbol: position.symbol,
      decimals: position.decimals,
      requestedLamports: null,
      positionId: position.positionId,
      exitReason: request.exitReason,
      exitPlan: {},
      isSimulated: position.isSimulated,
    },
    exitAmount: 'percent' in amount ? amount : { tokens: tokensOf(amount.text, position.decimals, position.symbol) },
  };
}

function tokensOf(text: string, decimals: number, symbol: string): bigint {
  const amount = parseAmount(text, decimals);
  if (!amount.ok) throw invalidField('amount_tokens', `${amount.problem} (${symbol || 'the mint'} has ${decimals})`);
  return amount.units;
}

function common(request: SubmitOrderRequest, payloadHash: string, config: IntakeOptions['config']) {
  return {
    orderReqId: request.orderReqId,
    payloadHash,
    emergency: request.emergency,
    expectedPrice: parsePrice(request.expectedPrice)?.toFixed() ?? null,
    maxAttempts: request.maxAttempts ?? config.maxAttempts,
    expiresAt: request.expiresAt ?? null,
  };
}

/**
 * What makes two requests "the same": every field as it was given, amounts by value ("0.50" is "0.5"). Defaults are not filled
 * in, so that changing a default does not turn a repeat into a conflict.
 */
function hashOf(request: SubmitOrderRequest): string {
  const canonical = [
    request.orderType,
    request.tokenAddress,
    request.tokenSymbol,
    plain(request.amountSol),
    plain(request.amountTokens),
    request.percent ?? null,
    request.positionId,
    request.exitReason,
    request.emergency,
    request.maxSlippageBps ?? null,
    plain(request.expectedPrice),
    request.isSimulated,
    request.maxAttempts ?? null,
    request.expiresAt?.toISOString() ?? null,
    request.exitPlan ? ExitPlan.toJSON(request.exitPlan) : null,
  ];
  return payloadHashOf(canonical);
}

function plain(decimal: string): string {
  const [whole = '', fraction = ''] = decimal.split('.');
  const significant = fraction.replace(/0+$/, '');
  return `${whole.replace(/^0+(?=\d)/, '')}${significant ? `.${significant}` : ''}`;
}
