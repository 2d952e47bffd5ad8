import { trace } from '@opentelemetry/api';
import { expect } from 'chai';
import fc from 'fast-check';
import { DerivedIds, orderContext, parseTraceparent, spanIdOf, traceIdOf } from './ids.js';

describe('O2 ids of traces', () => {
  it('are made from what is stored with an order, the same on every machine', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 64 }), fc.string({ maxLength: 64 }), (one, other) => {
        expect(traceIdOf(one)).to.match(/^[0-9a-f]{32}$/);
        expect(spanIdOf(one)).to.match(/^[0-9a-f]{16}$/);
        expect(traceIdOf(one) === traceIdOf(other)).to.equal(one === other);
      }),
    );
    const context = trace.getSpanContext(orderContext({ orderId: 'o', requestId: 'r' }));
    expect(context).to.include({ traceId: traceIdOf('r'), spanId: spanIdOf('o'), isRemote: true });
  });

  it('are given to one span and no other', () => {
    const ids = new DerivedIds();
    ids.next = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) };
    expect([ids.generateSpanId(), ids.generateTraceId()]).to.deep.equal(['b'.repeat(16), 'a'.repeat(32)]);
    ids.next = { traceId: 'c'.repeat(32), spanId: undefined };
    expect(ids.generateSpanId()).to.match(/^[0-9a-f]{16}$/);
    expect(ids.generateTraceId()).to.equal('c'.repeat(32));
    ids.generateSpanId();
    expect(ids.generateTraceId()).not.to.equal('c'.repeat(32));
  });

  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const spanId = 'b7ad6b7169203331';
  it('a trace context of the client is taken as W3C says', () => {
    expect(parseTraceparent(`00-${traceId}-${spanId}-01`)).to.deep.equal({
      traceId,
      spanId,
      traceFlags: 1,
      isRemote: true,
    });
    expect(parseTraceparent(`00-${traceId}-${spanId}-00`)?.traceFlags).to.equal(0);
  });

  const bad = [
    undefined,
    '',
    'x',
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `ff-${traceId}-${spanId}-01`,
  ];
  for (const text of [...bad, `00-${traceId.toUpperCase()}-${spanId}-01`]) {
    it(`"${text}" is as if there were none`, () => expect(parseTraceparent(text)).to.equal(undefined));
  }
});
