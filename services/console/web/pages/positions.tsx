import { useState } from 'preact/hooks';
import { amount, price, signed } from '../../model/format.js';
import type { PnlView, PositionView } from '../../model/view.js';
import { Age, Card, Empty } from '../parts/basics.js';
import { memo } from '../parts/memo.js';
import { Missing } from '../parts/missing.js';
import { PositionBadge, Token } from '../parts/order-badges.js';
import { Move, Profit, remaining } from '../parts/profit.js';
import { useSelect } from '../state/hooks.js';
import { sortedPositions } from '../state/lists.js';
import { goTo, linkTo } from '../state/route.js';
import { PositionDetail } from './position-detail.js';

export function Positions({ id }: { readonly id: string }) {
  return id === '' ? <PositionList /> : <PositionDetail key={id} id={id} />;
}

function PositionList() {
  const positions = useSelect((state) => state.positions);
  const pnl = useSelect((state) => state.pnl);
  const all = sortedPositions(positions);
  const open = all.filter(({ status }) => status !== 'CLOSED');
  const closed = all.filter(({ status }) => status === 'CLOSED');
  return (
    <div class="page positions live">
      <h1>Positions</h1>
      {positions.currency === 'missing' ? (
        <Missing what="Positions" />
      ) : (
        <>
          {pnl && <Totals pnl={pnl} />}
          <Card title={`Open (${open.length})`}>
            {open.length === 0 ? (
              <Empty title={positions.currency === 'waiting' ? 'Not known yet' : 'No open positions'}>
                A filled entry opens one. From then on it can be left from here.
              </Empty>
            ) : (
              <PositionTable positions={open} />
            )}
          </Card>
          {closed.length > 0 && (
            <Card title="Closed">
              <PositionTable positions={closed} />
            </Card>
          )}
        </>
      )}
    </div>
  );
}

function Totals({ pnl }: { readonly pnl: PnlView }) {
  const { positionsWithoutPrice: unknown } = pnl;
  return (
    <div class="tiles">
      <div class="tile">
        <span class="name">Unrealized</span>
        <span class="value">
          <Profit sol={pnl.unrealizedPnl} />
        </span>
        <span class="under">{unknown === 0 ? ' ' : `without ${unknown} that have no price`}</span>
      </div>
      <div class="tile">
        <span class="name">Realized</span>
        <span class="value">
          <Profit sol={pnl.realizedPnl} />
        </span>
      </div>
      <div class="tile">
        <span class="name">Fees</span>
        <span class="value num">{amount(pnl.feesSol)} SOL</span>
      </div>
      <div class="tile">
        <span class="name">Positions</span>
        <span class="value num">{pnl.openPositions}</span>
        <span class="under num">{pnl.closedPositions} closed</span>
      </div>
    </div>
  );
}

/** Rows drawn at first, and more with each wish. */
const ROWS_STEP = 50;

function PositionTable({ positions }: { readonly positions: readonly PositionView[] }) {
  const [rows, setRows] = useState(ROWS_STEP);
  const hidden = positions.length - rows;
  return (
    <>
      <table class="list position-list">
        <thead>
          <tr>
            <th class="c-token">Token</th>
            <th class="c-status">Status</th>
            <th class="c-tokens right">Held</th>
            <th class="c-entry right">Entry</th>
            <th class="c-price right">Price</th>
            <th class="c-move right">Move</th>
            <th class="c-pnl right">Unrealized SOL</th>
            <th class="c-realized right">Realized SOL</th>
            <th class="c-age right">Open for</th>
          </tr>
        </thead>
        <tbody>
          {positions.slice(0, rows).map((position) => (
            <Row key={position.positionId} position={position} />
          ))}
        </tbody>
      </table>
      {hidden > 0 && (
        <div class="more">
          <button type="button" class="plain" onClick={() => setRows(rows + ROWS_STEP)}>
            Show {Math.min(ROWS_STEP, hidden)} more
          </button>
        </div>
      )}
    </>
  );
}

const Row = memo(({ position }: { readonly position: PositionView }) => {
  const isClosed = position.status === 'CLOSED';
  return (
    <tr class={isClosed ? 'ended' : 'running'} onClick={() => goTo('positions', position.positionId)}>
      <td class="c-token">
        <a href={linkTo('positions', position.positionId)}>
          <Token symbol={position.tokenSymbol} address={position.tokenAddress} />
        </a>
      </td>
      <td class="c-status">
        <PositionBadge status={position.status} blocker={position.exitBlocker} />
      </td>
      <td class="c-tokens right num">{isClosed ? '–' : amount(remaining(position), 4)}</td>
      <td class="c-entry right num">{price(position.entryPrice)}</td>
      <td class="c-price right num">{price(isClosed ? position.lastExitPrice : position.currentPrice) || '–'}</td>
      <td class="c-move right num">
        <Move from={position.entryPrice} to={isClosed ? position.lastExitPrice : position.currentPrice} />
      </td>
      <td class="c-pnl right num">
        {isClosed ? '–' : <span class={tone(position.unrealizedPnl)}>{signed(position.unrealizedPnl) || '–'}</span>}
      </td>
      <td class="c-realized right num">
        <span class={tone(position.finalPnl || position.realizedPnl)}>
          {signed(position.finalPnl || position.realizedPnl)}
        </span>
      </td>
      <td class="c-age right">
        <Age at={position.openedAt} />
      </td>
    </tr>
  );
});

function tone(sol: string): string {
  if (!/[1-9]/.test(sol)) return 'quiet';
  return sol.startsWith('-') ? 'loss' : 'gain';
}
