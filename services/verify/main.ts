import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { messageOf } from '../../shared/core/errors.js';
import { createLogger } from '../../shared/core/logger.js';
import { openDatabase } from '../../shared/store/database.js';
import type { NotedHead } from './checks/audit.js';
import { exitCodeOf, reportLines, VerifyExit } from './render.js';
import { verify } from './verify.js';

/** The checker as a process of its own. */
const USAGE = `Usage: node dist/services/verify/main.js (--database-url <url> | --data-dir <folder>)
         [--ledger <ledger.jsonl>] [--witness <file>] [--wallet <address>]
         [--audit-head <sequence>:<hash>] [-o text|json]

--data-dir is a folder of \`exitlane dev\`, whose ledger is found by itself, or that of an embedded database.
Exit codes: 0 no violations, 1 violations, 2 could not check.`;

const { values: given } = parseArguments();
process.exitCode = await main().catch((error: unknown) => fail(messageOf(error)));

async function main(): Promise<VerifyExit> {
  const { output = 'text', witness, wallet } = given;
  if (output !== 'text' && output !== 'json') return fail(`-o must be text or json\n\n${USAGE}`);
  const auditHead = given['audit-head'] === undefined ? undefined : notedHeadOf(given['audit-head']);
  if (auditHead === null)
    return fail(`--audit-head must be <sequence>:<hash>, as exitlane audit head says it\n\n${USAGE}`);
  const place = placeOf();
  if (typeof place === 'string') return fail(`${place}\n\n${USAGE}`);
  const logger = createLogger({ service: 'verify', level: 'warn' });
  const db = await openDatabase({ ...place.database, logger });
  try {
    const report = await verify({ db, ledger: given.ledger ?? place.ledger, witness, wallet, auditHead });
    const text = output === 'json' ? JSON.stringify(report, undefined, 2) : reportLines(report).join('\n');
    process.stdout.write(`${text}\n`);
    return exitCodeOf(report);
  } finally {
    await db.close();
  }
}

/** null: it is none. */
function notedHeadOf(text: string): NotedHead | null {
  const [, sequence, hash] = /^(\d{1,18}):([0-9a-f]{64})$/.exec(text) ?? [];
  return sequence === undefined || hash === undefined ? null : { sequence: BigInt(sequence), hash };
}

interface Place {
  readonly database: { readonly databaseUrl: string } | { readonly dataDir: string };
  readonly ledger?: string;
}

/** Where the database is; what is wrong with the arguments, as text. Never a folder without one: opening would make it. */
function placeOf(): Place | string {
  const { 'database-url': databaseUrl, 'data-dir': dataDir } = given;
  if ((databaseUrl === undefined) === (dataDir === undefined)) return 'give either --database-url or --data-dir';
  if (databaseUrl !== undefined) return { database: { databaseUrl } };
  const folder = dataDir ?? '';
  if (existsSync(path.join(folder, 'pgdata'))) return { database: { dataDir: folder } };
  const inner = path.join(folder, 'database');
  if (!existsSync(path.join(inner, 'pgdata'))) return `${folder} holds no database`;
  const ledger = path.join(folder, 'sandbox', 'ledger.jsonl');
  return { database: { dataDir: inner }, ...(existsSync(ledger) ? { ledger } : {}) };
}

function parseArguments() {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      options: {
        'database-url': text,
        'data-dir': text,
        ledger: text,
        witness: text,
        wallet: text,
        'audit-head': text,
        output: { type: 'string', short: 'o' },
      },
    });
  } catch (error) {
    process.exit(fail(`${messageOf(error)}\n\n${USAGE}`));
  }
}

function fail(message: string): VerifyExit {
  process.stderr.write(`could not check: ${message}\n`);
  return VerifyExit.COULD_NOT_CHECK;
}
