import type { Metadata } from '@grpc/grpc-js';
import { Bystanders } from '../core/bystanders.js';
import type { Logger } from '../core/logger.js';

/** Told of every call to a server, for numbers and traces. Quick. What it throws changes nothing. */
export interface CallObserver {
  /** A call has come in; whether it is let in is not known yet. */
  begin(call: BegunCall): CallWatch;
}

export interface BegunCall {
  /** `exitlane.v1.OrderService/SubmitOrder`; only methods that the server has. */
  readonly method: string;
  readonly kind: 'unary' | 'stream';
}

/** One call from its headers to its status. */
export interface CallWatch {
  /** It was let in; its handler has not begun. */
  entered?(requestId: string, metadata: Metadata): void;
  /** Runs a part of the handler. */
  inside?(part: () => void): void;
  /** The client sent this. */
  received?(message: unknown): void;
  /** A message goes to the client. */
  sent?(): void;
  /** The last that is heard of it. `status` is the name of its gRPC status. */
  ended(status: string, tookMs: number): void;
}

/** Tells several observers of the same calls, each whatever another one throws; undefined where there are none. */
export function joinObservers(
  observers: readonly (CallObserver | undefined)[],
  logger: Logger,
): CallObserver | undefined {
  const present = observers.filter((observer) => observer !== undefined);
  if (present.length < 2) return present[0];
  const guarded = present.map((observer) => guardObserver(observer, logger));
  return {
    begin(call) {
      const watches = guarded.map((observer) => observer.begin(call));
      return {
        entered: (requestId, metadata) => each(watches, (watch) => watch.entered?.(requestId, metadata)),
        inside: (part) => within(watches, part),
        received: (message) => each(watches, (watch) => watch.received?.(message)),
        sent: () => each(watches, (watch) => watch.sent?.()),
        ended: (status, tookMs) => each(watches, (watch) => watch.ended(status, tookMs)),
      };
    },
  };
}

/** The same observer, which throws nothing and runs every part of the handler once. */
export function guardObserver(observer: CallObserver, logger: Logger): CallObserver {
  const bystanders = new Bystanders('an observer of calls', logger);
  return {
    begin(call) {
      let begun: CallWatch | undefined;
      bystanders.tell(() => {
        begun = observer.begin(call);
      });
      return begun ? guardWatch(begun, bystanders) : { ended: () => undefined };
    },
  };
}

function guardWatch(watch: CallWatch, bystanders: Bystanders): CallWatch {
  return {
    entered: (requestId, metadata) => bystanders.tell(() => watch.entered?.(requestId, metadata)),
    ...(watch.inside && { inside: (part: () => void) => runInside(watch, bystanders, part) }),
    received: (message) => bystanders.tell(() => watch.received?.(message)),
    sent: () => bystanders.tell(() => watch.sent?.()),
    ended: (status, tookMs) => bystanders.tell(() => watch.ended(status, tookMs)),
  };
}

/** What the part itself throws is the caller's, not the observer's. */
function runInside(watch: CallWatch, bystanders: Bystanders, part: () => void): void {
  let hasRun = false;
  let failed: { readonly error: unknown } | undefined;
  const runOnce = (): void => {
    if (hasRun) return;
    hasRun = true;
    try {
      part();
    } catch (error) {
      failed = { error };
    }
  };
  bystanders.tell(() => watch.inside?.(runOnce));
  runOnce();
  if (failed) throw failed.error;
}

function each(watches: readonly CallWatch[], tell: (watch: CallWatch) => void): void {
  for (const watch of watches) tell(watch);
}

function within([first, ...others]: readonly CallWatch[], part: () => void): void {
  if (!first) part();
  else if (first.inside) first.inside(() => within(others, part));
  else within(others, part);
}
