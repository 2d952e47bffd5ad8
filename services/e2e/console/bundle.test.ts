import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { packageRoot } from '../../../shared/core/package-root.js';

const FOLDER = path.join(packageRoot(), 'dist/services/console/web');

/** What a browser loads before it shows anything, gzip; brotli is smaller still. */
const PAGE_BYTES_MAX = 80 * 1024;

describe('O1 the page that is served', () => {
  const names = existsSync(FOLDER) ? readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }) : [];
  const files = names.filter((name) => path.extname(name) !== '');
  const read = (name: string) => readFileSync(path.join(FOLDER, name));

  it('was built by make build', () => expect(files, 'run make build').to.include('index.html'));

  it('is small as a whole', () => {
    const bytes = files.reduce((sum, name) => sum + gzipSync(read(name), { level: 9 }).length, 0);
    expect(bytes).to.be.within(10 * 1024, PAGE_BYTES_MAX);
  });

  it('loads only its own files, and has no script or style in its markup', () => {
    const markup = read('index.html').toString('utf8');
    const sources = [...markup.matchAll(/\b(?:src|href)="([^"]*)"/g)].map(([, source]) => source);
    expect(sources.length).to.be.greaterThan(2);
    for (const source of sources) expect(source).to.match(/^\/[\w./-]+$/);
    for (const [, attributes, body] of markup.matchAll(/<script([^>]*)>([^<]*)<\/script>/g)) {
      expect(attributes).to.contain('src=');
      expect(body).to.equal('');
    }
    expect(markup).not.to.match(/<style|\sstyle=|\son\w+=/);
  });

  it('fetches nothing from elsewhere', () => {
    const styles = files.filter((name) => name.endsWith('.css')).map((name) => read(name).toString('utf8'));
    for (const text of styles) expect(text).not.to.match(/@import|url\(\s*["']?(https?:)?\/\//);
  });
});
