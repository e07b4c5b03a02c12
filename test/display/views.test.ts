/** The life of a view: opened, watched, renewed, and cut the moment its reason is gone. */
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { WebSocket } from 'ws';
import { decodeFrame, type Frame } from '../../src/contract/frames.ts';
import { display } from '../../src/contract/index.ts';
import { callerWith, ledgerRows, permit, type TestCaller, viewerWith } from '../support/edge.ts';
import { type House, openHouse } from '../support/house.ts';
import { promisedMs } from '../support/promise.ts';

let house: House;
let camera: string;
let h265: string;
let approver: TestCaller;

before(async () => {
  house = await openHouse();
  camera = await house.add(house.demo.cameras[0]!);
  // The street whose main stream is H.265, as a camera without a sub-stream.
  h265 = await house.add(house.demo.cameras[2]!, { subUrl: null });
  approver = await viewerWith(house, 'approver');
  await house.until(() => recorded(camera) > 3_000 && recorded(h265) > 3_000, 'both are recorded');
});
after(() => house?.[Symbol.asyncDispose]());

const recorded = (id: string) =>
  house.keeper.freshOf(id).reduce((sum, segment) => sum + segment.endMs - segment.startMs, 0);

async function open(
  caller: TestCaller,
  body: object,
): Promise<{ ticket: string; url: string; stream: string; transcoded: boolean }> {
  const answer = await caller.call('POST', '/api/views', {
    camera,
    kind: 'live',
    purpose: 'on shift',
    forWhom: 'a test',
    ...body,
  });
  assert.equal(answer.status, 200, JSON.stringify(answer.json));
  return answer.json;
}

function span(id = camera): { kind: 'playback'; from: string; to: string } {
  const toMs = house.keeper.recordedUntilMs(id)!;
  return { kind: 'playback', from: new Date(toMs - 3_000).toISOString(), to: new Date(toMs).toISOString() };
}

class Player {
  readonly frames: Frame[] = [];
  readonly socket: WebSocket;
  readonly closed: Promise<{ code: number; atMs: number }>;
  #look: () => void = () => {};

  constructor(caller: TestCaller, url: string) {
    this.socket = new WebSocket(house.url.replace('http', 'ws') + url, {
      headers: { cookie: caller.cookie },
    });
    this.socket.on('message', (data: Buffer) => {
      this.frames.push(decodeFrame(data));
      this.#look();
    });
    this.socket.on('error', () => {});
    this.closed = new Promise((resolve) =>
      this.socket.on('close', (code) => resolve({ code, atMs: performance.now() })),
    );
  }

  until(claim: (frames: readonly Frame[]) => boolean, what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`${what}: ${this.frames.map((frame) => frame.kind)}`)),
        20_000,
      );
      this.#look = () => {
        if (!claim(this.frames)) return;
        clearTimeout(timer);
        resolve();
      };
      this.#look();
    });
  }
}

const parts = (frames: readonly Frame[]) => frames.filter((frame) => frame.kind === 'part');

test('a live view begins with a clock, an init and a key, and goes on', async () => {
  const player = new Player(approver, (await open(approver, {})).url);
  await player.until((frames) => parts(frames).length > 30, 'thirty pictures');
  assert.deepEqual(
    player.frames.slice(0, 2).map((frame) => frame.kind),
    ['clock', 'init'],
  );
  assert.equal(parts(player.frames)[0]?.key, true);
  player.socket.close();
});

test('signing out cuts a running view within a second, and what was delivered is in the register', async () => {
  const watcher = await viewerWith(house, 'watcher');
  const { ticket, url } = await open(watcher, {});
  const player = new Player(watcher, url);
  await player.until((frames) => parts(frames).length > 25, 'a second of pictures');
  const beganMs = performance.now();
  await watcher.call('DELETE', '/api/session');
  const { atMs } = await player.closed;
  assert.ok(atMs - beganMs < promisedMs(1_000), `${atMs - beganMs} ms`);
  await house.until(
    () => house.facts.some((fact) => fact.kind === 'viewer-left' && fact.ticket === ticket),
    'the engine says how it went',
  );
  const row = await rowWith(ticket, (one) => one.ended !== null && one.delivered_s > 0);
  assert.equal(row.ended_why, 'revoked');
  const line = (await ledgerRows(house)).find(
    (one) => one.action === 'view.end' && (one.detail as { view?: string }).view === ticket,
  );
  assert.ok(line && Number((line.detail as { deliveredS?: number }).deliveredS) > 0, 'and in the ledger');
});

