/**
 * A stranger who has read RFC 6962, the pages of C2SP and docs/ledger.md, and none of our code, verifies the ledger over
 * HTTP. Nothing below takes anything from src/ledger except the server's side of it.
 */
import assert from 'node:assert/strict';
import { createHash, createPublicKey, verify } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { noLog, systemClock } from '../../src/base/index.ts';
import { mountLedgerTree } from '../../src/http/index.ts';
import { append, LedgerFiles, LedgerTree, system } from '../../src/ledger/index.ts';
import { openLedgerKey } from '../../src/ledger/key.ts';
import { callerWith, TestCaller, type TestServer, testServer } from '../support/edge.ts';

const sha256 = (...parts: Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest();
const node = (left: Buffer, right: Buffer) => sha256(Buffer.of(1), left, right);
const from64 = (text: string) => Buffer.from(text, 'base64');

/** MTH of RFC 6962 §2.1 over leaf hashes. */
function mth(hashes: readonly Buffer[]): Buffer {
  if (hashes.length <= 1) return hashes[0] ?? sha256();
  const k = 2 ** Math.ceil(Math.log2(hashes.length) - 1);
  return node(mth(hashes.slice(0, k)), mth(hashes.slice(k)));
}

/** The root that an audit path leads to, by the recursion of RFC 6962 §2.1.1 read backwards. */
function follow(leaf: number, size: number, hash: Buffer, path: readonly Buffer[]): Buffer {
  if (size === 1) return hash;
  const k = 2 ** Math.ceil(Math.log2(size) - 1);
  const [rest, last] = [path.slice(0, -1), path.at(-1)!];
  return leaf < k
    ? node(follow(leaf, k, hash, rest), last)
    : node(last, follow(leaf - k, size - k, hash, rest));
}

interface Head {
  readonly size: number;
  readonly root: Buffer;
}

/** c2sp.org/signed-note and c2sp.org/tlog-checkpoint. */
function readHead(note: string, vkey: string): Head {
  const [, name = '', id = '', key = ''] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(vkey.trim()) ?? [];
  const keyBytes = from64(key);
  assert.ok(keyBytes[0] === 1 && keyBytes.length === 33);
  assert.equal(
    sha256(Buffer.from(`${name}\n`), keyBytes)
      .subarray(0, 4)
      .toString('hex'),
    id,
  );
  const [text = '', signatures = ''] = note.split(/(?<=\n)\n/);
  const line = signatures.split('\n').find((one) => one.startsWith(`— ${name} `))!;
  const blob = from64(line.split(' ')[2]!);
  assert.equal(blob.subarray(0, 4).toString('hex'), id);
  const x = keyBytes.subarray(1).toString('base64url');
  const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  assert.ok(verify(null, Buffer.from(text), publicKey, blob.subarray(4)));
  const [origin, size, root] = text.split('\n');
  assert.equal(origin, name);
  return { size: Number(size), root: from64(root!) };
}

async function bytesAt(url: string): Promise<Buffer> {
  const response = await fetch(url);
  assert.equal(response.status, 200, url);
  assert.match(response.headers.get('content-type') ?? '', /octet-stream/);
  assert.match(response.headers.get('cache-control') ?? '', /immutable/);
  return Buffer.from(await response.arrayBuffer());
}

/** All leaf hashes of a tree of this size, from the tiles of level 0 (c2sp.org/tlog-tiles). */
async function leavesOf(url: string, size: number): Promise<Buffer[]> {
  const hashes: Buffer[] = [];
  for (let index = 0; index * 256 < size; index++) {
    const width = Math.min(256, size - index * 256);
    const name = `${String(index).padStart(3, '0')}${width < 256 ? `.p/${width}` : ''}`;
    const tile = await bytesAt(`${url}/ledger/tile/0/${name}`);
    assert.equal(tile.length, width * 32);
    const bundle = await bytesAt(`${url}/ledger/tile/entries/${name}`);
    for (let i = 0; i < width; i++) {
      const hash = tile.subarray(i * 32, i * 32 + 32);
      const entry = bundle.subarray(i * 34, i * 34 + 34);
      assert.equal(entry.readUInt16BE(0), 32);
      assert.deepEqual(sha256(Buffer.of(0), entry.subarray(2)), hash);
      hashes.push(hash);
    }
  }
  return hashes;
}

async function serverWithTree(): Promise<TestServer & { tree: LedgerTree }> {
  await using stack = new AsyncDisposableStack();
  const home = mkdtempSync(join(tmpdir(), 'custos-stranger-'));
  stack.defer(() => rmSync(home, { recursive: true }));
  const key = await openLedgerKey(join(home, 'keys'), systemClock);
  const made: LedgerTree[] = [];
  const at = await testServer({
    prepare: (server) => {
      const dir = join(home, 'ledger');
      const options = { db: server.db, dir, keysDir: join(home, 'keys'), clock: systemClock, log: noLog };
      const tree = new LedgerTree(options, new LedgerFiles(dir), key);
      mountLedgerTree(server, tree);
      made.push(tree);
    },
  });
  stack.use(at);
  const tree = stack.use(made[0]!);
  await tree.begin();
  const all = stack.move();
  return { ...at, tree, [Symbol.asyncDispose]: () => all[Symbol.asyncDispose]() };
}

async function add(at: TestServer, count: number): Promise<void> {
  await at.db.kysely.transaction().execute(async (trx) => {
    for (let i = 0; i < count; i++)
      await append(trx, { atMs: i, actor: system, action: 'test', outcome: 'done', detail: { i } });
  });
}

test('a stranger verifies checkpoint, consistency and inclusion, from tiles that are open to all', async () => {
  await using at = await serverWithTree();
  const anyone = new TestCaller(at.url);
  const vkey = (await anyone.call('GET', '/ledger/key')).json as string;
  const head = async () => readHead((await anyone.call('GET', '/ledger/checkpoint')).json, vkey);
  const auditor = await callerWith(at, 'auditor');
  await add(at, 100);
  await at.tree.settle();
  const older = await head();
  await add(at, 500);
  await at.tree.settle();
  const newer = await head();
  assert.ok(newer.size >= older.size + 500);
  const leaves = await leavesOf(at.url, newer.size);
  assert.deepEqual(mth(leaves), newer.root);
  assert.deepEqual(mth(leaves.slice(0, older.size)), older.root, 'the newer tree continues the older one');
  const upper = await bytesAt(`${at.url}/ledger/tile/1/000.p/2`);
  assert.deepEqual(upper, Buffer.concat([mth(leaves.slice(0, 256)), mth(leaves.slice(256, 512))]));
  // A tile that grew since is still there in the width of the older checkpoint.
  assert.deepEqual(
    await bytesAt(`${at.url}/ledger/tile/0/000.p/${older.size}`),
    Buffer.concat(leaves.slice(0, older.size)),
  );

  const { json } = await auditor.call('GET', '/api/ledger/7/proof');
  const proven = readHead(json.checkpoint, json.key);
  assert.equal(json.key, vkey.trim());
  const hash = sha256(Buffer.of(0), sha256(from64(json.salt), Buffer.from(json.entry)));
  assert.deepEqual(follow(json.leaf, proven.size, hash, json.proof.map(from64)), proven.root);
  assert.equal(JSON.parse(json.entry).seq, 7);
  assert.deepEqual(opened(json), {
    actor: 'system',
    from: 'local',
    detail: { i: JSON.parse(json.fields[2].value).i },
  });
});

interface Proof {
  readonly entry: string;
  readonly salt: string;
  readonly leaf: number;
  readonly proof: string[];
  readonly checkpoint: string;
  readonly key: string;
  readonly fields: { field: string; salt: string; value: string }[];
}

/** What the commitments hold, each proven; docs/ledger.md says where each stands in the entry. */
function opened({ entry, fields }: Proof): Record<string, unknown> {
  const said = JSON.parse(entry);
  const committed: Record<string, string | null> = {
    actor: said.actor.name,
    from: said.from,
    subject: said.subject?.name ?? null,
    reason: said.reason,
    detail: said.detail,
  };
  return Object.fromEntries(
    fields.map(({ field, salt, value }) => {
      assert.equal(sha256(from64(salt), Buffer.from(value)).toString('base64'), committed[field], field);
      return [field, JSON.parse(value)];
    }),
  );
}

function checkProof(json: Proof): void {
  const { size, root } = readHead(json.checkpoint, json.key);
  const hash = sha256(Buffer.of(0), sha256(from64(json.salt), Buffer.from(json.entry)));
  assert.deepEqual(follow(json.leaf, size, hash, json.proof.map(from64)), root);
}

test('an entry that was redacted by order of a court is still proven, without what was taken out; the order stands beside it', async () => {
  await using at = await serverWithTree();
  const [auditor, approver] = [await callerWith(at, 'auditor'), await callerWith(at, 'approver')];
  const secret = '张三丰 was seen with the red umbrella';
  const seq = await at.db.kysely.transaction().execute((trx) =>
    append(trx, {
      ...{ atMs: Date.now(), actor: system, action: 'footage.mark', outcome: 'done', reason: secret },
      ...{ subject: { kind: 'camera', id: 'cam_1', name: 'Gate 2' }, detail: { note: secret } },
    }),
  );
  await at.tree.settle();
  const before = (await auditor.call('GET', `/api/ledger/${seq}/proof`)).json as Proof;
  assert.equal(opened(before).reason, secret);
  const path = `/api/ledger/${seq}/redaction`;
  const order = { fields: ['reason', 'detail'], basis: 'order', reference: '(2026) 京0105 民初 17' };
  assert.equal((await auditor.call('POST', path, order)).status, 403);
  const early = await approver.call('POST', path, { ...order, basis: 'request' });
  assert.equal(early.json.code, 'ledger.within-floor');
  assert.match(early.json.because[0].instrument, /网络安全法/);
  const done = await approver.call('POST', path, order);
  assert.deepEqual([done.status, done.json], [200, { seq, redacted: ['reason', 'detail'] }]);
  assert.equal((await approver.call('POST', path, order)).json.code, 'ledger.nothing-to-redact');

  const after = (await auditor.call('GET', `/api/ledger/${seq}/proof`)).json as Proof;
  assert.deepEqual([after.entry, after.salt, after.leaf], [before.entry, before.salt, before.leaf]);
  checkProof(after);
  assert.deepEqual(opened(after), { actor: 'system', from: 'local', subject: 'Gate 2' });
  const { json } = await auditor.call('GET', '/api/ledger?limit=20');
  const rows = json.items as { seq: number; action: string; reason: string | null; redacted: string[] }[];
  assert.deepEqual(rows.find((row) => row.seq === seq)?.redacted, ['reason', 'detail']);
  const ordered = rows.find(({ action, reason }) => action === 'ledger.redact' && reason !== null)!;
  assert.equal(ordered.reason, order.reference);
  assert.ok(!JSON.stringify(json).includes('umbrella'));

  const own = `/api/ledger/${ordered.seq}/redaction`;
  assert.equal((await approver.call('POST', own, order)).json.code, 'ledger.own-entry');
  const twice = await approver.call('POST', path, { ...order, fields: ['subject', 'reason'] });
  assert.deepEqual(twice.json.redacted, ['subject']);
  const last = (await auditor.call('GET', `/api/ledger/${seq}/proof`)).json as Proof;
  checkProof(last);
  assert.deepEqual(opened(last), { actor: 'system', from: 'local' });
});

test('an entry and its salt are for who may read the ledger; tiles beyond the checkpoint are not there', async () => {
  await using at = await serverWithTree();
  await add(at, 5);
  await at.tree.settle();
  const anyone = new TestCaller(at.url);
  assert.equal((await anyone.call('GET', '/api/ledger/1/proof')).status, 401);
  const watcher = await callerWith(at, 'watcher');
  assert.equal((await watcher.call('GET', '/api/ledger/1/proof')).status, 403);
  const auditor = await callerWith(at, 'auditor');
  assert.equal((await auditor.call('GET', '/api/ledger/99999/proof')).json.code, 'ledger.unknown');
  assert.equal((await auditor.call('GET', '/api/ledger/0/proof')).status, 400);
  assert.equal((await auditor.call('GET', '/api/ledger/1/proof')).status, 200);
  const { size } = at.tree.signed;
  for (const path of [
    `0/000.p/${size + 1}`,
    '0/000',
    '0/001',
    '1/000.p/1',
    '0/..%2f..%2fkey',
    '0/0',
    '64/000',
  ]) {
    assert.equal((await anyone.call('GET', `/ledger/tile/${path}`)).status, 404, path);
  }
});
