import { expect } from 'chai';
import fc from 'fast-check';
import { EXIT_REASONS, isTerminal, type OrderStatus } from '../order/order.js';
import { OrderPriority } from '../order/priority.js';
import { bookRelease, bookSale, dustUnits, positionStatus } from './accounting.js';
import {
  decideExit,
  type ExitDecision,
  type ExitingPosition,
  exitRefusal,
  type LiveExit,
  type WantedExit,
} from './exit-decision.js';
import { urgencyOf } from './exit-urgency.js';

const TOKENS = 1_000n;
const position = (part: Partial<ExitingPosition> = {}): ExitingPosition => ({
  positionId: 'p1',
  status: 'OPEN',
  entryLamports: 10n,
  entryTokens: TOKENS,
  soldTokens: 0n,
  reservedTokens: 0n,
  ...part,
});
const live = (exitReason: string, status: OrderStatus, reservedTokens: bigint, emergency = false): LiveExit => ({
  orderId: `id-${exitReason}`,
  orderReqId: `req-${exitReason}`,
  priority: urgencyOf({ exitReason, emergency }),
  exitReason,
  status,
  reservedTokens,
});
const wanted = (
  exitReason: string,
  amount: WantedExit['amount'] = { percent: 100 },
  emergency = false,
): WantedExit => ({
  exitReason,
  emergency,
  amount,
});
const decide = (exits: readonly LiveExit[], want: WantedExit): ExitDecision => {
  const reservedTokens = exits.reduce((sum, exit) => sum + exit.reservedTokens, 0n);
  return decideExit(position({ reservedTokens }), exits, want);
};
/** A decision in one line. */
const told = (decision: ExitDecision): string => {
  if (decision.kind === 'refuse') return `refuse ${decision.reason}`;
  const names = (exits: readonly LiveExit[]) => exits.map(({ exitReason }) => exitReason).join('+');
  if (decision.kind === 'create') return `create ${decision.tokens}`;
  const over = decision.kind === 'takeOver' ? ` over ${names(decision.takeOver)}` : '';
  return `${decision.kind} ${decision.tokens}${over}${decision.follow.length > 0 ? ` following ${names(decision.follow)}` : ''}`;
};

