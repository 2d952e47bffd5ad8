import type { AccessList } from '../auth/access-list.js';
import type { ClientLimits } from '../auth/settings.js';
import type { Clock, Timer } from '../core/clock.js';
import type { Logger } from '../core/logger.js';
import { RELOAD_INTERVAL_MS, type Reloading } from '../core/reloading.js';
import { Access, withdrawn } from './access.js';
import { ClientLimiter } from './client-limiter.js';
import type { OpenCalls } from './open-calls.js';

export interface CallGuard {
  /** For the request context. */
  readonly context: { readonly access: Access; readonly limiter: ClientLimiter };
  close(): void;
}

interface GuardParts {
  readonly calls: OpenCalls;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Lets in who is on the list, and ends the calls of those who are no longer: at once when the file changes, soon when time is up. */
export function guardCalls(
  list: Reloading<AccessList>,
  { limits }: { readonly limits: ClientLimits },
  { calls, clock, logger }: GuardParts,
): CallGuard {
  const access = new Access(() => list.value, clock);
  const limiter = new ClientLimiter(limits, clock);
  let timer: Timer | undefined;
  let closed = false;
  const look = (): void => {
    const names = calls.cutWithdrawn((credential) => access.isStillValid(credential), withdrawn);
    if (names.length > 0)
      logger.warn({ names: [...new Set(names)], calls: names.length }, 'calls of withdrawn credentials ended');
  };
  const schedule = (): void => {
    if (closed) return;
    timer = clock.setTimer(() => {
      look();
      schedule();
    }, RELOAD_INTERVAL_MS);
  };
  const stop = list.onChange(look);
  schedule();
  return {
    context: { access, limiter },
    close() {
      closed = true;
      stop();
      timer?.cancel();
    },
  };
}
