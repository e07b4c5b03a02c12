/** The bucket client against answers that no honest storage gives, or only on a bad day: a real socket that says them. */
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { systemClock } from '../../../src/base/index.ts';
import { type BucketProblemCode, bucketProblems } from '../../../src/contract/bucket-problems.ts';
import { BucketFault, listObjects, Wire } from '../../../src/engine/bucket/index.ts';
import { endUpload, readRange } from '../../../src/engine/bucket/objects.ts';

type Answers = (request: IncomingMessage, response: ServerResponse) => void;

const secretKey = 'the-secret-that-nobody-sees';

async function against<T>(answers: Answers, work: (wire: Wire) => Promise<T>): Promise<T> {
  const server = createServer(answers).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const target = { endpoint: `http://127.0.0.1:${port}`, region: 'us-east-1', bucket: 'bucket', prefix: '' };
  using wire = new Wire({ ...target, style: 'path', accessKeyId: 'KEY', secretKey, ca: null }, systemClock);
  try {
    return await work(wire);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const says =
  (status: number, body: string, headers: Record<string, string> = {}): Answers =>
  (_request, response) => {
    response.writeHead(status, headers);
    response.end(body);
  };
const sayError = (status: number, code: string): Answers =>
  says(status, `<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>`);

/** What one try of listing comes to. */
const tried = (answers: Answers, tries = 1): Promise<BucketFault> =>
  against(answers, async (wire) => {
    const asked = wire.ask({ method: 'GET', doing: 'list', key: null, mostBytes: 10_000, tries });
    const fault = await asked.then(
      () => assert.fail('it was taken for a good answer'),
      (error: unknown) => error,
    );
    assert.ok(fault instanceof BucketFault, String(fault));
    return fault;
  });

test('each refusal of a storage has its own sentence', async () => {
  const cases: [number, string, BucketProblemCode, boolean][] = [
    [400, 'ExpiredToken', 'expired-credential', false],
    [403, 'InvalidAccessKeyId', 'wrong-key', false],
    [403, 'SignatureDoesNotMatch', 'wrong-key', false],
    [403, 'AccessDenied', 'denied-list', false],
    [403, 'RequestTimeTooSkewed', 'clock-skew', false],
    [403, 'QuotaExceeded', 'full', false],
    [404, 'NoSuchBucket', 'no-bucket', false],
    [301, 'PermanentRedirect', 'wrong-region', false],
    [503, 'SlowDown', 'busy', true],
    [500, 'InternalError', 'broken', true],
    [507, 'Whatever', 'full', false],
    [418, 'Teapot', 'refused', false],
  ];
  for (const [status, code, problem, retry] of cases) {
    const fault = await tried(sayError(status, code));
    assert.deepEqual([fault.problem.code, fault.retry], [problem, retry], code);
    for (const text of [fault.message, JSON.stringify(fault.problem)]) assert.ok(!text.includes(secretKey));
  }
});

test('whoever is no S3 server is told apart', async () => {
  assert.equal((await tried(says(404, '<html><body>nginx</body></html>'))).problem.code, 'not-s3');
  assert.equal(
    (await tried(says(301, '', { location: 'https://elsewhere.example' }))).problem.code,
    'not-s3',
  );
  const html = against(says(200, '<html></html>'), async (wire) => {
    for await (const _ of listObjects(wire)) assert.fail('nothing is listed');
  });
  await assert.rejects(html, (error: BucketFault) => error.problem.code === 'not-s3');
});

test('an answer that is longer than allowed, or shorter than it said, is none', async () => {
  const endless: Answers = (_request, response) => {
    response.writeHead(200);
    const more = () => {
      while (response.write(Buffer.alloc(65_536)));
    };
    response.on('drain', more);
    response.on('error', () => {});
    more();
  };
  assert.equal((await tried(endless)).problem.code, 'not-s3');
  const cut: Answers = (_request, response) => {
    response.writeHead(200, { 'content-length': '1000' });
    response.write('abc');
    response.socket?.end();
  };
  assert.equal((await tried(cut)).problem.code, 'cut-off');
});

test('what passes is tried again, what does not is not', async () => {
  let asked = 0;
  const page = '<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>';
  const atLast: Answers = (request, response) =>
    (++asked < 3 ? sayError(503, 'SlowDown') : says(200, page))(request, response);
  await against(atLast, async (wire) => {
    for await (const _ of listObjects(wire)) assert.fail('nothing is listed');
  });
  assert.equal(asked, 3);
  asked = 0;
  const never: Answers = (request, response) => {
    asked++;
    sayError(403, 'AccessDenied')(request, response);
  };
  await tried(never, 5);
  assert.equal(asked, 1);
});

test('other bytes than were asked for, and an upload that ended in an error after 200, are faults', async () => {
  const other = says(206, 'abc', { 'content-range': 'bytes 7-9/100' });
  await assert.rejects(
    against(other, (wire) => readRange(wire, 'x', { from: 0, to: 3 })),
    /other bytes/,
  );
  const late = sayError(200, 'InternalError');
  await assert.rejects(
    against(late, (wire) => endUpload(wire, { path: 'x', uploadId: 'u' }, ['"a"'])),
    (error: BucketFault) => error.problem.code === 'broken',
  );
});

test('whatever is answered, it ends, and in a problem of the catalogue when it is no success', async () => {
  const body = fc.oneof(
    fc.string({ maxLength: 300 }),
    fc.constantFrom('<Error/>', '<Error><Code/></Error>', '<Error><Code>&x;</Code></Error>', '<!DOCTYPE a>'),
  );
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 300, max: 599 }), body, async (status, text) => {
      const fault = await tried(says(status, text));
      assert.ok(fault.problem.code in bucketProblems);
      assert.ok(!/[{}]/.test(fault.message.replace(text, '')), fault.message);
    }),
    { numRuns: 100 },
  );
});