describe('X7 X11 a wish to exit', () => {
  const STATUSES = ['PENDING', 'FAILED', 'SUBMITTED', 'CONFIRMING'] as const;
  /** Live exit (reserving 400 of 1000), wanted exit, and what becomes of it while the live one is waiting, unsent or sent. */
  const table: [live: string, want: string, waiting: string, sent: string][] = [
    ['take_profit_1', 'stop_loss', 'takeOver 1000 over take_profit_1', 'sellRest 600 following take_profit_1'],
    ['manual', 'stop_loss', 'takeOver 1000 over manual', 'sellRest 600 following manual'],
    ['trailing_stop', 'stop_loss', 'takeOver 1000 over trailing_stop', 'sellRest 600 following trailing_stop'],
    ['stop_loss', 'stop_loss', 'refuse UNDER_WAY', 'refuse UNDER_WAY'],
    ['stop_loss', 'emergency', 'takeOver 1000 over stop_loss', 'sellRest 600 following stop_loss'],
    ['emergency', 'emergency', 'refuse UNDER_WAY', 'refuse UNDER_WAY'],
    ['emergency', 'stop_loss', 'refuse UNDER_WAY', 'refuse UNDER_WAY'],
    ['take_profit_1', 'take_profit_2', 'refuse UNDER_WAY', 'refuse UNDER_WAY'],
    ['take_profit_1', 'manual', 'refuse UNDER_WAY', 'refuse UNDER_WAY'],
    ['take_profit_1', 'trailing_stop', 'create 600', 'create 600'],
    ['manual', 'take_profit_1', 'create 600', 'create 600'],
    ['stop_loss', 'time_limit', 'refuse UNDER_WAY', 'refuse UNDER_WAY'],
  ];
  for (const [liveReason, want, waiting, sent] of table) {
    for (const status of STATUSES) {
      const expected = status === 'CONFIRMING' ? sent : waiting;
      it(`${want} while ${liveReason} is ${status}: ${expected}`, () => {
        expect(told(decide([live(liveReason, status, 400n)], wanted(want)))).to.equal(expected);
      });
    }
  }

  it('creates the exit when nothing is under way', () => {
    for (const exitReason of EXIT_REASONS) expect(told(decide([], wanted(exitReason)))).to.equal('create 1000');
    expect(told(decide([], wanted('take_profit_1', { percent: 33 })))).to.equal('create 330');
    expect(told(decide([], wanted('manual', { tokens: 7n })))).to.equal('create 7');
  });

  it('X4 sells all by a stop-loss, whatever amount it was given', () => {
    expect(told(decide([], wanted('stop_loss', { percent: 10 })))).to.equal('create 1000');
    expect(told(decide([], wanted('stop_loss', { tokens: 1n }, true)))).to.equal('create 1000');
  });

  it('takes over what waits and follows what is sent, both at once', () => {
    const exits = [live('take_profit_1', 'CONFIRMING', 250n), live('manual', 'PENDING', 250n)];
    expect(told(decide(exits, wanted('stop_loss')))).to.equal('takeOver 750 over manual following take_profit_1');
    const all = [live('take_profit_1', 'CONFIRMING', TOKENS)];
    expect(told(decide(all, wanted('emergency')))).to.equal('sellRest 0 following take_profit_1');
  });

  it('takes over for a part, too, when an emergency asks for one, and follows nothing then', () => {
    const exits = [live('take_profit_1', 'PENDING', 400n)];
    expect(told(decide(exits, wanted('emergency', { percent: 50 })))).to.equal('takeOver 500 over take_profit_1');
    const sent = [live('take_profit_1', 'CONFIRMING', 400n)];
    expect(told(decide(sent, wanted('emergency', { percent: 50 })))).to.equal('create 300');
  });

  it('refuses what cannot be sold, and says what holds it', () => {
    const exits = [live('manual', 'FAILED', TOKENS)];
    expect(told(decide(exits, wanted('take_profit_1')))).to.equal('refuse TOO_SMALL');
    expect(told(decide([], wanted('manual', { tokens: TOKENS + 1n })))).to.equal('refuse TOO_SMALL');
    const refusal = decide(exits, wanted('take_profit_1'));
    if (refusal.kind !== 'refuse') throw new Error('not refused');
    const error = exitRefusal(position(), refusal);
    expect(error).to.include({ reason: 'POSITION_TOO_SMALL', status: 'FAILED_PRECONDITION' });
    expect(error.message).to.contain('wait for manual order req-manual (FAILED) or cancel it');
    expect(error.metadata).to.deep.equal({ position_id: 'p1', why: 'TOO_SMALL', order_id: 'id-manual' });
  });

  it('refuses a closed position, and a second exit, with a clear answer', () => {
    const closed = decideExit(position({ status: 'CLOSED', soldTokens: TOKENS }), [], wanted('emergency'));
    expect(closed).to.deep.equal({
      kind: 'refuse',
      reason: 'CLOSED',
      detail: 'position p1 is closed; there is nothing left to sell',
    });
    const second = decide([live('stop_loss', 'SUBMITTED', TOKENS)], wanted('manual'));
    expect(second).to.deep.include({
      kind: 'refuse',
      detail:
        'position p1 is being left by stop_loss order req-stop_loss (SUBMITTED), which is more urgent (EXIT_STOP_LOSS); wait for its end or cancel it, or exit as an emergency',
    });
    const emergencies = decide([live('emergency', 'CONFIRMING', TOKENS)], wanted('manual', { percent: 100 }, true));
    expect(emergencies).to.have.property('detail').that.contains('just as urgent').and.not.contains('or exit as');
  });

  it('takes whole percents only', () => {
    for (const percent of [0, 101, 1.5]) expect(() => decide([], wanted('manual', { percent }))).to.throw(RangeError);
  });
});

