import type { JsonValue } from '@bufbuild/protobuf';
import { expect } from 'chai';
import { isClassified } from '../../../shared/auth/method-roles.js';
import { ROLES, type Role } from '../../../shared/core/call-context.js';
import type { ClientSecurity } from '../../../shared/grpc/client-security.js';
import { listMethods } from '../../../shared/grpc/dynamic-client.js';
import { START_MS } from '../api/stack.js';
import { type LockedStack, lineFor, SERVICE_TOKEN, startLocked } from './locked-stack.js';

/** Written down a second time: whoever changes what a role may do changes this page too. */
const TRADE = [
  'SubmitOrder',
  'ProcessSignal',
  'CancelOrder',
  'RetryOrder',
  'ExitPosition',
  'RetryExit',
  'SetExitPlan',
  'AcknowledgeAlert',
  'ResolveAlert',
  'SubmitProposal',
];
const ADMIN = ['SetTradingState', 'ListAuditEntries'];
const INTERNAL = ['ExecuteOrder'];

const MAY: Readonly<Record<Role, (method: string) => boolean>> = {
  read: (method) => ![...TRADE, ...ADMIN, ...INTERNAL].includes(method),
  trade: (method) => ![...ADMIN, ...INTERNAL].includes(method),
  admin: (method) => !INTERNAL.includes(method),
  service: (method) => ![...TRADE, ...ADMIN].includes(method),
};

/** Streams that say nothing until something changes are asked for what is there. */
function requestFor(method: string): JsonValue {
  return /^Watch(Orders|Positions|Alerts)$/.test(method) ? { include_current: true } : {};
}

const METHODS = listMethods();
const REFUSED = ['UNAUTHENTICATED', 'PERMISSION_DENIED'];

describe('O1 every method with every role', () => {
  let stack: LockedStack;
  let callers: Readonly<Record<Role, ClientSecurity>>;

  before(async function () {
    this.timeout(START_MS);
    stack = await startLocked();
    stack.allow([
      lineFor('viewer', 'read', 'exl_viewer'),
      lineFor('bot', 'trade', 'exl_bot'),
      lineFor('boss', 'admin', 'exl_boss'),
      lineFor('late', 'admin', 'exl_late', 'expires=2020-01-01T00:00:00Z'),
    ]);
    callers = {
      read: stack.as('exl_viewer'),
      trade: stack.as('exl_bot'),
      admin: stack.as('exl_boss'),
      service: stack.as(SERVICE_TOKEN),
    };
  });
  after(() => stack?.close());

  it('has all methods of the API, and each was thought about', () => {
    expect(METHODS.length).to.be.greaterThan(30);
    expect(METHODS.filter(({ name }) => !isClassified(name)).map(({ name }) => name)).to.deep.equal([]);
  });

  for (const role of ROLES) {
    it(`${role} gets in where it may, and nowhere else`, async () => {
      const wrong: string[] = [];
      for (const { name, method } of METHODS) {
        const { status, message } = await stack.call(name, requestFor(method), callers[role]);
        const isIn = !REFUSED.includes(status);
        if (isIn !== MAY[role](method)) wrong.push(`${name}: ${status} ${message}`);
        if (!isIn) expect(message, name).to.match(/takes the role (trade|admin)|role service/);
      }
      expect(wrong).to.deep.equal([]);
    });
  }

  const STRANGERS: readonly [string, string | undefined, string, RegExp][] = [
    ['without a token', undefined, 'NOT_AUTHENTICATED', /who calls\?/],
    ['with a wrong token', 'exl_guess', 'NOT_AUTHENTICATED', /not known here/],
    ['with an expired token', 'exl_late', 'CREDENTIAL_EXPIRED', /late expired at 2020-01-01/],
  ];
  for (const [who, token, reason, text] of STRANGERS) {
    it(`nobody gets in ${who}, and only health answers`, async () => {
      const security = stack.as(token);
      for (const { name, method } of METHODS) {
        const outcome = await stack.call(name, requestFor(method), security);
        expect({ name, status: outcome.status, reason: outcome.reason }).to.deep.equal({
          name,
          status: 'UNAUTHENTICATED',
          reason,
        });
        expect(outcome.message).to.match(text);
        expect(outcome.message).to.not.include('exl_');
      }
      const health = await stack.call('grpc.health.v1.Health/Check', {}, security);
      expect(health.answers).to.deep.equal([{ status: 'SERVING' }]);
      const channels = await stack.call('grpc.channelz.v1.Channelz/GetServers', {}, security);
      expect(channels.status).to.equal('UNAUTHENTICATED');
    });
  }

  it('channelz, which shows who is connected, is for admins', async () => {
    const method = 'grpc.channelz.v1.Channelz/GetServers';
    expect((await stack.call(method, {}, callers.read)).status).to.equal('PERMISSION_DENIED');
    expect((await stack.call(method, {}, callers.admin)).status).to.equal('OK');
  });
});
