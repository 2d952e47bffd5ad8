import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import path from 'node:path';
import { expect } from 'chai';
import { createPostgresDatabase, dropPostgresDatabase } from '../../../shared/store/testing/postgres.js';
import { quietPort } from '../crash/ports.js';
import { Service } from '../crash/process.js';
import { environmentOf, programOf, project, servicesOf, variants } from './compose.js';
import type { Env } from './environments.js';
import { at, filePath, textAt } from './files.js';
import { copyOfCompose, type Prepared } from './prepared.js';

const STARTED = ['sandbox', 'processor-1', 'processor-2', 'requestor-1', 'requestor-2', 'console'];

interface Ports {
  readonly own: number;
  readonly metrics: number;
}

/**
 * The services of compose.yaml as processes of this machine: their environments as they are, but for what the containers' network and
 * mounts would do - names become ports of loopback, /run/secrets the prepared files, /sandbox a folder.
 */
describe('O1, O3 what compose starts', function () {
  this.timeout(180_000);
  const trying = project(variants().find(({ name }) => name === 'try') as never);
  const environments = new Map(servicesOf(trying).map(([name, service]) => [name, environmentOf(service)]));
  const running = new Map<string, Service>();
  const ports = new Map<string, Ports>();
  let compose: Prepared;
  let databaseUrl: string;

  const portsOf = (name: string) => ports.get(name) ?? { own: 0, metrics: 0 };
  const both = (program: string) => [1, 2].map((n) => `127.0.0.1:${portsOf(`${program}-${n}`).own}`).join(',');

  function here(name: string): Env {
    const place = (value: string) =>
      value
        .replace(/^\/run\/secrets\/(\w+)$/, (_, secret: string) =>
          path.join(compose.folder, textAt(trying, `secrets.${secret}.file`)),
        )
        .replace(/^\/sandbox(?=\/|$)/, path.join(compose.folder, 'sandbox'))
        .replace(/^dns:\/\/\/(requestor|processor):\d+$/, (_, program: string) => both(program))
        .replace('sandbox:8899', `127.0.0.1:${portsOf('sandbox').own}`);
    const given = Object.entries(environments.get(name) ?? {}).map(([setting, value]): [string, string] => {
      if (/^EXITLANE_(REQUESTOR|PROCESSOR|CONSOLE|SANDBOX)_PORT$/.test(setting)) {
        return [setting, String(portsOf(name).own)];
      }
      return [setting, setting === 'EXITLANE_METRICS_PORT' ? String(portsOf(name).metrics) : place(value)];
    });
    return Object.fromEntries(given);
  }

  async function isReady(name: string): Promise<boolean> {
    const { own, metrics } = portsOf(name);
    const url = name === 'sandbox' ? `http://127.0.0.1:${own}/control/state` : `http://127.0.0.1:${metrics}/readyz`;
    return (await fetch(url)).ok;
  }

  before(async () => {
    compose = copyOfCompose();
    await compose.prepare('try');
    mkdirSync(path.join(compose.folder, 'sandbox'));
    databaseUrl = await createPostgresDatabase();
    for (const service of ['requestor', 'processor']) {
      writeFileSync(path.join(compose.folder, `secrets/${service}.env`), `DATABASE_URL=${databaseUrl}\n`);
    }
    for (const name of STARTED) ports.set(name, { own: await quietPort(), metrics: await quietPort() });
    for (const name of STARTED) {
      const program = programOf(at(trying, `services.${name}`) as never);
      const env = { ...here(name), ...(name === 'sandbox' ? { EXITLANE_SANDBOX_SLOT_MS: '50' } : {}) };
      const service = new Service({
        name,
        program: `../../${program}/main.js`,
        env,
        isReady: () => isReady(name),
      });
      running.set(name, service);
      service.launch();
      // Processors need the wallet that the sandbox makes; the others wait for each other by themselves.
      if (name === 'sandbox') await service.serving();
    }
    await Promise.all([...running.values()].map((service) => service.serving()));
  });
  after(async () => {
    await Promise.all([...running.values()].map((service) => service.kill()));
    if (databaseUrl !== undefined) await dropPostgresDatabase(databaseUrl);
    compose.remove();
  });

  function cli(token: string | undefined, ...args: string[]): Promise<{ code: number; output: string }> {
    const { EXITLANE_CONFIG_FILE: _, ...env } = here('cli');
    const tokenFile = token === undefined ? '' : path.join(compose.folder, `secrets/${token}.token`);
    const options = { env: { ...env, PATH: process.env.PATH ?? '', NO_COLOR: '1', EXITLANE_TOKEN_FILE: tokenFile } };
    return new Promise((resolve) => {
      execFile(process.execPath, [filePath('dist/services/cli/main.js'), ...args], options, (error, stdout, stderr) =>
        resolve({ code: Number(error?.code ?? 0), output: stdout + stderr }),
      );
    });
  }

  it('fills an order that a bot submits with its token, over TLS, through two requestors and two processors', async () => {
    const args = ['submit', 'entry', '--token', 'BONK', '--sol', '0.1', '--id', 'compose-1', '--watch'];
    const { code, output } = await cli('bot', ...args);
    expect(output).to.include('FILLED');
    expect(code).to.equal(0);
  });

  it('tells its status to the admin, with every process serving', async () => {
    const { code, output } = await cli('admin', 'status');
    expect(output).to.include('SERVING');
    expect(code, output).to.equal(0);
  });

  it('lets a bot change no trading state, and nobody in without a token', async () => {
    const change = ['state', 'set', 'HALTED', '--reason', 'not allowed'];
    expect((await cli('bot', ...change)).output).to.match(/PERMISSION_DENIED|role/i);
    expect((await cli(undefined, 'positions')).output).to.match(/UNAUTHENTICATED|token/i);
    expect((await cli('admin', 'state')).output).to.include('ACTIVE');
  });

  it('shows the console over TLS, to its own authority', async () => {
    const ca = readFileSync(path.join(compose.folder, 'secrets/tls/ca.pem'));
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const asked = request(`https://localhost:${portsOf('console').own}/`, { ca, family: 4 }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      asked.on('error', reject).end();
    });
    expect(status).to.equal(200);
  });

  it('stops everything gently well before it would be killed', async () => {
    const stopped = await Promise.all([...running.values()].map((service) => service.terminate()));
    for (const { exitCode, tookMs } of stopped) {
      expect(exitCode).to.equal(0);
      expect(tookMs).to.be.lessThan(15_000);
    }
  });
});
