import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { formatAmount, priceOf, SOL_DECIMALS } from '../../../shared/core/decimals.js';
import type { Order } from '../../../shared/order/order.js';
import { claimDeliveries, handOutNews, noteDelivered } from '../../../shared/store/alert-outbox.js';
import { acknowledgeAlert, listAlerts } from '../../../shared/store/alerts.js';
import { commitAttempt, noteAttempt } from '../../../shared/store/attempts.js';
import { claimNextOrder } from '../../../shared/store/claim-next.js';
import type { Database } from '../../../shared/store/database.js';
import { saveMint } from '../../../shared/store/mints.js';
import { getOrder } from '../../../shared/store/orders.js';
import { insertProposal, moveProposal } from '../../../shared/store/proposals.js';
import { settleFailure, settleFill } from '../../../shared/store/settlement.js';
import { type Submission, submitOrder } from '../../../shared/store/submit.js';
import { BONK, entryDraft, exitDraft, LEASE_MS } from '../../../shared/store/testing/drafts.js';
import { requeueDueRetries } from '../../../shared/store/waiting-orders.js';
import type { VerifyReport } from '../report.js';
import { verify } from '../verify.js';
import { FEE, PaperChain, type Signed } from './chain.js';

const DECIMALS = 5;
const ENTRY_LAMPORTS = 1_000_000_000n;

export interface Attempted {
  readonly order: Order;
  readonly number: number;
  readonly signed: Signed;
}

