import { spawnSync } from 'node:child_process';
import { expect } from 'chai';

const HERE = (name: string) => new URL(`./${name}.js`, import.meta.url).href;

/** What a program logs, line by line, as it was written. */
function linesOf(program: string): string[] {
  const script = `
    import { createLogger } from '${HERE('logger')}';
    import { LOCAL_CALLER, outsideOfCalls, runInCall } from '${HERE('call-context')}';
    import { runForOrder } from '${HERE('order-context')}';
    const logger = createLogger({ service: 'test', pretty: false });
    const call = { method: 'S/M', requestId: 'r-1', peer: '127.0.0.1', caller: LOCAL_CALLER };
    const bot = { name: 'bot', role: 'trade', client: 'desk', actingFor: '' };
    ${program}`;
  const { stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  return stderr.trim().split('\n');
}

describe('O2 what a line says of what it was written for', () => {
  const [outside, ofCall, ofNamed, bound, ofOrder, left, merged] = linesOf(`
    logger.info('outside');
    runInCall(call, () => logger.info('call'));
    runInCall({ ...call, caller: bot }, () => logger.info('named'));
    runInCall(call, () => logger.child({ request_id: 'r-1', method: 'S/M' }).info('bound'));
    runInCall(call, () => runForOrder({ orderId: 'o-1', requestId: 'r-2' }, () => logger.child({ orderId: 'o-1' }).info('order')));
    runInCall(call, () => outsideOfCalls(() => logger.info('left')));
    runInCall(call, () => logger.info({ request_id: 'own' }, 'merged'));
  `);
  const facts = (line = '') => {
    const { level: _level, time: _time, service: _service, msg: _msg, ...rest } = JSON.parse(line);
    return rest;
  };
  const times = (line: string | undefined, name: string) => (line ?? '').split(`"${name}":`).length - 1;

  it('outside of calls nothing', () => {
    expect(facts(outside)).to.deep.equal({});
    expect(facts(left), 'work that a call led to and that is not its own').to.deep.equal({});
  });

  it('in a call its request id and method, and who makes it where callers have names', () => {
    expect(facts(ofCall)).to.deep.equal({ request_id: 'r-1', method: 'S/M' });
    expect(facts(ofNamed)).to.deep.equal({ request_id: 'r-1', method: 'S/M', caller: 'bot', client: 'desk' });
  });

  it('for an order the id of the call that made it, whoever leads to the work now', () => {
    expect(facts(ofOrder)).to.deep.equal({ request_id: 'r-2', orderId: 'o-1' });
    expect(times(ofOrder, 'orderId')).to.equal(1);
  });

  it('nothing twice, and what the line itself says counts', () => {
    expect(times(bound, 'request_id')).to.equal(1);
    expect(times(bound, 'method')).to.equal(1);
    expect(facts(merged)).to.deep.equal({ request_id: 'own', method: 'S/M' });
    expect(times(merged, 'request_id')).to.equal(1);
  });
});
