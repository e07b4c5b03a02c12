/**
 * The media doors: every way to a byte of video. Each asks the same: who calls, whose view this is, whether it still
 * runs, whether the gate permits; and whoever is refused has a line in the ledger.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Temporal } from 'temporal-polyfill';
import { type WebSocket, WebSocketServer } from 'ws';
import { BoundedMap, Fault, idPattern, Refusal, refuse, sayError } from '../base/index.ts';
import { frames } from '../contract/index.ts';
import {
  isSameFile,
  playlist,
  readRange,
  relay,
  subjectOfFootage,
  subjectOfView,
  type View,
} from '../display/index.ts';
import type { FilePlan, MissingSpan } from '../engine/index.ts';
import { addressKey, type Caller, isWho, note, type Who } from '../gate/index.ts';
import { checkOrigin } from './caller.ts';
import type { Server } from './server.ts';
import { cutOff } from './upgrades.ts';
import { type VideoEdge, viewAction } from './video-edge.ts';

const privately = { 'cache-control': 'no-store, private' } as const;
const maxStillWidth = 3840;

interface Passed {
  readonly who: Who;
  readonly view: View;
}

export function mountMediaDoors(server: Server, edge: VideoEdge): void {
  const doors = new Doors(server, edge);
  const { app } = edge;
  app.route({
    method: ['GET', 'HEAD'],
    url: '/media/:ticket/footage.mp4',
    handler: (request, reply) => doors.http(request, reply, 'footage.mp4', footage),
  });
  app.get('/media/:ticket/index.m3u8', (request, reply) => doors.http(request, reply, 'index.m3u8', list));
  app.get('/media/:ticket/missing.json', (request, reply) =>
    doors.http(request, reply, 'missing.json', missing),
  );
  app.get('/media/:ticket/still.jpg', (request, reply) => doors.http(request, reply, 'still.jpg', still));
  server.onUpgrade('/media/', (request, socket, head) => doors.upgrade(request, socket, head));
}

type Door = (
  edge: VideoEdge,
  passed: Passed,
  request: FastifyRequest,
  reply: FastifyReply,
) => Promise<unknown>;

class Doors {
  readonly #server: Server;
  readonly #edge: VideoEdge;
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: frames.maxWishBytes,
    perMessageDeflate: false,
    clientTracking: false,
  });
  readonly #refusals = new RefusalLimit();

  constructor(server: Server, edge: VideoEdge) {
    this.#server = server;
    this.#edge = edge;
  }

  async http(request: FastifyRequest, reply: FastifyReply, name: string, door: Door): Promise<unknown> {
    reply.headers(privately);
    const { ticket } = request.params as { ticket: string };
    return this.#guarded(request.raw, ticket, name, (passed) => door(this.#edge, passed, request, reply));
  }

  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const path = (request.url ?? '').split('?')[0] ?? '';
    const ticket = /^\/media\/([^/]{1,64})$/.exec(path)?.[1];
    if (ticket === undefined) refuse('request.unknown');
    await this.#guarded(request, ticket, 'websocket', async ({ view }) => {
      using _place = this.#edge.views.join(view);
      await this.#watch(request, socket, head, view);
    });
  }

  /** The one check that all doors share. */
  async #guarded<T>(
    request: IncomingMessage,
    ticket: string,
    door: string,
    work: (passed: Passed) => Promise<T>,
  ): Promise<T> {
    const { caller } = await this.#server.calledBy(request);
    try {
      checkOrigin(request.headers, this.#edge.around);
      return await work(await this.#pass(caller, ticket));
    } catch (error) {
      const said = asRefusal(error);
      if (said) await this.#writeRefusal(caller, ticket, door, said);
      throw said ?? error;
    }
  }

  async #pass(caller: Caller, ticket: string): Promise<Passed> {
    if (!isWho(caller)) refuse('session.needed');
    const who = caller as Who;
    if (!idPattern.test(ticket)) refuse('view.unknown');
    const view = this.#edge.views.find(ticket, who);
    await this.#edge.gate.admit(who, viewAction(view.kind), subjectOfView(view), { view: view.id });
    return { who, view };
  }

  async #writeRefusal(caller: Caller, ticket: string, door: string, refusal: Refusal): Promise<void> {
    if (!this.#refusals.mayWrite(addressKey(caller.from), this.#edge.clock.monoMs())) {
      this.#edge.log.warn(
        { from: caller.from, door },
        'too many refusals at the media doors to write each down',
      );
      return;
    }
    const id = idPattern.test(ticket) ? { id: ticket } : {};
    await this.#edge.gate.refused(caller, 'view.open', { kind: 'view', ...id }, refusal, { door });
  }

  async #watch(request: IncomingMessage, socket: Duplex, head: Buffer, view: View): Promise<void> {
    const { engine, clock, log } = this.#edge;
    const video = await engine.connect(view.id);
    try {
      const browser = await new Promise<WebSocket>((resolve, reject) => {
        socket.once('close', () => reject(new Fault('the viewer left before the answer')));
        this.#sockets.handleUpgrade(request, socket, head, resolve);
      });
      // Beyond this point nothing is refused: what goes wrong closes the socket.
      await relay(video, browser, { clock, log, cut: view.cut.signal });
    } catch (error) {
      video.destroy();
      log.debug({ error: sayError(error) }, 'a viewer left before the first frame');
    }
  }
}

