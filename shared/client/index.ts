/** The public surface of `exitlane/client`. */
export { type Alert, AlertSeverity, AlertState } from '../../proto/gen/exitlane/v1/alert_service.js';
export { type Price, PricePurpose } from '../../proto/gen/exitlane/v1/market_service.js';
export type { OrderMessage, StatusUpdate } from '../../proto/gen/exitlane/v1/message.js';
export {
  type Attempt,
  AttemptState,
  type Order,
  OrderSide,
  OrderStatus,
  OrderType,
} from '../../proto/gen/exitlane/v1/order.js';
export { type ExitPlan, type Position, PositionStatus, type TakeProfit } from '../../proto/gen/exitlane/v1/position.js';
export { type Proposal, ProposalState } from '../../proto/gen/exitlane/v1/proposal.js';
export { type QueueStats, TradingState } from '../../proto/gen/exitlane/v1/queue_service.js';
export { CallError, formatCallError } from '../grpc/call-error.js';
export { EpochChangedError, type Reconnect, SequenceGapError } from '../grpc/resume.js';
export type { Alerts } from './alerts.js';
export type { CallSettings } from './caller.js';
export { type ConnectOptions, connectExitlane, type ExitlaneClient } from './connect.js';
export { type FollowSettings, isTerminal, type OrderFollow, statusOf } from './follow.js';
export type { Market, PriceSettings, PricesSettings } from './market.js';
export type { EntryOrder, ExitOrder, OrderKey, Orders } from './orders.js';
export type { Placed } from './placed.js';
export type { ExitWish, Positions } from './positions.js';
export type { Offer, Offered, Proposals } from './proposals.js';
export type { Queue } from './queue.js';
export type { Broken, Reconnecting } from './reconnect.js';
export { newOrderReqId } from './request.js';
export type { Retry } from './retry.js';
export type { SecurityOptions } from './security.js';
export type { System } from './system.js';
export type { WaitSettings } from './wait.js';
export type { WatchSettings } from './watch.js';
