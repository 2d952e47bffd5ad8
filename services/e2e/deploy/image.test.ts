import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { expect } from 'chai';
import { packageRoot } from '../../../shared/core/package-root.js';
import { defaultOf } from './environments.js';
import { filePath, textOf } from './files.js';
import { copiesOf, INSTRUCTIONS, instructionsOf, lastOf, PROGRAMS, type Stage, stagesOf } from './image.js';

const FILE = 'deploy/Dockerfile';

describe('O3 the image', () => {
  const stages = stagesOf(FILE);
  const last = stages.at(-1) as Stage;

  it('is made of instructions that are known, in stages that begin with a FROM', () => {
    expect(stages.map(({ name }) => name)).to.deep.equal(['build', 'packages', undefined]);
    for (const { name, line } of instructionsOf(FILE)) expect(INSTRUCTIONS, `line ${line}`).to.include(name);
  });

  it('stands on a base that is pinned by a whole version, the same in every stage', () => {
    for (const { base } of stages) expect(base).to.match(/^node:\d+\.\d+\.\d+-\w+-slim$/);
    expect(new Set(stages.map(({ base }) => base)).size).to.equal(1);
    const { engines } = JSON.parse(textOf('package.json')) as { engines: { node: string } };
    const least = Number(/\d+/.exec(engines.node)?.[0]);
    expect(Number(/\d+/.exec(last.base)?.[0])).to.be.at.least(least);
  });

  it('copies what exists, what is let in, and from stages before', () => {
    const letIn = textOf('.dockerignore').split('\n');
    for (const [index, stage] of stages.entries()) {
      for (const { from, sources, line } of copiesOf(stage)) {
        if (from !== undefined) {
          const before = stages.slice(0, index).map(({ name }) => name);
          expect(before, `line ${line}`).to.include(from);
          continue;
        }
        for (const source of sources) {
          expect(existsSync(filePath(source)), `line ${line}: ${source}`).to.equal(true);
          const roots = [source, source.split('/')[0] ?? ''].map((root) => `!${root.replace(/^\.\//, '')}`);
          expect(
            roots.some((root) => letIn.includes(root)),
            `${source} in .dockerignore`,
          ).to.equal(true);
        }
      }
    }
  });

  it('lets nothing else into the build: no secrets, no history, no databases', () => {
    const lines = textOf('.dockerignore')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    expect(lines[0]).to.equal('*');
    const letIn = lines.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
    const copied = new Set(stages.flatMap(copiesOf).flatMap(({ from, sources }) => (from ? [] : sources)));
    for (const name of letIn) {
      expect(
        [...copied].some((source) => source === name || source.startsWith(`${name}/`)),
        `${name} is copied`,
      ).to.equal(true);
    }
    for (const secret of ['**/.env', '**/*.pem', '**/*.key']) expect(lines).to.include(secret);
  });

  it('has no secret in its layers', () => {
    for (const { name, args, line } of instructionsOf(FILE)) {
      if (name !== 'ARG' && name !== 'ENV') continue;
      expect(args, `line ${line}`).to.not.match(/TOKEN|SECRET|PASSWORD|API_KEY|DATABASE_URL/i);
    }
  });

  it('runs as a number that is not root', () => {
    expect(lastOf(last, 'USER')).to.match(/^[1-9]\d{3,}:[1-9]\d{3,}$/);
  });

  it('starts programs that were built, by node itself and not through a shell', () => {
    expect(JSON.parse(lastOf(last, 'ENTRYPOINT'))).to.deep.equal(['node']);
    const [program] = JSON.parse(lastOf(last, 'CMD')) as string[];
    expect(PROGRAMS).to.include(program);
    for (const file of PROGRAMS) expect(existsSync(filePath(file)), file).to.equal(true);
  });

  it('tells the ports of the services', () => {
    const ports = ['REQUESTOR', 'PROCESSOR', 'CONSOLE'].map((service) =>
      defaultOf(service.toLowerCase() as 'requestor', `EXITLANE_${service}_PORT`),
    );
    const metrics = (['requestor', 'processor', 'console'] as const).map((service) =>
      defaultOf(service, 'EXITLANE_METRICS_PORT'),
    );
    expect(lastOf(last, 'EXPOSE').split(' ')).to.deep.equal([...ports, ...metrics]);
  });

  it('holds all that its programs load, and packages of production only', () => {
    const { dependencies } = JSON.parse(textOf('package.json')) as { dependencies: Record<string, string> };
    const removed = stages.flatMap(({ instructions }) =>
      instructions.filter(({ name }) => name === 'RUN').flatMap(({ args }) => removedBy(args)),
    );
    const { files, packages } = loadedBy(PROGRAMS);
    expect(files.size).to.be.greaterThan(200);
    expect([...packages].filter((name) => !(name in dependencies))).to.deep.equal([]);
    const missing = [...files].filter((file) => /\.test\.js$/.test(file) || removed.some((gone) => isIn(file, gone)));
    expect(missing).to.deep.equal([]);
    for (const name of packages) expect(removed).to.not.include(`node_modules/${name}`);
  });

  it('holds the files that are data', () => {
    const read = ['proto/gen/descriptors.binpb', 'shared/store/migrations', 'package.json'];
    const copied = copiesOf(last).flatMap(({ from, sources, target }) => (from ? [] : [[sources[0] ?? '', target]]));
    for (const file of read) {
      const target = copied.find(([source]) => source === file)?.[1];
      expect(target, file).to.match(/^\.\//);
      const whole = target?.endsWith('/') ? path.posix.join(target, path.basename(file)) : target;
      expect(path.posix.normalize(whole ?? ''), 'at the same place').to.equal(file);
    }
    const sources = [...loadedBy(PROGRAMS).files].map((file) => readFileSync(filePath(file), 'utf8'));
    const named = sources.flatMap((text) => [...text.matchAll(/packageRoot\(\), (.+?)\)/g)].map(([, args]) => args));
    for (const args of named) {
      const file =
        args
          ?.match(/'[^']+'/g)
          ?.map((part) => part.slice(1, -1))
          .join('/') ?? '';
      expect(
        [...read, 'dist'].some((root) => isIn(file, root)),
        file,
      ).to.equal(true);
    }
  });
});