test('deactivation and a role that is withdrawn cut running views', async () => {
  const administrator = await callerWith(house, 'administrator');
  for (const change of [{ active: false }, { roles: ['auditor'] }]) {
    const watcher = await viewerWith(house, 'watcher');
    const player = new Player(watcher, (await open(watcher, {})).url);
    await player.until((frames) => parts(frames).length > 0, 'a picture');
    const answer = await administrator.call('PATCH', `/api/persons/${watcher.personId}`, change);
    assert.equal(answer.status, 200, JSON.stringify(answer.json));
    await player.closed;
  }
});

test('a view ends by itself unless the player renews it, and each renewal is decided anew', async () => {
  const watcher = await viewerWith(house, 'watcher');
  const renewed = await open(watcher, {});
  const left = await open(watcher, {});
  const player = new Player(watcher, left.url);
  await player.until((frames) => parts(frames).length > 0, 'a picture');
  house.clock.aheadMs += 9 * 60_000;
  assert.equal((await watcher.call('POST', `/api/views/${renewed.ticket}/renew`)).status, 200);
  house.clock.aheadMs += 2 * 60_000;
  await player.closed;
  assert.equal((await watcher.call('POST', `/api/views/${left.ticket}/renew`)).json.code, 'view.expired');
  const open_ = await watcher.call('GET', '/api/views');
  assert.deepEqual(
    open_.json.items.map((view: { ticket: string }) => view.ticket),
    [renewed.ticket],
  );
  await house.db.kysely
    .updateTable('person')
    .set({ roles: ['maintainer'] })
    .where('id', '=', watcher.personId)
    .execute();
  assert.equal((await watcher.call('POST', `/api/views/${renewed.ticket}/renew`)).json.code, 'gate.denied');
  house.clock.aheadMs = 0;
});

test('a permission that is revoked ends every running stream within a second, on every way', async () => {
  const [guard, one] = [await callerWith(house, 'watcher'), await callerWith(house, 'approver')];
  const id = await permit(house, guard);
  const { cookie } = guard;
  const live = new Player(guard, (await open(guard, {})).url);
  const played = await open(guard, span());
  const playback = new Player(guard, played.url);
  await once(playback.socket, 'open');
  const { from, to } = span();
  playback.socket.send(JSON.stringify({ op: 'seek', atMs: Date.parse(from), untilMs: Date.parse(to) }));
  for (const player of [live, playback])
    await player.until((frames) => parts(frames).length > 0, 'a picture');
  const file = await slowly(`${house.url}${played.url}/footage.mp4`, cookie);
  const { revision } = (await guard.call('GET', '/api/permissions/mine?state=running')).json.items[0];
  const beganMs = performance.now();
  const revoked = one.call('POST', `/api/permissions/${id}/revoke`, {
    revision,
    reason: 'the reason is gone',
  });
  assert.equal((await revoked).status, 200);
  file.readOn();
  const ends = await Promise.all([live.closed, playback.closed, file.over]);
  for (const { atMs } of ends) assert.ok(atMs - beganMs < promisedMs(1_000), `${atMs - beganMs} ms`);
  assert.equal((await live.closed).code, 4403, 'the player is told that it was cut');
  for (const path of ['/footage.mp4', '/index.m3u8', '/still.jpg', '/missing.json']) {
    const answer = await fetch(house.url + played.url + path, { headers: { cookie } });
    assert.equal(answer.status, 410, path);
    await answer.arrayBuffer();
  }
  const anew = await guard.call('POST', '/api/views', {
    camera,
    purpose: 'once more',
    forWhom: 'a test',
    kind: 'live',
  });
  assert.equal(anew.json.code, 'permission.none');
});

