/** The bucket client against a real S3 server: what it stores, locks, resumes, refuses and says. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import dns from 'node:dns';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { type Clock, newId, systemClock } from '../../../src/base/index.ts';
import type { BucketProblemCode } from '../../../src/contract/bucket-problems.ts';
import {
  type BucketAccess,
  BucketFault,
  type CarryOrder,
  carry,
  checkBucket,
  deleteObject,
  headOf,
  knowBucket,
  listObjects,
  listUploads,
  lockUntil,
  openObject,
  partBytes,
  retentionOf,
  Wire,
} from '../../../src/engine/bucket/index.ts';
import { beginUpload, partsOf, putObject, putPart, readRange } from '../../../src/engine/bucket/objects.ts';
import { openBytes, SegmentFile } from '../../../src/engine/segment/index.ts';
import { knownKeys } from '../../support/keys.ts';
import { type Gateway, inPath, noCeph, startGateway } from '../../support/rgw.ts';
import { makeClip } from '../mp4/clips.ts';
import { type Recorded, record } from '../segment/record.ts';

const skip = noCeph() ?? false;
let gateway: Gateway;
let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'custos-bucket-'));
  if (skip === false) gateway = await startGateway();
});
after(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const accessTo = (bucket: string, changes: Partial<BucketAccess> = {}): BucketAccess => ({
  endpoint: gateway.http,
  region: 'us-east-1',
  bucket,
  prefix: '',
  style: 'path',
  accessKeyId: gateway.accessKeyId,
  secretKey: gateway.secretKey,
  ca: null,
  ...changes,
});

const wireTo = (bucket: string, changes: Partial<BucketAccess> = {}, clock: Clock = systemClock): Wire =>
  new Wire(accessTo(bucket, changes), clock);

/** A new, empty bucket. */
async function makeBucket(name: string, options: { lock?: boolean } = {}): Promise<string> {
  using wire = wireTo(name);
  const headers = options.lock ? { 'x-amz-bucket-object-lock-enabled': 'true' } : {};
  await wire.ask({ method: 'PUT', doing: 'write', key: null, headers, mostBytes: 65_536 });
  return name;
}

const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** A file as the recorder leaves it, and the order to carry it. */
async function segmentFile(to: string, bytes: number): Promise<CarryOrder & { content: Buffer }> {
  const content = randomBytes(bytes);
  const path = `cam_a.main/2026-11-22/1795305600123-${to}${bytes}.cvs`;
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), content);
  const from = { id: 'local', path: folder };
  return { from, to, path, bytes, digest: digestOf(content), lock: null, bytesPerSecond: 0, content };
}

const isProblem = (code: BucketProblemCode) => (error: unknown) => {
  assert.ok(error instanceof BucketFault, String(error));
  assert.equal(error.problem.code, code);
  return true;
};

const never = new AbortController().signal;

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

test('a bucket that is in order passes its check and keeps nothing of it', { skip }, async () => {
  using wire = wireTo(await makeBucket('plain'), { prefix: 'unit-1/custos' });
  assert.deepEqual(await checkBucket(wire), { hasLock: false, isVersioned: false });
  assert.deepEqual(await all(listObjects(wire)), []);
});

test('a bucket with object lock says so', { skip }, async () => {
  using wire = wireTo(await makeBucket('locking', { lock: true }));
  assert.deepEqual(await checkBucket(wire), { hasLock: true, isVersioned: true });
});

