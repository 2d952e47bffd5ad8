import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The folder that holds package.json, found upwards from this file: the same from `dist/` and from an installed package.
 * Files that are data rather than code (migrations, descriptors) are read from here.
 */
export function packageRoot(): string {
  let folder = path.dirname(fileURLToPath(import.meta.url));
  while (!existsSync(path.join(folder, 'package.json'))) {
    const parent = path.dirname(folder);
    if (parent === folder) throw new Error('package.json not found above shared/core: the installation is incomplete');
    folder = parent;
  }
  return folder;
}
