import { expect } from 'chai';
import { ExitlaneError } from '../../shared/core/errors.js';
import { requestorConfigFromEnv } from './config.js';

const DATABASE_URL = 'postgresql://localhost/exitlane';

function problemOf(env: NodeJS.ProcessEnv): string {
  try {
    requestorConfigFromEnv({ DATABASE_URL, ...env });
  } catch (error) {
    if (error instanceof ExitlaneError) return error.message;
    throw error;
  }
  return 'none';
}

describe('the settings of the requestor', () => {
  it('P8 reads the slots that are not for everyone', () => {
    const env = { DATABASE_URL, MAX_CONCURRENT_ORDERS: '4', EXIT_RESERVED_SLOTS: '3', EMERGENCY_EXTRA_SLOTS: '2' };
    const { maxConcurrentOrders, exitReservedSlots, emergencyExtraSlots } = requestorConfigFromEnv(env).config;
    expect([maxConcurrentOrders, exitReservedSlots, emergencyExtraSlots]).to.deep.equal([4, 3, 2]);
  });

  it('P8 refuses to reserve every slot, and says what stops entries instead', () => {
    const text = problemOf({ EXIT_RESERVED_SLOTS: '3' });
    expect(text).to.contain('EXIT_RESERVED_SLOTS: must be below MAX_CONCURRENT_ORDERS (3)').and.contain('EXITS_ONLY');
  });

  it('lists every wrong setting at once', () => {
    const text = problemOf({ EMERGENCY_EXTRA_SLOTS: 'many', MAX_ATTEMPTS: '0' });
    expect(text).to.contain('EMERGENCY_EXTRA_SLOTS').and.contain('MAX_ATTEMPTS');
  });
});