test('what is stored is read back by ranges, listed by pages, and gone when deleted', { skip }, async () => {
  using wire = wireTo(await makeBucket('pages'), { prefix: 'p' });
  const names = Array.from({ length: 1_105 }, (_, i) => `cam/${String(i).padStart(5, '0')} ü&+.cvs`);
  const body = Buffer.from('twelve bytes');
  for (let i = 0; i < names.length; i += 8)
    await Promise.all(names.slice(i, i + 8).map((name) => putObject(wire, name, body)));
  const listed = await all(listObjects(wire));
  assert.deepEqual(
    listed.map((one) => one.path),
    names,
  );
  const afterwards = await all(listObjects(wire, { under: 'cam/', after: names[1_100] as string }));
  assert.equal(afterwards.length, 4);
  assert.deepEqual(await readRange(wire, names[7] as string, { from: 3, to: 9 }), body.subarray(3, 9));
  await deleteObject(wire, names[7] as string);
  assert.equal(await headOf(wire, names[7] as string), null);
  await deleteObject(wire, names[7] as string);
});

test('virtual-host style over TLS reaches the same bucket', { skip }, async (context) => {
  const bucket = await makeBucket('hosted');
  const { lookup } = dns;
  context.after(() => {
    dns.lookup = lookup;
  });
  // No name server knows the test's domain.
  dns.lookup = ((
    name: string,
    options: object,
    done: (error: null, found: unknown, family?: number) => void,
  ) =>
    name.endsWith(gateway.dnsName)
      ? 'all' in options && options.all
        ? done(null, [{ address: '127.0.0.1', family: 4 }])
        : done(null, '127.0.0.1', 4)
      : (lookup as unknown as (...all: unknown[]) => void)(
          name,
          options,
          done,
        )) as unknown as typeof dns.lookup;
  const endpoint = `https://${gateway.dnsName}:${new URL(gateway.https).port}`;
  using wire = wireTo(bucket, { style: 'host', endpoint, ca: gateway.ca });
  await checkBucket(wire);
  await putObject(wire, 'cam/x.cvs', Buffer.from('abc'));
  using plain = wireTo(bucket);
  assert.equal((await readRange(plain, 'cam/x.cvs', { from: 0, to: 3 })).toString(), 'abc');
});

test('what is wrong with a bucket is said by its own sentence', { skip }, async () => {
  const bucket = await makeBucket('wrongs');
  const check = async (changes: Partial<BucketAccess>, clock?: Clock) => {
    using wire = wireTo(changes.bucket ?? bucket, changes, clock);
    await checkBucket(wire);
  };
  await assert.rejects(check({ secretKey: 'not-it' }), isProblem('wrong-key'));
  await assert.rejects(check({ accessKeyId: 'NOBODY' }), isProblem('wrong-key'));
  await assert.rejects(check({ bucket: 'nowhere' }), isProblem('no-bucket'));
  await assert.rejects(check({ endpoint: gateway.https }), isProblem('tls-untrusted'));
  const otherCa = await readFile('/etc/ssl/certs/ca-certificates.crt', 'utf8').catch(() => gateway.ca);
  const first = otherCa.slice(0, otherCa.indexOf('-----END CERTIFICATE-----') + 26);
  await assert.rejects(check({ endpoint: gateway.https, ca: first }), isProblem('tls-untrusted'));
  await assert.rejects(check({ endpoint: 'http://127.0.0.1:1' }), isProblem('no-answer'));
  await assert.rejects(check({ endpoint: 'http://no-such-host.invalid' }), isProblem('host-unknown'));
  await assert.rejects(check({ endpoint: gateway.http.replace('http:', 'https:') }), isProblem('tls-failed'));
  const ahead: Clock = { wallMs: () => systemClock.wallMs() + 3_600_000, monoMs: () => systemClock.monoMs() };
  await assert.rejects(check({}, ahead), isProblem('clock-skew'));
  await check({ endpoint: gateway.https, ca: gateway.ca });
});

