import { expect } from 'chai';
import { readEnv } from '../core/env.js';
import { grpcMetrics } from './grpc-metrics.js';
import { Metrics, setTotal } from './metrics.js';
import { alertTypeLabel, exitReasonLabel } from './order-metrics.js';
import { metricsSettings, observeConfigOf } from './settings.js';

describe('O2 metrics', () => {
  it('asked for twice are the same, so that services in one process share them', async () => {
    const metrics = new Metrics();
    const spec = { name: 'exitlane_things_total', help: 'Things.', labels: ['kind'] } as const;
    metrics.counter(spec).inc({ kind: 'a' });
    metrics.counter(spec).inc({ kind: 'a' });
    expect(await metrics.text()).to.contain('exitlane_things_total{kind="a"} 2');
  });

  it('what is read at a scrape is read once per scrape, and one that fails leaves the others alone', async () => {
    const metrics = new Metrics();
    const gauge = metrics.gauge({ name: 'exitlane_reads', help: 'Reads.' });
    metrics.onScrape(() => Promise.reject(new Error('away')));
    metrics.onScrape(() => {
      throw new Error('broken');
    });
    const stop = metrics.onScrape(async () => gauge.inc());
    await metrics.text();
    expect(await metrics.text()).to.contain('exitlane_reads 2');
    stop();
    expect(await metrics.text()).to.contain('exitlane_reads 2');
  });

  it('a total that is kept elsewhere is shown as it is there', async () => {
    const metrics = new Metrics();
    const counter = metrics.counter({ name: 'exitlane_calls_total', help: 'Calls.', labels: ['level'] });
    for (const value of [5, 7]) setTotal(counter, [{ labels: { level: 'HIGH' }, value }]);
    expect(await metrics.text()).to.contain('exitlane_calls_total{level="HIGH"} 7');
  });

  it('calls are counted by method and status, streams with their messages and resumes', async () => {
    const metrics = new Metrics();
    const { begin } = grpcMetrics(metrics);
    begin({ method: 'exitlane.v1.OrderService/GetOrder', kind: 'unary' }).ended('NOT_FOUND', 12);
    const stream = begin({ method: 'exitlane.v1.DeliveryService/StreamOrder', kind: 'stream' });
    stream.received?.({ orderReqId: 'a', afterSequence: 3n });
    stream.sent?.();
    stream.sent?.();
    const first = begin({ method: 'exitlane.v1.DeliveryService/StreamOrder', kind: 'stream' });
    first.received?.({ orderReqId: 'a', afterSequence: 0n });
    first.ended('OK', 5);
    const text = await metrics.text();
    const of = 'method="exitlane.v1.DeliveryService/StreamOrder"';
    expect(text).to.contain(
      'exitlane_grpc_calls_total{method="exitlane.v1.OrderService/GetOrder",status="NOT_FOUND"} 1',
    );
    expect(text).to.contain(
      'exitlane_grpc_call_duration_seconds_sum{method="exitlane.v1.OrderService/GetOrder"} 0.012',
    );
    expect(text).to.contain(`exitlane_grpc_streams_open{${of}} 1`);
    expect(text).to.contain(`exitlane_grpc_stream_messages_total{${of}} 2`);
    expect(text).to.contain(`exitlane_grpc_stream_resumes_total{${of}} 1`);
    expect(text).not.to.contain('exitlane_grpc_call_duration_seconds_count{method="exitlane.v1.DeliveryService');
  });

  it('labels have few values whatever is in the database', () => {
    expect(exitReasonLabel('trailing_stop')).to.equal('trailing_stop');
    expect(exitReasonLabel('because I say so')).to.equal('other');
    expect(alertTypeLabel('exit_failed_critical')).to.equal('exit_failed_critical');
    expect(alertTypeLabel('of_a_newer_version')).to.equal('other');
  });
});

describe('O4 settings of metrics and traces', () => {
  const configOf = (env: NodeJS.ProcessEnv) => observeConfigOf(readEnv(metricsSettings('processor'), env));

  it('each service has a port of its own, on this machine, and no traces', () => {
    expect(configOf({})).to.deep.equal({
      metrics: { host: '127.0.0.1', port: 9_465, isOpen: false },
      tracing: undefined,
    });
  });

  it('is open to others only where that is said in a setting of its own', () => {
    const { metrics } = configOf({ EXITLANE_METRICS_OPEN_HOST: '0.0.0.0' });
    expect(metrics).to.deep.equal({ host: '0.0.0.0', port: 9_465, isOpen: true });
  });

  const ports: [string, number | undefined][] = [
    ['off', undefined],
    ['0', 0],
    ['9000', 9_000],
  ];
  for (const [text, port] of ports) {
    it(`EXITLANE_METRICS_PORT=${text}`, () => {
      expect(configOf({ EXITLANE_METRICS_PORT: text }).metrics.port).to.equal(port);
    });
  }

  const refused = [{ EXITLANE_METRICS_PORT: '70000' }, { EXITLANE_METRICS_PORT: '-1' }];
  for (const env of refused) {
    it(`refuses ${JSON.stringify(env)}`, () => {
      expect(() => configOf(env)).to.throw(Object.keys(env)[0] ?? '');
    });
  }

  const endpoint = 'http://10.0.0.1:4318';
  const traced: [NodeJS.ProcessEnv, string | undefined][] = [
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }, endpoint],
    [{ EXITLANE_OTEL: '1' }, 'http://127.0.0.1:4318'],
    [{ EXITLANE_OTEL: '1', OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }, endpoint],
    [{ EXITLANE_OTEL: '0', OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }, undefined],
  ];
  for (const [env, expected] of traced) {
    it(`${JSON.stringify(env)}: ${expected ?? 'no traces'}`, () => {
      expect(configOf(env).tracing?.endpoint).to.equal(expected);
    });
  }
});
