import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { silentLogger } from '../../shared/core/logger.js';
import { packageRoot } from '../../shared/core/package-root.js';
import { IndependentClient, packageFile } from '../../shared/grpc/testing/independent.js';
import { type DevStack, startDev } from '../dev.js';

const run = promisify(execFile);

/** Command lines in the shell blocks of a document, comments removed, with their quoting undone. */
function commandsOf(document: string): string[][] {
  const text = readFileSync(path.join(packageRoot(), document), 'utf8');
  const blocks = [...text.matchAll(/```sh\n(.*?)```/gs)].map(([, block]) => block ?? '');
  return blocks
    .flatMap((block) => block.split('\n'))
    .map((line) => line.replace(/\s+#\s.*$/, '').trim())
    .filter((line) => line !== '')
    .map((line) => [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? ''));
}

/** The README's promise to a newcomer: its lines are exactly what works. grpcurl's lines run as `buf curl`. */
describe('README', function () {
  this.timeout(60_000);
  const commands = commandsOf('README.md');
  const dataDir = mkdtempSync(path.join(tmpdir(), 'exitlane-readme-'));
  let stack: DevStack;
  before(async () => {
    const free = { requestorPort: 0, processorPort: 0, sandboxPort: 0 };
    stack = await startDev({ dataDir, ...free, slotMs: 50, logger: silentLogger });
  });
  after(async () => {
    await stack.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  /** The README's ports are the defaults; the tests take free ones. */
  const here = (address: string) =>
    address.replace('127.0.0.1:50051', stack.requestorAddress).replace('127.0.0.1:50052', stack.processorAddress);

  const lines = (program: string) => commands.filter(([first]) => first === program).map((line) => line.slice(1));

  it('names make targets that exist', async () => {
    const targets = lines('make');
    expect(targets.length).to.be.greaterThan(2);
    for (const target of targets) await run('make', ['-n', ...target], { cwd: packageRoot() });
  });

  it('shows grpcurl lines that work: list and describe, by both versions of reflection', async () => {
    const questions = lines('grpcurl').flatMap((line): { address: string; question: object }[] => {
      const [address = '', verb, symbol] = line.filter((word) => !word.startsWith('-'));
      if (verb === 'list') return [{ address: here(address), question: { list_services: '*' } }];
      return verb === 'describe' ? [{ address: here(address), question: { file_containing_symbol: symbol } }] : [];
    });
    expect(questions).to.have.lengthOf(2);
    for (const version of ['v1', 'v1alpha']) {
      for (const { address, question } of questions) {
        const file = packageFile('@grpc/reflection', `build/proto/grpc/reflection/${version}/reflection.proto`);
        const client = new IndependentClient(address, file);
        const service = `grpc.reflection.${version}.ServerReflection`;
        const answer = await client.exchange(service, 'ServerReflectionInfo', question);
        client.close();
        expect(JSON.stringify(answer)).to.not.include('error_message');
      }
    }
  });

  it('shows grpcurl lines that work: a submitted order, streamed to its fill', async () => {
    const calls = lines('grpcurl').filter((line) => line.includes('-d'));
    expect(calls).to.have.lengthOf(2);
    const buf = path.join(packageRoot(), 'node_modules/.bin/buf');
    const answers: string[] = [];
    for (const line of calls) {
      const data = line[line.indexOf('-d') + 1] ?? '';
      const [address = '', method = ''] = line.filter((word) => !word.startsWith('-') && word !== data);
      const url = `http://${here(address)}/${method}`;
      const { stdout } = await run(buf, ['curl', '--protocol', 'grpc', '--http2-prior-knowledge', '-d', data, url]);
      answers.push(stdout);
    }
    expect(answers[0]).to.include('ORDER_STATUS_PENDING');
    expect(answers[1]).to.include('ORDER_STATUS_FILLED').and.include('"actualPrice"');
  });

  it('shows command lines that work', async () => {
    const cli = path.join(packageRoot(), 'dist/services/cli/main.js');
    const env = {
      ...process.env,
      NO_COLOR: '1',
      EXITLANE_REQUESTOR: stack.requestorAddress,
      EXITLANE_PROCESSOR: stack.processorAddress,
    };
    const shown = lines('npx').map((line) => line.slice(1));
    expect(shown.length).to.be.greaterThan(4);
    const output: string[] = [];
    for (const args of shown) output.push((await run(process.execPath, [cli, ...args], { env })).stdout);
    expect(output[0]).to.include('FILLED');
    expect(output[1]).to.include('WIF');
    const said = (verb: string) => output[shown.findIndex(([first]) => first === verb)];
    expect(said('plan')).to.include('stop-loss -20 %');
    expect(said('exit')).to.include('accepted: EXIT WIF').and.include('FILLED');
    expect(said('pnl')).to.match(/^realized pnl +-?\+?\d/m);
  });

  it('links to documents that exist', () => {
    const text = readFileSync(path.join(packageRoot(), 'README.md'), 'utf8');
    const links = [...text.matchAll(/\]\(([^)#]+)\)/g)].map(([, target]) => target ?? '');
    expect(links.length).to.be.greaterThan(3);
    for (const link of links) expect(() => readFileSync(path.join(packageRoot(), link)), link).to.not.throw(/ENOENT/);
  });
});
