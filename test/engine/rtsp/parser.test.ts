/** The RTSP parser: whole streams, split streams, mutated streams and hostile streams. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  encodeFrame,
  encodeRequest,
  encodeResponse,
  header,
  LinkProblem,
  type RtspMessage,
  RtspParser,
} from '../../../src/engine/rtsp/index.ts';

/** What a stream holds, as text, for comparison. Pieces are put into a buffer that is overwritten, as sockets do. */
function read(pieces: Iterable<Uint8Array>): string[] {
  const seen: string[] = [];
  const parser = new RtspParser({
    frame: (channel, bytes, from, to) => seen.push(`$${channel} ${bytes.toString('hex', from, to)}`),
    message: (message) => seen.push(say(message)),
    expects: (channel) => channel < 4,
  });
  const shared = Buffer.alloc(70_000);
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; at += shared.length) {
      const part = piece.subarray(at, at + shared.length);
      shared.fill(0x24);
      shared.set(part);
      parser.push(shared, part.length);
    }
  }
  return seen;
}

function say(message: RtspMessage): string {
  const first = message.kind === 'request' ? `${message.method} ${message.uri}` : `${message.status}`;
  return `${first} ${header(message, 'cseq')} ${message.body.toString('hex')}`;
}

const stream = Buffer.concat([
  encodeResponse(
    200,
    'OK',
    [
      ['CSeq', 1],
      ['Public', 'OPTIONS'],
    ],
    Buffer.from('v=0\r\n$\0\0'),
  ),
  encodeFrame(0, Buffer.from('RTSP/1.0 200 OK\r\n\r\n')),
  encodeFrame(1, Buffer.alloc(0)),
  encodeRequest('OPTIONS', 'rtsp://h/a', [['CSeq', 2]]),
  encodeFrame(7, Buffer.alloc(300, 9)),
  Buffer.from('\r\n'),
  encodeResponse(401, 'Unauthorized', [['CSeq', 3]]),
  encodeFrame(2, Buffer.from([1, 2, 3])),
]);

test('a stream means the same wherever it is split', () => {
  const whole = read([stream]);
  assert.equal(whole.length, 7);
  for (let at = 0; at <= stream.length; at++) {
    assert.deepEqual(read([stream.subarray(0, at), stream.subarray(at)]), whole, `split at ${at}`);
  }
  assert.deepEqual(read(Array.from(stream, (byte) => Uint8Array.of(byte))), whole);
});

test('a stream of random items split at random places is read whole', () => {
  const item = fc.oneof(
    fc
      .tuple(fc.nat(255), fc.uint8Array({ maxLength: 3000 }))
      .map(([channel, payload]) => ({ bytes: encodeFrame(channel, payload), frame: true })),
    fc
      .tuple(fc.nat(999), fc.uint8Array({ maxLength: 900 }))
      .map(([cseq, body]) => ({ bytes: encodeResponse(200, 'OK', [['CSeq', cseq]], body), frame: false })),
  );
  fc.assert(
    fc.property(
      fc.array(item, { maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 2000 }), { minLength: 1 }),
      (items, sizes) => {
        const bytes = Buffer.concat(items.map((one) => one.bytes));
        const pieces: Buffer[] = [];
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const size = sizes[i % sizes.length]!;
          pieces.push(bytes.subarray(at, at + size));
          at += size;
        }
        assert.deepEqual(read(pieces), read([bytes]));
        assert.equal(read([bytes]).length, items.length);
      },
    ),
    { numRuns: 200 },
  );
});

test('whatever bytes come, the parser ends in items or in a named problem, and splits change nothing', () => {
  const outcome = (pieces: Iterable<Uint8Array>): string => {
    try {
      return JSON.stringify(read(pieces));
    } catch (error) {
      assert.ok(error instanceof LinkProblem, String(error));
      return error.problem.code;
    }
  };
  const mutated = fc
    .tuple(
      fc.array(fc.tuple(fc.nat(stream.length - 1), fc.nat(255)), { maxLength: 8 }),
      fc.nat(stream.length),
    )
    .map(([changes, cut]) => {
      const bytes = Buffer.from(stream);
      for (const [at, value] of changes) bytes[at] = value;
      return bytes.subarray(0, cut);
    });
  fc.assert(
    fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 2000 })), fc.nat(2000), (bytes, at) => {
      assert.equal(outcome([bytes.subarray(0, at), bytes.subarray(at)]), outcome([bytes]));
    }),
    { numRuns: 2000 },
  );
});

const problemOf = (pieces: Iterable<Uint8Array>): string => {
  try {
    read(pieces);
    return 'none';
  } catch (error) {
    return error instanceof LinkProblem ? error.problem.code : String(error);
  }
};

test('an endless header, a 4 GB body and another protocol each end with their own problem', () => {
  const ok = Buffer.from('RTSP/1.0 200 OK\r\n');
  const endless = function* () {
    yield ok;
    for (let i = 0; i < 100_000; i++) yield Buffer.from(`X-${i}: ${'a'.repeat(100)}\r\n`);
  };
  assert.equal(problemOf(endless()), 'too-large');
  assert.equal(problemOf([ok, Buffer.from('A: b\r\n'.repeat(1000)), Buffer.from('\r\n')]), 'too-large');
  assert.equal(problemOf([ok, Buffer.from('Content-Length: 4294967296\r\n\r\n')]), 'too-large');
  assert.equal(problemOf([Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')]), 'not-rtsp');
  assert.equal(problemOf([Buffer.from([0, 1, 2, 3])]), 'not-rtsp');
  const noise = Buffer.alloc(300_000, 0x7f);
  assert.equal(problemOf([ok, Buffer.from('\r\n'), noise]), 'bad-answer');
});

test('after a framing slip the next answer and the next expected frame are found again', () => {
  const seen = read([
    encodeResponse(200, 'OK', [['CSeq', 1]]),
    Buffer.from([0, 0x24, 0xee, 0, 1, 5, 0xff]),
    encodeFrame(2, Buffer.from([1, 2])),
    Buffer.from([0xff]),
    encodeResponse(200, 'OK', [['CSeq', 2]]),
  ]);
  assert.deepEqual(seen, ['200 1 ', '$2 0102', '200 2 ']);
});

test('careless headers are understood: bare line feeds, folded lines, no colon, missing reason', () => {
  const seen: RtspMessage[] = [];
  const parser = new RtspParser({ frame() {}, message: (m) => seen.push(m), expects: () => true });
  parser.push(Buffer.from('RTSP/1.0 200\nCSeq : 4\nSession: a;\n timeout=60\nnonsense\n\n'));
  const message = seen[0]!;
  assert.equal(message.kind, 'response');
  assert.equal(header(message, 'cseq'), '4');
  assert.equal(header(message, 'session'), 'a; timeout=60');
});
