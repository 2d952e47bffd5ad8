import type { Metadata } from '@grpc/grpc-js';

/** Told of every call to a server, for numbers and traces. Quick, and never throwing. */
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

/** Tells several observers of the same calls; undefined where there are none. */
export function joinObservers(observers: readonly (CallObserver | undefined)[]): CallObserver | undefined {
  const present = observers.filter((observer) => observer !== undefined);
  if (present.length < 2) return present[0];
  return {
    begin(call) {
      const watches = present.map((observer) => observer.begin(call));
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

function each(watches: readonly CallWatch[], tell: (watch: CallWatch) => void): void {
  for (const watch of watches) tell(watch);
}

function within([first, ...others]: readonly CallWatch[], part: () => void): void {
  if (!first) part();
  else if (first.inside) first.inside(() => within(others, part));
  else within(others, part);
}
