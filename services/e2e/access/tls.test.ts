import { copyFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { connect as connectTls } from 'node:tls';
import { expect } from 'chai';
import { silentLogger } from '../../../shared/core/logger.js';
import { openClientSecurity, PLAIN } from '../../../shared/grpc/client-security.js';
import { startGrpcServer } from '../../../shared/grpc/server.js';
import { eventually, failureOf } from '../../../shared/store/testing/waiting.js';
import { makeCertFolder } from '../../cli/certs/folder.js';
import { START_MS } from '../api/stack.js';
import { callOnce, type LockedStack, lineFor, startLocked } from './locked-stack.js';

const STATE = 'QueueService/GetTradingState';

/** Serial number of the certificate that a port shows. */
function serialAt(address: string): Promise<string> {
  const [host = '', port = ''] = address.split(':');
  return new Promise((resolve, reject) => {
    const options = { host, port: Number(port), rejectUnauthorized: false, ALPNProtocols: ['h2'] };
    const socket = connectTls(options, () => {
      resolve(socket.getPeerX509Certificate()?.serialNumber ?? '');
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

describe('O1 TLS with tokens', () => {
  let stack: LockedStack;

  before(async function () {
    this.timeout(START_MS);
    stack = await startLocked();
    stack.allow([lineFor('bot', 'trade', 'exl_bot')]);
  });
  after(() => stack?.close());

  it('plain text to a TLS port is refused as unavailable, and the port serves on', async () => {
    const plain = await callOnce(stack.requestorAddress, STATE, {}, PLAIN);
    expect(plain.status).to.equal('UNAVAILABLE');
    const proper = await stack.call(STATE, {}, stack.as('exl_bot'));
    expect(proper.status).to.equal('OK');
  });

  it('TLS to a plain port is refused as unavailable', async () => {
    const server = await startGrpcServer({ port: 0, name: 'plain', logger: silentLogger, services: [] });
    try {
      const outcome = await callOnce(server.address, 'grpc.health.v1.Health/Check', {}, stack.as(undefined));
      expect(outcome.status).to.equal('UNAVAILABLE');
    } finally {
      await server.close();
    }
  });

  it('a client that trusts another CA does not talk to it', async () => {
    const dir = path.join(stack.folder, 'elsewhere');
    await makeCertFolder({ dir, hosts: [], clients: [], days: 1, now: Date.now() });
    const security = openClientSecurity(
      { caFile: path.join(dir, 'ca.pem') },
      { logger: silentLogger, token: 'exl_bot' },
    );
    const outcome = await callOnce(stack.requestorAddress, STATE, {}, security);
    expect(outcome.status).to.equal('UNAVAILABLE');
    expect(outcome.message).to.match(/unable to verify|self-signed|certificate/);
    security.close();
  });

  it('a token is never sent in plain text to another machine', () => {
    const security = openClientSecurity({}, { logger: silentLogger, token: 'exl_bot' });
    expect(() => security.channelFor('10.0.0.7:50051')).to.throw('EXITLANE_CA_FILE');
    expect(() => security.channelFor('127.0.0.1:50051,10.0.0.7:50051')).to.throw('EXITLANE_CA_FILE');
    expect(() => security.channelFor('127.0.0.1:50051')).to.not.throw();
  });

  it('O1 a list of servers on other machines takes a name that all their certificates hold', () => {
    const caFile = path.join(stack.folder, 'certs', 'ca.pem');
    const options = { logger: silentLogger, token: 'exl_bot' };
    const [nameless, named] = [{ caFile }, { caFile, serverName: 'requestor' }].map((config) =>
      openClientSecurity(config, options),
    );
    const list = '10.0.0.7:50051,10.0.0.8:50051';
    expect(() => nameless?.channelFor(list)).to.throw('EXITLANE_TLS_SERVER_NAME: is required for 10.0.0.7:50051,');
    expect(named?.channelFor(list).options).to.include({ 'grpc.ssl_target_name_override': 'requestor' });
    for (const fine of [
      '10.0.0.7:50051',
      '127.0.0.1:50051,127.0.0.1:50053',
      'dns:///requestor:50051',
      'requestor:50051',
    ]) {
      expect(() => nameless?.channelFor(fine), fine).to.not.throw();
    }
    nameless?.close();
    named?.close();
  });

  it('a renewed certificate is shown to new connections, a broken renewal to nobody', async () => {
    const { requestorAddress, folder, security } = stack;
    const certs = path.join(folder, 'certs');
    const open = stack.as('exl_bot');
    const before = await serialAt(requestorAddress);
    writeFileSync(path.join(certs, 'requestor.pem'), 'half a file');
    security.requestor.reload();
    expect(await serialAt(requestorAddress), 'a broken file').to.equal(before);

    // The key of another: the pair must not be taken before both are there.
    copyFileSync(path.join(certs, 'processor.pem'), path.join(certs, 'requestor.pem'));
    security.requestor.reload();
    expect(await serialAt(requestorAddress), "another's certificate").to.equal(before);

    await makeCertFolder({ dir: certs, hosts: [], clients: [], days: 2, now: Date.now() });
    security.requestor.reload();
    expect(await serialAt(requestorAddress), 'after the renewal').to.not.equal(before);
    expect((await stack.call(STATE, {}, open)).status).to.equal('OK');
  });
});

describe('O1 mTLS', () => {
  let stack: LockedStack;

  before(async function () {
    this.timeout(START_MS);
    stack = await startLocked({ mtls: true });
    stack.allow(['bot trade cert=bot', lineFor('boss', 'admin', 'exl_boss')]);
  });
  after(() => stack?.close());

  it('the certificate is the proof: its name has a role, and no line means no entry', async () => {
    expect((await stack.call(STATE, {}, stack.withCertificate('bot'))).status).to.equal('OK');
    const submit = await stack.call('OrderService/SubmitOrder', {}, stack.withCertificate('bot'));
    expect(submit.status).to.equal('INVALID_ARGUMENT');
    const setState = await stack.call('QueueService/SetTradingState', {}, stack.withCertificate('bot'));
    expect(setState).to.include({ status: 'PERMISSION_DENIED', reason: 'ROLE_INSUFFICIENT' });
    const stranger = await stack.call(STATE, {}, stack.withCertificate('stranger'));
    expect(stranger).to.include({ status: 'UNAUTHENTICATED', reason: 'NOT_AUTHENTICATED' });
    expect(stranger.message).to.include('stranger');
  });

  it('a token counts before the certificate of the connection', async () => {
    expect((await stack.call('QueueService/SetTradingState', {}, stack.as('exl_boss'))).status).to.equal(
      'INVALID_ARGUMENT',
    );
  });

  it('a client without a certificate does not get a connection', async () => {
    const caFile = path.join(stack.folder, 'certs', 'ca.pem');
    const security = openClientSecurity({ caFile }, { logger: silentLogger, token: 'exl_boss' });
    expect((await callOnce(stack.requestorAddress, STATE, {}, security)).status).to.equal('UNAVAILABLE');
    const health = await callOnce(stack.requestorAddress, 'grpc.health.v1.Health/Check', {}, security);
    expect(health.status).to.equal('UNAVAILABLE');
    security.close();
  });

  it('the requestor shows the processor its own certificate: an order fills over mTLS', async () => {
    const order = {
      order_req_id: 'over-mtls',
      order_type: 'ORDER_TYPE_ENTRY',
      token_address: 'EKpQGSJtjMFqKZ9KQanSqYXRcF8fBopzLHYxdM65zcjm',
      amount_sol: '0.1',
    };
    const bot = stack.withCertificate('bot');
    expect((await stack.call('OrderService/SubmitOrder', order, bot)).message).to.equal('');
    await eventually('the order to be filled', async () => {
      const { answers } = await stack.call('OrderService/GetOrder', { order_req_id: 'over-mtls' }, bot);
      return JSON.stringify(answers).includes('ORDER_STATUS_FILLED');
    });
  });
});

describe('O1 an open port', () => {
  const open = (security?: Parameters<typeof startGrpcServer>[0]['security']) =>
    startGrpcServer({ host: '0.0.0.0', port: 0, name: 'requestor', logger: silentLogger, services: [], security });

  it('is refused without TLS and authentication, naming what is missing', async () => {
    const nothing = await failureOf(open());
    expect(nothing.message).to.match(
      /may not listen on 0\.0\.0\.0 without TLS .*EXITLANE_TLS_CERT_FILE.* and authentication .*EXITLANE_ACCESS_FILE/,
    );
    expect(nothing).to.include({ reason: 'CONFIG_INVALID' });
  });

  it('is refused with one of the two, and opens with both', async function () {
    this.timeout(START_MS);
    const stack = await startLocked();
    try {
      const { server } = stack.security.requestor;
      const unauthenticated = await failureOf(open({ ...server, access: undefined }));
      expect(unauthenticated.message)
        .to.match(/without authentication/)
        .and.not.match(/without TLS/);
      const unencrypted = await failureOf(open({ ...server, tls: undefined }));
      expect(unencrypted.message)
        .to.match(/without TLS/)
        .and.not.match(/authentication \(/);
      const both = await open(server);
      await both.close();
    } finally {
      await stack.close();
    }
  });
});
