import { Position, PositionStatus } from '../../proto/gen/exitlane/v1/position.js';
import type { WatchPositionsResponse } from '../../proto/gen/exitlane/v1/position_service.js';
import { openStream } from '../../shared/grpc/client.js';
import { followWithResume } from '../../shared/grpc/resume.js';
import { ExitCode, Interrupted } from './exit-codes.js';
import { LiveRegion } from './render/live-region.js';
import { positionLine, positionLines } from './render/position.js';
import type { Cli } from './verb.js';

/** Closed positions stay in view until this many others closed after them: one sees how they ended. */
const CLOSED_KEPT = 5;

/** What is open and what closed last, as the stream told it. */
class Seen {
  readonly #positions = new Map<string, Position>();

  put(position: Position): void {
    // Behind all others: the closed ones are dropped in the order in which they closed.
    this.#positions.delete(position.positionId);
    this.#positions.set(position.positionId, position);
    const closed = [...this.#positions.values()].filter(({ status }) => status === PositionStatus.CLOSED);
    for (const { positionId } of closed.slice(0, -CLOSED_KEPT)) this.#positions.delete(positionId);
  }

  /** A position that no longer is what is wanted. */
  drop({ positionId }: Position): void {
    this.#positions.delete(positionId);
  }

  clear(): void {
    this.#positions.clear();
  }

  /** Newest first: ids begin with the time. */
  list(): Position[] {
    return [...this.#positions.values()].sort((a, b) => (a.positionId < b.positionId ? 1 : -1));
  }
}

/**
 * Shows positions and their changes until Ctrl-C: drawn in place on a terminal, a line per change elsewhere. A requestor that
 * restarts is waited for; then what is open is shown again.
 */
export async function followPositions(cli: Cli, wanted: (position: Position) => boolean): Promise<ExitCode> {
  const { out, clock } = cli;
  const region = out.liveTarget && new LiveRegion(out.liveTarget);
  const seen = new Seen();
  let complete = false;
  const begin = (): void => {
    seen.clear();
    complete = false;
  };
  try {
    for await (const { position, currentComplete } of frames(cli, begin)) {
      complete ||= currentComplete;
      if (position && wanted(position)) {
        seen.put(position);
        out.messageLine('Position', Position, position);
        if (!region) out.text(positionLine(position, new Date(clock.now()), out));
      } else if (position) seen.drop(position);
      // Until all current ones were told, less would be drawn than there is.
      if (region && complete) region.draw(viewOf(cli, seen.list()));
    }
    return ExitCode.OK;
  } catch (error) {
    if (error instanceof Interrupted) return ExitCode.OK;
    throw error;
  } finally {
    region?.close();
  }
}

function frames({ clients, io, clock, note }: Cli, begin: () => void): AsyncIterable<WatchPositionsResponse> {
  return followWithResume<WatchPositionsResponse>({
    open: (_after, signal) => {
      begin();
      return openStream(clients.positions, 'watchPositions', { includeCurrent: true }, { signal });
    },
    sequenceOf: () => undefined,
    signal: io.signal,
    clock,
    onReconnect: ({ attempt, cause }) => {
      if (attempt === 1) note(`no connection to the requestor (${cause.status}): trying again until Ctrl-C`);
    },
  });
}

function viewOf({ out }: Cli, positions: readonly Position[]): string[] {
  if (positions.length === 0) return ['no open positions'];
  return positionLines(positions, out).slice(0, out.rows - 1);
}
