import type { Queryable } from '../../shared/store/database.js';
import { payersOf } from './attempts.js';
import type { Check, Context } from './check.js';
import { alertNews, alertsAgree, closedPositionsAreQuiet, failedExitsAlerted } from './checks/alerts.js';
import { amountsMatchChain, attemptFees, decimalsMatchChain, prices } from './checks/amounts.js';
import {
  fences,
  noUnknownSignatures,
  oneOpenAttempt,
  persistedBeforeSent,
  retriesWait,
  signedBytes,
  simulatedApart,
} from './checks/attempts.js';
import { auditChain, auditComplete, auditSealed, type NotedHead } from './checks/audit.js';
import {
  deadIsProven,
  failedMeansDead,
  fatesMatchChain,
  filledMeansLanded,
  givenUp,
  landedOnce,
} from './checks/fates.js';
import { fillMessages, oneTerminalState, sequences, statusIsLastMessage, transitions } from './checks/messages.js';
import { positionsFees } from './checks/position-fees.js';
import {
  neverOversold,
  positionsFromEntries,
  positionsProfit,
  positionsReserved,
  positionsSold,
  positionsStatus,
} from './checks/positions.js';
import { dispatchSequence, endedTotal, priorities, slotsAndLeases, slotsWithinLimit } from './checks/scheduling.js';
import { walletLamports, walletTokens } from './checks/wallet.js';
import { acknowledgedOrders, acknowledgementsAgree } from './checks/witness.js';
import { readLedger } from './ledger.js';
import { Findings, type VerifyReport } from './report.js';

export interface VerifyOptions {
  readonly db: Queryable;
  /** Path of the chain's own ledger file: one JSON object per landed transaction, in the order they landed. */
  readonly ledger?: string | undefined;
  /** Path of the orders that were acknowledged: one JSON object per acknowledged SubmitOrder. */
  readonly witness?: string | undefined;
  /** Base58 of the account that pays; the payers of the attempts are known without it. */
  readonly wallet?: string | undefined;
  /** The end of the audit log as it was noted down some time before: it must still be there. */
  readonly auditHead?: NotedHead | undefined;
}

const CHECKS: readonly Check[] = [
  acknowledgedOrders,
  acknowledgementsAgree,
  sequences,
  oneTerminalState,
  transitions,
  statusIsLastMessage,
  fillMessages,
  landedOnce,
  filledMeansLanded,
  fatesMatchChain,
  failedMeansDead,
  deadIsProven,
  givenUp,
  retriesWait,
  persistedBeforeSent,
  signedBytes,
  noUnknownSignatures,
  fences,
  oneOpenAttempt,
  amountsMatchChain,
  attemptFees,
  decimalsMatchChain,
  prices,
  positionsFromEntries,
  positionsSold,
  positionsReserved,
  neverOversold,
  positionsProfit,
  positionsFees,
  positionsStatus,
  walletTokens,
  walletLamports,
  slotsAndLeases,
  slotsWithinLimit,
  priorities,
  dispatchSequence,
  endedTotal,
  simulatedApart,
  failedExitsAlerted,
  alertsAgree,
  closedPositionsAreQuiet,
  alertNews,
  auditChain,
  auditSealed,
  auditComplete,
];

/**
 * Checks what the services left behind: the database against itself, against the chain's ledger and against what clients were
 * told. It reads only. Statements see the database one after the other, so nothing else may write meanwhile: stop the services,
 * or pass a transaction that sees one moment, with a ledger of that moment.
 *
 * @throws CannotCheck when a file is missing or broken; what the database throws
 */
export async function verify(options: VerifyOptions): Promise<VerifyReport> {
  const { db, witness, wallet, auditHead } = options;
  const wallets = await payersOf(db);
  if (wallet !== undefined) wallets.add(wallet);
  const ledger = options.ledger === undefined ? undefined : await readLedger(options.ledger, wallets);
  const context: Context = { db, ledger, witness, auditHead };
  const checks = [];
  for (const check of CHECKS) {
    const findings = new Findings();
    await check.run(context, findings);
    checks.push(findings.result(check.name, check.promise));
  }
  return { ok: checks.every(({ violations }) => violations.length === 0), checks };
}
