/** Addresses, session descriptions and transports, as cameras and persons write them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { controlUris, requestUri, splitAddress } from '../../../src/engine/rtsp/address.ts';
import { LinkProblem } from '../../../src/engine/rtsp/index.ts';
import { chooseAudio, chooseVideo } from '../../../src/engine/rtsp/media.ts';
import { parseSdp, type Sdp } from '../../../src/engine/rtsp/sdp.ts';
import { readSession, readTransport } from '../../../src/engine/rtsp/transport.ts';
import { h264Pps, h264Samples } from '../codec/samples.ts';

test('an address is cut into place and credentials, and the path stays byte for byte', () => {
  const password = 'p@ss:w/rd#?%^[ü';
  const cases: [string, string, number, string, string, string][] = [
    ['rtsp://10.0.0.5/Streaming/Channels/101', '10.0.0.5', 554, '/Streaming/Channels/101', '', ''],
    ['rtsp://admin:12345@cam:8554/a?b=c&d=%20e', 'cam', 8554, '/a?b=c&d=%20e', 'admin', '12345'],
    [`rtsp://admin:${password}@10.0.0.5:554/live`, '10.0.0.5', 554, '/live', 'admin', password],
    ['RTSPS://[fe80::1]:322/x', 'fe80::1', 322, '/x', '', ''],
    ['rtsp://u:p%40q@h', 'h', 554, '', 'u', 'p@q'],
    ['rtsp://u:100%@h/x', 'h', 554, '/x', 'u', '100%'],
    ['rtsp://h/cam/user@home?x=a:b@c', 'h', 554, '/cam/user@home?x=a:b@c', '', ''],
    ['rtsp://u:p@h:8554/cam@home', 'h', 8554, '/cam@home', 'u', 'p'],
    ['rtsp://h:554/cam@home', 'h', 554, '/cam@home', '', ''],
    ['rtsp://h?channel=1', 'h', 554, '?channel=1', '', ''],
    ['  rtsp://h/摄像机 1 ', 'h', 554, '/%E6%91%84%E5%83%8F%E6%9C%BA%201', '', ''],
  ];
  for (const [text, host, port, path, user, secret] of cases) {
    const address = splitAddress(text);
    assert.deepEqual(
      [address.host, address.port, address.path, address.user, address.password],
      [host, port, path, user, secret],
      text,
    );
    assert.ok(!requestUri(address).slice(8).includes('@') || path.includes('@'));
  }
});

test('what is no camera address is a bad address', () => {
  const bad = [
    '',
    'http://h/',
    'rtsp://',
    'rtsp:///x',
    'rtsp://h:0/',
    'rtsp://h:99999/',
    'rtsp://h/\r\nX: y',
    'rtsp://h o/',
  ];
  for (const text of bad) {
    assert.throws(
      () => splitAddress(text),
      (error) => error instanceof LinkProblem && error.problem.code === 'bad-url',
    );
  }
  fc.assert(
    fc.property(fc.string({ maxLength: 80 }), (text) => {
      try {
        assert.ok(!/[^\x21-\x7e]/.test(requestUri(splitAddress(`rtsp://${text}`))));
      } catch (error) {
        assert.ok(error instanceof LinkProblem, String(error));
      }
    }),
    { numRuns: 5000 },
  );
});

test('a control attribute leads to the same place by every custom', () => {
  const ours = splitAddress('rtsp://10.0.0.5:8554/cam');
  assert.deepEqual(controlUris('rtsp://h/cam/', 'trackID=1', ours), ['rtsp://h/cam/trackID=1']);
  assert.deepEqual(controlUris('rtsp://h/cam', 'trackID=1', ours), [
    'rtsp://h/cam/trackID=1',
    'rtsp://h/trackID=1',
  ]);
  assert.deepEqual(controlUris('rtsp://h/cam?a=1', 'trackID=1', ours)[0], 'rtsp://h/cam?a=1/trackID=1');
  assert.deepEqual(controlUris('rtsp://h/cam', '?ctype=video', ours), ['rtsp://h/cam?ctype=video']);
  assert.deepEqual(controlUris('rtsp://h/cam', '/video', ours), ['rtsp://h/cam/video', 'rtsp://h/video']);
  assert.deepEqual(controlUris('rtsp://h/cam', '*', ours), ['rtsp://h/cam']);
  assert.deepEqual(controlUris('rtsp://h/cam', null, ours), ['rtsp://h/cam']);
  assert.deepEqual(controlUris('rtsp://h/cam', 'rtsp://u:p@192.168.1.9/x', ours), [
    'rtsp://192.168.1.9/x',
    'rtsp://10.0.0.5:8554/x',
  ]);
});

const sdpOf = (...lines: string[]): Sdp =>
  parseSdp(['v=0', 'o=- 0 0 IN IP4 0.0.0.0', ...lines, ''].join('\r\n'))!;
const base64 = (...bytes: Uint8Array[]): string => Buffer.concat(bytes).toString('base64');

test('unknown media are passed over and the picture is found', () => {
  const sdp = sdpOf(
    'm=application/TP-LINK 0 RTP/AVP smart/1/90000',
    'a=rtpmap:95 TP-LINK/90000',
    'm=application 0 RTP/AVP 107',
    'a=rtpmap:107 vnd.onvif.metadata/90000',
    'm=video 0 RTP/AVP 26',
    'm=video 0 RTP/AVP 96',
    'a=rtpmap:96 H264/90000   ',
    'a=fmtp:96 packetization-mode=0; sprop-parameter-sets=',
    'a=control:track1',
    'm=audio 0 RTP/AVP 0',
    'a=sendonly',
    'm=audio 0 RTP/AVP 98',
    'a=rtpmap:98 MPEG4-GENERIC/16000/1',
    'm=audio 0 RTP/AVP 8',
  );
  const video = chooseVideo(sdp);
  assert.deepEqual([video.codec, video.media.control, video.sets.length], ['h264', 'track1', 0]);
  // The back channel and the AAC nobody could play are no sound.
  assert.equal(chooseAudio(sdp)?.track.codec, 'pcma');
});

test('parameter sets are read whole, half, with start codes and together', () => {
  const { sps } = h264Samples[0]!;
  const code = Buffer.from([0, 0, 0, 1]);
  const setsOf = (sprop: string): string[] =>
    chooseVideo(
      sdpOf('m=video 0 RTP/AVP 96', 'a=rtpmap:96 H264/90000', `a=fmtp:96 sprop-parameter-sets=${sprop};x=y`),
    ).sets.map((set) => set.toString('hex'));
  const both = [sps.toString('hex'), h264Pps.toString('hex')];
  assert.deepEqual(setsOf(`${base64(sps)},${base64(h264Pps)}`), both);
  assert.deepEqual(setsOf(`${base64(sps)},`), both.slice(0, 1));
  assert.deepEqual(setsOf(`${base64(code, sps)},${base64(code, h264Pps)}`), both);
  assert.deepEqual(setsOf(base64(code, sps, code, h264Pps)), both);
});

test('a stream without a picture, and one of an unknown codec, are told apart', () => {
  const codeOf = (sdp: Sdp): unknown => {
    try {
      return chooseVideo(sdp).codec;
    } catch (error) {
      return error instanceof LinkProblem ? error.problem : error;
    }
  };
  assert.deepEqual(codeOf(sdpOf('m=audio 0 RTP/AVP 0')), { code: 'no-video', values: {} });
  assert.deepEqual(codeOf(sdpOf('m=video 0 RTP/AVP 26')), {
    code: 'codec-unknown',
    values: { codec: 'JPEG' },
  });
  assert.deepEqual(codeOf(sdpOf('m=video 0 RTP/AVP 97', 'a=rtpmap:97 MP4V-ES/90000')), {
    code: 'codec-unknown',
    values: { codec: 'MP4V-ES' },
  });
});

test('no session description makes the reader fail', () => {
  const line = fc.oneof(
    fc.constantFrom(
      'v=0',
      'm=video 0 RTP/AVP 96',
      'm=audio 0 RTP/AVP 97',
      'a=rtpmap:96 H264/90000',
      'a=control:*',
    ),
    fc
      .tuple(
        fc.constantFrom(
          'a=fmtp:96 sprop-parameter-sets=',
          'a=rtpmap:97 ',
          'm=',
          'a=fmtp:97 config=',
          'a=rtpmap:96 ',
        ),
        fc.string({ maxLength: 60 }),
      )
      .map(([a, b]) => a + b),
    fc.string({ maxLength: 40 }),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 60 }), (lines) => {
      const sdp = parseSdp(lines.join('\n'));
      if (sdp === null) return;
      assert.ok(sdp.media.length <= 16);
      chooseAudio(sdp);
      try {
        chooseVideo(sdp);
      } catch (error) {
        assert.ok(error instanceof LinkProblem, String(error));
      }
    }),
    { numRuns: 5000 },
  );
});

test('transports and sessions are read as they are written', () => {
  const full = readTransport('RTP/AVP/TCP;unicast;interleaved=4-5;ssrc=FFFFFFFE;mode="PLAY"')!;
  assert.deepEqual([full.tcp, full.channels, full.ssrc], [true, [4, 5], -2]);
  const udp = readTransport('RTP/AVP;unicast;client_port=5000-5001;server_port=6970;source="10.0.0.9"')!;
  assert.deepEqual([udp.tcp, udp.serverPorts, udp.source], [false, [6970, 6971], '10.0.0.9']);
  assert.equal(readTransport(''), null);
  assert.equal(readTransport('RTP/AVP/TCP;interleaved=900-901')!.channels, null);
  assert.deepEqual(readSession('1A2B; timeout=25'), { id: '1A2B', timeoutMs: 25_000 });
  assert.deepEqual(readSession('xyz'), { id: 'xyz', timeoutMs: 60_000 });
  assert.equal(readSession(undefined), null);
});