test('a key that was suspended or taken away, one without rights, and a full quota have their sentences', {
  skip,
}, async () => {
  const keys = { accessKeyId: 'GUESTGUESTGUESTGUEST', secretKey: 'guest-secret' };
  await gateway.admin(
    ...['user', 'create', '--uid=guest', '--display-name=guest'],
    ...[`--access-key=${keys.accessKeyId}`, `--secret=${keys.secretKey}`],
  );
  const others = await makeBucket('others');
  {
    using wire = wireTo(others, keys);
    await assert.rejects(checkBucket(wire), isProblem('denied-list'));
  }
  using wire = wireTo('guests', keys);
  await wire.ask({ method: 'PUT', doing: 'write', key: null, mostBytes: 65_536 });
  await checkBucket(wire);
  await gateway.admin('quota', 'set', '--bucket=guests', '--quota-scope=bucket', '--max-objects=2');
  await gateway.admin('quota', 'enable', '--bucket=guests', '--quota-scope=bucket');
  const fill = async () => {
    for (let i = 0; i < 40; i++) await putObject(wire, `cam/${i}.cvs`, Buffer.from('x'));
  };
  await assert.rejects(fill(), isProblem('full'));
  await gateway.admin('user', 'suspend', '--uid=guest');
  await assert.rejects(checkBucket(wire), isProblem('expired-credential'));
  await gateway.admin('user', 'enable', '--uid=guest');
  await gateway.admin('key', 'rm', '--uid=guest', `--access-key=${keys.accessKeyId}`);
  await assert.rejects(checkBucket(wire), isProblem('wrong-key'));
});

test('a segment is carried whole, by parts and at once, and carried again costs no upload', {
  skip,
}, async () => {
  knowBucket('b1', accessTo(await makeBucket('carried'), { prefix: 'custos' }));
  for (const bytes of [1, partBytes, partBytes * 2 + 12_345]) {
    const order = await segmentFile('b1', bytes);
    assert.deepEqual(await carry(order, systemClock, never), { sent: bytes, readBack: bytes });
    assert.deepEqual(await carry(order, systemClock, never), { sent: 0, readBack: bytes });
    await using object = await openObject(accessTo('carried', { prefix: 'custos' }), order.path, systemClock);
    const back = Buffer.alloc(bytes + 10);
    assert.equal(await object.size(), bytes);
    assert.equal(await object.read(back, 0), bytes);
    assert.ok(back.subarray(0, bytes).equals(order.content));
    const middle = Buffer.alloc(100);
    assert.equal(await object.read(middle, Math.max(0, bytes - 40)), Math.min(40, bytes));
  }
});

test('a file that is not what the index says does not get carried', { skip }, async () => {
  knowBucket('b2', accessTo(await makeBucket('liars')));
  using wire = wireTo('liars');
  const order = await segmentFile('b2', 100_000);
  const wrong = { ...order, digest: digestOf(Buffer.from('else')) };
  await assert.rejects(carry(wrong, systemClock, never), isProblem('digest'));
  assert.equal(await headOf(wire, order.path), null, 'what was wrong does not stay');
  await assert.rejects(carry({ ...order, bytes: 99_999 }, systemClock, never), isProblem('local-file'));
  await assert.rejects(
    carry({ ...order, path: 'cam_a.main/none.cvs' }, systemClock, never),
    isProblem('local-file'),
  );
  // Someone else's bytes under the same name, of the same length: noticed, and made good.
  await putObject(wire, order.path, randomBytes(order.bytes));
  assert.equal((await carry(order, systemClock, never)).sent, order.bytes);
});

test('an upload that was cut is taken up where it stopped, wrong parts are sent again', {
  skip,
}, async () => {
  knowBucket('b3', accessTo(await makeBucket('resumed')));
  using wire = wireTo('resumed');
  const order = await segmentFile('b3', partBytes * 3 + 7);
  const stale = await beginUpload(wire, order.path);
  await putPart(wire, { path: order.path, uploadId: stale }, 1, randomBytes(partBytes));
  const uploadId = await beginUpload(wire, order.path);
  const part = (i: number) => order.content.subarray(i * partBytes, (i + 1) * partBytes);
  await putPart(wire, { path: order.path, uploadId }, 1, part(0));
  await putPart(wire, { path: order.path, uploadId }, 2, randomBytes(partBytes));
  await putPart(wire, { path: order.path, uploadId }, 3, part(2));
  assert.deepEqual(await carry(order, systemClock, never), { sent: partBytes + 7, readBack: order.bytes });
  assert.deepEqual(await all(listUploads(wire)), [], 'the older upload was given up');
});

