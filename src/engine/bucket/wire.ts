/**
 * One bucket's requests on the wire: signed (SigV4, by aws4fetch), bounded in time, in size and in number, and tried
 * again with jitter where that can help. Node's own HTTP client carries them, because an authority of the user's own
 * can be given to it and a slow answer can be cut; what comes back is whole, or a BucketFault.
 */
import { createHash } from 'node:crypto';
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { AwsV4Signer } from 'aws4fetch';
import { type Clock, chance } from '../../base/index.ts';
import { type BucketAccess, urlOf } from './access.ts';
import { BucketFault, type Doing, ofAnswer, ofConnection, type Place } from './problem.ts';

export interface Asked {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  readonly doing: Doing;
  /** Null: the bucket itself. */
  readonly key: string | null;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** At most so many bytes of a good answer are taken; a longer one is a fault. */
  readonly mostBytes: number;
  readonly signal?: AbortSignal;
  /** How often at the most; 1 for a test of the connection. */
  readonly tries?: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  /** Who answered. */
  readonly place: Place;
}

export const limits = {
  connections: 8,
  /** Waiting for one of them; one more is a fault. */
  waiting: 512,
  connectMs: 5_000,
  /** Nothing moved for so long: the answer will not come. */
  silentMs: 20_000,
  /** Besides, a whole request may take this and a second for each 64 KiB. */
  wholeMs: 30_000,
  tries: 5,
  firstWaitMs: 200,
  mostWaitMs: 10_000,
  /** An error document. */
  errorBytes: 64 * 1024,
} as const;

export class Wire implements Disposable {
  readonly access: BucketAccess;
  readonly #clock: Clock;
  readonly #agent: HttpAgent | HttpsAgent;
  readonly #place: Place;
  readonly #ending = new AbortController();
  #underWay = 0;

  constructor(access: BucketAccess, clock: Clock) {
    this.access = access;
    this.#clock = clock;
    const url = urlOf(access, null, {});
    const isTls = url.protocol === 'https:';
    this.#place = { host: url.hostname, port: Number(url.port) || (isTls ? 443 : 80) };
    const keep = {
      keepAlive: true,
      maxSockets: limits.connections,
      maxFreeSockets: 4,
      timeout: limits.silentMs,
    };
    this.#agent = isTls
      ? new HttpsAgent({ ...keep, minVersion: 'TLSv1.2', ...(access.ca === null ? {} : { ca: access.ca }) })
      : new HttpAgent(keep);
  }

