import { expect } from 'chai';
import { TradingState } from '../../../proto/gen/exitlane/v1/queue_service.js';
import { call } from '../../../shared/grpc/client.js';
import { START_MS } from '../api/stack.js';
import { alertCases } from './cases/alerts.js';
import { crowdCases } from './cases/crowd.js';
import { exitCases } from './cases/exits.js';
import { healCases } from './cases/heal.js';
import { liveCases } from './cases/live.js';
import { safetyCases } from './cases/safety.js';
import { type Rig, startRig } from './rig.js';

/** A browser may have to be installed first. */
const INSTALL_MS = 13 * 60_000;

describe('the console in a browser', () => {
  let rig: Rig;
  before(async function () {
    this.timeout(START_MS + INSTALL_MS);
    rig = await startRig();
  });
  after(() => rig?.close());
  beforeEach(async () => {
    await rig.stack.control('faults/reset');
    const change = { state: TradingState.ACTIVE, changedBy: 'test', changeReason: 'a new test begins' };
    await call(rig.stack.queue, 'setTradingState', change);
  });
  afterEach(async () => {
    await rig.closePages();
    expect(rig.complaints(), 'errors of the page').to.deep.equal([]);
  });

  liveCases(() => rig);
  exitCases(() => rig);
  alertCases(() => rig);
  safetyCases(() => rig);
  healCases(() => rig);
  crowdCases(() => rig);
});