/** An engine that restarts is a refusal to the viewer, not a broken server. */
function asRefusal(error: unknown): Refusal | null {
  if (error instanceof Refusal) return error;
  return error instanceof Fault && error.retry ? new Refusal('engine.down') : null;
}

/** A stranger who knocks without end must not fill the ledger: so many lines an address and minute, then the log. */
class RefusalLimit {
  readonly #counts = new BoundedMap<string, { sinceMs: number; count: number }>(10_000);

  mayWrite(key: string, nowMs: number): boolean {
    const held = this.#counts.get(key);
    const isFresh = !held || nowMs - held.sinceMs > 60_000;
    const next = isFresh ? { sinceMs: nowMs, count: 1 } : { ...held, count: held.count + 1 };
    this.#counts.set(key, next);
    return next.count <= 300;
  }
}

// ---- one file

async function footage(edge: VideoEdge, { who, view }: Passed, request: FastifyRequest, reply: FastifyReply) {
  const isDownload = (request.query as { download?: string }).download === '1';
  // A file is an export, whatever it is asked for by: a player has the WebSocket.
  const grant = await edge.gate.admit(who, 'footage.download', subjectOfFootage(view), { view: view.id });
  const plan = await edge.views.plan(view);
  const tag = `"${plan.id}"`;
  reply.headers({ 'accept-ranges': 'bytes', etag: tag, 'content-type': 'video/mp4' });
  reply.header('content-disposition', disposition(view, plan, isDownload));
  // What is found while the file is sent can only be said afterwards: by missing.json.
  reply.header('custos-missing-seconds', String(secondsOf(plan.missing)));
  const wanted = isSameFile(request.headers['if-range'] as string | undefined, tag)
    ? readRange(request.headers.range, plan.bytes)
    : ({ kind: 'whole' } as const);
  if (wanted.kind === 'none') {
    reply.header('content-range', `bytes */${plan.bytes}`);
    return refuse('view.bytes', { bytes: plan.bytes });
  }
  const [from, to] = wanted.kind === 'part' ? [wanted.from, wanted.to] : [0, plan.bytes];
  reply.status(wanted.kind === 'part' ? 206 : 200).header('content-length', String(to - from));
  if (wanted.kind === 'part') reply.header('content-range', `bytes ${from}-${to - 1}/${plan.bytes}`);
  if (request.method === 'HEAD') return reply.send();
  // A player that fetches by ranges asks a hundred times: its first is written, and each download.
  if (isDownload || edge.views.isFirstFile(view)) {
    await note(edge, grant, {
      reason: view.purpose,
      detail: { view: view.id, from: iso(plan.fromMs), to: iso(plan.toMs), bytes: [from, to] },
    });
    edge.views.exported(view, to - from);
  }
  const bytes = await edge.engine.read(view.id, plan.id, from, to);
  const cut = () => {
    bytes.destroy();
    cutOff(request.raw.socket);
  };
  view.cut.signal.addEventListener('abort', cut, { once: true });
  // The connection outlives this answer: the next one on it is not to be cut.
  reply.raw.once('close', () => {
    view.cut.signal.removeEventListener('abort', cut);
    bytes.destroy();
  });
  if (view.cut.signal.aborted) cut();
  return reply.send(bytes);
}

