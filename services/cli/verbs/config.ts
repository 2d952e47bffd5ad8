import type { Command } from 'commander';
import { Option } from 'commander';
import { runOperate } from '../operate.js';
import type { Verb } from '../verb.js';

interface Options {
  readonly service?: readonly string[];
  readonly set?: readonly string[];
}

const SERVICES = ['requestor', 'processor', 'console'];

const HELP = `
Settings are read as a service reads them: flag (--set), environment, file
(--config, or EXITLANE_CONFIG_FILE), default. Secrets are masked.

Examples:
  exitlane config show --service requestor
  exitlane config check --config exitlane.env
  exitlane config show -o json | jq '.processor[] | select(.origin != "default")'

Exit codes here: 0 valid, 1 a service would not start.`;

/** `exitlane config`: what the services' settings are, where each comes from, and what is wrong with them. */
export const config: Verb = (program, action) => {
  const group = program.command('config').description("the services' settings: where each comes from, what is wrong");
  const verb = (name: 'show' | 'check', description: string) =>
    withOptions(group.command(name).description(description)).action(
      action('local', (cli, { service, set }: Options) => runOperate(cli, ['config', name], { service, set })),
    );
  verb('show', 'every setting with its value, unit and origin');
  verb('check', 'only what is wrong');
};

function withOptions(command: Command): Command {
  return command
    .addOption(new Option('--service <name...>', 'of these services only; all by default').choices(SERVICES))
    .option('--set <NAME=value...>', 'as a flag of the service would')
    .addHelpText('after', HELP);
}
