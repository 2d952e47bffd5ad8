import { amount, bps, duration, price } from '../../model/format.js';
import type { MessageView, ProposalView, StatusMessageView } from '../../model/view.js';
import { useSelect } from '../state/hooks.js';
import { Empty, Facts, Signature, Time } from './basics.js';
import { StatusBadge } from './order-badges.js';

/** Every message of the followed order, oldest first, live. */
export function Timeline({ orderReqId }: { readonly orderReqId: string }) {
  const timeline = useSelect((state) => (state.timeline?.orderReqId === orderReqId ? state.timeline : null));
  const messages = timeline?.messages ?? [];
  const first = messages[0]?.sequence ?? 1;
  return (
    <>
      {first > 1 && <p class="quiet">Messages before number {first} are no longer kept.</p>}
      <ol class="timeline">
        {messages.map((message, index) => (
          <Message key={message.sequence} message={message} before={messages[index - 1]} />
        ))}
      </ol>
      {messages.length === 0 && timeline?.problem === '' && <Empty title="Reading …" />}
      {timeline !== null && timeline.problem !== '' && <p class="problem">{timeline.problem}</p>}
      {timeline !== null && !timeline.ended && messages.length > 0 && timeline.problem === '' && (
        <p class="following">following live</p>
      )}
    </>
  );
}

function Message({ message, before }: { readonly message: MessageView; readonly before: MessageView | undefined }) {
  const later = message.at !== null && before?.at != null ? `+${duration(message.at - before.at)}` : '';
  const tone = message.status ? message.status.status.toLowerCase() : 'proposal';
  return (
    <li class={tone}>
      <div class="line">
        {message.status && <StatusBadge status={message.status.status} reason={message.status.reason} />}
        {message.proposal && <span class="badge quiet">Proposal {message.proposal.state.toLowerCase()}</span>}
        <span class="reason">{reasonOf(message)}</span>
        <span class="when num">
          <i>{later}</i> <Time at={message.at} millis />
        </span>
      </div>
      {message.status && <StatusStory update={message.status} />}
      {message.proposal && <ProposalStory proposal={message.proposal} />}
    </li>
  );
}

function reasonOf({ status, proposal, text }: MessageView): string {
  if (proposal) return `by ${proposal.source}`;
  if (!status) return text;
  return status.reason === status.status ? '' : status.reason;
}

function StatusStory({ update }: { readonly update: StatusMessageView }) {
  return (
    <>
      {update.detail !== '' && <p>{update.detail}</p>}
      <Facts
        pairs={[
          ['Transaction', update.txSignature !== '' && <Signature text={update.txSignature} />],
          ['Amount', update.amountSol !== '' && <span class="num">{amounts(update)}</span>],
          ['Quoted', update.expectedPrice !== '' && <span class="num">{price(update.expectedPrice)}</span>],
          ['Actual', update.actualPrice !== '' && <b class="num">{price(update.actualPrice)}</b>],
          ['Slippage', update.slippageBps !== null && <span class="num">{bps(update.slippageBps)}</span>],
          ['Fee', update.feeSol !== '' && <span class="num">{amount(update.feeSol, 9)} SOL</span>],
          ['Next try', update.nextRetryAt !== null && <Time at={update.nextRetryAt} />],
        ]}
      />
    </>
  );
}

function ProposalStory({ proposal }: { readonly proposal: ProposalView }) {
  return (
    <Facts
      pairs={[
        [
          'Offer',
          <span key="offer" class="num">
            {amounts(proposal)}
          </span>,
        ],
        [
          'Price',
          <span key="price" class="num">
            {price(proposal.price)}
          </span>,
        ],
        ['Note', proposal.note],
        ['Ends', proposal.expiresAt !== null && <Time at={proposal.expiresAt} />],
      ]}
    />
  );
}

function amounts({ amountSol, amountTokens }: { readonly amountSol: string; readonly amountTokens: string }): string {
  return `${amount(amountSol, 9)} SOL for ${amount(amountTokens)} tokens`;
}
