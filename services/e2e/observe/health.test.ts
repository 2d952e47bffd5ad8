import { expect } from 'chai';
import { OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import { callByName } from '../../../shared/grpc/dynamic-client.js';
import { eventually } from '../../../shared/store/testing/waiting.js';
import { untilAnswered } from '../crash/bot.js';
import { showLogsOf } from '../crash/stack.js';
import { RestartablePostgres } from './restartable-postgres.js';
import { type Observed, startObserved, type Told } from './rig.js';

/** What gRPC health says of a service: '' is the whole server. */
async function healthOf(address: string, service: string): Promise<unknown> {
  let status: unknown;
  await callByName({
    address,
    method: 'grpc.health.v1.Health/Check',
    request: { service },
    deadlineMs: 5_000,
    onMessage: (answer) => {
      ({ status } = answer as { status: unknown });
    },
  });
  return status;
}

describe('O2 O3 ready is told from alive', function () {
  this.slow(20_000);
  let database: RestartablePostgres;
  let observed: Observed;
  before(async () => {
    database = await RestartablePostgres.start();
    observed = await startObserved({}, { databaseUrl: database.url });
  });
  afterEach(function () {
    showLogsOf(this, observed?.stack);
  });
  after(async () => {
    await observed?.stack.close();
    await database?.close();
  });

  const becomes = (service: Told, status: 200 | 503) =>
    eventually(
      `${service.url}/readyz to answer ${status}`,
      async () => (await service.get('/readyz')).status === status,
    );

  async function expectHealth(address: string, ready: 'SERVING' | 'NOT_SERVING'): Promise<void> {
    await eventually(`${address} to be ${ready}`, async () => (await healthOf(address, '')) === ready);
    expect(await healthOf(address, 'liveness')).to.equal('SERVING');
  }

  it('a service that works is both, and says why', async () => {
    const { stack, requestor, processor } = observed;
    const ready = await requestor.get('/readyz');
    expect(ready.status).to.equal(200);
    expect(ready.text).to.match(/^ready\ndatabase: ok - .*\nprocessor: ok - .* is reached\n$/);
    expect((await processor.get('/readyz')).text).to.match(
      /^ready\ndatabase: ok - .*\nvenue: ok - jupiter 127.*rpc 127/,
    );
    expect(await requestor.get('/livez')).to.include({ status: 200, text: 'alive\n' });
    for (const address of [...stack.requestorAddresses, stack.processorAddress]) await expectHealth(address, 'SERVING');
    const ofService = 'exitlane.v1.OrderService';
    expect(await healthOf(stack.requestorAddresses[0] ?? '', ofService)).to.equal('SERVING');
  });

  it('without the database it is alive and not ready, and ready again when the database is back', async () => {
    const { stack, requestor, processor } = observed;
    const addresses = [stack.requestorAddresses[0] ?? '', stack.processorAddress];
    await database.stop();
    for (const service of [requestor, processor]) {
      await becomes(service, 503);
      expect((await service.get('/readyz')).text).to.match(/^not ready\ndatabase: FAILED - /);
      expect((await service.get('/livez')).status).to.equal(200);
    }
    for (const address of addresses) await expectHealth(address, 'NOT_SERVING');
    expect(await requestor.value('exitlane_ready', { service: 'requestor' })).to.equal(0);
    expect(await requestor.value('exitlane_fleet_known')).to.equal(0);
    expect(await requestor.value('exitlane_slots_max'), 'what is not known is no number').to.equal(undefined);
    expect(await requestor.value('exitlane_database_errors_total', { error: 'unavailable' })).to.be.above(0);
    await database.startAgain();
    for (const service of [requestor, processor]) await becomes(service, 200);
    for (const address of addresses) await expectHealth(address, 'SERVING');
    await untilAnswered('an order', () => stack.bot.buy('after-the-outage', 'JUP', '0.2'));
    await stack.bot.follow('after-the-outage').until(OrderStatus.FILLED);
    expect(await requestor.value('exitlane_slots_max')).to.equal(3);
  });

  it('P9 a requestor without a processor is ready: an emergency exit is accepted, and sold when one is back', async () => {
    const { stack, requestor } = observed;
    await stack.bot.buy('before-the-kill', 'JUP', '0.2');
    const { positionId } = await stack.bot.follow('before-the-kill').until(OrderStatus.FILLED);
    await stack.processor.kill();
    await eventually('the missing processor to be told', async () => {
      const { text } = await requestor.get('/readyz');
      return /^ready\n.*\nprocessor: ok - NOT reached \(no processor at .*ready all the same/.test(text);
    });
    expect((await requestor.get('/readyz')).status).to.equal(200);
    expect(await requestor.value('exitlane_requestor_processor_reachable')).to.equal(0);
    await expectHealth(stack.requestorAddresses[0] ?? '', 'SERVING');
    await stack.bot.sell('out-of-it', positionId, 'emergency');
    await stack.processor.start();
    await stack.bot.follow('out-of-it').until(OrderStatus.FILLED);
    await eventually('the processor to be reached', async () => {
      return (await requestor.value('exitlane_requestor_processor_reachable')) === 1;
    });
  });

  it('a processor whose venue is away is ready, and says so', async () => {
    const { stack, processor } = observed;
    await stack.sandbox.kill();
    await stack.bot.buy('no-venue', 'JUP', '0.2');
    const told = await eventually('the venue to be told', async () => {
      const { status, text } = await processor.get('/readyz');
      return /venue: ok - .*failed \(.*ready all the same/.test(text) && status;
    });
    expect(told).to.equal(200);
    await eventually('the endpoint in the numbers', async () => {
      return (await processor.value('exitlane_venue_endpoint_up', { endpoint: 'jupiter' })) === 0;
    });
  });
});
