import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { filePath } from './files.js';

const run = promisify(execFile);

/**
 * In the place of docker: what the script runs in the image is run here, with its folder instead of the mounted one. That the image has this
 * program is for the tests of the image.
 */
const DOCKER = `#!/bin/sh
while [ "$1" != dist/services/cli/main.js ]; do
  if [ "$1" = --volume ]; then folder=\${2%%:*}; fi
  shift
done
shift
for word in "$@"; do
  set -- "$@" "$(printf %s "$word" | sed "s|^/secrets|$folder|")"
  shift
done
exec "$NODE" "$PROGRAM" "$@"
`;

/** A copy of deploy/compose that its own script prepares. */
export interface Prepared {
  readonly folder: string;
  /** `./prepare.sh <kind>`; what it says. */
  prepare(kind: string): Promise<string>;
  remove(): void;
}

export function copyOfCompose(): Prepared {
  const root = mkdtempSync(path.join(tmpdir(), 'exitlane-compose-'));
  const folder = path.join(root, 'compose');
  const filter = (source: string) => !/\/(secrets|\.env)$/.test(source);
  cpSync(filePath('deploy/compose'), folder, { recursive: true, filter });
  mkdirSync(path.join(root, 'bin'));
  writeFileSync(path.join(root, 'bin/docker'), DOCKER, { mode: 0o755 });
  return {
    folder,
    async prepare(kind) {
      const env = {
        PATH: `${path.join(root, 'bin')}:${process.env.PATH}`,
        NODE: process.execPath,
        PROGRAM: filePath('dist/services/cli/main.js'),
      };
      const { stdout } = await run('sh', ['prepare.sh', kind], { cwd: folder, env });
      return stdout;
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}
