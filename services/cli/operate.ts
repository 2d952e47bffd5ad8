import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { loadedSettings } from '../../shared/core/settings.js';
import { ExitCode } from './exit-codes.js';
import type { Cli } from './verb.js';

/** Options of the operator's program, by name; undefined ones are left out. */
export type OperateOptions = Readonly<Record<string, string | readonly string[] | boolean | undefined>>;

/**
 * Runs a verb of the operator's program (`services/operate`), which reads the services' settings and opens their database, as the
 * command line itself does not. It gets the environment and the file as they were given, not what came of them, so that it can tell
 * where a value is from.
 */
export function runOperate(cli: Cli, args: readonly string[], options: OperateOptions = {}): Promise<ExitCode> {
  const program = fileURLToPath(new URL('../operate/main.js', import.meta.url));
  const { configFile } = cli;
  const given = Object.entries({ config: configFile, output: cli.out.format, ...options }).flatMap(flags);
  const child = spawn(process.execPath, [program, ...given, '--', ...args], {
    env: environmentOf(cli.io.env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.setEncoding('utf8').on('data', (text: string) => cli.io.stdout.write(text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => cli.io.stderr.write(text));
  const stop = () => child.kill();
  cli.io.signal.addEventListener('abort', stop, { once: true });
  return new Promise<ExitCode>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code === 0 ? ExitCode.OK : ExitCode.LOCAL));
  }).finally(() => cli.io.signal.removeEventListener('abort', stop));
}

function flags([name, value]: [string, OperateOptions[string]]): string[] {
  if (value === undefined || value === false) return [];
  if (value === true) return [`--${name}`];
  return typeof value === 'string' ? [`--${name}`, value] : value.flatMap((each) => [`--${name}`, each]);
}

/** Without what the file brought in. */
function environmentOf(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const origins = loadedSettings(env)?.origins;
  return Object.fromEntries(Object.entries(env).filter(([name]) => origins?.get(name)?.kind !== 'file'));
}
