import type { FailureReason } from '../../../shared/order/message.js';
import { innermostFailure } from './program-logs.js';
import type { TransactionError } from './rpc-wire.js';
import { isTokenProgram, JUPITER_PROGRAM, SYSTEM_PROGRAM } from './spl.js';
import { isOutage, RpcError, VenueError, type VenueErrorKind } from './venue-error.js';

/**
 * The one table from what a venue says to what it means for an order. Nothing here retries: a verdict only says what would
 * be safe.
 *
 * - `retry-new-quote`: nothing of this attempt is or will be on chain, and a new quote may fare better.
 * - `resend-same`: the same bytes may simply be asked for or sent again.
 * - `definitive`: nothing of this attempt is or will be on chain, and what the order asks for is the reason: neither the market
 *   nor our other orders can change the answer. It ends an ENTRY at once; an EXIT must get out, and is tried on.
 * - `unknown`: it may have happened. Look it up; never sign anew.
 *
 * What looks final is often not. A refused API key or request says nothing about the order, and ending everything that waits
 * would make an outage of it; a transaction that is too large or breaks the policy is another one on another route; and a wallet
 * short of funds gets SOL back with the exit that lands next.
 */
export type Verdict = 'retry-new-quote' | 'resend-same' | 'definitive' | 'unknown';

export interface Diagnosis {
  readonly reason: FailureReason;
  readonly verdict: Verdict;
  /** For people: what happened and what could be done. */
  readonly text: string;
}

/** What was being done: `landed` reads the error of a transaction in a block. */
export type Phase = 'quote' | 'swap' | 'simulate' | 'send' | 'landed';

/** Reason of a failure that has no better name. */
const REASON_OF_PHASE: Readonly<Record<Phase, FailureReason>> = {
  quote: 'QUOTE_FAILED',
  swap: 'SWAP_BUILD_FAILED',
  simulate: 'SIMULATION_FAILED',
  send: 'EXECUTOR_ERROR',
  landed: 'LANDED_WITH_ERROR',
};

/** Before anything is signed another try is safe; afterwards not knowing is unknown. */
const beforeSigning = (phase: Phase): Verdict =>
  phase === 'send' || phase === 'landed' ? 'unknown' : 'retry-new-quote';

const HTTP_TABLE: Readonly<Record<VenueErrorKind, { reason?: FailureReason; verdict?: Verdict; advice: string }>> = {
  NO_ROUTE: {
    reason: 'NO_ROUTE',
    verdict: 'retry-new-quote',
    advice: 'Nobody trades this size now; a smaller amount may go.',
  },
  NOT_TRADABLE: { reason: 'TOKEN_NOT_TRADABLE', verdict: 'definitive', advice: 'Jupiter does not trade this token.' },
  RATE_LIMITED: { advice: 'The venue limits our calls; an API key with a larger budget helps.' },
  UNAVAILABLE: { advice: 'Check that the venue is up and reachable.' },
  BAD_REQUEST: { advice: 'The venue refuses the request; check API key and endpoint.' },
  GARBAGE: { advice: 'Check that the URL is that of the API and nothing stands in between.' },
};

/** What an error thrown by a venue client means. Undefined: it is not a venue's error. */
export function diagnose(phase: Phase, error: unknown): Diagnosis | undefined {
  if (error instanceof VenueError) {
    const { reason, verdict, advice } = HTTP_TABLE[error.kind];
    const outage = phase === 'simulate' ? 'SWAP_BUILD_FAILED' : REASON_OF_PHASE[phase];
    return diagnosis(
      reason ?? outage,
      phase === 'send' ? 'unknown' : (verdict ?? beforeSigning(phase)),
      error.message,
      advice,
    );
  }
  return error instanceof RpcError ? diagnoseRpc(phase, error) : undefined;
}

const RPC_TABLE: Readonly<Record<number, { verdict?: Verdict; advice: string }>> = {
  [-32003]: { advice: 'A signature does not fit the transaction.' },
  [-32004]: { verdict: 'resend-same', advice: 'The node has not got that block yet.' },
  [-32005]: { verdict: 'resend-same', advice: 'The node is behind; another endpoint helps.' },
  [-32014]: { verdict: 'resend-same', advice: 'The node has not got that block yet.' },
  [-32015]: { advice: 'The node wants another transaction version.' },
  [-32016]: { verdict: 'resend-same', advice: 'The node is behind; another endpoint helps.' },
  [-32429]: { verdict: 'resend-same', advice: 'The endpoint limits our calls.' },
  [-32600]: { advice: 'The node does not understand the request.' },
  [-32601]: { advice: 'The endpoint does not offer this method.' },
  [-32602]: { advice: 'The node does not accept the transaction as it is.' },
  [-32603]: { advice: 'The node has trouble of its own; another endpoint helps.' },
};

function diagnoseRpc(phase: Phase, error: RpcError): Diagnosis {
  if (error.code === -32002) {
    const { err, logs } = preflightData(error);
    if (err !== undefined) return diagnoseTransaction(phase, err, { logs, programs: [] });
  }
  const known = RPC_TABLE[error.code];
  const text = `The node answered with error ${error.code}: ${error.message}`;
  const reason = phase === 'simulate' && isOutage(error) ? 'SWAP_BUILD_FAILED' : REASON_OF_PHASE[phase];
  return diagnosis(reason, known?.verdict ?? beforeSigning(phase), text, known?.advice ?? '');
}