/** Takes the first bytes of a file and then reads no further, as a slow line would. */
async function slowly(url: string, cookie: string) {
  const { hostname, port, pathname } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  socket.write(`GET ${pathname} HTTP/1.1\r\nhost: ${hostname}:${port}\r\ncookie: ${cookie}\r\n\r\n`);
  const [first] = (await once(socket, 'data')) as [Buffer];
  socket.pause();
  socket.on('error', () => {});
  const head = first.toString('latin1');
  const whole = head.indexOf('\r\n\r\n') + 4 + Number(/content-length: (\d+)/i.exec(head)?.[1]);
  const over = new Promise<{ atMs: number }>((resolve) => {
    const end = () => resolve({ atMs: performance.now() });
    socket.on('close', end);
    // Three seconds may fit into the buffers of both ends: then all was sent before. bench/revoke.ts has a longer one.
    socket.on('data', () => {
      if (socket.bytesRead >= whole) end();
    });
  });
  return { over: over.finally(() => socket.destroy()), readOn: () => void socket.resume() };
}

test('a permission whose time or hour is over ends what runs, and a window of hours opens nothing outside', async () => {
  const guard = await callerWith(house, 'watcher');
  const ends = new Date(house.clock.wallMs() + 3_600_000).toISOString();
  await permit(house, guard, { actions: ['live'], lookBackHours: 0, ends });
  const player = new Player(guard, (await open(guard, {})).url);
  await player.until((frames) => parts(frames).length > 0, 'a picture');
  house.clock.aheadMs = 3_601_000;
  await player.closed;
  const over = await guard.call('POST', '/api/views', {
    camera,
    purpose: 'still there',
    forWhom: 'a test',
    kind: 'live',
  });
  assert.equal(over.json.code, 'permission.over');
  house.clock.aheadMs = 0;
  const clerk = await callerWith(house, 'watcher');
  const minute = (aheadMs: number) =>
    new Intl.DateTimeFormat('en-GB', {
      timeZone: 'Asia/Shanghai',
      hour: '2-digit',
      minute: '2-digit',
    }).format(house.clock.wallMs() + aheadMs);
  await permit(house, clerk, { hours: { from: minute(-3_600_000), to: minute(3_600_000) } });
  const within = new Player(clerk, (await open(clerk, {})).url);
  await within.until((frames) => parts(frames).length > 0, 'a picture');
  house.clock.aheadMs = 3_660_000;
  await within.closed;
  const outside = await clerk.call('POST', '/api/views', {
    camera,
    purpose: 'too late',
    forWhom: 'a test',
    kind: 'live',
  });
  assert.equal(outside.json.code, 'permission.hours');
  house.clock.aheadMs = 0;
});

test('a permission reaches its cameras and so far back, and no other', async () => {
  const guard = await callerWith(house, 'watcher');
  await permit(house, guard, { wholeUnit: false, cameras: [camera], lookBackHours: 1 });
  assert.equal(
    (await guard.call('POST', '/api/views', { camera, purpose: 'mine', forWhom: 'a test', kind: 'live' }))
      .status,
    200,
  );
  const swapped = await guard.call('POST', '/api/views', {
    camera: h265,
    purpose: 'not mine',
    forWhom: 'a test',
    kind: 'live',
  });
  assert.deepEqual([swapped.status, swapped.json.code], [403, 'permission.none']);
  const [from, to] = [2 * 3_600_000, 3_000].map((ms) => new Date(house.clock.wallMs() - ms).toISOString());
  const old = await guard.call('POST', '/api/views', {
    camera,
    purpose: 'too old',
    forWhom: 'a test',
    kind: 'playback',
    from,
    to,
  });
  assert.equal(old.json.code, 'permission.look-back');
  const { site_id: site } = await house.db.kysely
    .selectFrom('camera')
    .select('site_id')
    .where('id', '=', h265)
    .executeTakeFirstOrThrow();
  await permit(house, guard, { wholeUnit: false, sites: [site] });
  assert.equal(
    (
      await guard.call('POST', '/api/views', {
        camera: h265,
        purpose: 'now',
        forWhom: 'a test',
        kind: 'live',
      })
    ).status,
    200,
  );
});

