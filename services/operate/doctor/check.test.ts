import { expect } from 'chai';
import { loadSettings } from '../../../shared/core/settings.js';
import { type Check, examine, ok, type Result } from './check.js';
import { printResults, surroundingsOf } from './doctor.js';

describe('O4 the checks of exitlane doctor', () => {
  it('tells people and programs, with an exit code', async () => {
    let text = '';
    const out = (format: 'text' | 'json') => ({
      format,
      write: (more: string) => {
        text += more;
      },
      note: () => undefined,
    });
    const results: Result[] = [
      { check: 'rpc', ...ok('fine') },
      { check: 'disk', verdict: 'problem', saw: 'full', todo: 'free space' },
    ];
    expect(printResults(results, out('text'))).to.equal(1);
    expect(text).to.match(/^ok {7}rpc {3}fine\nPROBLEM {2}disk {2}full\n +-> free space\n\n1 problems, 0 warnings/);
    text = '';
    expect(printResults(results.slice(0, 1), out('json'))).to.equal(0);
    expect(JSON.parse(text)).to.deep.equal({ ok: true, checks: results.slice(0, 1) });
  });

  it('gives each check its own time, and one that fails or hangs hides no other', async () => {
    const checks: Check[] = [
      { name: 'hangs', run: () => new Promise(() => undefined) },
      { name: 'fails', run: () => Promise.reject(new Error('broken')) },
      {
        name: 'throws',
        run: () => {
          throw new Error('at once');
        },
      },
      { name: 'works', run: () => [ok('yes')] },
    ];
    const settings = loadSettings({ env: {} });
    const surroundings = surroundingsOf({
      settings,
      addresses: { requestor: '127.0.0.1:1', processor: '127.0.0.1:1' },
      timeoutMs: 50,
    });
    const results = await examine(checks, surroundings);
    expect(results.map(({ check, verdict, saw }) => `${check} ${verdict} ${saw}`)).to.deep.equal([
      'hangs problem no answer within 0.05 s',
      'fails problem broken',
      'throws problem at once',
      'works ok yes',
    ]);
  });
});
