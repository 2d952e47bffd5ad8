import { useEffect, useState } from 'preact/hooks';
import { amount, price } from '../../model/format.js';
import type { PositionView } from '../../model/view.js';
import { exitReasonLabel } from '../../model/words.js';
import { Age, Card, Copy, Empty, Facts, Time } from '../parts/basics.js';
import { ExitPanel } from '../parts/exit-panel.js';
import { ExitStatus } from '../parts/exit-status.js';
import { ICONS, Icon } from '../parts/icons.js';
import { PositionBadge, Token } from '../parts/order-badges.js';
import { PlanEditor } from '../parts/plan-editor.js';
import { Move, Profit, remaining } from '../parts/profit.js';
import { useSelect } from '../state/hooks.js';
import { get, messageOf } from '../state/http.js';
import { linkTo } from '../state/route.js';

/** One position: what it is worth, and every way to leave it. */
export function PositionDetail({ id }: { readonly id: string }) {
  const { position, problem } = usePosition(id);
  if (!position) {
    return (
      <div class="page">
        <BackLink />
        <Card>
          <Empty title={problem === '' ? 'Looking …' : 'No such position'}>{problem}</Empty>
        </Card>
      </div>
    );
  }
  const isClosed = position.status === 'CLOSED';
  return (
    <div class="page position">
      <BackLink />
      <header class="title">
        <h1>
          <Token symbol={position.tokenSymbol} address={position.tokenAddress} />
        </h1>
        <PositionBadge status={position.status} blocker={position.exitBlocker} />
        {position.isSimulated && <span class="badge quiet">simulated</span>}
        <span class="grow" />
        <Headline position={position} />
      </header>
      {position.exitBlocker !== '' && !isClosed && (
        <p class="blocker" role="alert">
          {position.exitBlocker}
        </p>
      )}
      <div class="columns live">
        <div>
          {!isClosed && <ExitPanel key={position.positionId} position={position} />}
          <ExitStatus position={position} />
        </div>
        <div>
          {!isClosed && <PlanEditor key={position.positionId} position={position} />}
          <Card title="Facts">
            <PositionFacts position={position} />
          </Card>
        </div>
      </div>
    </div>
  );
}

function BackLink() {
  return (
    <a class="back" href={linkTo('positions')}>
      <Icon path={ICONS.back} /> Positions
    </a>
  );
}

function usePosition(id: string) {
  const listed = useSelect(({ positions }) => positions.byId.get(id));
  const [read, setRead] = useState<PositionView>();
  const [problem, setProblem] = useState('');
  const isListed = listed !== undefined;
  useEffect(() => {
    if (isListed) return;
    get<PositionView | null>(`/api/positions/find?id=${encodeURIComponent(id)}`).then(
      (found) => {
        setRead(found ?? undefined);
        setProblem(found ? '' : `Nothing is known by the id ${id}.`);
      },
      (error: unknown) => setProblem(messageOf(error)),
    );
  }, [id, isListed]);
  return { position: listed ?? read, problem };
}

function Headline({ position }: { readonly position: PositionView }) {
  const isClosed = position.status === 'CLOSED';
  const to = isClosed ? position.lastExitPrice : position.currentPrice;
  return (
    <p class="headline">
      <b>
        <Profit sol={isClosed ? position.finalPnl : position.unrealizedPnl} />
      </b>
      <span>
        {isClosed ? 'final' : 'unrealized'} · <Move from={position.entryPrice} to={to} />
      </span>
    </p>
  );
}

function PositionFacts({ position }: { readonly position: PositionView }) {
  const tokens = (text: string) => <span class="num">{amount(text, position.tokenDecimals)}</span>;
  return (
    <Facts
      pairs={[
        [
          'Price now',
          position.currentPrice === '' ? (
            <span class="none">not known</span>
          ) : (
            <span>
              <b class="num">{price(position.currentPrice)}</b> · <Age at={position.currentPriceAt} suffix=" old" />
            </span>
          ),
        ],
        [
          'Entry price',
          <span key="entry" class="num">
            {price(position.entryPrice)}
          </span>,
        ],
        [
          'Paid',
          <span key="paid" class="num">
            {amount(position.entryAmountSol, 9)} SOL
          </span>,
        ],
        ['Bought', tokens(position.entryAmountTokens)],
        ['Sold', tokens(position.soldTokens)],
        ['Being sold', position.reservedTokens !== '0' && tokens(position.reservedTokens)],
        ['Held', position.status !== 'CLOSED' && tokens(remaining(position))],
        ['Realized', <Profit key="realized" sol={position.realizedPnl} />],
        [
          'Fees',
          <span key="fees" class="num">
            {amount(position.feesSol, 9)} SOL
          </span>,
        ],
        ['Exit reason', exitReasonLabel(position.exitReason)],
        ['Last exit', position.lastExitAt !== null && <Time at={position.lastExitAt} />],
        ['Last exit price', position.lastExitPrice !== '' && <span class="num">{price(position.lastExitPrice)}</span>],
        ['Opened', <Time key="opened" at={position.openedAt} />],
        ['Closed', position.closedAt !== null && <Time at={position.closedAt} />],
        [
          'Entry order',
          <a key="order" href={linkTo('orders', position.entryOrderId)}>
            open it
          </a>,
        ],
        ['Token', <Copy key="mint" text={position.tokenAddress} />],
        ['Position id', <Copy key="id" text={position.positionId} />],
      ]}
    />
  );
}
