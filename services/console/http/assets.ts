import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { packageRoot } from '../../../shared/core/package-root.js';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

interface Asset {
  readonly type: string;
  readonly etag: string;
  readonly isForever: boolean;
  readonly plain: Buffer;
  readonly gzip: () => Buffer;
  readonly brotli: () => Buffer;
}

const NOT_BUILT = `The console's page was not built: run \`make build\`.\n`;

/** Where `vite build` puts the page. */
export function webFolder(): string {
  return path.join(packageRoot(), 'dist', 'services', 'console', 'web');
}

/** Serves the built page from memory: it is a handful of small files. */
export function addAssets(server: FastifyInstance, folder = webFolder()): void {
  const assets = readAssets(folder);
  const index = assets.get('/index.html');
  server.get('/', (request, reply) => (index ? send(request, reply, index) : notBuilt(reply)));
  for (const [url, asset] of assets) server.get(url, (request, reply) => send(request, reply, asset));
}

function notBuilt(reply: FastifyReply) {
  return reply.code(503).type('text/plain; charset=utf-8').send(NOT_BUILT);
}

function readAssets(folder: string): Map<string, Asset> {
  if (!existsSync(folder)) return new Map();
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const assets = new Map<string, Asset>();
  for (const name of names) {
    const type = TYPES[path.extname(name)];
    if (type === undefined) continue;
    const url = `/${name.split(path.sep).join('/')}`;
    assets.set(url, assetOf(url, type, readFileSync(path.join(folder, name))));
  }
  return assets;
}

function assetOf(url: string, type: string, plain: Buffer): Asset {
  return {
    type,
    etag: `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`,
    // vite puts a hash of the content into the names of what it built.
    isForever: url.startsWith('/assets/'),
    plain,
    gzip: once(() => gzipSync(plain, { level: 9 })),
    brotli: once(() => brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } })),
  };
}

/** Compressing well takes a while: only for those who ask, and once. */
function once(make: () => Buffer): () => Buffer {
  let made: Buffer | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

function send(request: FastifyRequest, reply: FastifyReply, asset: Asset) {
  reply
    .header('etag', asset.etag)
    .header('vary', 'accept-encoding')
    .header('cache-control', asset.isForever ? 'public, max-age=31536000, immutable' : 'no-cache')
    .type(asset.type);
  if (request.headers['if-none-match'] === asset.etag) return reply.code(304).send();
  const accepted = request.headers['accept-encoding'] ?? '';
  if (/\bbr\b/.test(accepted)) return reply.header('content-encoding', 'br').send(asset.brotli());
  if (/\bgzip\b/.test(accepted)) return reply.header('content-encoding', 'gzip').send(asset.gzip());
  return reply.send(asset.plain);
}
