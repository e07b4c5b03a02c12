/**
 * Cameras that are none, typed into the console's own form: each gets a sentence in both languages, none gets the
 * password into a page, the log, an answer or the disk, and the good camera beside them is recorded as if they were not
 * there. And one that changes its resolution while it sends.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { cameraProblems, fill, type Problem } from '../../src/contract/index.ts';
import { cameraWords } from '../../web/src/words/cameras.ts';
import { until } from '../support/custos.ts';
import { type GstServer, loopLaunch, makeClip, sliceDigests, startGst } from '../support/gst.ts';
import { complaints, countFrames, isStretchOfLoop, pictureDigests, sizesOf } from './support/frames.ts';
import {
  addByForm,
  awkwardPassword,
  type Desk,
  downloadClip,
  filesWith,
  fillForm,
  formsOf,
  holesOf,
  openDesk,
  openForm,
  type Person,
  recorded,
  saveForm,
  testConnection,
  timelineOf,
} from './support/person.ts';

const user = 'admin';

/** Serves whoever connects with something that is not what they expect. */
async function listen(serve: (socket: Socket) => void): Promise<{ port: number } & AsyncDisposable> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
    serve(socket);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return {
    port: (server.address() as { port: number }).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}

const cseq = (request: Buffer): string => /cseq: *(\d+)/i.exec(request.toString('latin1'))?.[1] ?? '1';

/** Writes for as long as it is read. */
function pour(socket: Socket, text: string): void {
  const more = () => {
    while (!socket.destroyed && socket.write(text)) {
      // The socket takes more.
    }
  };
  socket.on('drain', more);
  more();
}

interface Bad {
  readonly name: string;
  readonly url: string;
  readonly problem: Problem;
  /** Absent: the awkward one. */
  readonly password?: string;
}

/** Every way to be no camera, each on a port of its own. */
async function badCameras(stack: AsyncDisposableStack, server: GstServer): Promise<Bad[]> {
  const at = async (serve: (socket: Socket) => void) => stack.use(await listen(serve)).port;
  const nonsense = await at((socket) => socket.end('SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n'.repeat(9)));
  const header = await at((socket) =>
    socket.once('data', () => {
      socket.write('RTSP/1.0 200 OK\r\nServer: ');
      pour(socket, 'a'.repeat(16_384));
    }),
  );
  const body = await at((socket) =>
    socket.once('data', (request) => {
      socket.write(`RTSP/1.0 200 OK\r\nCSeq: ${cseq(request)}\r\nContent-Length: 4294967296\r\n\r\n`);
      pour(socket, 'v=0\r\n'.repeat(2_000));
    }),
  );
  const closed = await listen(() => undefined);
  await closed[Symbol.asyncDispose]();
  const host = '127.0.0.1';
  const of = (port: number) => `rtsp://${host}:${port}/live`;
  const problem = (code: Problem['code'], values: Problem['values'] = {}): Problem => ({ code, values });
  return [
    { name: 'No such path', url: server.url('/nothing'), problem: problem('not-found') },
    {
      name: 'Closed port',
      url: of(closed.port),
      problem: problem('port-closed', { host, port: closed.port }),
    },
    {
      name: 'Bad password',
      url: server.url('/good'),
      password: `${awkwardPassword}!`,
      problem: problem('bad-credentials'),
    },
    { name: 'Nonsense', url: of(nonsense), problem: problem('not-rtsp', { host, port: nonsense }) },
    {
      name: 'Endless header',
      url: of(header),
      problem: problem('too-large', { what: 'header > 65536 B' }),
    },
    { name: 'Huge body', url: of(body), problem: problem('too-large', { what: 'body 4294967296 B' }) },
    { name: 'MJPEG', url: server.url('/mjpeg'), problem: problem('codec-unknown', { codec: 'JPEG' }) },
    { name: 'MPEG-4', url: server.url('/mpeg4'), problem: problem('codec-unknown', { codec: 'MP4V-ES' }) },
  ];
}

