import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import { OrderServiceClient } from '../../../proto/gen/exitlane/v1/order_service.js';
import { TradingState } from '../../../proto/gen/exitlane/v1/queue_service.js';
import { packageRoot } from '../../../shared/core/package-root.js';
import { call, connect } from '../../../shared/grpc/client.js';
import { eventually } from '../../../shared/store/testing/waiting.js';
import { quietPort } from '../crash/ports.js';
import { Service } from '../crash/process.js';
import { showLogsOf } from '../crash/stack.js';
import { metricsIn, readPanels, readRules } from './places.js';
import { type Observed, startObserved, Told } from './rig.js';

const DOCS = path.join(packageRoot(), 'docs/observability.md');

/** Of an order that can never be filled. */
const TRIES = 2;

describe('O2 metrics of running services', function () {
  this.slow(20_000);
  let observed: Observed;
  let console: Service;
  let told: Told[];
  let texts: string[];
  before(async () => {
    observed = await startObserved(
      {},
      {
        requestorEnv: { MAX_ATTEMPTS: String(TRIES) },
        processorEnv: { RETRY_FIRST_DELAY_MS: '10', RETRY_MAX_DELAY_MS: '10' },
      },
    );
    const { bot, requestorAddresses, processorAddress } = observed.stack;
    const [port, metricsPort] = await Promise.all([quietPort(), quietPort()]);
    const env = {
      EXITLANE_CONSOLE_PORT: String(port),
      EXITLANE_METRICS_PORT: String(metricsPort),
      EXITLANE_REQUESTOR_ADDRESS: requestorAddresses[0] ?? '',
      EXITLANE_PROCESSOR_ADDRESS: processorAddress,
    };
    const ofConsole = new Told(metricsPort);
    const isReady = async () => (await ofConsole.get('/readyz')).status === 200;
    console = new Service({ name: 'console', program: '../../console/main.js', env, isReady });
    await console.start();
    told = [observed.requestor, observed.processor, ofConsole];

    await bot.buy('canary-entry', 'JUP', '0.5');
    const { positionId } = await bot.follow('canary-entry').until(OrderStatus.FILLED);
    await bot.sell('canary-exit', positionId, 'stop_loss');
    await bot.follow('canary-exit').until(OrderStatus.FILLED);
    await bot.buy('canary-poor', 'JTO', '1000000');
    await bot.follow('canary-poor').until(OrderStatus.CANCELLED);
    await bot.setTradingState(TradingState.HALTED);
    const { orderId } = await bot.buy('canary-waits', 'JTO', '0.5');
    await eventually('the waiting order in the numbers', async () => {
      return (await observed.requestor.value('exitlane_queue_orders', { priority: 'ENTRY' })) === 1;
    });
    texts = await Promise.all(told.map(async (each) => (await each.get('/metrics')).text));
    const orders = connect(OrderServiceClient, requestorAddresses[0] ?? '');
    await call(orders, 'cancelOrder', { id: { $case: 'orderId', value: orderId }, cancelReason: 'canary' });
    orders.close();
  });
  afterEach(function () {
    showLogsOf(this, observed?.stack);
  });
  after(async () => {
    await console?.kill();
    await observed?.stack.close();
  });

  function exported(): Map<string, string> {
    const types = texts.flatMap((text) => [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)]);
    return new Map(types.map(([, name = '', type = '']) => [name, type]));
  }

  function isExported(name: string): boolean {
    const known = exported();
    const family = name.replace(/_(bucket|sum|count)$/, '');
    return known.has(name) || known.get(family) === 'histogram' || known.get(family) === 'summary';
  }

  it('tell orders by outcome and reason, waits, exits and failures', async () => {
    const { requestor, processor } = observed;
    expect(await requestor.value('exitlane_orders_accepted_total', { order_type: 'ENTRY' })).to.equal(3);
    expect(await processor.value('exitlane_orders_filled_total', { order_type: 'EXIT' })).to.equal(1);
    expect(await processor.value('exitlane_order_failures_total', { code: 'INSUFFICIENT_FUNDS' })).to.equal(TRIES);
    const cancelled = { order_type: 'ENTRY', reason: 'CANCELLED_BY_CLIENT' };
    expect(await requestor.value('exitlane_orders_cancelled_total', cancelled)).to.equal(1);
    expect(await requestor.value('exitlane_order_wait_seconds_count', { priority: 'EXIT_STOP_LOSS' })).to.equal(1);
    expect(await processor.value('exitlane_exit_filled_seconds_count', { exit_reason: 'stop_loss' })).to.equal(1);
    expect(await processor.value('exitlane_exits_total', { exit_reason: 'stop_loss', outcome: 'filled' })).to.equal(1);
  });

  it('tell what the fleet has in common, as it is in the database', async () => {
    const { requestor } = observed;
    expect(await requestor.value('exitlane_trading_state', { state: 'HALTED' })).to.equal(1);
    expect(await requestor.value('exitlane_slots_max')).to.equal(3);
    expect(await requestor.value('exitlane_fleet_known')).to.equal(1);
    expect(await observed.processor.value('exitlane_slots_max'), 'told by requestors alone').to.equal(undefined);
  });

  it('tell calls, streams, the gate, the database and the process', async () => {
    const { requestor, processor } = observed;
    const submit = { method: 'exitlane.v1.OrderService/SubmitOrder', status: 'OK' };
    expect(await requestor.value('exitlane_grpc_calls_total', submit)).to.equal(4);
    const follow = { method: 'exitlane.v1.DeliveryService/StreamOrder' };
    expect(await processor.value('exitlane_grpc_stream_messages_total', follow)).to.be.above(5);
    expect(await processor.value('exitlane_gate_calls_total', { level: 'CRITICAL' })).to.be.above(5);
    expect(await processor.value('exitlane_gate_budget_left', { service: 'jupiter' })).to.be.above(10);
    expect(await processor.value('exitlane_venue_endpoint_up', { endpoint: 'rpc' })).to.equal(1);
    for (const service of [requestor, processor]) {
      expect(await service.value('exitlane_database_connections', { state: 'idle' })).to.be.above(0);
      expect(await service.value('exitlane_database_duration_seconds_count', { kind: 'transaction' })).to.be.above(3);
      expect(await service.value('nodejs_eventloop_lag_p99_seconds')).to.be.a('number');
      expect(await service.value('process_resident_memory_bytes')).to.be.above(10_000_000);
    }
    expect(await told[2]?.value('exitlane_console_service_up', { service: 'requestor' })).to.equal(1);
  });

  it('every metric of the dashboard and the rules is told by a service', async () => {
    const expressions = [
      ...(await readRules()).map(({ expr }) => expr),
      ...(await readPanels()).flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
    ];
    const used = [...new Set(expressions.flatMap(metricsIn))].filter((name) => name !== 'up');
    expect(used).to.have.length.above(40);
    expect(used.filter((name) => !isExported(name))).to.deep.equal([]);
  });

  it('every label that the dashboard and the rules go by is one of its metric', async () => {
    const labels = new Set(texts.flatMap((text) => [...text.matchAll(/[{,](\w+)="/g)].map(([, label]) => label)));
    const given = ['job', 'instance', 'le', 'alertname', 'alertstate'];
    const rules = (await readRules()).map(({ expr }) => expr);
    const panels = (await readPanels()).flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
    for (const expr of [...rules, ...panels]) {
      const selected = [...expr.matchAll(/[{,]\s*(\w+)(?:=~|!=|=)"/g)].map(([, label = '']) => label);
      const grouped = [...expr.matchAll(/\b(?:by|on) \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(','));
      for (const label of [...selected, ...grouped.map((each) => each.trim())]) {
        // Labels of what nothing has happened to yet: alerts and receivers.
        const unseen = ['', 'alert_type', 'severity', 'sender'];
        if (!given.includes(label) && !unseen.includes(label)) expect([...labels], expr).to.include(label);
      }
    }
  });

  it('names end in their unit, and every metric of ours is in the documentation, with its type', async () => {
    const docs = await readFile(DOCS, 'utf8');
    const ours = [...exported()].filter(([name]) => name.startsWith('exitlane_'));
    for (const [name, type] of ours) {
      if (type === 'counter') expect(name).to.match(/_total$/);
      else expect(name).not.to.match(/_total$/);
      if (type === 'histogram') expect(name).to.match(/_seconds$/);
      expect(docs, name).to.match(new RegExp(`\\| \`${name}\` +\\| ${type} +\\|`));
    }
    const documented = [...docs.matchAll(/\| `(exitlane_\w+)` /g)].map(([, name = '']) => name);
    expect(documented.filter((name) => !isExported(name))).to.deep.equal([]);
  });

  it('say nothing that a client named, and no token', () => {
    for (const text of texts) {
      expect(text).not.to.match(/canary/);
      expect(text).not.to.match(/[1-9A-HJ-NP-Za-km-z]{32,44}/);
      expect(text).not.to.match(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}/);
    }
  });
});