test('before the first frame it is said for whom; a shift says it for its live pictures, and they end with it', async () => {
  const guard = await viewerWith(house, 'watcher');
  const wish = { camera, kind: 'live', purpose: 'a look' };
  for (const forWhom of [undefined, ' ', 'x']) {
    const bare = await guard.call('POST', '/api/views', {
      ...wish,
      ...(forWhom === undefined ? {} : { forWhom }),
    });
    assert.deepEqual([bare.status, bare.json.code], [422, 'view.for-whom'], String(forWhom));
    assert.equal((await ledgerRows(house)).at(-1)?.code, 'view.for-whom');
  }
  assert.equal((await guard.call('POST', '/api/shift', { post: ' ' })).json.code, 'request.malformed');
  const shift = (await guard.call('POST', '/api/shift', { post: '监控室 Control room' })).json;
  assert.equal((await guard.call('POST', '/api/shift', { post: 'once more' })).json.code, 'shift.running');
  assert.equal((await guard.call('GET', '/api/shift')).json.shift.id, shift.id);
  const opened = await guard.call('POST', '/api/views', wish);
  assert.equal(opened.status, 200, JSON.stringify(opened.json));
  const player = new Player(guard, opened.json.url);
  await player.until((frames) => parts(frames).length > 0, 'a picture');
  const recorded = await guard.call('POST', '/api/views', { ...wish, ...span() });
  assert.equal(recorded.json.code, 'view.for-whom', 'recordings are asked for each, also on a shift');
  assert.equal((await guard.call('DELETE', '/api/shift', { note: 'all quiet' })).status, 200);
  await player.closed;
  assert.equal((await guard.call('DELETE', '/api/shift', {})).json.code, 'shift.none');
  const row = await rowWith(opened.json.ticket, (one) => one.ended !== null);
  assert.equal(row.shift_id, shift.id);
});

test('the register says who, why, for whom, by which letter, and the seconds that the engine delivered', async () => {
  const [guard, auditor] = [await viewerWith(house, 'watcher'), await callerWith(house, 'auditor')];
  const permission = await permit(house, guard, { purpose: 'property' });
  await guard.call('POST', `/api/permissions/${(await others(guard, permission)).id}/withdraw`, {
    revision: 2,
  });
  const said = { purpose: '找一个书包 A schoolbag', forWhom: '王老师 Ms Wang', authority: '2026-118' };
  const { from, to } = span();
  const opened = await open(guard, { ...said, kind: 'playback', from, to });
  const player = new Player(guard, opened.url);
  await once(player.socket, 'open');
  player.socket.send(JSON.stringify({ op: 'seek', atMs: Date.parse(from), untilMs: Date.parse(to) }));
  const ticks = (frames: readonly Frame[]) =>
    parts(frames).reduce((sum, frame) => sum + (frame.kind === 'part' ? frame.ticks : 0), 0);
  await player.until((frames) => ticks(frames) >= 2.4 * 90_000, 'most of three seconds');
  await guard.call('DELETE', `/api/views/${opened.ticket}`);
  await player.closed;
  const whatCame = ticks(player.frames) / 90_000;
  const left = (): boolean =>
    house.facts.some((fact) => fact.kind === 'viewer-left' && fact.ticket === opened.ticket);
  await house.until(left, 'the engine says how much it was');
  await rowWith(opened.ticket, (one) => one.delivered_s > 0);
  const found = (await auditor.call('GET', `/api/uses?person=${guard.personId}&q=schoolbag`)).json.items;
  assert.equal(found.length, 1);
  const [use] = found;
  assert.ok(
    Math.abs(use.deliveredS - whatCame) < 1,
    `${use.deliveredS} s in the register, ${whatCame} s came`,
  );
  assert.deepEqual(
    [use.reason, use.forWhom, use.authority, use.purpose, use.camera, use.permission, use.kind],
    [said.purpose, said.forWhom, said.authority, 'property', camera, permission, 'playback'],
  );
  for (const kind of ['live', 'export'])
    assert.deepEqual(
      (await auditor.call('GET', `/api/uses?person=${guard.personId}&kind=${kind}`)).json.items,
      [],
    );
  for (const caller of [guard, await callerWith(house, 'administrator')])
    assert.equal((await caller.call('GET', '/api/uses')).json.code, 'gate.denied');
  const line = (await ledgerRows(house)).findLast((one) => one.action === 'view.playback');
  assert.equal(
    (line?.detail as { forWhom?: string } | undefined)?.forWhom,
    said.forWhom,
    'the ledger says it too',
  );
});

