import {
  AuditEntry,
  ListAuditEntriesRequest,
  ListAuditEntriesResponse,
} from '../../../proto/gen/exitlane/v1/system_service.js';
import { PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX } from '../../../shared/core/limits.js';
import { call } from '../../../shared/grpc/client.js';
import { ExitCode, Interrupted } from '../exit-codes.js';
import { since, wholeNumber } from '../options.js';
import { auditLine, auditTable } from '../render/audit.js';
import type { Cli, Verb } from '../verb.js';

const HELP = `
Every change that somebody made by a call. Takes the role admin. Entries are
linked by hashes: 'exitlane verify' finds entries that were altered or removed,
and 'audit head' says what to note down elsewhere, so that it also finds a log
that was cut or written anew.
Examples:
  exitlane audit
  exitlane audit --actor alice --since 24h
  exitlane audit --subject <id>         of an order, position or alert
  exitlane audit --action SetTradingState
  exitlane audit --follow
  exitlane audit head                   12:5f3c...
  exitlane verify --data-dir ./.exitlane --audit-head 12:5f3c...`;

/** A person watches: a second late is early enough. */
const FOLLOW_MS = 1_000;
/** Entries remembered as shown: enough to know them again among those that were committed late. */
const SHOWN_MAX = 10_000;

interface Options {
  readonly actor?: string;
  readonly action?: string;
  readonly subject?: string;
  readonly since?: (now: number) => Date;
  readonly limit: number;
  readonly all?: boolean;
  readonly follow?: boolean;
}

/** `exitlane audit`, `audit head`: who changed what. */
export const audit: Verb = (program, action) => {
  const parent = program.command('audit').description('who changed what, when, from where').addHelpText('after', HELP);
  parent
    .command('list', { isDefault: true })
    .description('list changes, newest first')
    .option('--actor <name>', 'only by this one, or for this user')
    .option('--action <method>', 'only this method, such as SubmitOrder')
    .option('--subject <id>', 'only to this order, position or alert')
    .option('--since <time>', 'only since: 24h, 7d, or ISO 8601', since)
    .option('--limit <n>', 'how many', wholeNumber(1, 1_000_000), PAGE_SIZE_DEFAULT)
    .option('--all', 'every page, however many')
    .option('--follow', 'show what comes, until Ctrl-C')
    .addHelpText('after', HELP)
    .action(action('read', (cli, options: Options) => (options.follow ? follow(cli, options) : list(cli, options))));
  parent
    .command('head')
    .description('the end of the log, to be noted down elsewhere')
    .addHelpText('after', HELP)
    .action(action('read', head));
};

async function list(cli: Cli, options: Options): Promise<ExitCode> {
  const { out } = cli;
  const request = requestOf(cli, options);
  const limit = options.all ? Number.POSITIVE_INFINITY : options.limit;
  const found: AuditEntry[] = [];
  let page = await read(cli, { ...request, pageSize: Math.min(PAGE_SIZE_MAX, limit) });
  found.push(...page.entries);
  while (page.nextPageToken !== '' && found.length < limit) {
    const pageSize = Math.min(PAGE_SIZE_MAX, limit - found.length);
    page = await read(cli, { ...request, pageSize, pageToken: page.nextPageToken });
    found.push(...page.entries);
  }
  out.message('ListAuditEntriesResponse', ListAuditEntriesResponse, { ...page, entries: found });
  if (found.length === 0) out.text('nothing was changed by anybody');
  else out.text(...auditTable(found, out));
  if (page.nextPageToken !== '') out.text(out.style.dim(`more: --limit ${options.limit * 2}, or --all`));
  return ExitCode.OK;
}

/** The newest page again and again: what was not shown before comes next, the oldest first. */
async function follow(cli: Cli, options: Options): Promise<ExitCode> {
  const { out, clock, io } = cli;
  const request = { ...requestOf(cli, options), pageSize: PAGE_SIZE_MAX };
  let shown: ReadonlySet<string> = new Set();
  try {
    for (let isFirst = true; ; isFirst = false) {
      const fresh = await unseen(cli, request, shown, isFirst ? options.limit : Number.POSITIVE_INFINITY);
      for (const entry of fresh.toReversed()) {
        out.messageLine('AuditEntry', AuditEntry, entry);
        out.text(auditLine(entry, out));
      }
      shown = new Set([...shown, ...fresh.map(({ entryId }) => entryId)].slice(-SHOWN_MAX));
      await clock.sleep(FOLLOW_MS, io.signal);
    }
  } catch (error) {
    if (error instanceof Interrupted || io.signal.aborted) return ExitCode.OK;
    throw error;
  }
}

async function unseen(
  cli: Cli,
  request: ListAuditEntriesRequest,
  shown: ReadonlySet<string>,
  limit: number,
): Promise<AuditEntry[]> {
  const fresh: AuditEntry[] = [];
  let pageToken = '';
  do {
    const page = await read(cli, { ...request, pageSize: Math.min(PAGE_SIZE_MAX, limit), pageToken });
    const unknown = page.entries.filter(({ entryId }) => !shown.has(entryId));
    fresh.push(...unknown);
    // A page with one that was shown: all before it were.
    pageToken = unknown.length === page.entries.length ? page.nextPageToken : '';
  } while (pageToken !== '' && fresh.length < limit);
  return fresh;
}

async function head(cli: Cli): Promise<ExitCode> {
  const request = ListAuditEntriesRequest.create({ pageSize: 1 });
  const { headSequence, headHash } = await read(cli, request);
  cli.out.json({ head_sequence: headSequence.toString(), head_hash: headHash });
  cli.out.text(`${headSequence}:${headHash}`);
  return ExitCode.OK;
}

function requestOf({ clock }: Cli, { actor, action, subject, since: from }: Options): ListAuditEntriesRequest {
  return ListAuditEntriesRequest.fromPartial({ actor, action, subject, since: from?.(clock.now()) });
}

function read(cli: Cli, request: ListAuditEntriesRequest): Promise<ListAuditEntriesResponse> {
  return call(cli.clients.system('requestor'), 'listAuditEntries', request, { signal: cli.io.signal });
}
