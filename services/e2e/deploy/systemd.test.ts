import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { METRICS_PORTS } from '../../../shared/metrics/settings.js';
import { begin, defaultOf, type Files, makeFiles, unknownNames } from './environments.js';
import { envOf, filePath, secondsOf, textOf } from './files.js';
import { PROGRAMS } from './image.js';
import { complaintsAbout, lastValueOf, systemdAnalyze, unitOf, valuesOf } from './systemd.js';

const FOLDER = 'deploy/systemd';
const SERVICES = ['requestor', 'processor', 'console'] as const;
/** lifecycle.ts ends a process that takes longer than this to stop. */
const FORCED_EXIT_S = 15;

describe('O3 systemd', function () {
  // Installing systemd takes a while where it is missing.
  this.timeout(8 * 60_000);
  let files: Files;
  before(async () => {
    files = await makeFiles();
    await systemdAnalyze();
  });
  after(() => rmSync(files.folder, { recursive: true, force: true }));

  const units = SERVICES.map((service) => ({ service, unit: unitOf(`${FOLDER}/exitlane-${service}.service`) }));
  const environmentOf = (service: (typeof SERVICES)[number]) => {
    const { unit } = units.find((each) => each.service === service) ?? { unit: new Map() };
    const own = valuesOf(unit, 'Service', 'Environment').map((text): [string, string] => {
      const [name = '', value = ''] = text.split(/=(.*)/s);
      return [name, value];
    });
    return { ...envOf(`${FOLDER}/${service}.env`), ...Object.fromEntries(own) };
  };

  /** The units in a folder of their own, with a program that is here in the place of /usr/bin/node. */
  function copied(change: (text: string) => string = (text) => text): { folder: string; paths: string[] } {
    const folder = mkdtempSync(path.join(tmpdir(), 'exitlane-units-'));
    const names = readdirSync(filePath(FOLDER)).filter((name) => /\.(service|target)$/.test(name));
    for (const name of names) {
      copyFileSync(path.join(filePath(FOLDER), name), path.join(folder, name));
      const text = readFileSync(path.join(folder, name), 'utf8').replaceAll('/usr/bin/node', process.execPath);
      writeFileSync(path.join(folder, name), change(text));
    }
    return { folder, paths: names.map((name) => path.join(folder, name)) };
  }

  it('has units that systemd itself finds nothing wrong with', async () => {
    const { folder, paths } = copied();
    expect(paths).to.have.lengthOf(SERVICES.length + 1);
    expect(await complaintsAbout(paths)).to.equal('');
    rmSync(folder, { recursive: true });
  });

  it('is checked by something that finds a misspelt key', async () => {
    const { folder, paths } = copied((text) => text.replace('TimeoutStopSec', 'TimeoutStopSecs'));
    expect(await complaintsAbout(paths)).to.include('TimeoutStopSecs');
    rmSync(folder, { recursive: true });
  });

  it('starts programs that were built, each with its own settings, and for ever again', () => {
    for (const { service, unit } of units) {
      const [program, ...args] = lastValueOf(unit, 'Service', 'ExecStart').split(' ');
      expect(program).to.equal('/usr/bin/node');
      const file = `dist/services/${service}/main.js`;
      expect(PROGRAMS).to.include(file);
      expect(args).to.deep.equal(['--enable-source-maps', file, '--config', `/etc/exitlane/${service}.env`]);
      expect(lastValueOf(unit, 'Service', 'Restart')).to.equal('always');
      expect(lastValueOf(unit, 'Unit', 'StartLimitIntervalSec')).to.equal('0');
    }
  });

  it('stops them more patiently than they stop themselves', () => {
    for (const { unit } of units) {
      expect(secondsOf(lastValueOf(unit, 'Service', 'TimeoutStopSec'))).to.be.greaterThan(FORCED_EXIT_S);
      expect(lastValueOf(unit, 'Service', 'KillMode')).to.equal('mixed');
    }
  });

  it('has one target for all of them', () => {
    const target = unitOf(`${FOLDER}/exitlane.target`);
    const wanted = lastValueOf(target, 'Unit', 'Wants').split(' ');
    expect(wanted.sort()).to.deep.equal(SERVICES.map((service) => `exitlane-${service}.service`).sort());
    for (const { unit } of units) {
      expect(lastValueOf(unit, 'Unit', 'PartOf')).to.equal('exitlane.target');
      expect(lastValueOf(unit, 'Install', 'WantedBy')).to.equal('exitlane.target');
    }
  });

  it('locks them down, as somebody who is not root', () => {
    const wanted = {
      User: 'exitlane',
      NoNewPrivileges: 'yes',
      ProtectSystem: 'strict',
      ProtectHome: 'yes',
      PrivateTmp: 'yes',
      CapabilityBoundingSet: '',
      UMask: '0077',
    };
    for (const { service, unit } of units) {
      for (const [key, value] of Object.entries(wanted)) {
        expect(valuesOf(unit, 'Service', key), `${service} ${key}`).to.deep.equal([value]);
      }
    }
  });

  it('hands over keys and tokens as credentials, which become files of the service alone', () => {
    for (const { service, unit } of units) {
      const own = `/run/exitlane-${service}`;
      expect(lastValueOf(unit, 'Service', 'RuntimeDirectory')).to.equal(path.basename(own));
      expect(lastValueOf(unit, 'Service', 'RuntimeDirectoryMode')).to.equal('0700');
      const credentials = valuesOf(unit, 'Service', 'LoadCredential').map((text) => text.split(':'));
      for (const [, source] of credentials) expect(source).to.match(/^\/etc\/exitlane\/secrets\//);
      const copies = valuesOf(unit, 'Service', 'ExecStartPre');
      expect(copies).to.deep.equal(
        credentials.map(([id]) => `/usr/bin/install -m 0400 \${CREDENTIALS_DIRECTORY}/${id} ${own}/${id}`),
      );
      const named = valuesOf(unit, 'Service', 'Environment').map((text) => text.split('=')[1]);
      expect(named).to.deep.equal(credentials.map(([id]) => `${own}/${id}`));
    }
  });

  it('gives services nothing but settings that they know, and settings they start with', async () => {
    for (const { service } of units) {
      const env = environmentOf(service);
      expect(unknownNames(service, env), service).to.deep.equal([]);
      await begin(service, env, files);
    }
  });

  it('gives them the same for other machines, where the comments say so', async () => {
    for (const { service } of units) {
      const open = textOf(`${FOLDER}/${service}.env`).replaceAll(/^#([A-Z][A-Z0-9_]*=)/gm, '$1');
      const env = Object.fromEntries(
        [...open.matchAll(/^([A-Z][A-Z0-9_]*)=(.*)$/gm)].map(([, name = '', value = '']) => [
          name,
          value.replace(/^'(.*)'$/, '$1'),
        ]),
      );
      expect(unknownNames(service, env), service).to.deep.equal([]);
      expect(env[`EXITLANE_${service.toUpperCase()}_HOST`]).to.equal('0.0.0.0');
      await begin(service, { ...env, ...environmentOf(service), ...env }, files);
    }
  });

  it('uses the ports of the services', () => {
    for (const { service } of units) {
      const env = environmentOf(service);
      const name = `EXITLANE_${service.toUpperCase()}_PORT`;
      expect(env[name]).to.equal(defaultOf(service, name));
      expect(env.EXITLANE_METRICS_PORT).to.equal(String(METRICS_PORTS[service]));
    }
    const [requestor, processor, console] = SERVICES.map(environmentOf) as [
      Record<string, string>,
      Record<string, string>,
      Record<string, string>,
    ];
    expect(requestor.EXITLANE_PROCESSOR_ADDRESS).to.equal(`127.0.0.1:${processor.EXITLANE_PROCESSOR_PORT}`);
    expect(console.EXITLANE_PROCESSOR_ADDRESS).to.equal(requestor.EXITLANE_PROCESSOR_ADDRESS);
    expect(console.EXITLANE_REQUESTOR_ADDRESS).to.equal(`127.0.0.1:${requestor.EXITLANE_REQUESTOR_PORT}`);
  });

  it('has no secret in its examples', () => {
    for (const { service } of units) {
      for (const [name, value] of Object.entries(envOf(`${FOLDER}/${service}.env`))) {
        if (/DATABASE_URL|API_KEY|RPC_URLS/.test(name)) expect(value, name).to.include('REPLACE-ME');
      }
    }
  });
});