/** What the file of the span does not hold though it was recorded: known before, or found while it was sent. */
async function missing(edge: VideoEdge, { view }: Passed, _request: FastifyRequest, reply: FastifyReply) {
  const plan = await edge.views.plan(view);
  const spans = await edge.engine.missing(view.id, plan.id);
  const items = spans.map(({ fromMs, toMs, cause }) => ({ from: iso(fromMs), to: iso(toMs), cause }));
  return reply.type('application/json').send({ items, seconds: secondsOf(spans) });
}

const secondsOf = (spans: readonly MissingSpan[]): number =>
  Math.round(spans.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0) / 100) / 10;

async function list(edge: VideoEdge, { who, view }: Passed, _request: FastifyRequest, reply: FastifyReply) {
  await edge.gate.admit(who, 'footage.download', subjectOfFootage(view), { view: view.id });
  const plan = await edge.views.plan(view);
  return reply.type('application/vnd.apple.mpegurl').send(playlist(plan, 'footage.mp4'));
}

async function still(edge: VideoEdge, { who, view }: Passed, request: FastifyRequest, reply: FastifyReply) {
  const grant = await edge.gate.admit(who, 'footage.still', subjectOfFootage(view), { view: view.id });
  const { at, width } = request.query as { at?: string; width?: string };
  const atMs = instantOf(at);
  if (view.kind === 'playback' && atMs === null) refuse('request.malformed', { what: 'query.at' });
  const picture = await edge.engine.still(view.id, view.kind === 'live' ? null : atMs, widthOf(width));
  await note(edge, grant, {
    reason: view.purpose,
    detail: { view: view.id, at: iso(atMs ?? edge.clock.wallMs()) },
  });
  // Between the question and the picture the permission may have gone.
  if (view.cut.signal.aborted) refuse('view.expired');
  edge.views.stilled(view);
  const name = fileName(view, atMs ?? edge.clock.wallMs());
  reply.header('content-disposition', dispositionOf('inline', `${name}.jpg`));
  return reply.type('image/jpeg').send(Buffer.from(picture));
}

/** RFC 3339, or milliseconds since 1970. */
function instantOf(text: string | undefined): number | null {
  if (text === undefined || text === '') return null;
  const ms = /^\d{1,15}(\.\d{1,6})?$/.test(text)
    ? Number(text)
    : text.length <= 40
      ? Date.parse(text)
      : Number.NaN;
  if (!Number.isFinite(ms)) refuse('request.malformed', { what: 'query.at' });
  return ms;
}

function widthOf(text: string | undefined): number | null {
  if (text === undefined || text === '') return null;
  const width = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (width < 16 || width > maxStillWidth) refuse('request.malformed', { what: 'query.width' });
  return width;
}

const iso = (ms: number): string => new Date(ms).toISOString();

// ---- names

function disposition(view: View, plan: FilePlan, isDownload: boolean): string {
  const lacks = secondsOf(plan.missing);
  // Whoever finds the file in a folder a year later sees that it is not the whole span.
  const note = lacks > 0 ? ` (${Math.ceil(lacks)} s missing 缺失${Math.ceil(lacks)}秒)` : '';
  const name = `${fileName(view, plan.fromMs)} – ${timeIn(view, plan.toMs)}${note}.mp4`;
  return dispositionOf(isDownload ? 'attachment' : 'inline', name);
}

/** `Market street 2026-11-22 10.15.00`: what someone finds again in a folder, in the site's own time. */
function fileName(view: View, atMs: number): string {
  const date = Temporal.Instant.fromEpochMilliseconds(Math.round(atMs)).toZonedDateTimeISO(
    view.camera.timeZone,
  );
  return `${view.camera.name} ${date.toPlainDate().toString()} ${timeIn(view, atMs)}`;
}

function timeIn(view: View, atMs: number): string {
  const at = Temporal.Instant.fromEpochMilliseconds(Math.round(atMs)).toZonedDateTimeISO(
    view.camera.timeZone,
  );
  return at.toPlainTime().toString({ smallestUnit: 'second' }).replaceAll(':', '.');
}

/** RFC 6266: a plain name for old readers, and the real one in UTF-8. */
function dispositionOf(kind: 'inline' | 'attachment', name: string): string {
  const safe = name.replace(/[/\\:*?"<>|\p{Cc}]/gu, '_');
  const plain = safe.replace(/[^\x20-\x7e]/g, '_').replace(/["%]/g, '_');
  const utf8 = encodeURIComponent(safe).replace(
    /['()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `${kind}; filename="${plain}"; filename*=UTF-8''${utf8}`;
}
