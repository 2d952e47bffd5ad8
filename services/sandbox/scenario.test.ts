import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { ExitlaneError } from '../../shared/core/errors.js';
import { Harness } from './harness.js';
import { readScenarioFile } from './scenario-file.js';

const ONE_SOL = 1_000_000_000n;

describe('O3 a scenario from a file', () => {
  let folder: string;
  let file: string;
  let harness: Harness | undefined;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'exitlane-scenario-'));
    file = path.join(folder, 'scenario.json');
  });
  afterEach(async () => {
    await harness?.stop();
    harness = undefined;
    rmSync(folder, { recursive: true });
  });

  const startWith = async (content: unknown): Promise<Harness> => {
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
    harness = await Harness.start({ scenarioFile: file });
    return harness;
  };
  const bonk = ({ control }: Harness) => control.state().tokens.find(({ symbol }) => symbol === 'BONK')?.priceSol;

  it('carries out steps at block heights, counted from the start', async () => {
    const started = await startWith([
      { atBlock: 5, action: 'price', body: { mint: 'BONK', multiply: '2' } },
      { atBlock: 0, action: 'price', body: { mint: 'BONK', price: '0.000001' } },
      { atBlock: 3, action: 'faults', body: { fault: 'drop', count: 2 } },
      { atBlock: 4, action: 'faults/reset' },
      { atBlock: 6, action: 'chaos', body: { seed: 1 } },
      { atBlock: 7, action: 'chaos/stop' },
    ]);
    const { control } = started;
    expect([bonk(started), control.state().scenario]).to.deep.equal(['0.000001', { done: 1, total: 6 }]);
    control.advanceBlocks(3);
    expect(control.listFaults()).to.have.length(1);
    control.advanceBlocks(1);
    expect(control.listFaults()).to.deep.equal([]);
    control.advanceBlocks(1);
    expect(bonk(started)).to.equal('0.000002');
    control.advanceBlocks(1);
    expect(control.chaos()).to.include({ seed: 1, drawn: 0 });
    control.advanceBlocks(1);
    expect([control.chaos(), control.state().scenario]).to.deep.equal([null, { done: 6, total: 6 }]);
  });

  it('carries out steps after so many different transactions, whoever sends them again', async () => {
    const started = await startWith([{ afterTransaction: 2, action: 'pause' }]);
    started.control.resumeBlocks();
    const transaction = await started.signedBuy('BONK', ONE_SOL);
    for (let sent = 0; sent < 3; sent++) await started.send(transaction, { skipPreflight: true });
    expect(started.control.state().paused).to.equal(false);
    await started.send(await started.signedBuy('WIF', ONE_SOL), { skipPreflight: true });
    expect(started.control.state().paused).to.equal(true);
  });

  it('makes blocks itself, and meets what is due in them on the way', async () => {
    const started = await startWith([
      { atBlock: 1, action: 'advance', body: { blocks: 10 } },
      { atBlock: 1, action: 'price', body: { mint: 'BONK', price: '0.000003' } },
      { atBlock: 4, action: 'price', body: { mint: 'BONK', price: '0.000004' } },
    ]);
    const { blockHeight } = started.control.state();
    started.control.advanceBlocks(1);
    expect(started.control.state().blockHeight).to.equal(blockHeight + 11);
    expect(bonk(started)).to.equal('0.000004');
  });

  it('begins anew with every start, and has the same outcome each time', async () => {
    const steps = [
      { atBlock: 2, action: 'faults', body: { fault: 'vanish', blocks: 2 } },
      { atBlock: 4, action: 'price', body: { mint: 'BONK', multiply: '1.1' } },
    ];
    writeFileSync(file, JSON.stringify(steps));
    const outcome = async () => {
      const started = await Harness.start({ scenarioFile: file, seed: 5 });
      try {
        started.control.advanceBlocks(3);
        await started.send(await started.signedBuy('BONK', ONE_SOL));
        const heights: unknown[] = [];
        for (let block = 0; block < 5; block++) {
          started.control.advanceBlocks(1);
          heights.push([bonk(started), started.control.state().landedTransactions, started.control.listFaults()]);
        }
        await started.restart();
        return [heights, started.control.state().scenario];
      } finally {
        await started.stop();
      }
    };
    const first = await outcome();
    expect(first[1]).to.deep.equal({ done: 0, total: 2 });
    expect(await outcome()).to.deep.equal(first);
  });

  it('goes on after a step that fails', async () => {
    const fill = { atBlock: 1, action: 'faults', body: { fault: 'drop', count: null } };
    const started = await startWith([
      ...Array.from({ length: 1_001 }, () => fill),
      { atBlock: 2, action: 'faults/reset' },
    ]);
    started.control.advanceBlocks(1);
    expect(started.control.listFaults()).to.have.length(1_000);
    started.control.advanceBlocks(1);
    expect(started.control.listFaults()).to.deep.equal([]);
  });

  it('may have one step per line, with comments', async () => {
    const lines = ['# a jump', '{"atBlock":1,"action":"price","body":{"mint":"bonk","multiply":"0.5"}}', '', ''];
    const started = await startWith(lines.join('\n'));
    started.control.advanceBlocks(1);
    expect(bonk(started)).to.equal('0.00000006');
  });

  it('names everything that is wrong, by step and field, and nothing starts', async () => {
    const wrong = [
      { atBlock: 1, action: 'price', body: { mint: 'BONK', multiply: '2' } },
      { action: 'pause' },
      { atBlock: 1, afterTransaction: 1, action: 'pause' },
      { atBlock: -1, action: 'pause' },
      { atBlock: 1, action: 'explode' },
      { atBlock: 1, action: 'price', body: { mint: 'NOPE', price: '1' } },
      { atBlock: 1, action: 'price', body: { mint: 'USDC', price: '1' } },
      { atBlock: 1, action: 'faults', body: { fault: 'slow' } },
      { atBlock: 1, action: 'faults', body: { fault: 'price_jump', mint: 'USDC', multiply: '2' } },
      { atBlock: 1, action: 'advance', body: { blocks: 0 }, extra: 1 },
      'nonsense',
    ];
    const error: unknown = await startWith(wrong).catch((thrown: unknown) => thrown);
    if (!(error instanceof ExitlaneError)) throw new Error(`not refused: ${String(error)}`);
    expect(error.reason).to.equal('CONFIG_INVALID');
    const [head = '', ...lines] = error.message.split('\n').map((line) => line.trim());
    expect(head).to.equal(`scenario ${file} cannot be used:`);
    const expected: RegExp[] = [
      /^step 2: atBlock: give either atBlock or afterTransaction/,
      /^step 3: atBlock: give either/,
      /^step 4: atBlock: /,
      /^step 5: action: must be one of price, volatility, pause,/,
      /^step 6: body\.mint: unknown token/,
      /^step 7: body\.mint: USDC is worth 1 USD/,
      /^step 8: body\.on: /,
      /^step 8: body\.ms: /,
      /^step 9: body\.mint: USDC is worth 1 USD/,
      /^step 10: .*extra/,
      /^step 11: /,
    ];
    expect(lines, lines.join('\n')).to.have.length(expected.length);
    for (const [index, pattern] of expected.entries()) expect(lines[index]).to.match(pattern);
  });

  it('names lines, and files that cannot be read', () => {
    writeFileSync(file, '{"atBlock":1,"action":"pause"}\n{"atBlock":\n');
    expect(() => readScenarioFile(file)).to.throw(ExitlaneError, /line 2: it is not JSON/);
    writeFileSync(file, '[1,');
    expect(() => readScenarioFile(file)).to.throw(ExitlaneError, /it is not JSON/);
    expect(() => readScenarioFile(path.join(folder, 'none'))).to.throw(ExitlaneError, /ENOENT/);
    writeFileSync(file, JSON.stringify(Array.from({ length: 10_001 }, () => ({ atBlock: 1, action: 'pause' }))));
    expect(() => readScenarioFile(file)).to.throw(ExitlaneError, /10001 steps; at most 10000/);
  });
});
