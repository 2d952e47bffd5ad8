import { Metadata } from '@grpc/grpc-js';
import { expect } from 'chai';
import type { Credential } from '../auth/access-file.js';
import { AccessList } from '../auth/access-list.js';
import { ManualClock } from '../core/clock.js';
import { Access } from './access.js';

const METHOD = 'exitlane.v1.QueueService/GetTradingState';
const BOT: Credential = {
  name: 'bot',
  role: 'trade',
  client: 'bot',
  proof: { kind: 'certificate', commonName: 'bot' },
  expiresAt: undefined,
};

describe('O1 a certificate ends when it says so', () => {
  it('lets nobody in after its last day, and ends what was let in before', async () => {
    const clock = new ManualClock();
    const access = new Access(() => new AccessList([BOT]), clock);
    const end = new Date(clock.now() + 60_000);
    const origin = {
      getAuthContext: () => ({ sslPeerCertificate: { subject: { CN: 'bot' }, valid_to: end.toUTCString() } }),
    };
    const { caller, credential } = access.check(METHOD, new Metadata(), origin);
    expect(caller.name).to.equal('bot');
    if (!credential) throw new Error('nobody was asked');
    expect(access.isStillValid(credential)).to.equal(true);
    await clock.advance(60_000);
    expect(access.isStillValid(credential), 'a connection that goes on').to.equal(false);
    expect(() => access.check(METHOD, new Metadata(), origin)).to.throw(/certificate of bot expired/);
  });

  it('ends earlier where the access file says so', () => {
    const clock = new ManualClock();
    const expiresAt = new Date(clock.now() + 1_000);
    const access = new Access(() => new AccessList([{ ...BOT, expiresAt }]), clock);
    const validTo = new Date(clock.now() + 60_000).toUTCString();
    const origin = { getAuthContext: () => ({ sslPeerCertificate: { subject: { CN: 'bot' }, valid_to: validTo } }) };
    expect(access.check(METHOD, new Metadata(), origin).credential?.expiresAt).to.deep.equal(expiresAt);
  });
});
