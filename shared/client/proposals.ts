import {
  type DeliveryServiceClient,
  type GetOrderQueueStatsResponse,
  SubmitProposalRequest,
} from '../../proto/gen/exitlane/v1/delivery_service.js';
import type { Proposal } from '../../proto/gen/exitlane/v1/proposal.js';
import type { Caller, CallSettings } from './caller.js';
import { type Input, newOrderReqId, present } from './request.js';

/** A priced offer; amounts are decimal strings in SOL and whole tokens. Without an id it gets a new one. */
export type Offer = Input<SubmitProposalRequest> & {
  readonly orderReqId: string;
  readonly source: string;
  readonly amountSol: string;
  readonly amountTokens: string;
};

export interface Offered {
  readonly proposal: Proposal;
  /** Of its message on the order's queue. */
  readonly sequence: bigint;
  readonly duplicate: boolean;
}

/** The proposals of DeliveryService, and its queues. */
export class Proposals {
  readonly #caller: Caller;
  readonly #client: DeliveryServiceClient;

  constructor(caller: Caller, client: DeliveryServiceClient) {
    this.#caller = caller;
    this.#client = client;
  }

  /** Puts an offer on an order's queue. Repeated safely until it is answered. */
  async submit(offer: Offer, settings?: CallSettings): Promise<Offered> {
    const proposalId = offer.proposalId ?? newOrderReqId();
    const request = SubmitProposalRequest.fromPartial({ ...offer, proposalId });
    const facts = { proposal_id: proposalId };
    const wish = { client: this.#client, method: 'submitProposal', request, repeat: 'harmless', facts } as const;
    const { proposal, sequence, duplicate } = await this.#caller.unary(wish, settings);
    return { proposal: present(proposal, 'submitProposal'), sequence, duplicate };
  }

  /** Messages per order queue: of one order, or of at most `limit` that are not terminal (1 to 1,000, default 100). */
  queues(orderReqId = '', limit = 100, settings?: CallSettings): Promise<GetOrderQueueStatsResponse> {
    const request = { orderReqId, limit };
    const wish = { client: this.#client, method: 'getOrderQueueStats', request, repeat: 'harmless' } as const;
    return this.#caller.unary(wish, settings);
  }
}
