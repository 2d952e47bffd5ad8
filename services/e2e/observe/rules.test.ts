import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { PROMETHEUS, type Rule, readPanels, readRules } from './places.js';
import { findPromtool } from './promtool.js';

const run = promisify(execFile);

describe('O2 alert rules', () => {
  let promtool: string;
  let rules: Rule[];
  before(async function () {
    this.timeout(10 * 60_000);
    promtool = await findPromtool();
    rules = await readRules();
  });

  async function succeeds(...args: string[]): Promise<void> {
    const { stdout } = await run(promtool, args, { cwd: PROMETHEUS }).catch(
      (error: { stdout?: string; stderr?: string }) => {
        throw new Error(`promtool ${args.join(' ')}:\n${error.stdout}\n${error.stderr}`);
      },
    );
    expect(stdout).to.contain('SUCCESS');
  }

  for (const file of ['prometheus.yml', 'prometheus.local.yml']) {
    it(`Prometheus takes ${file} and the rules`, () => succeeds('check', 'config', file));
  }

  it('each fires when it should and stays quiet when it should', () => succeeds('test', 'rules', 'alerts.test.yml'));

  it('each is tested both ways', async () => {
    const tests = await readFile(path.join(PROMETHEUS, 'alerts.test.yml'), 'utf8');
    for (const { alert } of rules) {
      expect(tests).to.contain(`- name: ${alert} fires\n`).and.to.contain(`- name: ${alert} stays quiet\n`);
    }
  });

  it('each says how bad it is, what it is, what to do, and where more is written', () => {
    expect(rules).to.have.length.above(10);
    for (const { alert, labels, annotations } of rules) {
      expect(labels.severity, alert).to.be.oneOf(['critical', 'warning']);
      expect(annotations.summary, alert).to.be.a('string').with.length.above(10);
      expect(annotations.description, alert).to.be.a('string').with.length.above(80);
      expect(annotations.runbook_url, alert).to.equal(`docs/runbook.md#${alert.toLowerCase()}`);
    }
  });

  it('every panel of the dashboard has a title, says what it shows and in what unit, and lies over no other', async () => {
    const panels = (await readPanels()).filter(({ type }) => type !== 'row');
    expect(new Set(panels.map(({ title }) => title)).size).to.be.above(20);
    for (const panel of panels) {
      expect(panel.description, panel.title).to.be.a('string').with.length.above(3);
      expect(panel.fieldConfig?.defaults.unit, panel.title).to.be.a('string');
      expect(panel.targets, panel.title).to.have.length.above(0);
      const { x, y, w } = panel.gridPos;
      const right = panels.filter(({ gridPos }) => gridPos.y === y && gridPos.x > x).map(({ gridPos }) => gridPos.x);
      expect(Math.min(24, ...right), panel.title).to.be.at.least(x + w);
    }
  });
});
