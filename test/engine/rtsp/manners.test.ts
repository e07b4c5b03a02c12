/** The conversation: what cameras get wrong and the link forgives, and what it does not. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { createServer as createTcp } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeFrame, encodeRequest, header, type RtspRequest } from '../../../src/engine/rtsp/index.ts';
import { h264Pps, h264Samples } from '../codec/samples.ts';
import { rtpPacket } from '../rtp/packets.ts';
import { type Answer, goodSdp, type HeaderList, startCamera } from './camera.ts';
import { collect, eventually, sourceOf } from './collect.ts';

const methods = (requests: readonly RtspRequest[]): string[] => requests.map((one) => one.method);

test('a link asks in order and takes its leave', async () => {
  await using camera = await startCamera();
  const seen = collect(sourceOf(camera.url));
  await seen.until(() => seen.units.length === 3);
  await seen[Symbol.asyncDispose]();
  assert.equal(seen.ended, null);
  assert.deepEqual(methods(camera.requests), ['OPTIONS', 'DESCRIBE', 'SETUP', 'PLAY', 'TEARDOWN']);
  assert.equal(camera.requests[2]!.uri, `${camera.url}/trackID=1`);
  assert.equal(camera.requests[3]!.uri, `${camera.url}/`);
  assert.equal(header(camera.requests[4]!, 'session'), '42');
});

test('nothing is told after a link is closed, and closing twice is one closing', async () => {
  await using camera = await startCamera();
  const seen = collect(sourceOf(camera.url));
  await seen.until(() => seen.units.length === 3);
  const closing = seen[Symbol.asyncDispose]();
  camera.show();
  await Promise.all([closing, seen[Symbol.asyncDispose]()]);
  assert.equal(seen.units.length, 3);
});

test('a link that is closed while it opens says so and leaves nothing open', async () => {
  await using camera = await startCamera({ answer: () => null });
  const seen = collect(sourceOf(camera.url));
  await Promise.resolve();
  await seen[Symbol.asyncDispose]();
  assert.equal(seen.ended, null);
  assert.equal(seen.tracks.length, 0);
});

test('answers without Transport or Session, and parameter sets that come only between the pictures, will do', async () => {
  await using camera = await startCamera({
    sdp: goodSdp.replace(/a=fmtp.*\r\n/, ''),
    answer: (request) => (request.method === 'SETUP' ? {} : undefined),
  });
  await using seen = collect(sourceOf(camera.url));
  await seen.until(() => seen.units.length === 3);
  assert.equal(seen.tracks[0]!.video.width, 640);
});

test('channels and codes of the camera’s own choosing are followed, foreign channels are ignored', async () => {
  await using camera = await startCamera({
    media: false,
    answer: (request, self) => {
      if (request.method === 'SETUP') {
        return {
          headers: [
            ['Transport', 'RTP/AVP/TCP;interleaved=6-7;ssrc=0'],
            ['Session', '1'],
          ],
        };
      }
      if (request.method === 'PLAY') {
        setImmediate(() => {
          self.show(0);
          self.show(6);
        });
      }
      return undefined;
    },
  });
  await using seen = collect(sourceOf(camera.url));
  await seen.until(() => seen.units.length === 1);
  assert.equal(seen.link.counters.ignoredMedia >= 3, true);
});

test('a control address that is refused is tried the other way, and so is PLAY', async () => {
  await using camera = await startCamera({
    sdp: goodSdp.replace('a=control:trackID=1', 'a=control:video/1'),
    answer: (request) => {
      if (request.method === 'DESCRIBE')
        return { body: goodSdp.replace('a=control:*\r\n', 'a=control:all\r\n') };
      const wrong =
        (request.method === 'SETUP' && request.uri.endsWith('/cam/trackID=1')) ||
        (request.method === 'PLAY' && request.uri.endsWith('/all'));
      return wrong ? { status: 404, reason: 'Not Found' } : undefined;
    },
  });
  await using seen = collect(sourceOf(camera.url));
  await seen.until(() => seen.units.length === 3);
});

const digest = (nonce: string, more = ''): Answer => ({
  status: 401,
  reason: 'Unauthorized',
  headers: [
    ['WWW-Authenticate', `Digest realm="cam", nonce="${nonce}", algorithm=SHA-256, qop="auth"${more}`],
  ],
});

test('a nonce that changes with every request is followed, and the name never stands in an address', async () => {
  let nonce = 0;
  await using camera = await startCamera({
    answer: (request) => {
      const authorization = header(request, 'authorization') ?? '';
      if (!authorization.includes(`nonce="n${nonce}"`)) return digest(`n${nonce}`);
      nonce++;
      return undefined;
    },
  });
  const seen = collect(sourceOf(camera.url, { user: 'admin', password: 'p@ss:w/rd#?%^[ü' }));
  await seen.until(() => seen.units.length === 3);
  await seen[Symbol.asyncDispose]();
  assert.equal(methods(camera.requests).at(-1), 'TEARDOWN');
  for (const request of camera.requests) {
    assert.ok(!request.uri.includes('@') && !request.uri.includes('admin'));
    const authorization = header(request, 'authorization');
    if (authorization) assert.match(authorization, new RegExp(`uri="${request.uri}"`));
  }
});

test('a camera that refuses for ever is asked no more than it must be', async () => {
  let nonce = 0;
  await using camera = await startCamera({ answer: () => digest(`n${nonce++}`, ', stale=true') });
  await using seen = collect(sourceOf(camera.url, { user: 'a', password: 'b' }));
  await seen.until(() => seen.ended !== undefined);
  assert.equal(seen.ended?.code, 'bad-credentials');
  assert.ok(camera.requests.length <= 4);
});

test('a kind of sign-in we do not speak is named', async () => {
  const headers: HeaderList = [['WWW-Authenticate', 'NTLM']];
  await using camera = await startCamera({ answer: () => ({ status: 401, headers }) });
  await using seen = collect(sourceOf(camera.url, { user: 'a', password: 'b' }));
  await seen.until(() => seen.ended !== undefined);
  assert.deepEqual(seen.ended, { code: 'auth-unsupported', values: { scheme: 'ntlm' } });
});

test('a redirection is followed, but credentials stay with their host', async () => {
  const asked: (string | undefined)[] = [];
  await using target = await startCamera({
    answer: (request) => {
      asked.push(header(request, 'authorization'));
      return header(request, 'authorization') ? undefined : digest('t');
    },
  });
  const redirect = (to: string) => (request: RtspRequest) =>
    request.method === 'DESCRIBE' ? { status: 302, headers: [['Location', to]] as HeaderList } : undefined;
  await using same = await startCamera({ answer: redirect(target.url) });
  await using seen = collect(sourceOf(same.url, { user: 'admin', password: 'secret' }));
  await seen.until(() => seen.units.length === 3);
  asked.length = 0;
  await using away = await startCamera({ answer: redirect(target.url.replace('127.0.0.1', 'localhost')) });
  await using other = collect(sourceOf(away.url, { user: 'admin', password: 'secret' }));
  await other.until(() => other.ended !== undefined);
  assert.equal(other.ended?.code, 'needs-credentials');
  assert.deepEqual(
    asked.filter((one) => one !== undefined),
    [],
  );
});

test('a redirection in a circle ends', async () => {
  await using camera = await startCamera({
    answer: (request, self) =>
      request.method === 'DESCRIBE' ? { status: 301, headers: [['Location', self.url]] } : undefined,
  });
  await using seen = collect(sourceOf(camera.url));
  await seen.until(() => seen.ended !== undefined);
  assert.equal(seen.ended?.code, 'bad-answer');
});

test('a session is kept alive as the camera can, whatever it answers', async () => {
  const session: HeaderList = [
    ['Session', '42;timeout=2'],
    ['Transport', 'RTP/AVP/TCP;unicast;interleaved=0-1'],
  ];
  await using camera = await startCamera({
    answer: (request) => {
      if (request.method === 'SETUP') return { headers: session };
      if (request.method === 'GET_PARAMETER') return { status: 454, reason: 'Session Not Found' };
      return undefined;
    },
  });
  await using seen = collect(sourceOf(camera.url), { reportMs: 100 });
  const media = setInterval(() => camera.show(), 100);
  try {
    await seen.until(() => methods(camera.requests).slice(4).includes('OPTIONS'));
    assert.equal(methods(camera.requests)[4], 'GET_PARAMETER');
    assert.equal(seen.ended, undefined);
    assert.ok(camera.reports.length > 3, 'receiver reports go out');
    assert.equal(camera.reports[0]![1], 201);
  } finally {
    clearInterval(media);
  }
});

test('a camera may ask us, and may end the session', async () => {
  await using camera = await startCamera();
  await using seen = collect(sourceOf(camera.url));
  await seen.until(() => seen.units.length === 3);
  camera.say(encodeRequest('OPTIONS', '*', [['CSeq', 9]]));
  camera.say(encodeRequest('REDIRECT', '*', [['CSeq', 10]]));
  await eventually(() => camera.answers.length >= 2);
  camera.say(encodeRequest('TEARDOWN', '*', [['CSeq', 11]]));
  await seen.until(() => seen.ended !== undefined);
  assert.equal(seen.ended?.code, 'closed');
  assert.deepEqual(
    camera.answers.slice(0, 2).map((one) => one.kind === 'response' && one.status),
    [200, 501],
  );
});

test('each refusal of a camera has its own problem', async () => {
  const cases: [Answer, string][] = [
    [{ status: 453, reason: 'Not Enough Bandwidth' }, 'busy'],
    [{ status: 503, reason: 'Service Unavailable' }, 'busy'],
    [{ status: 404, reason: 'Not Found' }, 'not-found'],
    [{ status: 403, reason: 'Forbidden for secret-word' }, 'refused-by-camera'],
    [{ status: 200, body: 'hello' }, 'bad-answer'],
    [{ status: 200, body: goodSdp.replace('m=video', 'm=image') }, 'no-video'],
    [{ status: 200, body: goodSdp.replace('H264', 'AV1') }, 'codec-unknown'],
  ];
  for (const [answer, code] of cases) {
    await using camera = await startCamera({
      answer: (request) => (request.method === 'DESCRIBE' ? answer : undefined),
    });
    await using seen = collect(sourceOf(camera.url, { user: 'admin', password: 'secret-word' }));
    await seen.until(() => seen.ended !== undefined);
    assert.equal(seen.ended?.code, code);
    assert.ok(!JSON.stringify(seen.ended).includes('secret-word'));
  }
});

test('what is no camera address ends at once, and after the caller has its link', async () => {
  await using seen = collect(sourceOf('http://127.0.0.1/'));
  assert.equal(seen.ended, undefined);
  await seen.until(() => seen.ended !== undefined);
  assert.deepEqual(seen.ended, { code: 'bad-url', values: {} });
});

test('hostile and broken servers each end with a problem, soon, and never with more', async () => {
  const ok = 'RTSP/1.0 200 OK\r\nCSeq: 1\r\n';
  const cases: [(socket: import('node:net').Socket) => void, string][] = [
    [(socket) => void socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'), 'not-rtsp'],
    [(socket) => void socket.write(Buffer.alloc(1000, 0xff)), 'not-rtsp'],
    [(socket) => void socket.write('SSH-2.0-OpenSSH_9.2\r\n'), 'not-rtsp'],
    [(socket) => void socket.write(`${ok}Content-Length: 4294967296\r\n\r\n`), 'too-large'],
    [(socket) => void socket.write(`${ok}${'X: y\r\n'.repeat(5000)}\r\n`), 'too-large'],
    [
      (socket) => {
        socket.write(ok);
        const more = (): void => {
          while (!socket.destroyed && socket.write(`X: ${'a'.repeat(5000)}\r\n`));
        };
        socket.on('drain', more);
        more();
      },
      'too-large',
    ],
    [(socket) => void socket.end(ok), 'closed'],
    [(socket) => void socket.destroy(), 'closed'],
    [(socket) => void socket.end(`${ok}Content-Length: 100\r\n\r\nv=0`), 'closed'],
    [() => undefined, 'no-answer'],
    [(socket) => void socket.write('RTSP/1.0 200 OK\r\nCSeq: 99\r\n\r\n'), 'no-answer'],
    [
      (socket) => {
        const drip = setInterval(() => socket.write('a'), 20);
        socket.on('close', () => clearInterval(drip));
        socket.write('RTSP/1.0 200 ');
      },
      'no-answer',
    ],
  ];
  for (const [raw, code] of cases) {
    await using camera = await startCamera({ raw: (socket) => socket.once('data', () => raw(socket)) });
    await using seen = collect(sourceOf(camera.url), { answerMs: 500 });
    await seen.until(() => seen.ended !== undefined);
    assert.equal(seen.ended?.code, code, String(raw));
  }
});

test('nonsense between the frames is skipped, a flood of it ends the link', async () => {
  await using camera = await startCamera();
  await using seen = collect(sourceOf(camera.url));
  await seen.until(() => seen.units.length === 3);
  camera.say(Buffer.from([0xff, 0, 0x24, 0xaa, 1]));
  camera.show();
  await seen.until(() => seen.units.length === 4);
  camera.say(Buffer.alloc(300_000, 0xff));
  await seen.until(() => seen.ended !== undefined);
  assert.deepEqual(seen.ended, { code: 'bad-answer', values: { what: 'framing' } });
});

test('a camera that plays and sends nothing is stalled; by UDP it is blocked', async () => {
  await using camera = await startCamera({ media: false });
  await using tcp = collect(sourceOf(camera.url), { firstPacketMs: 300 });
  await tcp.until(() => tcp.ended !== undefined);
  assert.equal(tcp.ended?.code, 'stalled');
  await using udp = collect(sourceOf(camera.url, { transport: 'udp' }), { firstPacketMs: 300 });
  await udp.until(() => udp.ended !== undefined);
  assert.deepEqual(udp.ended, { code: 'udp-blocked', values: {} });
});

test('a camera whose parameter sets never come is told from one that is silent', async () => {
  await using camera = await startCamera({ media: false, sdp: goodSdp.replace(/a=fmtp.*\r\n/, '') });
  await using seen = collect(sourceOf(camera.url), { firstUnitMs: 500 });
  let sequence = 0;
  const media = setInterval(() => {
    const packet = rtpPacket(
      { sequence: sequence++, timestamp: sequence * 3600, marker: true },
      Buffer.from([0x41, 0x80]),
    );
    camera.say(encodeFrame(0, packet));
  }, 20);
  await seen.until(() => seen.ended !== undefined);
  clearInterval(media);
  assert.deepEqual(seen.ended, { code: 'bad-answer', values: { what: 'SPS' } });
});

test('UDP packets are put in order, and those of strangers are left out', async () => {
  const port = createSocket('udp4');
  await new Promise<void>((ready) => port.bind(0, '127.0.0.1', ready));
  const stranger = createSocket('udp4');
  await new Promise<void>((ready) => stranger.bind(0, '127.0.0.2', ready));
  let client = 0;
  await using camera = await startCamera({
    media: false,
    answer: (request) => {
      if (request.method !== 'SETUP') return undefined;
      const asked = header(request, 'transport') ?? '';
      if (asked.includes('TCP')) return { status: 461, reason: 'Unsupported Transport' };
      client = Number(/client_port=(\d+)/.exec(asked)?.[1]);
      const server = `${port.address().port}-${port.address().port}`;
      return {
        headers: [
          ['Session', '7'],
          ['Transport', `${asked};server_port=${server}`],
        ],
      };
    },
  });
  const punched = new Promise<void>((done) => port.once('message', () => done()));
  await using seen = collect(sourceOf(camera.url));
  await punched;
  assert.equal(client % 2, 0);
  const nals = [h264Samples[1]!.sps, h264Pps, Buffer.from([0x65, 0x80, 1])];
  const send = (socket: typeof port, sequence: number): void => {
    const packet = rtpPacket(
      { sequence, timestamp: Math.floor(sequence / 3) * 3600, marker: sequence % 3 === 2 },
      nals[sequence % 3]!,
    );
    socket.send(packet, client, '127.0.0.1');
  };
  for (let i = 30; i < 60; i++) send(stranger, i);
  for (const sequence of [0, 2, 1, 3, 5, 4, 6, 7, 8]) send(port, sequence);
  await seen.until(() => seen.units.length === 3);
  assert.ok(seen.units.every((unit) => !unit.damaged));
  assert.deepEqual([seen.link.counters.packetsReordered, seen.link.counters.packetsLost], [2, 0]);
  // A hole that is not filled is given up after a moment.
  for (const sequence of [9, 11, 12, 13, 14]) send(port, sequence);
  await seen.until(() => seen.units.length === 5);
  assert.equal(seen.link.counters.packetsLost, 1);
  port.close();
  stranger.close();
});

test('an address that answers in no time at all is told as such', async () => {
  // A backlog that is full takes no more connections: the handshake never ends.
  const silent = createTcp();
  await new Promise<void>((ready) => silent.listen(0, '127.0.0.1', ready));
  const { port } = silent.address() as { port: number };
  await using seen = collect(sourceOf(`rtsps://127.0.0.1:${port}/`), { connectMs: 300 });
  await seen.until(() => seen.ended !== undefined);
  assert.deepEqual(seen.ended, { code: 'no-answer', values: { host: '127.0.0.1', port, seconds: 0.3 } });
  silent.close();
});

test('whatever a camera answers, a link ends in pictures or in a problem', async () => {
  const texts: [string, string][] = [
    ['OPTIONS', 'RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: OPTIONS, GET_PARAMETER\r\n\r\n'],
    [
      'DESCRIBE',
      `RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Base: rtsp://h/x/\r\nContent-Length: ${goodSdp.length}\r\n\r\n${goodSdp}`,
    ],
    [
      'SETUP',
      'RTSP/1.0 200 OK\r\nCSeq: 3\r\nSession: 1;timeout=9\r\nTransport: RTP/AVP/TCP;interleaved=0-1;ssrc=1\r\n\r\n',
    ],
    ['PLAY', 'RTSP/1.0 200 OK\r\nCSeq: 4\r\nSession: 1\r\n\r\n$\0\0\0'],
  ];
  const mutation = fc.record({
    which: fc.nat(texts.length - 1),
    changes: fc.array(fc.tuple(fc.nat(700), fc.integer({ min: 0, max: 255 })), {
      minLength: 1,
      maxLength: 4,
    }),
    cut: fc.oneof(fc.constant(10_000), fc.nat(600)),
  });
  await fc.assert(
    fc.asyncProperty(mutation, async ({ which, changes, cut }) => {
      let asked = 0;
      await using camera = await startCamera({
        raw: (socket) =>
          socket.on('data', () => {
            const at = asked++;
            const bytes = Buffer.from(texts[at]?.[1] ?? '', 'latin1');
            if (at === which) for (const [place, value] of changes) bytes[place % bytes.length] = value;
            socket.write(at === which ? bytes.subarray(0, cut) : bytes);
          }),
      });
      await using seen = collect(sourceOf(camera.url), { answerMs: 60, firstPacketMs: 60, teardownMs: 20 });
      await seen.until(() => seen.ended !== undefined);
      assert.ok(seen.ended);
    }),
    { numRuns: 150 },
  );
});
