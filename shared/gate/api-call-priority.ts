/** How urgent a call to an external API is (A1). Lower goes first. */
export const ApiCallPriority = {
  /** What an order needs to trade now: quote, swap, blockhash, simulation, send. */
  CRITICAL: 1,
  /** What guards positions and tells how orders ended: their prices, balances, confirmations, settlements. */
  HIGH: 2,
  /** Looking at the market. */
  NORMAL: 3,
  /** Analytics: what nobody waits for. */
  LOW: 4,
} as const;

export type ApiCallPriority = (typeof ApiCallPriority)[keyof typeof ApiCallPriority];
export type ApiCallPriorityName = keyof typeof ApiCallPriority;

/** All levels, most urgent first. */
export const API_CALL_PRIORITIES: readonly ApiCallPriority[] = [
  ApiCallPriority.CRITICAL,
  ApiCallPriority.HIGH,
  ApiCallPriority.NORMAL,
  ApiCallPriority.LOW,
];

const NAMES: Readonly<Record<ApiCallPriority, ApiCallPriorityName>> = {
  [ApiCallPriority.CRITICAL]: 'CRITICAL',
  [ApiCallPriority.HIGH]: 'HIGH',
  [ApiCallPriority.NORMAL]: 'NORMAL',
  [ApiCallPriority.LOW]: 'LOW',
};

export function levelName(level: ApiCallPriority): ApiCallPriorityName {
  return NAMES[level];
}