export interface TransactionFacts {
  readonly logs: readonly string[];
  /** Program of each top-level instruction. */
  readonly programs: readonly string[];
}

/** Errors of a whole transaction, by name. */
const TRANSACTION_TABLE: Readonly<Record<string, { reason?: FailureReason; verdict?: Verdict; text: string }>> = {
  BlockhashNotFound: { verdict: 'resend-same', text: 'The node does not know the blockhash; it may be behind.' },
  AlreadyProcessed: { verdict: 'unknown', text: 'The transaction was processed before; looking it up.' },
  InsufficientFundsForFee: {
    reason: 'INSUFFICIENT_FUNDS',
    text: 'The wallet has not enough SOL for the network fee; add SOL.',
  },
  InsufficientFundsForRent: {
    reason: 'INSUFFICIENT_FUNDS',
    text: 'The wallet would fall below the least SOL an account must hold; add SOL.',
  },
  AccountNotFound: { reason: 'INSUFFICIENT_FUNDS', text: 'The wallet has no SOL at all; add SOL.' },
  SignatureFailure: { text: 'A signature does not fit the transaction.' },
};

/** Errors of an instruction that have a name of their own. */
const SHORT_OF_FUNDS = new Set(['InsufficientFunds']);
const SLIPPAGE_CUSTOM = 6001;
const SHORT_CUSTOM = 1;

/** What the error of a simulated, refused or landed transaction means. */
export function diagnoseTransaction(phase: Phase, error: TransactionError, facts: TransactionFacts): Diagnosis {
  const fallback = REASON_OF_PHASE[phase];
  const failed = phase === 'landed' || phase === 'simulate' ? 'retry-new-quote' : 'unknown';
  const name = typeof error === 'string' ? error : (Object.keys(error)[0] ?? 'unknown error');
  const known = TRANSACTION_TABLE[name];
  if (known) return diagnosis(known.reason ?? fallback, known.verdict ?? failed, known.text, '');
  const cause = instructionCause(error);
  if (!cause) return diagnosis(fallback, failed, `The transaction failed with ${name}.`, '');
  const program = innermostFailure(facts.logs) ?? facts.programs[cause.index];
  if (cause.custom === SLIPPAGE_CUSTOM && (program === undefined || program === JUPITER_PROGRAM)) {
    return diagnosis(
      'SLIPPAGE_EXCEEDED',
      failed,
      'The price moved beyond the slippage allowed (Jupiter error 6001).',
      '',
    );
  }
  const ledger = program !== undefined && (isTokenProgram(program) || program === SYSTEM_PROGRAM);
  if ((cause.custom === SHORT_CUSTOM && ledger) || SHORT_OF_FUNDS.has(cause.name)) {
    return diagnosis('INSUFFICIENT_FUNDS', failed, 'The wallet has not enough of what it was to spend.', 'Add funds.');
  }
  const what = cause.custom === undefined ? cause.name : `error ${cause.custom} (0x${cause.custom.toString(16)})`;
  const where = program === undefined ? '' : ` of program ${program}`;
  return diagnosis(fallback, failed, `Instruction ${cause.index} of the transaction failed with ${what}${where}.`, '');
}

function instructionCause(
  error: TransactionError,
): { index: number; name: string; custom: number | undefined } | undefined {
  const detail = typeof error === 'string' ? undefined : error.InstructionError;
  if (!Array.isArray(detail) || detail.length !== 2) return undefined;
  const [index, cause]: unknown[] = detail;
  if (typeof cause === 'string') return { index: Number(index), name: cause, custom: undefined };
  if (typeof cause !== 'object' || cause === null) return undefined;
  const custom = 'Custom' in cause && typeof cause.Custom === 'number' ? cause.Custom : undefined;
  return { index: Number(index), name: Object.keys(cause)[0] ?? 'unknown error', custom };
}

/** What -32002 carries; some nodes put the error into the message alone. */
function preflightData({ data, message }: RpcError): { err: TransactionError | undefined; logs: string[] } {
  const facts = typeof data === 'object' && data !== null ? data : {};
  const logs =
    'logs' in facts && Array.isArray(facts.logs) ? facts.logs.filter((line) => typeof line === 'string') : [];
  if ('err' in facts && typeof facts.err === 'string') return { err: facts.err, logs };
  if ('err' in facts && typeof facts.err === 'object' && facts.err !== null) return { err: { ...facts.err }, logs };
  const custom = /Instruction (\d+): custom program error: (0x[0-9a-f]+)/i.exec(message);
  if (!custom) return { err: undefined, logs };
  return { err: { InstructionError: [Number(custom[1]), { Custom: Number(custom[2]) }] }, logs };
}

function diagnosis(reason: FailureReason, verdict: Verdict, text: string, advice: string): Diagnosis {
  const sentence = /[.!?]$/.test(text) ? text : `${text}.`;
  return { reason, verdict, text: advice === '' ? sentence : `${sentence} ${advice}` };
}
