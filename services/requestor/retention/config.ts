import type { z } from 'zod';
import { intSetting } from '../../../shared/core/env.js';

/** O6: how long what is finished is kept. 0 is for ever. */
export interface RetentionConfig {
  /** Days that the messages of a finished order are kept; its last one stays. */
  readonly messagesDays: number;
  /** Days that a finished order is kept which moved no money. */
  readonly ordersDays: number;
}

export const RETENTION_DEFAULTS: RetentionConfig = { messagesDays: 90, ordersDays: 0 };

/** For `readEnv`. */
export const RETENTION_SETTINGS = {
  RETENTION_MESSAGES_DAYS: intSetting(0, 36_500, RETENTION_DEFAULTS.messagesDays).meta({
    description:
      'Messages of a finished order are kept this long after its end, then all but the last, which tells how it ended; `0`: for ever.',
    unit: 'days',
  }),
  RETENTION_ORDERS_DAYS: intSetting(0, 36_500, RETENTION_DEFAULTS.ordersDays).meta({
    description:
      'A finished order that moved no money is kept this long, with its attempts and proposals; then its `order_req_id` is free again. `0`: for ever. What traded is bookkeeping and always stays.',
    unit: 'days',
  }),
};

export function retentionConfigOf(settings: z.infer<z.ZodObject<typeof RETENTION_SETTINGS>>): RetentionConfig {
  return { messagesDays: settings.RETENTION_MESSAGES_DAYS, ordersDays: settings.RETENTION_ORDERS_DAYS };
}