test('a gateway that is killed in the middle of an upload costs what was on its way, no more', {
  skip,
}, async () => {
  knowBucket('b4', accessTo(await makeBucket('killed')));
  using wire = wireTo('killed');
  const order = await segmentFile('b4', partBytes * 6);
  const slow = { ...order, bytesPerSecond: 20_000_000 };
  const cut = carry(slow, systemClock, never);
  let isOver = false;
  cut
    .catch(() => {})
    .finally(() => {
      isOver = true;
    });
  while (!isOver) {
    const [upload] = await all(listUploads(wire));
    if (upload && (await partsOf(wire, upload)).size >= 2) break;
  }
  await gateway.kill();
  await assert.rejects(cut, (error: unknown) => error instanceof BucketFault);
  await gateway.start();
  const { sent } = await carry(order, systemClock, never);
  assert.ok(sent <= partBytes * 4, `sent ${sent}`);
});

test('a locked segment is deleted by nobody before its date: not with a bypass, and the date is not moved back', {
  skip,
}, async () => {
  knowBucket('b5', accessTo(await makeBucket('locked', { lock: true })));
  using wire = wireTo('locked');
  const untilMs = Math.ceil((systemClock.wallMs() + 3_600_000) / 1000) * 1000;
  const order = { ...(await segmentFile('b5', 4_000)), lock: { mode: 'compliance' as const, untilMs } };
  await carry(order, systemClock, never);
  assert.deepEqual(await retentionOf(wire, order.path), { mode: 'compliance', untilMs });
  await assert.rejects(deleteObject(wire, order.path), (error: unknown) => {
    isProblem('locked')(error);
    assert.equal((error as BucketFault).problem.values.untilMs, untilMs);
    return true;
  });
  const versions = await wire.ask({ method: 'HEAD', doing: 'read', key: order.path, mostBytes: 0 });
  const versionId = String(versions.headers['x-amz-version-id']);
  const bypass = wire.ask({
    ...{ method: 'DELETE', doing: 'delete', key: order.path, query: { versionId }, mostBytes: 65_536 },
    headers: { 'x-amz-bypass-governance-retention': 'true' },
  } as const);
  await assert.rejects(bypass, isProblem('denied-delete'));
  // We never ask to shorten; if the date we want is earlier, the lock stays as it is.
  await lockUntil(wire, order.path, { mode: 'compliance', untilMs: untilMs - 60_000 });
  assert.equal((await retentionOf(wire, order.path))?.untilMs, untilMs);
  await lockUntil(wire, order.path, { mode: 'compliance', untilMs: untilMs + 60_000 });
  assert.equal((await retentionOf(wire, order.path))?.untilMs, untilMs + 60_000);
});

test('when its date is over a locked segment is deleted with all its versions', { skip }, async () => {
  knowBucket('b6', accessTo(await makeBucket('unlocked', { lock: true })));
  using wire = wireTo('unlocked');
  const untilMs = systemClock.wallMs() + 4_000;
  const order = { ...(await segmentFile('b6', 4_000)), lock: { mode: 'governance' as const, untilMs } };
  await carry(order, systemClock, never);
  await assert.rejects(deleteObject(wire, order.path), isProblem('locked'));
  const deleted = async (): Promise<boolean> =>
    deleteObject(wire, order.path).then(
      () => true,
      (error) => !isProblem('locked')(error),
    );
  while (!(await deleted()));
  assert.equal(await headOf(wire, order.path), null);
});

