import { expect } from 'chai';
import { ExitlaneError } from '../../../shared/core/errors.js';
import type { Exposure } from '../../../shared/store/exposure.js';
import { type EntryLimits, requireEntriesOpen, requireReserve, requireRoom } from './entry-guard.js';

const SOL = 1_000_000_000n;
const NONE: EntryLimits = {
  maxOpenPositions: undefined,
  maxTokenExposureLamports: undefined,
  maxExposureLamports: undefined,
  minReserveLamports: 0n,
};
const HELD: Exposure = { positions: 4, tokenLamports: 2n * SOL, totalLamports: 7n * SOL, promisedLamports: 3n * SOL };

function refusal(check: () => void): { why: string | undefined; text: string } {
  try {
    check();
  } catch (error) {
    if (error instanceof ExitlaneError) return { why: error.metadata.why, text: error.message };
    throw error;
  }
  return { why: undefined, text: '' };
}

describe('X13 what stands against an entry made from a signal', () => {
  const room = (lamports: bigint, limits: Partial<EntryLimits>) =>
    refusal(() => requireRoom(lamports, HELD, { ...NONE, ...limits }));

  it('the number of open positions, those being opened included', () => {
    expect(room(SOL, { maxOpenPositions: 5 }).why).to.equal(undefined);
    const { why, text } = room(SOL, { maxOpenPositions: 4 });
    expect(why).to.equal('MAX_OPEN_POSITIONS');
    expect(text).to.contain('4 positions').and.contain('close one first');
  });

  it('what is invested in the token, and in all, to the lamport', () => {
    expect(room(SOL, { maxTokenExposureLamports: 3n * SOL }).why).to.equal(undefined);
    expect(room(SOL + 1n, { maxTokenExposureLamports: 3n * SOL }).why).to.equal('MAX_TOKEN_EXPOSURE');
    expect(room(SOL, { maxExposureLamports: 8n * SOL }).why).to.equal(undefined);
    const { why, text } = room(SOL + 1n, { maxExposureLamports: 8n * SOL });
    expect(why).to.equal('MAX_EXPOSURE');
    expect(text).to.contain('7 SOL are invested').and.contain('MAX_EXPOSURE_SOL');
  });

  it('the reserve of the wallet, after what entries on their way will take', () => {
    const limits = { ...NONE, minReserveLamports: SOL };
    const reserve = (balance: bigint) => refusal(() => requireReserve(2n * SOL, balance, HELD, limits));
    expect(reserve(6n * SOL).why).to.equal(undefined);
    const { why, text } = reserve(6n * SOL - 1n);
    expect(why).to.equal('MIN_SOL_RESERVE');
    expect(text).to.contain('of which entries on their way take 3').and.contain('MIN_SOL_RESERVE');
  });

  it('a trading state that starts no entries', () => {
    expect(refusal(() => requireEntriesOpen('ACTIVE')).why).to.equal(undefined);
    for (const state of ['EXITS_ONLY', 'HALTED'] as const) {
      expect(refusal(() => requireEntriesOpen(state))).to.deep.include({ why: 'TRADING_STATE' });
    }
  });
});
