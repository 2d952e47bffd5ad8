import { parseArgs } from 'node:util';
import { messageOf } from '../../shared/core/errors.js';
import { loadSettings } from '../../shared/core/settings.js';
import type { Out } from './output.js';
import { type Given, VERBS } from './verbs.js';

/**
 * What an operator does beside the running services - settings, a look at everything, migration, backup, restore - as a program of
 * its own, which `exitlane config`, `doctor`, `migrate`, `backup` and `restore` start. It puts parts of the services together, as
 * `services/dev.ts` does, and no service imports it.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    config: { type: 'string' },
    set: { type: 'string', multiple: true },
    service: { type: 'string', multiple: true },
    requestor: { type: 'string' },
    processor: { type: 'string' },
    'database-url': { type: 'string' },
    'data-dir': { type: 'string' },
    status: { type: 'boolean' },
    'keep-trading-state': { type: 'boolean' },
    output: { type: 'string', short: 'o' },
  },
});

const [verb = '', ...args] = positionals;
const out: Out = {
  format: values.output === 'json' ? 'json' : 'text',
  write: (text) => void process.stdout.write(text),
  note: (line) => void process.stderr.write(`${line}\n`),
};

process.exitCode = await run();

async function run(): Promise<number> {
  const perform = VERBS[verb];
  if (!perform) {
    out.note(`error: ${verb === '' ? 'no verb' : `no verb ${verb}`}: one of ${Object.keys(VERBS).join(', ')}`);
    return 1;
  }
  const settings = loadSettings({ configFile: values.config, flags: values.set ?? [], env: process.env });
  const given: Given = { ...values, args, settings, out };
  try {
    return await perform(given);
  } catch (error) {
    if (out.format === 'json') out.note(JSON.stringify({ error: { message: messageOf(error) } }));
    else out.note(`error: ${messageOf(error)}`);
    return 1;
  }
}
