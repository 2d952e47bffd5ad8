import { AsyncResource } from 'node:async_hooks';
import type { Metadata, ServerInterceptingCallInterface } from '@grpc/grpc-js';
import { type Clock, systemClock, type Timer } from '../core/clock.js';
import { ExitlaneError } from '../core/errors.js';
import { type Access, type Identified, localCaller } from './access.js';
import { HELD_REFUSAL_MS, SILENT_CALL_MS_MAX } from './bounds.js';
import { type CallUrgency, urgencyOfMessage, urgencyOfMethod } from './call-urgency.js';
import type { ClientLimiter } from './client-limiter.js';
import { hostOf } from './loopback.js';

export interface AdmissionOptions {
  readonly access?: Access;
  readonly limiter?: ClientLimiter;
  readonly clock?: Clock;
}

interface AdmittedMethod {
  /** `exitlane.v1.OrderService/SubmitOrder`. */
  readonly method: string;
  readonly kind: 'unary' | 'stream';
}

/**
 * Whether one call is let in: who it is, whether he may, and whether it is not too much. Our own services (role service) are not counted:
 * they call for everybody.
 */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #wanted: AdmittedMethod;
  readonly #call: ServerInterceptingCallInterface;
  /** The client that is counted; undefined: nobody is. */
  #client: string | undefined;
  #holdsStream = false;
  #held: Timer | undefined;
  #silence: Timer | undefined;
  #isEmergency = false;
  #giveBack: (() => void) | undefined;
  #namelessAddress: string | undefined;

  constructor(options: AdmissionOptions, wanted: AdmittedMethod, call: ServerInterceptingCallInterface) {
    this.#options = options;
    this.#wanted = wanted;
    this.#call = call;
  }

  /** @throws what `access.ts` and `client-limiter.ts` refuse with */
  admit(metadata: Metadata): Identified {
    const { access, limiter } = this.#options;
    if (!access) return { caller: localCaller(metadata), credential: undefined };
    const { method, kind } = this.#wanted;
    const identified = access.check(method, metadata, this.#call);
    const { credential } = identified;
    if (!limiter) return identified;
    if (credential === undefined) {
      if (kind === 'stream') this.#countNameless(limiter);
      return identified;
    }
    limiter.connectionKnown(this.#call.getPeer());
    if (credential.role === 'service') return identified;
    const { name } = credential;
    this.#client = name;
    const urgency = urgencyOfMethod(method);
    if (urgency !== undefined) this.#count(limiter, name, urgency);
    if (kind === 'stream') {
      limiter.countStream(name);
      this.#holdsStream = true;
    }
    return identified;
  }

  /** The second half, for the methods whose message says how urgent they are. @throws RATE_LIMITED */
  admitMessage(message: unknown): void {
    this.#silence?.cancel();
    const { limiter } = this.#options;
    const { method } = this.#wanted;
    if (!limiter || this.#client === undefined || urgencyOfMethod(method) !== undefined) return;
    const urgency = urgencyOfMessage(method, message as Parameters<typeof urgencyOfMessage>[1]);
    this.#isEmergency = urgency === 'emergency';
    this.#count(limiter, this.#client, urgency);
  }

  /** Goes on with the call; an emergency exit of a client that has very many under way waits its turn among them. */
  takeTurn(goOn: () => void): void {
    const { limiter } = this.#options;
    if (!this.#isEmergency || !limiter || this.#client === undefined) goOn();
    // The turn may come in the end of another call: what runs then is still this one.
    else this.#giveBack = limiter.emergencyTurn(this.#client, AsyncResource.bind(goOn));
  }

  /** Calls `cut` when no request comes. */
  expectRequest(cut: (error: ExitlaneError) => void): void {
    const { access, clock = systemClock } = this.#options;
    if (!access) return;
    this.#silence = clock.setTimer(() => {
      const text = `no request came within ${SILENT_CALL_MS_MAX / 1_000} s: send it with the headers`;
      cut(new ExitlaneError('NO_REQUEST', text));
    }, SILENT_CALL_MS_MAX);
  }

  #countNameless(limiter: ClientLimiter): void {
    const address = hostOf(this.#call.getPeer());
    limiter.countNamelessStream(address);
    this.#namelessAddress = address;
  }

  #count(limiter: ClientLimiter, name: string, urgency: CallUrgency): void {
    // P9: nothing denies an emergency exit, not even that it comes on one connection too many.
    if (urgency === 'emergency') return;
    limiter.countConnection(name, this.#call.getPeer());
    limiter.countCall(name, urgency);
  }

  /** Answers a moment later if that slows down who calls too fast; false: answer now. */
  holdBack(error: unknown, answer: () => void): boolean {
    const { limiter, clock = systemClock } = this.#options;
    const name = this.#client;
    if (!(error instanceof ExitlaneError) || error.reason !== 'RATE_LIMITED' || !limiter || name === undefined)
      return false;
    if (!limiter.mayHold(name)) return false;
    this.#held = clock.setTimer(answer, HELD_REFUSAL_MS);
    return true;
  }

  /** The call is over. */
  end(): void {
    this.#silence?.cancel();
    const { limiter } = this.#options;
    if (!limiter) return;
    if (this.#namelessAddress !== undefined) limiter.namelessStreamEnded(this.#namelessAddress);
    this.#namelessAddress = undefined;
    this.#giveBack?.();
    this.#giveBack = undefined;
    if (this.#client === undefined) return;
    if (this.#holdsStream) limiter.streamEnded(this.#client);
    this.#holdsStream = false;
    if (!this.#held) return;
    this.#held.cancel();
    this.#held = undefined;
    limiter.heldEnded(this.#client);
  }
}
