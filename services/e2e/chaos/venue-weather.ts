import type { Random } from '../../../shared/core/random.js';
import type { FaultInput } from '../../sandbox/fault-specs.js';

/** The troubles of a venue, each often enough to meet many orders of a run and seldom enough that most get through. */
const DRAWS: readonly ((random: Random) => FaultInput)[] = [
  (random) => ({ fault: 'hide_status', blocks: random.int(5, 60) }),
  (random) => ({ fault: 'history_lag', blocks: random.int(5, 60) }),
  (random) => ({ fault: 'delay', blocks: random.int(2, 40) }),
  (random) => ({ fault: 'drop', resends: random.int(1, 3) === 1 }),
  () => ({ fault: 'vanish', blocks: 2 }),
  () => ({ fault: 'reset', on: 'sendTransaction', when: 'after' }),
  () => ({ fault: 'reset', on: 'swap', when: 'after' }),
  () => ({ fault: 'reset', on: 'getSignatureStatuses', when: 'before' }),
  (random) => ({ fault: 'rate_limit', on: 'quote', count: random.int(1, 2) }),
  (random) => ({ fault: 'rate_limit', on: 'rpc', count: random.int(1, 4) }),
  (random) => ({ fault: 'node_behind', on: 'rpc', count: random.int(1, 4) }),
  () => ({ fault: 'blockhash_not_found' }),
  (random) => ({ fault: 'slow', on: 'sendTransaction', ms: random.int(100, 1_500) }),
  () => ({ fault: 'no_route' }),
  () => ({ fault: 'http', on: 'quote', status: 503 }),
];

export function drawFault(random: Random): FaultInput {
  const draw = DRAWS[random.int(0, DRAWS.length - 1)];
  if (!draw) throw new Error('there are no faults to draw from');
  return draw(random);
}
