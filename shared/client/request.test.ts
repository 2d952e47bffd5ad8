import { expect } from 'chai';
import { isUuid, ORDER_REQ_ID_PATTERN } from '../core/ids.js';
import { newOrderReqId } from './request.js';

describe('S6 the id of a request that trades', () => {
  it('is a new one each time, with what the bot wants in front', () => {
    expect(newOrderReqId()).to.satisfy(isUuid);
    expect(newOrderReqId('bot:')).to.match(/^bot:/).and.to.match(ORDER_REQ_ID_PATTERN);
    expect(newOrderReqId('exit-')).to.not.equal(newOrderReqId('exit-'));
  });

  it('is none of those that the service refuses since its own orders have such', () => {
    for (const prefix of ['exit:', 'follow:', 'exit:my-', 'follow:my-'])
      expect(() => newOrderReqId(prefix)).to.throw(
        RangeError,
        `begin with ${prefix} are of orders that Exitlane makes`,
      );
  });
});