describe('O3 the probe of the image', () => {
  let server: Server;
  let status = 200;
  before(async () => {
    server = createServer((_, response) => response.writeHead(status).end('database: gone'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  after(() => server.close());

  function probe(...args: string[]): Promise<{ code: number; stderr: string }> {
    return new Promise((resolve) => {
      execFile(process.execPath, [filePath('deploy/probe.mjs'), ...args], (error, _, stderr) =>
        resolve({ code: Number(error?.code ?? 0), stderr }),
      );
    });
  }
  const port = () => String((server.address() as AddressInfo).port);

  it('is content with a service that is ready', async () => {
    status = 200;
    expect(await probe(port())).to.deep.equal({ code: 0, stderr: '' });
  });

  it('says why one is not', async () => {
    status = 503;
    const { code, stderr } = await probe(port(), '/readyz');
    expect(code).to.equal(1);
    expect(stderr).to.include('503').and.include('database: gone');
  });

  it('fails where nobody listens', async () => {
    expect((await probe('1')).code).to.equal(1);
  });
});

/** Paths that a RUN takes away, without what stands outside of the program's folder. */
function removedBy(command: string): string[] {
  return command
    .split('&&')
    .map((part) => part.trim())
    .filter((part) => part.startsWith('rm -rf '))
    .flatMap((part) => part.split(/\s+/).slice(2))
    .filter((target) => !target.startsWith('/'));
}

function isIn(file: string, folder: string): boolean {
  return file === folder || file.startsWith(`${folder}/`);
}

/** What programs load from start to end, as far as their text tells: files below the root, and packages by name. */
function loadedBy(programs: readonly string[]): { files: Set<string>; packages: Set<string> } {
  const files = new Set<string>();
  const packages = new Set<string>();
  const waiting = [...programs];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (files.has(file)) continue;
    files.add(file);
    const text = readFileSync(path.join(packageRoot(), file), 'utf8');
    const names = text.matchAll(/(?:\bfrom |\bimport |\bimport\()'([^'\\]+)'|new URL\('([^']+)', import\.meta\.url\)/g);
    for (const [, imported, located] of names) {
      const name = imported ?? located ?? '';
      if (name.startsWith('.')) {
        const target = path.posix.join(path.posix.dirname(file), name);
        if (existsSync(path.join(packageRoot(), target))) waiting.push(target);
        else throw new Error(`${file} loads ${name}, which is not built`);
      } else if (!name.startsWith('node:')) {
        packages.add(
          name
            .split('/')
            .slice(0, name.startsWith('@') ? 2 : 1)
            .join('/'),
        );
      }
    }
  }
  return { files, packages };
}
