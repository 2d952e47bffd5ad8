import bs58 from 'bs58';
import { PRICE_DECIMALS, parsePrice } from '../../../shared/core/decimals.js';
import type { FieldViolation } from '../../../shared/core/errors.js';
import { isOwnReqId, isUuid, ORDER_REQ_ID_PATTERN, OWN_REQ_ID_PREFIX } from '../../../shared/core/ids.js';
import { SLIPPAGE_BPS_MAX } from '../../../shared/core/limits.js';
import { EXIT_REASONS } from '../../../shared/order/order.js';

/** Checks of single fields. Each adds to a list, so that the client hears of every wrong field at once. */
export class FieldChecks {
  readonly violations: FieldViolation[] = [];

  refuse(field: string, description: string): void {
    this.violations.push({ field, description });
  }

  /** Of an order that shall be made. */
  orderReqId(value: string): void {
    if (value === '') {
      this.refuse('order_req_id', 'is required: choose an id for this order and repeat it when you repeat the call');
    } else if (value.length > 128) {
      this.refuse('order_req_id', `has ${value.length} characters; at most 128 are allowed`);
    } else if (!ORDER_REQ_ID_PATTERN.test(value)) {
      this.refuse('order_req_id', 'may only hold letters, digits and . _ : -');
    } else if (isOwnReqId(value)) {
      const prefixes = Object.values(OWN_REQ_ID_PREFIX).join(' or ');
      this.refuse(
        'order_req_id',
        `must not begin with ${prefixes}: so do the ids of orders that Exitlane makes itself`,
      );
    }
  }

  mint(field: string, value: string): void {
    if (value === '') this.refuse(field, 'is required: the mint address of the token, base58');
    else if (!isAddress(value)) this.refuse(field, 'is not a Solana address: 32 bytes in base58');
  }

  uuid(field: string, value: string, what: string): void {
    if (value === '') this.refuse(field, `is required: ${what}`);
    else if (!isUuid(value)) this.refuse(field, 'is not a UUID such as 0190a6c2-7b1e-7c3a-9f00-1234567890ab');
  }

  slippageBps(value: number | undefined): void {
    if (value !== undefined && (value < 1 || value > SLIPPAGE_BPS_MAX)) {
      this.refuse('max_slippage_bps', `must be from 1 to ${SLIPPAGE_BPS_MAX} basis points (100 is 1 %)`);
    }
  }

  percent(value: number | undefined): void {
    if (value !== undefined && (value < 1 || value > 100))
      this.refuse('percent', 'must be a whole number from 1 to 100');
  }

  price(field: string, value: string): void {
    if (value !== '' && parsePrice(value) === undefined) {
      this.refuse(
        field,
        `must be a plain decimal number above 0 such as "0.0123", with at most ${PRICE_DECIMALS} decimals`,
      );
    }
  }

  maxAttempts(value: number | undefined): void {
    if (value !== undefined && (value < 1 || value > 20)) this.refuse('max_attempts', 'must be from 1 to 20');
  }

  exitReason(value: string): void {
    if (value === '') this.refuse('exit_reason', `is required for an EXIT: one of ${EXIT_REASONS.join(', ')}`);
    else if (!EXIT_REASONS.some((reason) => reason === value)) {
      this.refuse('exit_reason', `must be one of ${EXIT_REASONS.join(', ')}`);
    }
  }

  symbol(value: string): void {
    if (value.length > 32) this.refuse('token_symbol', 'has more than 32 characters');
  }
}

/** A Solana address: the base58 form of 32 bytes. */
export function isAddress(text: string): boolean {
  if (text.length < 32 || text.length > 44) return false;
  try {
    return bs58.decode(text).length === 32;
  } catch {
    return false;
  }
}
