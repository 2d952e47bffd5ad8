import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { packageRoot } from '../../../shared/core/package-root.js';
import { VERSION } from '../../../shared/core/version.js';
import { type Check, type Finding, ok, problem, warning } from './check.js';

/** Node and the program itself. */

export const node: Check = {
  name: 'node',
  run() {
    const { version } = process;
    const wanted = manifest().engines?.node ?? '';
    const least = /(\d+)\.(\d+)\.(\d+)/.exec(wanted)?.slice(1).map(Number) ?? [];
    if (isBelow(process.versions.node.split('.').map(Number), least)) {
      return [problem(`Node ${version}; Exitlane needs ${wanted}`, `install Node ${least[0]} LTS or newer`)];
    }
    return [ok(`Node ${version} (${process.platform} ${process.arch})`)];
  },
};

export const build: Check = {
  name: 'program',
  run() {
    return [freshness(), packages()];
  },
};

interface Manifest {
  readonly engines?: { readonly node?: string };
  readonly dependencies?: Readonly<Record<string, string>>;
}

function manifest(): Manifest {
  return JSON.parse(readFileSync(path.join(packageRoot(), 'package.json'), 'utf8'));
}

function isBelow(version: readonly number[], least: readonly number[]): boolean {
  for (const [at, wanted] of least.entries()) {
    const has = version[at] ?? 0;
    if (has !== wanted) return has < wanted;
  }
  return false;
}

/** In a checkout: whether what runs is what is written. */
function freshness(root = packageRoot()): Finding {
  const sources = ['shared', 'services', 'proto'].map((folder) => path.join(root, folder));
  if (!existsSync(path.join(root, 'tsconfig.json'))) return ok(`Exitlane ${VERSION}, installed`);
  const source = Math.max(...sources.map((folder) => newest(folder, /\.tsx?$/)));
  // The compiler leaves alone what would not change, but notes every run here.
  const built = newest(path.join(root, 'dist'), /\.(js|tsbuildinfo)$/);
  if (built >= source) return ok(`Exitlane ${VERSION}, built ${new Date(built).toISOString()}`);
  return warning(`Exitlane ${VERSION}: sources were changed after the last build`, 'run make build');
}

function newest(folder: string, name: RegExp): number {
  if (!existsSync(folder)) return 0;
  return readdirSync(folder, { withFileTypes: true }).reduce((latest, entry) => {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) return Math.max(latest, newest(file, name));
    return name.test(entry.name) ? Math.max(latest, statSync(file).mtimeMs) : latest;
  }, 0);
}

/** Every dependency is there in exactly the version that was tested. */
function packages(root = packageRoot()): Finding {
  const { dependencies = {} } = manifest();
  const wrong = Object.entries(dependencies).flatMap(([name, wanted]) => {
    const found = versionOf(name, root);
    return found === wanted ? [] : [`${name} ${found ?? 'is missing'} (wanted ${wanted})`];
  });
  if (wrong.length === 0) return ok(`${Object.keys(dependencies).length} packages, all in their versions`);
  return problem(`packages are not as they were tested: ${wrong.join(', ')}`, 'run npm ci');
}

/** Of the package as Node would find it from here: in this folder's node_modules, or in one above. */
function versionOf(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = path.dirname(folder)) {
    const file = path.join(folder, 'node_modules', name, 'package.json');
    if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')).version;
    if (path.dirname(folder) === folder) return undefined;
  }
}
