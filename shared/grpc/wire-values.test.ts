import { expect } from 'chai';
import { ExitlaneError } from '../core/errors.js';
import { checkWireValues } from './wire-values.js';

const fieldsOf = (request: unknown): string[] => {
  try {
    checkWireValues(request);
    return [];
  } catch (error) {
    if (error instanceof ExitlaneError) return error.violations.map(({ field }) => field);
    throw error;
  }
};

describe('O1 values that nothing can keep', () => {
  it('names each by its place in the request', () => {
    const request = {
      orderReqId: 'a\0',
      note: 'fine',
      since: new Date(Number.NaN),
      exitPlan: { takeProfits: [{ label: '' }, { label: '\0' }], windowMs: 5n },
      id: { $case: 'orderReqId', value: '\0' },
    };
    expect(fieldsOf(request)).to.deep.equal([
      'order_req_id',
      'since',
      'exit_plan.take_profits[1].label',
      'order_req_id',
    ]);
  });

  it('lets everything else through', () => {
    expect(
      fieldsOf({ a: 'ünïcode\n', b: new Date(), c: [1, 2n, null], d: undefined, e: Buffer.from('\0') }),
    ).to.deep.equal([]);
    expect(fieldsOf(undefined)).to.deep.equal([]);
  });

  it('takes times from 1970 to 9999', () => {
    expect(fieldsOf({ at: new Date(0) })).to.deep.equal([]);
    expect(fieldsOf({ at: new Date(-1) })).to.deep.equal(['at']);
    expect(fieldsOf({ at: new Date(8.64e15) })).to.deep.equal(['at']);
  });
});
