/**
 * What each method of the API does to what is stored. `changes`: it leaves one entry in the audit log, unless the same request had its
 * answer before. `carries-out`: it is for our own services only, and does what an earlier call wanted; that one has the entry.
 */
export type MethodEffect = 'reads' | 'changes' | 'carries-out';

const READING = [
  'AlertService/GetAlert',
  'AlertService/ListAlerts',
  'AlertService/WatchAlerts',
  'DeliveryService/GetOrderQueueStats',
  'DeliveryService/StreamOrder',
  'MarketService/GetGateStats',
  'MarketService/GetMint',
  'MarketService/GetPrice',
  'MarketService/GetWallet',
  'MarketService/StreamPrices',
  'OrderService/GetOrder',
  'OrderService/ListOrders',
  'OrderService/WatchOrders',
  'PositionService/GetPnl',
  'PositionService/GetPosition',
  'PositionService/ListPositions',
  'PositionService/WatchPositions',
  'QueueService/GetQueueStats',
  'QueueService/GetTradingState',
  'QueueService/WatchQueueStats',
  'SystemService/GetStatus',
  'SystemService/ListAuditEntries',
] as const;

/** As the audit log names them. */
export const CHANGING_METHODS = [
  'AlertService/AcknowledgeAlert',
  'AlertService/ResolveAlert',
  'DeliveryService/SubmitProposal',
  'OrderService/CancelOrder',
  'OrderService/ProcessSignal',
  'OrderService/RetryOrder',
  'OrderService/SubmitOrder',
  'PositionService/ExitPosition',
  'PositionService/RetryExit',
  'PositionService/SetExitPlan',
  'QueueService/SetTradingState',
] as const;

const CARRYING_OUT = ['ExecutionService/ExecuteOrder'] as const;

const EFFECTS: ReadonlyMap<string, MethodEffect> = new Map([
  ...READING.map((method) => [method, 'reads'] as const),
  ...CHANGING_METHODS.map((method) => [method, 'changes'] as const),
  ...CARRYING_OUT.map((method) => [method, 'carries-out'] as const),
]);

/** `method` with or without the package: `exitlane.v1.OrderService/SubmitOrder`. Undefined: not a method of the API. */
export function effectOf(method: string): MethodEffect | undefined {
  return EFFECTS.get(method.replace('exitlane.v1.', ''));
}
