/** The public surface of `exitlane/queue`. */
export { OrderPriority, type OrderType, type PriorityFacts, priorityOf } from '../order/priority.js';
export * from './limits.js';
export * from './order-executor.js';
export * from './order-queue.js';
export * from './order-queue-store.js';
export * from './queue-manager.js';
export { TaskQueue, type Ticket } from './task-queue.js';
export * from './task-source.js';