/** Launch lines for codecs that are not recorded, served from files that are made once. */
async function otherCodecs(stack: AsyncDisposableStack): Promise<{ mjpeg: string; mpeg4: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'custos-codecs-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const [still, film] = [join(folder, 'still.jpg'), join(folder, 'film.m4v')];
  const drawn = ['-v', 'error', '-f', 'lavfi', '-i', 'testsrc2=size=160x120:rate=5'];
  await promisify(execFile)('ffmpeg', [
    ...[...drawn, '-map', '0', '-frames:v', '1', still],
    ...['-map', '0', '-t', '4', '-c:v', 'mpeg4', film],
  ]);
  const from = (file: string, caps: string) =>
    `multifilesrc location="${file}" loop=true caps="${caps},framerate=5/1"`;
  const mpeg4 = 'video/mpeg,mpegversion=4,systemstream=false';
  return {
    mjpeg: `( ${from(still, 'image/jpeg,width=160,height=120')} ! jpegparse ! rtpjpegpay name=pay0 pt=26 )`,
    mpeg4: `( ${from(film, mpeg4)} ! mpeg4videoparse ! rtpmp4vpay name=pay0 pt=96 )`,
  };
}

test('whatever is no camera gets its sentence in both languages, and nothing else is touched', {
  timeout: 400_000,
}, async (t) => {
  await using stack = new AsyncDisposableStack();
  const clip = stack.use(
    await makeClip({ seconds: 8, fps: 15, gop: 15, width: 320, height: 180, kbps: 300 }),
  );
  const other = await otherCodecs(stack);
  const server = stack.use(
    await startGst({
      signIn: { kind: 'digest', user, password: awkwardPassword },
      streams: [
        { path: '/good', launch: loopLaunch(clip.stream, clip.codec, 15) },
        { path: '/mjpeg', launch: other.mjpeg },
        { path: '/mpeg4', launch: other.mpeg4 },
      ],
    }),
  );
  const bad = await badCameras(stack, server);
  const desk = stack.use(await openDesk());
  const person = stack.use(await desk.sit('en'));
  const good = { name: 'Good', url: server.url('/good'), user, password: awkwardPassword };
  const { id: goodId } = await addByForm(person, good);
  await recorded(desk.caller, goodId, 2);
  {
    await using reader = await desk.sit('zh');
    await t.test('in 中文', () => tryEach(reader, bad));
  }
  await t.test('in English', () => tryEach(person, bad));
  for (const each of bad) {
    await openForm(person);
    await fillForm(person, typedOf(each));
    await saveForm(person, each.name);
  }
  await t.test('the register says of each what is wrong, in both languages', () => readRegister(desk, bad));
  await t.test('the good camera was recorded all the while', async () => {
    await recorded(desk.caller, goodId, 10);
    assert.deepEqual(await holesOf(desk.caller, goodId), []);
  });
  await t.test('the password is nowhere', () => assertSilent(desk, person));
});

const typedOf = ({ name, url, password }: Bad) => ({
  name,
  url,
  user,
  password: password ?? awkwardPassword,
});

async function tryEach(person: Person, bad: readonly Bad[]): Promise<void> {
  const { page, lang } = person;
  await openForm(person);
  await fillForm(person, {
    name: 'Web page',
    url: 'http://127.0.0.1/camera',
    user,
    password: awkwardPassword,
  });
  await page.getByRole('button', { name: cameraWords[lang].test, exact: true }).click();
  await page.getByText(cameraWords[lang].fieldUrlBad).waitFor();
  for (const each of bad) {
    await fillForm(person, typedOf(each));
    const said = await testConnection(person);
    const { code, values } = each.problem;
    assert.equal(said, fill(cameraProblems[code][lang], values), each.name);
    assert.deepEqual(await shown(person), [], `the page of ${each.name} shows the password`);
  }
  const pasted = server(bad, 'Bad password').replace('rtsp://', `rtsp://${user}:${awkwardPassword}x@`);
  await fillForm(person, { name: 'Pasted', url: pasted });
  assert.equal(await testConnection(person), cameraProblems['bad-credentials'][lang]);
}

const server = (bad: readonly Bad[], name: string): string =>
  bad.find((each) => each.name === name)?.url ?? '';

