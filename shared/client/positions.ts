import { type ExitPlan, type Position, PositionStatus } from '../../proto/gen/exitlane/v1/position.js';
import {
  ExitPositionRequest,
  GetPnlRequest,
  type GetPnlResponse,
  ListPositionsRequest,
  type ListPositionsResponse,
  type PositionServiceClient,
  RetryExitRequest,
  SetExitPlanRequest,
} from '../../proto/gen/exitlane/v1/position_service.js';
import type { Caller, CallSettings } from './caller.js';
import { allPages } from './pages.js';
import { type Placed, placed } from './placed.js';
import { type Input, idFacts, newOrderReqId, present, unlessGone, type Wanted } from './request.js';
import { type WatchSettings, watchRecords } from './watch.js';

/** How to leave a position: `percent` of what is held (default 100), why, how urgently. */
export type ExitWish = Omit<Wanted<ExitPositionRequest>, 'positionId'>;

/** PositionService. Amounts are decimal strings: SOL, whole tokens, SOL per whole token. */
export class Positions {
  readonly #caller: Caller;
  readonly #client: PositionServiceClient;

  constructor(caller: Caller, client: PositionServiceClient) {
    this.#caller = caller;
    this.#client = client;
  }

  /** Sells a percentage of what is held. Repeated safely until it is answered. */
  async exit(positionId: string, wish: ExitWish = {}, settings?: CallSettings): Promise<Placed> {
    const orderReqId = wish.orderReqId ?? newOrderReqId();
    const request = ExitPositionRequest.fromPartial({ ...wish, positionId, orderReqId });
    const how = { method: 'exitPosition', request, repeat: 'harmless', facts: idFacts(orderReqId) } as const;
    return placed(orderReqId, await this.#caller.unary({ client: this.#client, ...how }, settings));
  }

  /** Tries a failed exit again, with more slippage. Repeated safely until it is answered. */
  async retryExit(
    positionId: string,
    wish: Omit<Wanted<RetryExitRequest>, 'positionId'> = {},
    settings?: CallSettings,
  ): Promise<Placed> {
    const orderReqId = wish.orderReqId ?? newOrderReqId();
    const request = RetryExitRequest.fromPartial({ ...wish, positionId, orderReqId });
    const how = { method: 'retryExit', request, repeat: 'harmless', facts: idFacts(orderReqId) } as const;
    return placed(orderReqId, await this.#caller.unary({ client: this.#client, ...how }, settings));
  }

  /** @throws CallError NOT_FOUND */
  async get(positionId: string, settings?: CallSettings): Promise<Position> {
    const wish = { client: this.#client, method: 'getPosition', request: { positionId }, repeat: 'harmless' } as const;
    return present((await this.#caller.unary(wish, settings)).position, 'getPosition');
  }

  /** One page of positions, newest first; `nextPageToken` is empty at the end. */
  list(filter: Input<ListPositionsRequest> = {}, settings?: CallSettings): Promise<ListPositionsResponse> {
    const request = ListPositionsRequest.fromPartial(filter);
    return this.#caller.unary({ client: this.#client, method: 'listPositions', request, repeat: 'harmless' }, settings);
  }

  /** All positions that match, newest first, read page by page. */
  all(filter: Omit<Input<ListPositionsRequest>, 'pageToken'> = {}, settings?: CallSettings): AsyncGenerator<Position> {
    return allPages(async (page) => {
      const { positions, nextPageToken } = await this.list({ ...filter, ...page }, settings);
      return { records: positions, nextPageToken };
    });
  }

  /** Replaces how a position is to be left; what is unset is off. Never repeated after it may have been carried out. */
  async setPlan(positionId: string, exitPlan: Input<ExitPlan>, settings?: CallSettings): Promise<Position> {
    const request = SetExitPlanRequest.fromPartial({ positionId, exitPlan });
    const wish = { client: this.#client, method: 'setExitPlan', request, repeat: 'acts-again' } as const;
    return present((await this.#caller.unary(wish, settings)).position, 'setExitPlan');
  }

  /** Profit of all positions, or of those opened since. */
  pnl(since?: Date, settings?: CallSettings): Promise<GetPnlResponse> {
    const request = GetPnlRequest.create(since === undefined ? {} : { since });
    return this.#caller.unary({ client: this.#client, method: 'getPnl', request, repeat: 'harmless' }, settings);
  }

  /** Every position that is not closed, then each after every change, across broken connections: see `watchRecords`. */
  watch(settings?: WatchSettings): AsyncIterable<Position> {
    return watchRecords(
      this.#caller,
      {
        open: (signal) => this.#caller.stream(this.#client, 'watchPositions', { includeCurrent: true }, signal),
        recordOf: ({ position }) => position,
        isComplete: ({ currentComplete }) => currentComplete,
        idOf: ({ positionId }) => positionId,
        lives: ({ status }) => status !== PositionStatus.CLOSED,
        look: (positionId, signal) => unlessGone(this.get(positionId, { signal })),
      },
      settings,
    );
  }
}
