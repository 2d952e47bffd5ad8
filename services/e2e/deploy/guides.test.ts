import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { ALERT_TYPES } from '../../../shared/alert/alert.js';
import { SHAPES } from '../../operate/settings-registry.js';
import { problemWith } from './cli-help.js';
import { at, filePath, list, textAt, textOf, yamlOf } from './files.js';
import { anchorsOf, codeIn, commandsOf, linksOf } from './markdown.js';

const GUIDES = ['docs/deployment.md', 'docs/mainnet.md', 'docs/runbook.md'];
const RUNBOOK = 'docs/runbook.md';

describe('O3, O6 the guides', () => {
  for (const guide of GUIDES) {
    it(`${guide} shows commands that exist, with options that they have`, async () => {
      const commands = commandsOf(guide, 'exitlane').filter(({ words }) => words[0] !== '...');
      expect(commands.length).to.be.greaterThan(3);
      for (const { text, words } of commands) expect(await problemWith(words), text).to.equal(undefined);
    });

    it(`${guide} names files, make targets and settings that exist`, () => {
      const code = codeIn(guide);
      const files = code.flatMap((line) =>
        [...line.matchAll(/\b(?:deploy|docs|dist)\/[\w./-]+\w/g)].map(([file]) => file),
      );
      for (const file of files) expect(existsSync(filePath(file)), file).to.equal(true);
      const targets = new Set([...textOf('Makefile').matchAll(/^([a-z-]+):/gm)].map(([, target]) => target));
      for (const line of code) {
        const [, target] = /^make ([a-z-]+)/.exec(line) ?? [];
        if (target !== undefined) expect(targets, line).to.include(target);
      }
      const known = new Set([...Object.values(SHAPES).flatMap((shape) => Object.keys(shape)), 'EXITLANE_CONFIG_FILE']);
      const names = code.flatMap((line) =>
        [...line.matchAll(/\b[A-Z][A-Z]+_[A-Z_]*[A-Z](?==|$)/g)].map(([name]) => name),
      );
      const reasons = new Set([...textOf('docs/states.md').matchAll(/`([A-Z_]+)`/g)].map(([, name]) => name));
      const others = ['NODE_IMAGE', 'EXITS_ONLY', 'SCHEMA_TOO_NEW', 'EXIT_PENDING'];
      const strange = names.filter((name) => !known.has(name) && !reasons.has(name) && !others.includes(name));
      expect([...new Set(strange)]).to.deep.equal([]);
    });

    it(`${guide} links to documents and chapters that exist`, () => {
      for (const link of linksOf(guide)) {
        const [file = '', anchor] = link.split('#');
        const target = file === '' ? guide : path.posix.join('docs', file);
        expect(existsSync(filePath(target)), link).to.equal(true);
        if (anchor !== undefined) expect(anchorsOf(target), link).to.include(anchor);
      }
    });
  }

  it('says of a command that is wrong what is wrong with it', async () => {
    expect(await problemWith(['exit', 'BONK', '--urgent'])).to.equal('exit has no --urgent');
    expect(await problemWith(['state', 'ACTIVE'])).to.match(/takes 0 arguments/);
    expect(await problemWith(['evict'])).to.equal('evict is no verb');
  });
});

describe('O2, X12 the runbook', () => {
  const rules = yamlOf('deploy/prometheus/alerts.yml').flatMap((file) =>
    list(at(file, 'groups')).flatMap((group) => list(at(group, 'rules'))),
  );

  it('has a chapter for every rule, where the rule says it is', () => {
    expect(rules.length).to.be.greaterThan(10);
    for (const rule of rules) {
      const url = textAt(rule, 'annotations.runbook_url');
      const [file, anchor] = url.split('#');
      expect(file, textAt(rule, 'alert')).to.equal(RUNBOOK);
      expect(anchor).to.equal(textAt(rule, 'alert').toLowerCase());
      expect(anchorsOf(RUNBOOK), url).to.include(anchor);
    }
  });

  it("has a chapter for every alert of the product's own", () => {
    for (const type of ALERT_TYPES) expect(anchorsOf(RUNBOOK)).to.include(type);
  });

  it('has no chapter for an alert that is gone', () => {
    const [own = '', prometheus = ''] = textOf(RUNBOOK).split(/^# /m).slice(2);
    const names = (part: string) => [...part.matchAll(/^## (\S+)$/gm)].map(([, name]) => name);
    expect(names(own)).to.have.members([...ALERT_TYPES]);
    expect(names(prometheus)).to.have.members(rules.map((rule) => textAt(rule, 'alert').toLowerCase()));
  });

  it('says in every chapter what it means and how bad it is', () => {
    const [own = '', prometheus = ''] = textOf(RUNBOOK).split(/^# /m).slice(2);
    for (const chapter of `${own}${prometheus}`.split(/^## /m).slice(1)) {
      const [name = ''] = chapter.split('\n');
      if (name === '' || !/^\S+$/.test(name)) continue;
      expect(chapter, name).to.include('**Means**').and.include('**Bad**');
      expect(chapter, name).to.match(/`(exitlane|docker|systemctl|curl)|\]\(#/);
    }
  });
});
