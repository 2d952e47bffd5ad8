import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { connect } from 'node:net';
import path from 'node:path';
import { expect } from 'chai';
import { silentLogger } from '../../../shared/core/logger.js';
import { startMetricsServer } from '../../../shared/metrics/http.js';
import { Metrics } from '../../../shared/metrics/metrics.js';
import { failureOf } from '../../../shared/store/testing/waiting.js';
import { START_MS } from '../api/stack.js';
import { type LockedStack, lineFor, startLocked } from './locked-stack.js';

describe('O1 O2 metrics on an address that is open to others', () => {
  let stack: LockedStack;

  before(async function () {
    this.timeout(START_MS);
    stack = await startLocked();
    stack.allow([lineFor('prometheus', 'read', 'exl_prometheus')]);
  });
  after(() => stack?.close());

  const start = (more: object = {}) => {
    const metrics = new Metrics();
    metrics.counter({ name: 'exitlane_things_total', help: 'Things.' }).inc(3);
    const config = { host: '0.0.0.0', port: 0 };
    const readiness = async () => ({ ready: true, checks: [] });
    return startMetricsServer({ config, metrics, readiness, logger: silentLogger, ...more });
  };

  function ask(port: number | undefined, page: string, token?: string): Promise<{ status: number; text: string }> {
    const ca = readFileSync(path.join(stack.folder, 'certs', 'ca.pem'));
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    return new Promise((resolve, reject) => {
      const asked = request(`https://localhost:${port}/${page}`, { ca, headers, family: 4 }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      });
      asked.on('error', reject).end();
    });
  }

  it('are refused without TLS and an access file', async () => {
    const { tls } = stack.security.requestor.server;
    for (const more of [{}, { security: { tls, access: undefined } }]) {
      expect(await failureOf(start(more))).to.include({ reason: 'CONFIG_INVALID' });
    }
  });

  it('a connection that does not get on with its handshake is closed', async () => {
    const server = await start({ security: stack.security.requestor.server, handshakeMsMax: 50 });
    try {
      const silent = connect(server.port ?? 0, '127.0.0.1').on('error', () => undefined);
      silent.resume();
      await once(silent, 'close');
    } finally {
      await server.close();
    }
  });

  it('are told over TLS to those with a token; life and readiness to everybody', async () => {
    const server = await start({ security: stack.security.requestor.server });
    try {
      const { port } = server;
      expect((await ask(port, 'metrics', 'exl_prometheus')).text).to.include('exitlane_things_total 3');
      for (const token of [undefined, 'exl_guess']) {
        const { status, text } = await ask(port, 'metrics', token);
        expect(status).to.equal(401);
        expect(text).to.not.include('things');
      }
      expect((await ask(port, 'livez')).status).to.equal(200);
      expect((await ask(port, 'readyz')).status).to.equal(200);
      // A withdrawn token reads no more.
      stack.allow([lineFor('other', 'read', 'exl_other')]);
      expect((await ask(port, 'metrics', 'exl_prometheus')).status).to.equal(401);
    } finally {
      await server.close();
    }
  });
});
