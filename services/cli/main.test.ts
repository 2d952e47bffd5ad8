import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { expect } from 'chai';
import { packageRoot } from '../../shared/core/package-root.js';
import type { GrpcServer } from '../../shared/grpc/server.js';
import { serverStream } from '../../shared/grpc/stream.js';
import { unary } from '../../shared/grpc/unary.js';
import { anOrder, filledStory, frame, serve } from './testing/rig.js';

const MAIN = path.join(packageRoot(), 'dist/services/cli/main.js');

describe('exitlane as a process', () => {
  let server: GrpcServer;
  let endless = false;
  const children: ChildProcess[] = [];

  beforeEach(async () => {
    endless = false;
    server = await serve({
      orders: { submitOrder: unary(() => ({ order: anOrder(), duplicate: false })) },
      delivery: {
        streamOrder: serverStream(async function* () {
          for (const message of filledStory().slice(0, endless ? 2 : 4)) yield frame(message);
          if (endless) await new Promise(() => {});
        }),
      },
    });
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await server.close();
  });

  function start(...argv: string[]) {
    const env = { ...process.env, EXITLANE_REQUESTOR: server.address, EXITLANE_PROCESSOR: server.address };
    const child = spawn(process.execPath, [MAIN, ...argv], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    children.push(child);
    const ended = once(child, 'close').then(([code]) => Number(code));
    const texts = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => {
      texts.stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      texts.stderr += chunk.toString();
    });
    return { child, ended, texts };
  }

  it('submits and watches until FILLED', async () => {
    const { ended, texts } = start('submit', 'entry', '--token', 'BONK', '--sol', '1', '--id', 'bot:1', '--watch');
    expect(await ended).to.equal(0);
    expect(texts.stdout).to.match(/^order_req_id {2}bot:1\n[\s\S]* 4 {2}FILLED .*\n$/);
    expect(texts.stderr).to.equal('');
  });

  it('calls a method by name', async () => {
    const { ended, texts } = start('call', 'SubmitOrder', '{"order_req_id":"bot:1"}');
    expect(await ended).to.equal(0);
    expect(JSON.parse(texts.stdout)).to.have.nested.property('order.order_req_id', 'bot:1');
  });

  it('ends with 4 on Ctrl-C while the order goes on', async () => {
    endless = true;
    const { child, ended, texts } = start('watch', 'bot:1');
    for await (const chunk of child.stdout) if (String(chunk).includes('SUBMITTED')) break;
    child.kill('SIGINT');
    expect(await ended).to.equal(4);
    expect(texts.stderr).to.contain('stopped watching');
  });

  it('ends quietly when nobody reads its output any more', async () => {
    endless = true;
    const { child, ended, texts } = start('watch', 'bot:1', '-o', 'json');
    child.stdout.destroy();
    expect(await ended).to.equal(4);
    expect(texts.stderr).not.to.contain('EPIPE');
    expect(texts.stderr).not.to.contain('    at ');
  });
});