/** The other running permission than the one that is named. */
const others = async (caller: TestCaller, id: string) =>
  (await caller.call('GET', '/api/permissions/mine?state=running')).json.items.find(
    (each: { id: string }) => each.id !== id,
  );

test('the register of a month is a paper and a table, and its digest stands in the ledger', async () => {
  const auditor = await callerWith(house, 'auditor');
  const month = new Intl.DateTimeFormat('en-CA', {
    timeZone: 'Asia/Shanghai',
    year: 'numeric',
    month: '2-digit',
  })
    .format(house.clock.wallMs())
    .slice(0, 7);
  const get = async (file: string) => {
    const answer = await fetch(`${house.url}/api/uses/monthly/${file}?month=${month}&lang=zh`, {
      headers: { cookie: auditor.cookie },
    });
    assert.equal(answer.status, 200, file);
    return Buffer.from(await answer.arrayBuffer());
  };
  const json = await get('register.json');
  const line = (await ledgerRows(house)).findLast(
    (one) => one.action === 'use.read' && one.subject_name === month,
  );
  const detail = line?.detail as { sha256?: string; rows?: number };
  assert.equal(detail.sha256, createHash('sha256').update(json).digest('hex'));
  assert.equal(JSON.parse(json.toString()).uses.length, detail.rows);
  assert.ok((detail.rows ?? 0) > 5);
  assert.equal((await get('register.pdf')).subarray(0, 5).toString(), '%PDF-');
  assert.equal((await get('register.xlsx')).subarray(0, 2).toString(), 'PK');
  assert.equal(
    (await auditor.call('GET', '/api/uses/monthly/register.pdf?month=2999-01')).json.code,
    'use.future',
  );
});

test('a person has sixteen recorded views open at most', async () => {
  const one = await viewerWith(house, 'approver');
  const answers = await Promise.all(
    Array.from({ length: 20 }, () =>
      one.call('POST', '/api/views', { camera, purpose: 'many', forWhom: 'a test', ...span() }),
    ),
  );
  assert.equal(answers.filter((answer) => answer.status === 200).length, 16);
  const refused = answers.filter((answer) => answer.status !== 200);
  assert.ok(refused.every((answer) => answer.json.code === 'view.too-many'));
});

test('H.265 is shown as it is to a browser that plays it, and converted for one that does not', async () => {
  const able = await open(approver, { camera: h265, abilities: { h265: true } });
  assert.deepEqual([able.stream, able.transcoded], ['main', false]);
  const unable = await open(approver, { camera: h265 });
  assert.equal(unable.transcoded, true);
  const player = new Player(approver, unable.url);
  await player.until((frames) => parts(frames).length > 0, 'a converted picture');
  const init = player.frames.find((frame) => frame.kind === 'init');
  assert.match(init?.kind === 'init' ? init.json.video : '', /^avc1/);
  // The one place for a conversion is taken.
  const full = await approver.call('POST', '/api/views', {
    camera: h265,
    kind: 'live',
    purpose: 'on shift',
    forWhom: 'a test',
  });
  assert.equal(full.json.code, 'view.cannot-play');
  assert.match(full.json.detail, /H\.265/);
  player.socket.close();
  await player.closed;
});

test('a player that floods is closed, and what is no wish is ignored', async () => {
  const { url } = await open(approver, span());
  const player = new Player(approver, url);
  await once(player.socket, 'open');
  for (const text of ['', '{', '[]', '{"op":"shutdown"}', 'null']) player.socket.send(text);
  const { from, to } = span();
  player.socket.send(JSON.stringify({ op: 'seek', atMs: Date.parse(from), untilMs: Date.parse(to) }));
  await player.until((frames) => parts(frames).length > 0, 'a picture all the same');
  for (let i = 0; i < 200; i++) player.socket.send('{"op":"pause"}');
  assert.equal((await player.closed).code, 1008);
  const large = new Player(approver, url);
  await once(large.socket, 'open');
  large.socket.send('x'.repeat(2_000));
  assert.equal((await large.closed).code, 1009);
});