test('a lock is not asked of a bucket that has none without saying so', { skip }, async () => {
  knowBucket('b7', accessTo(await makeBucket('lockless')));
  const untilMs = systemClock.wallMs() + 3_600_000;
  const order = { ...(await segmentFile('b7', 4_000)), lock: { mode: 'compliance' as const, untilMs } };
  await assert.rejects(carry(order, systemClock, never), isProblem('no-lock'));
});

test('bytes are opened where they lie, also when a file moved while someone held its old place', {
  skip,
}, async () => {
  const access = accessTo(await makeBucket('reading'));
  knowBucket('b8', access);
  const order = await segmentFile('b8', 300_000);
  await carry(order, systemClock, never);
  await rm(join(folder, order.path));
  for (const volume of [
    { id: 'b8', path: 's3://x/reading' },
    { id: 'local', path: folder },
  ]) {
    await using bytes = await openBytes(volume, order.path);
    const some = Buffer.alloc(1_000);
    assert.equal(await bytes.read(some, 123_456), 1_000);
    assert.ok(some.equals(order.content.subarray(123_456, 124_456)));
  }
  const missing = openBytes({ id: 'local', path: folder }, 'cam_a.main/none.cvs');
  await assert.rejects(missing, (error: Error) => (error.cause as { code?: string }).code === 'ENOENT');
});

test('another S3 client reads what we wrote, and we what it wrote', {
  skip:
    skip ||
    (inPath('s3cmd') ? false : 'no other client was tried: s3cmd is missing (apt-get install -y s3cmd)'),
}, async () => {
  knowBucket('b9', accessTo(await makeBucket('shared'), { prefix: 'unit' }));
  const order = await segmentFile('b9', partBytes + 4_321);
  await carry(order, systemClock, never);
  const host = new URL(gateway.http).host;
  const config = join(folder, 's3cfg');
  await writeFile(
    config,
    `[default]\naccess_key = ${gateway.accessKeyId}\nsecret_key = ${gateway.secretKey}\nhost_base = ${host}\nhost_bucket = ${host}\nuse_https = False\n`,
  );
  const s3cmd = (...args: string[]) => promisify(execFile)('s3cmd', ['-c', config, ...args]);
  const copy = join(folder, 'copy');
  await s3cmd('get', `s3://shared/unit/${order.path}`, copy);
  assert.equal(digestOf(await readFile(copy)), order.digest);
  const theirs = randomBytes(6 * 1024 * 1024);
  await writeFile(copy, theirs);
  await s3cmd(
    'put',
    '--multipart-chunk-size-mb=5',
    copy,
    's3://shared/unit/cam_b.sub/2026-11-22/2-seg_x.cvs',
  );
  using wire = wireTo('shared', { prefix: 'unit' });
  const listed = await all(listObjects(wire));
  assert.deepEqual(
    listed.map((one) => one.path).sort(),
    [order.path, 'cam_b.sub/2026-11-22/2-seg_x.cvs'].sort(),
  );
  const back = await readRange(wire, 'cam_b.sub/2026-11-22/2-seg_x.cvs', { from: 0, to: theirs.length });
  assert.ok(back.equals(theirs));
});