  /** A good answer (2xx), after as many tries as may help. */
  async ask(asked: Asked): Promise<Answer> {
    if (this.#underWay >= limits.waiting) throw new BucketFault('busy', { status: 0 }, { retry: true });
    this.#underWay++;
    try {
      return await this.#insist(asked);
    } finally {
      this.#underWay--;
    }
  }

  /** Requests under way end as cut off. */
  [Symbol.dispose](): void {
    this.#ending.abort();
    this.#agent.destroy();
  }

  async #insist(asked: Asked): Promise<Answer> {
    const tries = asked.tries ?? limits.tries;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#once(asked);
      } catch (error) {
        const isOver = attempt >= tries || asked.signal?.aborted || this.#ending.signal.aborted;
        if (!(error instanceof BucketFault && error.retry) || isOver) throw error;
        await this.#wait(attempt, asked.signal);
      }
    }
  }

  /** Full jitter: many that failed together do not come back together. */
  #wait(attempt: number, signal: AbortSignal | undefined): Promise<void> {
    const mostMs = Math.min(limits.mostWaitMs, limits.firstWaitMs * 2 ** attempt);
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        for (const one of signals) one?.removeEventListener('abort', end);
        resolve();
      };
      const signals = [signal, this.#ending.signal];
      const timer = setTimeout(end, mostMs * chance());
      for (const one of signals) one?.addEventListener('abort', end);
    });
  }

  async #once(asked: Asked): Promise<Answer> {
    const url = urlOf(this.access, asked.key, asked.query ?? {});
    const headers = await this.#sign(asked, url);
    const answer = await this.#send(asked, url, headers);
    if (answer.status >= 200 && answer.status < 300) return answer;
    const { bucket } = this.access;
    throw ofAnswer({ ...answer, doing: asked.doing, bucket, isOfObject: asked.key !== null }, this.#place);
  }

  async #sign({ method, headers, body }: Asked, url: URL): Promise<Record<string, string>> {
    const { accessKeyId, secretKey: secretAccessKey, region } = this.access;
    const signed = await new AwsV4Signer({
      ...{ method, url: url.href, accessKeyId, secretAccessKey, region, service: 's3' },
      headers: { ...headers, 'x-amz-content-sha256': sha256(body ?? empty) },
      datetime: new Date(this.#clock.wallMs()).toISOString().replace(/[:-]|\.\d{3}/g, ''),
    }).sign();
    const length = body === undefined ? {} : { 'content-length': String(body.length) };
    return { ...Object.fromEntries(signed.headers), ...length };
  }

  #send(asked: Asked, url: URL, headers: Record<string, string>): Promise<Answer> {
    const { method, body, signal, mostBytes } = asked;
    const place = this.#place;
    return new Promise((resolve, reject) => {
      const send = url.protocol === 'https:' ? requestHttps : requestHttp;
      const sent = send(url, { method, headers, agent: this.#agent });
      const over = (settle: () => void) => {
        clearTimeout(late);
        for (const one of signals) one?.removeEventListener('abort', cut);
        settle();
      };
      const fail = (error: BucketFault) => {
        over(() => reject(error));
        sent.destroy();
      };
      const slow = (seconds: number) =>
        fail(new BucketFault('timed-out', { ...place, seconds }, { retry: true }));
      const cut = () => fail(new BucketFault('cut-off', { ...place }));
      const signals = [signal, this.#ending.signal];
      for (const one of signals) one?.addEventListener('abort', cut);
      const wholeMs = limits.wholeMs + Math.max(body?.length ?? 0, mostBytes) / 64;
      const late = setTimeout(() => slow(Math.round(wholeMs / 1000)), wholeMs);
      sent.on('socket', (socket) => {
        if (!socket.connecting) return;
        const unconnected = setTimeout(() => slow(limits.connectMs / 1000), limits.connectMs);
        const settled = () => clearTimeout(unconnected);
        socket.once('connect', settled).once('close', settled);
      });
      sent.setTimeout(limits.silentMs, () => slow(limits.silentMs / 1000));
      sent.on('error', (error) => fail(ofConnection(error, place)));
      sent.on('response', (incoming) => {
        take(incoming, method, mostBytes, place).then((answer) => over(() => resolve(answer)), fail);
      });
      if (signals.some((one) => one?.aborted)) cut();
      else sent.end(body);
    });
  }
}

/** The whole answer; what is longer than allowed, or shorter than it said, is a fault. */
async function take(
  incoming: IncomingMessage,
  method: string,
  mostBytes: number,
  place: Place,
): Promise<Answer> {
  const status = incoming.statusCode ?? 0;
  const isGood = status >= 200 && status < 300;
  const most = isGood ? mostBytes : limits.errorBytes;
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of incoming) {
      bytes += (chunk as Buffer).length;
      if (bytes > most) throw new BucketFault('not-s3', { ...place, what: `> ${most} B` });
      chunks.push(chunk as Buffer);
    }
  } catch (error) {
    throw error instanceof BucketFault ? error : ofConnection(error, place);
  }
  const said = Number(incoming.headers['content-length'] ?? bytes);
  if (method !== 'HEAD' && said !== bytes) throw new BucketFault('cut-off', { ...place }, { retry: true });
  return { status, headers: incoming.headers, body: Buffer.concat(chunks, bytes), place };
}

const empty = new Uint8Array();
export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
export const md5 = (bytes: Uint8Array): Buffer => createHash('md5').update(bytes).digest();
