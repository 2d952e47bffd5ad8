import readline from 'node:readline';
import { ExitlaneError, messageOf } from '../../core/errors.js';
import { silentLogger } from '../../core/logger.js';
import { type OpenDatabaseOptions, openDatabase } from '../database.js';

/**
 * A program of its own that opens a database, for tests of several processes and of sudden death. The first argument is
 * the options as JSON. It prints one line per event: `open <schemaVersion>` or `error <reason> <message>`, then for each
 * line `write <n>` it is given `acknowledged <n>`, once row n of table `written` is committed.
 */
const options: Omit<OpenDatabaseOptions, 'logger'> = JSON.parse(process.argv[2] ?? '{}');

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function run(): Promise<void> {
  const database = await openDatabase({ ...options, logger: silentLogger });
  say(`open ${database.schemaVersion}`);
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const row = Number(line.replace('write ', ''));
    await database.query('CREATE TABLE IF NOT EXISTS written (row int PRIMARY KEY)');
    await database.query('INSERT INTO written VALUES ($1)', [row]);
    say(`acknowledged ${row}`);
  }
  await database.close();
}

run().catch((error: unknown) => {
  say(`error ${error instanceof ExitlaneError ? error.reason : 'UNKNOWN'} ${messageOf(error)}`);
  process.exitCode = 1;
});