test("AWS's own client reads what we wrote, and we what it wrote, over TLS under an authority of one's own", {
  skip:
    skip ||
    (inPath('aws') ? false : "AWS's own client was not tried: aws is missing (apt-get install -y awscli)"),
}, async () => {
  const changes = { endpoint: gateway.https, ca: gateway.ca };
  knowBucket('b12', accessTo(await makeBucket('aws-shared'), { ...changes, prefix: 'unit' }));
  const order = await segmentFile('b12', partBytes + 4_321);
  await carry(order, systemClock, never);
  const ca = join(folder, 'ca.pem');
  await writeFile(ca, gateway.ca);
  const env = {
    ...{ PATH: process.env.PATH, HOME: folder, AWS_EC2_METADATA_DISABLED: 'true', AWS_CA_BUNDLE: ca },
    ...{ AWS_ACCESS_KEY_ID: gateway.accessKeyId, AWS_SECRET_ACCESS_KEY: gateway.secretKey },
    AWS_DEFAULT_REGION: 'us-east-1',
    // Checksums of S3's newest kind are known to no storage but Amazon's yet.
    ...{
      AWS_REQUEST_CHECKSUM_CALCULATION: 'when_required',
      AWS_RESPONSE_CHECKSUM_VALIDATION: 'when_required',
    },
  };
  const aws = async (...args: string[]) =>
    (await promisify(execFile)('aws', ['--endpoint-url', gateway.https, ...args], { env })).stdout;
  const copy = join(folder, 'aws-copy');
  await aws('s3', 'cp', '--only-show-errors', `s3://aws-shared/unit/${order.path}`, copy);
  assert.equal(digestOf(await readFile(copy)), order.digest);
  // Theirs goes up in parts of their own size, with checksums of their own.
  const theirs = randomBytes(9 * 1024 * 1024 + 77);
  await writeFile(copy, theirs);
  const key = 'cam_b.sub/2026-11-22/2-seg_x.cvs';
  await aws('s3', 'cp', '--only-show-errors', copy, `s3://aws-shared/unit/${key}`);
  using wire = wireTo('aws-shared', { ...changes, prefix: 'unit' });
  await using object = await openObject(wire.access, key, systemClock);
  const back = Buffer.alloc(theirs.length);
  assert.equal(await object.read(back, 0), theirs.length);
  assert.equal(digestOf(back), digestOf(theirs));
  const head = JSON.parse(
    await aws('s3api', 'head-object', '--bucket', 'aws-shared', '--key', `unit/${order.path}`),
  );
  const ours = await headOf(wire, order.path);
  assert.deepEqual([head.ContentLength, head.ETag], [ours?.bytes, ours?.etag]);
  const listed = JSON.parse(
    await aws('s3api', 'list-objects-v2', '--bucket', 'aws-shared', '--prefix', 'unit/'),
  );
  assert.deepEqual(
    listed.Contents.map((one: { Key: string }) => one.Key.slice('unit/'.length)).sort(),
    (await all(listObjects(wire))).map(({ path }) => path).sort(),
  );
  // An upload that they began and did not end is seen.
  const begun = JSON.parse(
    await aws(
      's3api',
      'create-multipart-upload',
      '--bucket',
      'aws-shared',
      '--key',
      'unit/cam_a.main/begun.cvs',
    ),
  );
  const [upload] = await all(listUploads(wire));
  assert.deepEqual([upload?.path, upload?.uploadId], ['cam_a.main/begun.cvs', begun.UploadId]);
  await deleteObject(wire, key);
  await assert.rejects(aws('s3api', 'head-object', '--bucket', 'aws-shared', '--key', `unit/${key}`));
});

