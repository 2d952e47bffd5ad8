import { type Position, PositionStatus } from '../../proto/gen/exitlane/v1/position.js';
import { isUuid } from '../../shared/core/ids.js';
import { PAGE_SIZE_MAX } from '../../shared/core/limits.js';
import { CallError } from '../../shared/grpc/call-error.js';
import { call } from '../../shared/grpc/client.js';
import { callTrouble, isUnreached } from './error-text.js';
import { CliError, ExitCode, exitCodeOf } from './exit-codes.js';
import { positionStatusName } from './render/format.js';
import { plain } from './render/text.js';
import type { Cli } from './verb.js';

/** Beginnings of ids shorter than this are rather words. */
const PREFIX_LEAST = 4;
/** Positions that a message lists before it says "and more". */
const LISTED_MAX = 5;

export const POSITION_ARGUMENT = 'position_id, its beginning, or the token if one open position has it';

/**
 * The position that a user means: by its whole id, or, among those not closed, by the beginning of its id, by symbol or by mint.
 * The looking changes nothing, so a lost answer is `UNREACHABLE` even in a verb that would change something next.
 * @throws CliError when none or several are meant
 */
export async function findPosition(cli: Cli, text: string): Promise<Position> {
  try {
    return isUuid(text) ? await byId(cli, text) : chosen(cli, text, await openOnes(cli));
  } catch (error) {
    throw error instanceof CallError ? asRead(cli, `position ${text}`, error) : error;
  }
}

/** What a failed look before the change means: nothing was changed. */
export function asRead({ addresses }: Cli, what: string, error: CallError): unknown {
  if (exitCodeOf(error, 'read') !== ExitCode.UNREACHABLE) return error;
  const { requestor } = addresses;
  const hints = isUnreached(error) ? [`is it running there? requestor ${requestor} (--requestor)`] : ['try again'];
  const message = `${what} could not be looked up, and nothing was changed: ${callTrouble(error)}`;
  return new CliError(message, ExitCode.UNREACHABLE, hints, { cause: error });
}

async function byId({ clients, io }: Cli, positionId: string): Promise<Position> {
  const { position } = await call(clients.positions, 'getPosition', { positionId }, { signal: io.signal });
  if (!position) throw new CliError('the requestor answered without the position', ExitCode.UNREACHABLE);
  return position;
}

async function openOnes({ clients, io }: Cli): Promise<Position[]> {
  const statuses = [PositionStatus.OPEN, PositionStatus.EXIT_PENDING, PositionStatus.PARTIAL_EXIT];
  const found: Position[] = [];
  let pageToken = '';
  do {
    const request = { statuses, tokenAddress: '', pageSize: PAGE_SIZE_MAX, pageToken };
    const page = await call(clients.positions, 'listPositions', request, { signal: io.signal });
    found.push(...page.positions);
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return found;
}

function chosen({ command }: Cli, text: string, open: readonly Position[]): Position {
  const meant = open.filter((position) => isMeant(position, text));
  const [one] = meant;
  if (one && meant.length === 1) return one;
  if (!one) {
    throw new CliError(`no open position is ${plain(text)}`, ExitCode.REFUSED, [
      `see which are there: ${command} positions (a closed one goes by its whole id)`,
    ]);
  }
  const listed = meant.slice(0, LISTED_MAX).map((position) => `   ${lineOf(position)}`);
  const more = meant.length > LISTED_MAX ? [`   and ${meant.length - LISTED_MAX} more: ${command} positions`] : [];
  const hints = ['say which, by its id:', ...listed, ...more];
  throw new CliError(`${plain(text)} may be any of ${meant.length} open positions`, ExitCode.LOCAL, hints);
}

function isMeant({ positionId, tokenSymbol, tokenAddress }: Position, text: string): boolean {
  const lower = text.toLowerCase();
  const begins = text.length >= PREFIX_LEAST && positionId.startsWith(lower);
  return begins || tokenAddress === text || (text !== '' && plain(tokenSymbol).toLowerCase() === lower);
}

function lineOf({ positionId, tokenSymbol, tokenAddress, status }: Position): string {
  return `${positionId}  ${plain(tokenSymbol) || tokenAddress}  ${positionStatusName(status)}`;
}