test('footage comes as one MP4, by ranges too, under a name to find it by, and a download is written down', async () => {
  const { url } = await open(approver, span());
  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(house.url + url + path, { headers: { cookie: approver.cookie, ...headers } });
  const whole = await get('/footage.mp4');
  const bytes = Buffer.from(await whole.arrayBuffer());
  assert.equal(Number(whole.headers.get('content-length')), bytes.length);
  const etag = whole.headers.get('etag')!;
  const tail = await get('/footage.mp4', { range: 'bytes=-500', 'if-range': etag });
  assert.equal(tail.status, 206);
  assert.equal(
    tail.headers.get('content-range'),
    `bytes ${bytes.length - 500}-${bytes.length - 1}/${bytes.length}`,
  );
  assert.deepEqual(Buffer.from(await tail.arrayBuffer()), bytes.subarray(-500));
  const other = await get('/footage.mp4', { range: 'bytes=0-9', 'if-range': '"another"' });
  assert.equal(other.status, 200);
  await other.arrayBuffer();
  const beyond = await get('/footage.mp4', { range: `bytes=${bytes.length}-` });
  assert.equal(beyond.status, 416);
  assert.equal(beyond.headers.get('content-range'), `bytes */${bytes.length}`);
  const download = await get('/footage.mp4?download=1');
  assert.match(
    download.headers.get('content-disposition')!,
    /^attachment; filename="[\x20-\x7e]+\.mp4"; filename\*=UTF-8''/,
  );
  await download.arrayBuffer();
  const line = (await ledgerRows(house)).find((row) => row.action === 'footage.download');
  assert.equal(line?.reason, 'on shift');
  await plays(bytes);
});

test('recorded footage plays as HLS in a player that knows nothing of us', async () => {
  const { url } = await open(approver, span());
  const list = `${house.url}${url}/index.m3u8`;
  const args = ['-v', 'error', '-headers', `Cookie: ${approver.cookie}\r\n`, '-i', list];
  const counted = await promisify(execFile)('ffmpeg', [...args, '-f', 'framecrc', '-']);
  assert.equal(counted.stderr, '');
  const pictures = counted.stdout.split('\n').filter((line) => /^0,/.test(line)).length;
  assert.ok(pictures > 50, `${pictures} pictures of three seconds`);
});

test('a console hears of cameras and gaps as they change, and of nothing when it is signed out', async () => {
  const watcher = await viewerWith(house, 'watcher');
  const response = await fetch(`${house.url}/api/events`, { headers: { cookie: watcher.cookie } });
  assert.equal(response.status, 200);
  const maintainer = await callerWith(house, 'maintainer');
  let text = '';
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  const events = () =>
    text
      .split('\n')
      .filter((line) => line.startsWith('data: {'))
      .map((line) => display.event.parse(JSON.parse(line.slice(6))));
  const readUntil = async (claim: () => boolean) => {
    while (!claim()) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`ended: ${text}`);
      text += value;
    }
  };
  await maintainer.call('POST', `/api/cameras/${camera}/pause`, { reason: 'to be heard' });
  await readUntil(() =>
    events().some(
      (event) => event.kind === 'camera' && event.camera.id === camera && event.camera.status === 'paused',
    ),
  );
  await readUntil(() =>
    events().some((event) => event.kind === 'gap' && event.gap.cause === 'paused' && event.gap.open),
  );
  await maintainer.call('POST', `/api/cameras/${camera}/resume`, {});
  await readUntil(() =>
    events().some((event) => event.kind === 'gap' && event.gap.cause === 'paused' && !event.gap.open),
  );
  await watcher.call('DELETE', '/api/session');
  await assert.rejects(
    readUntil(() => false),
    /ended/,
  );
});

/** FFmpeg decodes every picture of it without a complaint. */
async function plays(bytes: Buffer): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'custos-plays-'));
  try {
    const file = join(folder, 'footage.mp4');
    await writeFile(file, bytes);
    execFileSync('ffmpeg', ['-v', 'error', '-xerror', '-i', file, '-f', 'null', '-'], { stdio: 'pipe' });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function rowWith(ticket: string, claim: (row: { ended: Date | null; delivered_s: number }) => boolean) {
  for (let tries = 0; tries < 100; tries++) {
    const row = await house.db.kysely
      .selectFrom('view')
      .selectAll()
      .where('id', '=', ticket)
      .executeTakeFirstOrThrow();
    if (claim(row)) return row;
  }
  throw new Error('the register was not written');
}
