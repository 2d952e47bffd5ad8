import { randomBytes } from 'node:crypto';
import { TradingState } from '../../../proto/gen/exitlane/v1/queue_service.js';
import { TradingMode } from '../../../proto/gen/exitlane/v1/system_service.js';
import { call } from '../../../shared/grpc/client.js';
import { CliError, ExitCode } from '../exit-codes.js';
import { tradingModeName } from '../render/format.js';
import type { Cli } from '../verb.js';
import { SLOTS } from './plan.js';
import type { DemoStack } from './stack.js';
import { venueAt } from './venue.js';

/** Blocks and trading must go on afterwards, whatever broke off the demo. */
const RESTORE_MS_MAX = 10_000;

/**
 * The services at --requestor and --processor as the demo's stage. The demo holds the blocks of the venue and halts trading for some
 * seconds: that is done to a sandbox where nothing else goes on, and undone in any case.
 * @throws CliError that says why this is no stage for it
 */
export async function useRunning(cli: Cli): Promise<DemoStack> {
  const { clients, addresses } = cli;
  const { signal } = cli.io;
  const sandboxUrl = await sandboxOf(cli);
  const { stats } = await call(clients.queue, 'getQueueStats', {}, { signal });
  if (stats?.tradingState !== TradingState.ACTIVE) {
    throw notNow('trading is not ACTIVE', 'exitlane state active --reason demo');
  }
  if (stats.maxConcurrentOrders !== SLOTS || stats.exitReservedSlots + stats.emergencyExtraSlots > 0) {
    throw notNow(`it has other slots than the ${SLOTS} that the story needs`, 'MAX_CONCURRENT_ORDERS=3, none reserved');
  }
  const busy = [stats.queued, stats.processing, stats.waitingForRetry, stats.watching].some((count) => count > 0n);
  if (busy) throw notNow('orders are on their way', 'wait until exitlane queue shows none');
  return {
    clients,
    sandboxUrl,
    prefix: `demo-${randomBytes(3).toString('hex')}`,
    opening: `on what runs at ${addresses.requestor} and ${addresses.processor}`,
    ending: 'its positions stay open',
    hints: [],
    close: () => restore(cli, sandboxUrl),
  };
}

/** Where the venue is; only a sandbox can be told to make no blocks. */
async function sandboxOf({ clients, io: { signal } }: Cli): Promise<string> {
  const { mode, endpoints } = await call(clients.system('processor'), 'getStatus', {}, { signal });
  const jupiter = endpoints.find(({ name }) => name === 'jupiter');
  if (mode === TradingMode.SANDBOX && jupiter) return jupiter.url;
  throw notNow(`the processor's mode is ${tradingModeName(mode)}, and the demo plays with a sandbox only`, 'make up');
}

/** For those who watch: what the demo changed is as it was. */
async function restore({ clients }: Cli, sandboxUrl: string): Promise<void> {
  const signal = AbortSignal.timeout(RESTORE_MS_MAX);
  const active = { state: TradingState.ACTIVE, changedBy: 'demo', changeReason: 'the demo is over' };
  const { stats } = await call(clients.queue, 'getQueueStats', {}, { signal });
  if (stats?.tradingState !== TradingState.ACTIVE) await call(clients.queue, 'setTradingState', active, { signal });
  await venueAt(sandboxUrl, signal).release();
}

function notNow(why: string, hint: string): CliError {
  return new CliError(`no demo here: ${why}`, ExitCode.REFUSED, [hint]);
}
