import type { Role } from '../core/call-context.js';

/** What a method takes: the least of read, trade and admin; `internal`: our own services only; `open`: anybody. */
export type Requirement = 'open' | 'read' | 'trade' | 'admin' | 'internal';

const READ = [
  'OrderService/GetOrder',
  'OrderService/ListOrders',
  'OrderService/WatchOrders',
  'QueueService/GetQueueStats',
  'QueueService/WatchQueueStats',
  'QueueService/GetTradingState',
  'PositionService/ListPositions',
  'PositionService/GetPosition',
  'PositionService/GetPnl',
  'PositionService/WatchPositions',
  'AlertService/ListAlerts',
  'AlertService/GetAlert',
  'AlertService/WatchAlerts',
  'SystemService/GetStatus',
  'DeliveryService/StreamOrder',
  'DeliveryService/GetOrderQueueStats',
  'MarketService/GetPrice',
  'MarketService/StreamPrices',
  'MarketService/GetMint',
  'MarketService/GetWallet',
  'MarketService/GetGateStats',
];

const TRADE = [
  'OrderService/SubmitOrder',
  'OrderService/ProcessSignal',
  'OrderService/CancelOrder',
  'OrderService/RetryOrder',
  'PositionService/ExitPosition',
  'PositionService/RetryExit',
  'PositionService/SetExitPlan',
  'AlertService/AcknowledgeAlert',
  'AlertService/ResolveAlert',
  'DeliveryService/SubmitProposal',
];

const ADMIN = ['QueueService/SetTradingState', 'SystemService/ListAuditEntries'];

const INTERNAL = ['ExecutionService/ExecuteOrder'];

const PREFIX = 'exitlane.v1.';

const REQUIREMENTS: ReadonlyMap<string, Requirement> = new Map([
  ...READ.map((method) => [PREFIX + method, 'read'] as const),
  ...TRADE.map((method) => [PREFIX + method, 'trade'] as const),
  ...ADMIN.map((method) => [PREFIX + method, 'admin'] as const),
  ...INTERNAL.map((method) => [PREFIX + method, 'internal'] as const),
  // Who asks whether a service lives is a load balancer without a name; the answer is one word.
  ['grpc.health.v1.Health/Check', 'open'],
  ['grpc.health.v1.Health/Watch', 'open'],
  ['grpc.health.v1.Health/List', 'open'],
  // The API is no secret, but what is connected to whom is.
  ['grpc.reflection.v1.ServerReflection/ServerReflectionInfo', 'read'],
  ['grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo', 'read'],
]);

/** What a method takes; one that nobody has thought about takes the most. */
export function requirementOf(method: string): Requirement {
  return REQUIREMENTS.get(method) ?? 'admin';
}

/** Whether somebody has thought about the method. */
export function isClassified(method: string): boolean {
  return REQUIREMENTS.has(method);
}

const RANK: Readonly<Record<'read' | 'trade' | 'admin', number>> = { read: 1, trade: 2, admin: 3 };

/** Whether the role suffices. A service reads, and calls what is internal; it never trades in a client's name. */
export function suffices(role: Role, requirement: Requirement): boolean {
  if (requirement === 'open') return true;
  if (requirement === 'internal') return role === 'service';
  if (role === 'service') return requirement === 'read';
  return RANK[role] >= RANK[requirement];
}
