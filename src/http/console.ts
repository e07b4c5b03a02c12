/**
 * Serves the built console from memory: what is not in the list of its files does not exist, so no path can lead out.
 * Every page view gets a fresh nonce for the style tags that Ant Design writes; scripts come from files only.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import '@fastify/rate-limit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Fault, newSecret, refuse } from '../base/index.ts';
import { languageOf } from './problem.ts';

const brotli = promisify(brotliCompress);
const gzipped = promisify(gzip);
const maxConsoleBytes = 64 * 1024 * 1024;

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
  '.txt': 'text/plain; charset=utf-8',
};
const compressible = /^(text\/|application\/(json|manifest)|image\/svg)/;

interface File {
  readonly bytes: Buffer;
  readonly type: string;
  readonly etag: string;
  /** Its name holds a hash of its content: it never changes under this name. */
  readonly isImmutable: boolean;
  readonly packed: Map<string, Promise<Buffer>>;
}

/** Content security for a page of the console. `host` lets older Safari open WebSockets, which it does not count as 'self'. */
export function pagePolicy(nonce: string, host: string): string {
  const sockets = /^[a-z0-9.:[\]-]{1,255}$/.test(host) ? ` ws://${host} wss://${host}` : '';
  return [
    "default-src 'self'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data: blob:",
    "media-src 'self' blob:",
    `connect-src 'self'${sockets}`,
    "worker-src 'self' blob:",
    "font-src 'self' data:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** For everything that is not a page: nothing in it may run or be framed. */
export const dataPolicy = "default-src 'none'; frame-ancestors 'none'";

export class ConsoleFiles {
  readonly #files: Map<string, File>;
  readonly #page: string | null;

  constructor(dir: string | null) {
    this.#files = dir === null ? new Map() : readFiles(dir);
    this.#page = this.#files.get('/index.html')?.bytes.toString('utf8') ?? null;
    this.#files.delete('/index.html');
  }

  /** A file of the console, or its page for any other path (the router in the browser takes it from there). */
  async serve(request: FastifyRequest, reply: FastifyReply, host: string): Promise<FastifyReply> {
    const path = request.url.split(/[?#]/, 1)[0]!;
    const file = this.#files.get(path);
    if (file) return sendFile(file, request, reply);
    if (path.startsWith('/assets/') || extname(path) !== '') refuse('request.unknown');
    return this.#sendPage(request, reply, host);
  }

  #sendPage(request: FastifyRequest, reply: FastifyReply, host: string): FastifyReply {
    if (this.#page === null) {
      const zh = '控制台尚未构建，请运行 npm run build。';
      const en = 'The console has not been built: npm run build.';
      const text = languageOf(request.headers['accept-language']) === 'zh' ? zh : en;
      return reply.status(503).type('text/plain; charset=utf-8').send(text);
    }
    const nonce = newSecret(16);
    return reply
      .header('content-security-policy', pagePolicy(nonce, host))
      .header('cache-control', 'no-store')
      .type('text/html; charset=utf-8')
      .send(this.#page.replaceAll('__NONCE__', nonce));
  }
}

async function sendFile(file: File, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  reply
    .header('cache-control', file.isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache')
    .header('etag', file.etag)
    .header('vary', 'accept-encoding')
    .type(file.type);
  if (request.headers['if-none-match'] === file.etag) return reply.status(304).send();
  const encoding = compressible.test(file.type) ? encodingFor(request.headers['accept-encoding']) : null;
  if (encoding === null) return reply.send(file.bytes);
  let packed = file.packed.get(encoding);
  if (!packed) {
    packed = encoding === 'br' ? brotli(file.bytes, brotliOptions) : gzipped(file.bytes, { level: 9 });
    file.packed.set(encoding, packed);
  }
  return reply.header('content-encoding', encoding).send(await packed);
}

/** Packed once on first demand; quality 9 takes 0.3 s for a megabyte, 11 takes 3 s. */
const brotliOptions = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } };

function encodingFor(header: string | string[] | undefined): 'br' | 'gzip' | null {
  const accepted = String(header ?? '').toLowerCase();
  const offers = accepted.split(',').map((part) => part.trim());
  const takes = (name: string) => offers.some((o) => o.split(';')[0] === name && !/;\s*q=0(\.0*)?$/.test(o));
  if (takes('br')) return 'br';
  return takes('gzip') ? 'gzip' : null;
}

function readFiles(dir: string): Map<string, File> {
  const files = new Map<string, File>();
  let total = 0;
  for (const name of listFiles(dir)) {
    const path = `/${relative(dir, name).split(sep).join('/')}`;
    const bytes = readFileSync(name);
    total += bytes.length;
    if (total > maxConsoleBytes)
      throw new Fault(`the console in ${dir} is larger than ${maxConsoleBytes} bytes`);
    files.set(path, {
      bytes,
      type: types[extname(name)] ?? 'application/octet-stream',
      etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`,
      isImmutable: path.startsWith('/assets/'),
      packed: new Map(),
    });
  }
  return files;
}

function listFiles(dir: string): string[] {
  if (!statSync(dir, { throwIfNoEntry: false })?.isDirectory()) return [];
  const entries = readdirSync(dir, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

export function mountConsole(
  app: FastifyInstance,
  files: ConsoleFiles,
  hostOfRequest: (r: FastifyRequest) => string,
) {
  // Pages and wrong addresses count against the rate too; routes are counted by the plugin itself.
  app.setNotFoundHandler({ preHandler: app.rateLimit() }, async (request, reply) => {
    const isPage = request.method === 'GET' || request.method === 'HEAD';
    const isConsole =
      !/^\/(api|media|metrics|public|ledger\/(checkpoint|cosignature|cosigned|key|tile))(\/|$|\?)/.test(
        request.url,
      );
    if (!isPage || !isConsole) refuse('request.unknown');
    return files.serve(request, reply, hostOfRequest(request));
  });
}
