import { expect } from 'chai';
import { OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import type { Bot } from './bot.js';
import type { Follower } from './follower.js';

/**
 * S1, S2: the follower, whatever broke under it, was given every message once, from 1 to the head, and the last one is the only
 * terminal one; no connection brought anything it was not asked for; and somebody who comes later reads the very same.
 */
export async function expectWholeStream(bot: Bot, follower: Follower, end = OrderStatus.FILLED): Promise<void> {
  await follower.ended();
  const { orderReqId, messages, statuses } = follower;
  const sequences = messages.map(({ sequence }) => sequence);
  expect(sequences, orderReqId).to.deep.equal(countedTo(messages.length));
  for (const { after, sequences: came } of follower.connections) {
    expect(came, `a connection of ${orderReqId} after ${after}`).to.deep.equal(countedTo(came.length, after));
  }
  const terminal = statuses.filter(({ isTerminal }) => isTerminal);
  expect(terminal.map(({ status }) => status)).to.deep.equal([end]);
  expect(statuses.at(-1)).to.equal(terminal[0]);
  const later = bot.follow(orderReqId);
  await later.ended();
  expect(later.messages, `${orderReqId} read again`).to.deep.equal(messages);
  expect(later.head, `head of ${orderReqId}`).to.equal(sequences.at(-1));
}

function countedTo(count: number, after = 0n): bigint[] {
  return Array.from({ length: count }, (_, index) => after + BigInt(index + 1));
}
