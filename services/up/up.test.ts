import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { failureOf } from '../../shared/store/testing/waiting.js';
import { down } from './down.js';
import { type Identity, identify, isAlive, signalTo } from './identity.js';
import { alone, removeStale } from './lock.js';
import { type Places, placesIn } from './places.js';
import { planOf } from './plan.js';
import { refuseTakenPorts } from './ports.js';
import { type ProcessRecord, readRecords, writeRecord } from './record.js';
import { upSettingsFrom } from './settings.js';
import { look } from './status.js';
import { statusLines } from './text.js';

const DATABASE_URL = 'postgresql://somebody:secret@127.0.0.1:5432/exitlane';

describe('O3 make up, down and status', () => {
  const children: ChildProcess[] = [];
  let places: Places;
  beforeEach(() => {
    places = placesIn(mkdtempSync(path.join(tmpdir(), 'exitlane-up-')));
  });
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    rmSync(places.folder, { recursive: true, force: true });
  });

  /** A process that does nothing until it is told to stop. */
  async function someone(script = 'setInterval(() => {}, 1000)'): Promise<{ child: ChildProcess; identity: Identity }> {
    const ready = `${script}; process.stdout.write("ready")`;
    const child = spawn(process.execPath, ['-e', ready], { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    await once(child.stdout, 'data');
    const identity = identify(child.pid ?? 0);
    if (!identity) throw new Error('the process is gone already');
    return { child, identity };
  }

  function recordOf(identity: Identity, more: Partial<ProcessRecord> = {}): ProcessRecord {
    const record: ProcessRecord = {
      name: 'processor-1',
      kind: 'processor',
      ...identity,
      since: '2026-01-02T03:04:05.000Z',
      address: '127.0.0.1:1',
      probe: { by: 'grpc', address: '127.0.0.1:1' },
      log: path.join(places.folder, 'processor-1.log'),
      logFrom: 0,
      ...more,
    };
    writeRecord(places, record);
    return record;
  }

  it('knows a process by more than its number: a later one of the same number is another', async () => {
    const { child, identity } = await someone();
    const later = { ...identity, startedAt: `${identity.startedAt}1` };
    expect(isAlive(identity)).to.equal(true);
    expect(isAlive(later)).to.equal(false);
    expect(signalTo(later, 'SIGKILL'), 'a signal to somebody else').to.equal(false);
    expect(child.exitCode ?? child.signalCode).to.equal(null);
    const exited = once(child, 'exit');
    expect(signalTo(identity, 'SIGKILL')).to.equal(true);
    await exited;
    expect(isAlive(identity)).to.equal(false);
    expect(identify(identity.pid)).to.equal(undefined);
  });

  it('down leaves alone who has the number of one that died, and says that it died', async () => {
    const { child, identity } = await someone();
    recordOf({ ...identity, startedAt: 'another boot/1' });
    const stopped = await down(places, false, () => undefined);
    expect(stopped.map(({ how }) => how)).to.deep.equal(['died']);
    expect(child.exitCode ?? child.signalCode).to.equal(null);
    expect(readRecords(places)).to.deep.equal([]);
  });

  it('down asks by SIGTERM, and keeps data unless they are to be wiped; then nothing that is not its own', async () => {
    const { child, identity } = await someone(
      'process.on("SIGTERM", () => process.exit(7)); setInterval(() => {}, 1000)',
    );
    recordOf(identity);
    mkdirSync(places.sandbox);
    writeFileSync(path.join(places.folder, 'not-ours'), 'x');
    const exited = once(child, 'exit');
    expect((await down(places, false, () => undefined)).map(({ how }) => how)).to.deep.equal(['stopped']);
    expect((await exited)[0]).to.equal(7);
    expect(existsSync(places.sandbox)).to.equal(true);
    await down(places, true, () => undefined);
    expect(existsSync(places.sandbox)).to.equal(false);
    expect(existsSync(path.join(places.folder, 'not-ours'))).to.equal(true);
  });

  it('status tells ready, alive and down apart, and shows the last words of this life only', async () => {
    const { identity } = await someone();
    const said = (msg: string) => `${JSON.stringify({ level: 'fatal', time: '2026-01-02T03:04:05.678Z', msg })}\n`;
    const log = path.join(places.folder, 'some.log');
    writeFileSync(log, said('earlier life') + said('port is gone'));
    const logFrom = said('earlier life').length;
    recordOf(identity, { log, logFrom });
    recordOf({ pid: identity.pid, startedAt: 'x/1' }, { name: 'requestor-1', kind: 'requestor', log, logFrom });
    const seen = await look(places, {});
    expect(seen.map(({ record, health }) => [record.name, health])).to.deep.equal([
      ['processor-1', 'alive'],
      ['requestor-1', 'down'],
    ]);
    const text = statusLines(seen, Date.parse('2026-01-02T05:04:10.000Z')).join('\n');
    expect(text).to.match(/processor-1 +\d+ +2026-01-02 03:04:05 UTC +2 h 5 s +127.0.0.1:1 +alive, not ready/);
    expect(text).to.match(/requestor-1 +was \d+ .* +- +127.0.0.1:1 +DOWN/);
    expect(text).to.contain('03:04:05.678 fatal  port is gone').and.contain('make up starts what is down');
    expect(text).not.to.contain('earlier life');
  });

  it('one at a time: who comes second is told who is at it; a lock whose holder died holds nobody', async () => {
    let release: () => void = () => undefined;
    const first = alone(places, () => new Promise<void>((resolve) => (release = resolve)));
    const error = await failureOf(alone(places, async () => undefined));
    expect(error.message).to.contain(`another make up or make down is at work`).and.contain(String(process.pid));
    release();
    await first;
    writeFileSync(places.lock, JSON.stringify({ pid: process.pid, startedAt: 'another boot/1' }));
    expect(await alone(places, async () => 'done')).to.equal('done');
    expect(existsSync(places.lock)).to.equal(false);
  });

  it('who finds a stale lock does not take away the new one of another who found it, too', () => {
    const live = JSON.stringify(identify(process.pid));
    writeFileSync(places.lock, live);
    expect(() => removeStale(places.lock)).to.throw(`at work on this stack (process ${process.pid})`);
    expect(readFileSync(places.lock, 'utf8')).to.equal(live);
    writeFileSync(places.lock, JSON.stringify({ pid: process.pid, startedAt: 'another boot/1' }));
    removeStale(places.lock);
    removeStale(places.lock);
    expect(readdirSync(places.folder).filter((name) => name.startsWith('lock'))).to.deep.equal([]);
  });

  it('names every taken port with the setting that chooses it, and what would do', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const taken = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const settings = upSettingsFrom({
      EXITLANE_UP_DIR: places.folder,
      EXITLANE_UP_REQUESTOR_PORTS: `${taken},1`,
      EXITLANE_UP_METRICS_PORT: '0',
    });
    try {
      const planned = planOf(settings, DATABASE_URL, undefined).filter(({ name }) => name === 'requestor-1');
      const error = await failureOf(refuseTakenPorts(planned));
      expect(error.message).to.contain(`port ${taken} of requestor-1 is in use`);
      expect(error.message).to.contain(`make up EXITLANE_UP_REQUESTOR_PORTS=${taken + 1_000}`);
    } finally {
      other.close();
    }
  });

  it('gives no port twice', async () => {
    const settings = upSettingsFrom({ EXITLANE_UP_DIR: places.folder, EXITLANE_UP_CONSOLE_PORT: '50052' });
    const error = await failureOf(refuseTakenPorts(planOf(settings, DATABASE_URL, undefined)));
    expect(error.message).to.equal(
      'processor-1 and console would have the same port 50052: change EXITLANE_UP_PROCESSOR_PORTS or EXITLANE_UP_CONSOLE_PORT',
    );
  });

  it('lists every wrong setting at once', () => {
    const env = { EXITLANE_UP_REQUESTOR_PORTS: '1,1', EXITLANE_UP_SLOT_MS: '0', DATABASE_URL: 'mysql://x' };
    expect(() => upSettingsFrom(env)).to.throw(/REQUESTOR_PORTS: must be 1 to 8[\s\S]*SLOT_MS: [\s\S]*DATABASE_URL: /);
  });

  it('O1 gives each service its own certificate, and asks whether it is well by TLS', () => {
    const settings = upSettingsFrom({ EXITLANE_UP_DIR: places.folder, EXITLANE_UP_CERTS: '/certs' });
    const planned = planOf(settings, DATABASE_URL, undefined);
    const find = (name: string) => planned.find((each) => each.name === name);
    expect(find('requestor-2')?.env).to.include({
      EXITLANE_TLS_CERT_FILE: '/certs/requestor.pem',
      EXITLANE_TLS_KEY_FILE: '/certs/requestor-key.pem',
      EXITLANE_CA_FILE: '/certs/ca.pem',
      EXITLANE_CLIENT_CERT_FILE: '/certs/requestor.pem',
    });
    expect(find('processor-1')?.probe).to.include({ caFile: '/certs/ca.pem' });
    expect(find('console')?.address).to.equal('https://127.0.0.1:8080');
    expect(find('sandbox')?.env).not.to.have.property('EXITLANE_TLS_CERT_FILE');
  });

  it('gives each service the addresses of all others, and no real wallet of the environment', () => {
    const env = {
      EXITLANE_UP_DIR: places.folder,
      WALLET_KEYSTORE_FILE: '/real',
      EXITLANE_UP_SLOT_MS: '100',
      OTHER: 'x',
    };
    const settings = upSettingsFrom(env);
    const planned = planOf(settings, DATABASE_URL, undefined);
    const envOf = (name: string) => planned.find((each) => each.name === name)?.env ?? {};
    expect(envOf('requestor-2').EXITLANE_PROCESSOR_ADDRESS).to.equal('127.0.0.1:50052,127.0.0.1:50054');
    expect(envOf('console').EXITLANE_REQUESTOR_ADDRESS).to.equal('127.0.0.1:50051,127.0.0.1:50053');
    expect(envOf('processor-1')).to.include({ WALLET_KEYSTORE_FILE: '', GATE_SHARE_PERCENT: '50' });
    const ports = planned.flatMap((each) => each.ports.map(({ port }) => port));
    expect(new Set(ports).size).to.equal(ports.length);
    expect(settings.environment).to.deep.equal({ WALLET_KEYSTORE_FILE: '/real', OTHER: 'x' });
  });
});