/** A line to the gateway on which requests are counted. */
async function countedLine(): Promise<AsyncDisposable & { url: string; asked: string[] }> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const to = new URL(gateway.http);
  const server = createServer((here) => {
    const there = connect(Number(to.port), to.hostname);
    for (const one of [here, there]) {
      sockets.add(one);
      one.on('error', () => {}).on('close', () => sockets.delete(one));
    }
    here.on('data', (chunk) => {
      for (const [, what] of chunk.toString('latin1').matchAll(/^((?:GET|HEAD|PUT|POST|DELETE) [^ ]+)/gm))
        asked.push(what!);
    });
    here.pipe(there);
    there.pipe(here);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    ...{ url: `http://127.0.0.1:${port}`, asked },
    async [Symbol.asyncDispose]() {
      for (const one of sockets) one.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A minute of about 30 MB: what a camera of 4 Mb/s records. */
function largeSegment(index: boolean): Recorded {
  const clip = makeClip({ seconds: 60, gop: 50, size: '160x120' });
  // Pictures of a true size, with what no decoder would show: only their places matter here.
  const units = clip.units.map((unit) => ({
    ...unit,
    data: Buffer.concat([unit.data, randomBytes(20_000)]),
  }));
  const startMs = Date.UTC(2026, 10, 22, 8);
  return record(
    { id: 'local', path: folder },
    { ...clip, units },
    { startMs, index, cameraId: newId('cam') },
  )[0]!;
}

test('a segment in a bucket is opened by its two ends at once, and a part is one request more', {
  skip,
}, async () => {
  await using line = await countedLine();
  knowBucket('b10', accessTo(await makeBucket('opened'), { endpoint: line.url }));
  const bucket = { id: 'b10', path: 's3://x/opened' };
  const asked: number[] = [];
  for (const index of [true, false]) {
    const written = largeSegment(index);
    const { path, bytes } = written;
    const digest = digestOf(bytes);
    await carry(
      { from: written.volume, to: 'b10', path, bytes: bytes.length, digest, lock: null, bytesPerSecond: 0 },
      systemClock,
      never,
    );
    line.asked.length = 0;
    await using far = await SegmentFile.open(bucket, path, knownKeys);
    asked.push(line.asked.length);
    await using near = await SegmentFile.open(written.volume, path, knownKeys);
    assert.deepEqual(far.parts, near.parts);
    assert.deepEqual(
      [far.plainBytes, far.ending, far.tail, far.damage, far.wholeUntil, far.fileBytes],
      [near.plainBytes, near.ending, near.tail, near.damage, near.wholeUntil, near.fileBytes],
    );
    await far.grow();
    assert.equal(far.parts.length, near.parts.length, 'what is closed grows no more');
    line.asked.length = 0;
    const part = far.parts[far.keyAt(written.startMs + 31_000)]!;
    const read = await far.read(part.offset, part.offset + part.bytes);
    assert.ok(read.equals(await near.read(part.offset, part.offset + part.bytes)));
    if (index) assert.ok(line.asked.length <= 3, `a part, and what is fetched ahead: ${line.asked}`);
  }
  const [withIndex, without] = asked as [number, number];
  assert.equal(withIndex, 2, 'both ends, at the same time');
  assert.ok(without > 10, `walked over the line: ${without}`);
});

test('what was changed in a bucket behind the index is found when it is read, and named', {
  skip,
}, async () => {
  knowBucket('b11', accessTo(await makeBucket('changed')));
  const clip = makeClip({ seconds: 6, gop: 50, size: '160x120' });
  const startMs = Date.UTC(2026, 10, 22, 9);
  const [written] = record({ id: 'local', path: folder }, clip, { startMs, cameraId: newId('cam') });
  const { recordsAt, path, bytes } = written!;
  using wire = wireTo('changed');
  for (const at of [recordsAt[3]! + 20, recordsAt[3]! + 70, recordsAt[4]! - 20]) {
    const wrong = Buffer.from(bytes);
    wrong[at]! ^= 1;
    await putObject(wire, path, wrong);
    await using file = await SegmentFile.open({ id: 'b11', path: 's3://x/changed' }, path, knownKeys);
    const [good, bad] = [file.parts[2]!, file.parts[3]!];
    assert.equal((await file.read(good.offset, good.offset + good.bytes)).length, good.bytes);
    await assert.rejects(file.read(bad.offset, bad.offset + bad.bytes), /changed since they were sealed/);
    assert.match(file.spoilt(bad) ?? '', /changed since they were sealed/);
  }
  // An index that was changed is none: the parts say themselves where they are.
  const wrong = Buffer.from(bytes);
  wrong[bytes.length - 30]! ^= 1;
  await putObject(wire, path, wrong);
  await using file = await SegmentFile.open({ id: 'b11', path: 's3://x/changed' }, path, knownKeys);
  assert.equal(file.parts.length, recordsAt.length);
});