/** What of the password can be read off the page; its own field, which shows dots, is not read. */
async function shown({ page }: Person): Promise<string[]> {
  const text = (await page.locator('body').textContent()) ?? '';
  return formsOf(awkwardPassword, user).filter((form) => text.includes(form));
}

async function readRegister(desk: Desk, bad: readonly Bad[]): Promise<void> {
  await until('each has its problem', async () => {
    const { items } = await desk.caller.must('GET', '/api/cameras');
    const told = new Map<string, Problem | null>(
      items.map((camera: { name: string; streams: { problem: Problem | null }[] }) => [
        camera.name,
        camera.streams[0]?.problem ?? null,
      ]),
    );
    return bad.every((each) => told.get(each.name)?.code === each.problem.code) || undefined;
  });
  for (const lang of ['en', 'zh'] as const) {
    await using reader = await desk.sit(lang);
    await reader.page.goto('/cameras');
    for (const { problem } of bad) {
      const sentence = fill(cameraProblems[problem.code][lang], problem.values);
      await reader.page.getByText(sentence).first().waitFor();
    }
    const html = await reader.page.content();
    assert.deepEqual(
      formsOf(awkwardPassword, user).filter((form) => html.includes(form)),
      [],
    );
  }
}

/** Pages, answers, log, and every byte that was written to the disk. */
async function assertSilent({ custos, caller }: Desk, { page }: Person): Promise<void> {
  const forms = formsOf(awkwardPassword, user);
  const said = [custos.log(), await page.content()];
  for (const path of ['/api/cameras', '/api/sites', '/api/session', '/api/system'])
    said.push(JSON.stringify((await caller.call('GET', path)).body));
  assert.deepEqual(
    forms.filter((form) => said.some((text) => text.includes(form))),
    [],
  );
  const files = (await readdir(custos.dataDir, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  assert.ok(files.length > 100, 'the disk was looked at');
  assert.deepEqual(await filesWith(files, forms), []);
}

test('a camera that changes its resolution in mid-stream is recorded without a hole, and its clip plays through', {
  timeout: 240_000,
}, async (t) => {
  await using stack = new AsyncDisposableStack();
  const fps = 15;
  const [wide, narrow] = [
    stack.use(await makeClip({ seconds: 4, fps, gop: fps, width: 480, height: 270, kbps: 400 })),
    stack.use(await makeClip({ seconds: 4, fps, gop: fps, width: 320, height: 240, kbps: 300 })),
  ];
  const joined = join(dirname(wide.stream), 'joined.h264');
  await writeFile(joined, Buffer.concat([await readFile(wide.stream), await readFile(narrow.stream)]));
  const loop = sliceDigests(await readFile(joined), 'h264');
  const camera = stack.use(
    await startGst({ streams: [{ path: '/s', launch: loopLaunch(joined, 'h264', fps) }] }),
  );
  const desk = stack.use(await openDesk());
  const person = stack.use(await desk.sit('en'));
  const { id } = await addByForm(person, { name: 'Changing', url: camera.url('/s') });
  await recorded(desk.caller, id, 20);
  const { spans } = await timelineOf(desk.caller, id);
  assert.equal(spans.length, 1, 'no hole in the timeline');
  assert.deepEqual(await holesOf(desk.caller, id), []);
  const [span] = spans;
  assert.ok(span);
  const { file } = await downloadClip(person, id, {
    fromMs: Math.ceil(span.fromMs / 1000) * 1000,
    toMs: Math.floor(span.toMs / 1000 - 2) * 1000,
  });
  const [pictures, frames, sizes] = [
    await pictureDigests(file, 'h264'),
    await countFrames(file),
    await sizesOf(file),
  ];
  t.diagnostic(`${pictures.length} pictures, ${frames.decoded} decoded; sizes ${sizes.join(', ')}`);
  assert.ok(isStretchOfLoop(loop, pictures), 'each picture once, in its order');
  assert.deepEqual(frames, { packets: pictures.length, decoded: pictures.length });
  assert.ok(sizes.length >= 3, `it changed twice at least: ${sizes}`);
  assert.deepEqual(new Set(sizes), new Set(['480x270', '320x240']));
  assert.equal(await complaints(file), '');
});