describe('X11 exits against each other', () => {
  /** One exit order as this test plays it. */
  interface Played {
    exit: LiveExit;
    status: OrderStatus;
  }

  /** The position with its exits; carries decisions out as the store does. */
  class Game {
    held = position();
    orders: Played[] = [];
    following = false;

    live(): LiveExit[] {
      return this.orders.filter(({ status }) => !isTerminal(status)).map(({ exit, status }) => ({ ...exit, status }));
    }

    wish(want: WantedExit): ExitDecision {
      const decision = decideExit(this.held, this.live(), want);
      if (decision.kind === 'refuse') return decision;
      for (const exit of decision.kind === 'takeOver' ? decision.takeOver : []) this.end(exit.orderId, 'CANCELLED');
      if (decision.kind !== 'create') this.following = decision.follow.length > 0;
      if (decision.tokens === 0n) return decision;
      const orderId = String(this.orders.length);
      const exit = { ...live(want.exitReason, 'PENDING', decision.tokens, want.emergency), orderId };
      this.orders.push({ exit, status: 'PENDING' });
      this.book({ reservedTokens: this.held.reservedTokens + decision.tokens });
      return decision;
    }

    end(orderId: string, status: 'FILLED' | 'CANCELLED'): void {
      const order = this.orders.find(({ exit }) => exit.orderId === orderId);
      if (!order || isTerminal(order.status)) throw new Error('ended twice');
      order.status = status;
      const tokens = order.exit.reservedTokens;
      const sale = { tokens, reserved: tokens, lamports: 1n };
      this.book(status === 'FILLED' ? bookSale(this.held, sale, 0) : bookRelease(this.held, tokens, 0));
    }

    book(change: Partial<ExitingPosition>): void {
      const held = { ...this.held, ...change };
      this.held = { ...held, status: positionStatus(held, dustUnits(0)) };
    }
  }

  const anyWish = fc.record({
    kind: fc.constant('wish' as const),
    exitReason: fc.constantFrom(...EXIT_REASONS),
    emergency: fc.boolean(),
    percent: fc.constantFrom(1, 25, 50, 100),
  });
  const anyMove = fc.record({
    kind: fc.constant('move' as const),
    pick: fc.nat(20),
    to: fc.constantFrom<OrderStatus>('SUBMITTED', 'CONFIRMING', 'FAILED', 'FILLED', 'CANCELLED', 'PENDING'),
  });

  it('never promise a token twice, sell everything when a stop-loss runs out of rivals, and leave no urgent wish unheard', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(anyWish, anyMove), { maxLength: 40 }), (steps) => {
        const game = new Game();
        for (const step of steps) {
          if (step.kind === 'move') {
            const order = game.orders[step.pick % Math.max(1, game.orders.length)];
            if (!order || isTerminal(order.status)) continue;
            if (step.to === 'FILLED' || step.to === 'CANCELLED') game.end(order.exit.orderId, step.to);
            else order.status = step.to;
            continue;
          }
          const want = wanted(step.exitReason, { percent: step.percent }, step.emergency);
          const urgency = urgencyOf(want);
          const before = game.live();
          const reserved = before
            .filter(({ status }) => status === 'CONFIRMING')
            .reduce((sum, each) => sum + each.reservedTokens, 0n);
          const free = TOKENS - game.held.soldTokens - reserved;
          const decision = game.wish(want);
          const { soldTokens, reservedTokens } = game.held;
          expect(soldTokens + reservedTokens <= TOKENS).to.equal(true);
          expect(reservedTokens).to.equal(game.live().reduce((sum, exit) => sum + exit.reservedTokens, 0n));
          const rival = before.some(({ priority }) => priority <= urgency);
          if (decision.kind === 'refuse') {
            expect(rival || decision.reason !== 'UNDER_WAY').to.equal(true);
            continue;
          }
          expect(rival, 'nothing goes beside an exit that is as urgent').to.equal(false);
          if (decision.kind !== 'create') expect(urgency).to.be.at.most(OrderPriority.EXIT_STOP_LOSS);
          // All that is not on the wire already.
          if (want.exitReason === 'stop_loss') expect(decision.tokens).to.equal(free);
        }
      }),
      { numRuns: 500 },
    );
  });
});