/** A history made by the store's own functions, with the chain and the witness that belong to it. */
export class History {
  readonly db: Database;
  readonly chain: PaperChain;
  readonly witness: string;
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'exitlane-verify-'));

  constructor(db: Database) {
    this.db = db;
    this.chain = new PaperChain(path.join(this.#folder, 'ledger.jsonl'));
    this.witness = path.join(this.#folder, 'witness.jsonl');
    writeFileSync(this.witness, '');
  }

  verify(): Promise<VerifyReport> {
    return verify({ db: this.db, ledger: this.chain.path, witness: this.witness });
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Accepts an order and acknowledges it. */
  async submit(submission: Submission): Promise<Order> {
    const { order } = await submitOrder(this.db, submission);
    this.acknowledge(order);
    return order;
  }

  entry(overrides: Partial<Submission['draft']> = {}): Promise<Order> {
    return this.submit(entryDraft(overrides));
  }

  exit(positionId: string, percent: number, reason = 'take_profit_1'): Promise<Order> {
    return this.submit(exitDraft(positionId, reason, { percent }));
  }

  acknowledge(order: Order, more: object = {}): void {
    const amounts =
      order.requestedLamports === null
        ? { amountTokens: formatAmount(order.requestedTokens ?? 0n, order.decimals) }
        : { amountSol: formatAmount(order.requestedLamports, SOL_DECIMALS) };
    const { orderReqId, orderId, orderType, mint } = order;
    const line = { at: new Date().toISOString(), orderReqId, orderId, orderType, mint, ...amounts, ...more };
    appendFileSync(this.witness, `${JSON.stringify(line)}\n`);
  }

  readonly bonk = { mint: BONK, decimals: DECIMALS };

  /** Lets an order go before all others. */
  async next(order: Order): Promise<Order> {
    await this.db.query('UPDATE orders SET priority = 0, emergency = true WHERE order_id = $1', [order.orderId]);
    return order;
  }

  /** Claims the best order, which must be this one. */
  async claim(order: Order): Promise<Order> {
    const claimed = await claimNextOrder(this.db, 'test', LEASE_MS);
    if (claimed?.orderId !== order.orderId) throw new Error(`claimed ${claimed?.orderReqId}, not ${order.orderReqId}`);
    return claimed;
  }

  /** Claims, proposes, signs, commits and sends. */
  async attempt(waiting: Order, signature?: string): Promise<Attempted> {
    const claimed = await this.claim(waiting);
    const signed = this.chain.sign();
    const proposalId = `offer-${claimed.fence}`;
    const offer = {
      orderId: claimed.orderId,
      proposalId,
      source: 'test',
      lamports: 1n,
      tokens: 1n,
      price: '1',
      note: '',
    };
    await this.db.transaction((tx) => insertProposal(tx, { ...offer, expiresAt: null }, claimed.decimals));
    await this.db.transaction((tx) => moveProposal(tx, claimed, proposalId, 'ACCEPTED'));
    const { order, number } = await this.db.transaction((tx) =>
      commitAttempt(tx, claimed, {
        signature: signature ?? signed.signature,
        rawTransaction: signature === undefined ? signed.bytes : new Uint8Array(),
        blockhash: 'hash',
        lastValidBlockHeight: signed.lastValidBlockHeight,
        quote: {},
        proposalId,
        expectedPrice: '0.0001',
      }),
    );
    await noteAttempt(this.db, claimed, number, 'SENT');
    return { order, number, signed };
  }

  /** The swap as it was meant lands: entries at 0.0001 SOL a token, one base unit for a lamport; exits for a seventh more. */
  land({ order, signed }: Attempted) {
    const buys = order.orderType === 'ENTRY';
    const tokens = (buys ? order.requestedLamports : order.requestedTokens) ?? 0n;
    const lamports = buys ? tokens : tokens + tokens / 7n;
    const { mint, decimals } = order;
    const landed = this.chain.land(signed, { mint, decimals, lamports, tokens: buys ? tokens : -tokens });
    return { ...landed, lamports, tokens };
  }

  /** Books a landed swap. */
  settle({ order, number }: Attempted, { slot, lamports, tokens, rent }: ReturnType<History['land']>): Promise<Order> {
    const price = priceOf(lamports, tokens, order.decimals);
    const fill = { lamports, tokens, feeLamports: FEE, rentLamports: rent, price };
    return settleFill(this.db, order, order, { number, slot }, fill);
  }

  /** Claims, executes, lands and books. */
  async fill(waiting: Order): Promise<Order> {
    const attempted = await this.attempt(waiting);
    await noteAttempt(this.db, attempted.order, attempted.number, 'SEEN');
    return this.settle(attempted, this.land(attempted));
  }

  /** Opens a position; its id. */
  async open(): Promise<string> {
    const { positionId } = await this.fill(await this.entry());
    if (positionId === null) throw new Error('a filled entry has a position');
    return positionId;
  }

  /** The attempt lands with an error, and the order fails. */
  async failLanded({ order, number, signed }: Attempted): Promise<Order> {
    const { slot } = this.chain.landFailed(signed);
    const failure = { reason: 'SLIPPAGE_EXCEEDED', error: 'moved', retryDelayMs: 0, feeLamports: FEE } as const;
    return settleFailure(this.db, order, order, failure, { number, state: 'LANDED_FAILED', slot });
  }

  /** The attempt is called dead after so many blocks, which are 150 for a transaction that cannot land any more. */
  async expire({ order, number }: Attempted, blocks = 200n): Promise<Order> {
    this.chain.height += blocks;
    const failure = { reason: 'TRANSACTION_EXPIRED', error: 'expired', retryDelayMs: 0 } as const;
    return settleFailure(this.db, order, order, failure, { number, state: 'DEAD' });
  }

  async retry(order: Order): Promise<Order> {
    await requeueDueRetries(this.db, 10);
    return getOrder(this.db, order);
  }

  /** Fills on paper, at 0.0001 SOL a token. */
  async simulate(waiting: Order): Promise<Order> {
    const { order, number } = await this.attempt(waiting, `sim_${waiting.orderReqId}`);
    const fill = {
      lamports: ENTRY_LAMPORTS,
      tokens: 1_000_000_000n,
      feeLamports: 0n,
      rentLamports: 0n,
      price: '0.0001',
    };
    return settleFill(this.db, order, order, { number, slot: 0n }, fill);
  }

  /** Hands the news of the newest alert to one receiver, which takes it, and acknowledges the alert; its id. */
  async tellAlert(): Promise<string> {
    const [alert] = await listAlerts(this.db, { limit: 1 });
    if (!alert) throw new Error('nothing was raised');
    const tell = async () => {
      await handOutNews(this.db, () => [{ sender: 'webhook', silent: false }], 10);
      const claims = await claimDeliveries(this.db, { senders: ['webhook'], leaseMs: 1_000, limit: 10 });
      for (const { delivery } of claims) await noteDelivered(this.db, delivery);
    };
    await tell();
    await acknowledgeAlert(this.db, alert.alertId, { by: 'somebody', note: '' });
    await tell();
    return alert.alertId;
  }

  knowMint(): Promise<void> {
    return saveMint(this.db, { mint: BONK, decimals: DECIMALS, symbol: 'BONK' });
  }
}
