/** A log as anyone reaches it: checkpoint and tiles over HTTP, and the door at which it takes a cosignature. */
import { setTimeout as wait } from 'node:timers/promises';
import { Fault, sayError } from '../base/index.ts';
import { hashBytes, tilePath, tileWidth } from './tree.ts';
import type { LogView } from './witness.ts';

const waitMs = 20_000;
const maxRounds = 4;
const maxNoteBytes = 64 * 1024;

/** `url` is where the log's Custos is; no name or password in it. */
export function httpLog(url: string): LogView & { send(note: string): Promise<void> } {
  const at = (path: string) => new URL(`ledger/${path}`, url.endsWith('/') ? url : `${url}/`);
  return {
    checkpoint: async () => (await must(at('checkpoint'), maxNoteBytes)).toString('utf8'),
    async tile(level, index, width) {
      const bytes = width * hashBytes;
      // A log may drop the narrower ones of a tile once it is full (c2sp.org/tlog-tiles).
      const found =
        (await get(at(`tile/${tilePath(level, index, width)}`), bytes)) ??
        (await must(at(`tile/${tilePath(level, index, tileWidth)}`), tileWidth * hashBytes));
      if (found.length < bytes)
        throw new Fault(`the log gives half a tile ${level}/${index}`, { retry: true });
      return found.subarray(0, bytes);
    },
    async send(note) {
      const response = await ask(at('cosignature'), {
        ...{ method: 'POST', body: note, headers: { 'content-type': 'text/plain; charset=utf-8' } },
      });
      await response.body?.cancel();
      if (!response.ok)
        throw new Fault(`the log does not take the cosignature: ${response.status}`, { retry: true });
    },
  };
}

/** Asked too often, it waits as long as the log says, a few times. */
async function ask(url: URL, init: RequestInit = {}): Promise<Response> {
  for (let round = 1; ; round++) {
    const response = await askOnce(url, init);
    if (response.status !== 429 || round === maxRounds) return response;
    await response.body?.cancel();
    const seconds = Number(response.headers.get('retry-after') ?? 1);
    await wait(Math.min(Math.max(seconds, 1), 60) * 1000);
  }
}

async function askOnce(url: URL, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { ...init, redirect: 'error', signal: AbortSignal.timeout(waitMs) });
  } catch (cause) {
    throw new Fault(`${url.origin} does not answer: ${sayError(cause)}`, { cause, retry: true });
  }
}

/** Null: not there. More than `maxBytes` is not read. */
async function get(url: URL, maxBytes: number): Promise<Buffer | null> {
  const response = await ask(url);
  if (response.status !== 200) {
    await response.body?.cancel();
    if (response.status === 404) return null;
    throw new Fault(`${url.pathname} is answered with ${response.status}`, { retry: true });
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response.body ?? []) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw new Fault(`${url.pathname} is longer than it may be`, { retry: true });
      chunks.push(chunk);
    }
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    throw new Fault(`${url.pathname} ended early: ${sayError(cause)}`, { cause, retry: true });
  }
  return Buffer.concat(chunks);
}

async function must(url: URL, maxBytes: number): Promise<Buffer> {
  const found = await get(url, maxBytes);
  if (!found) throw new Fault(`${url.pathname} is not there`, { retry: true });
  return found;
}
