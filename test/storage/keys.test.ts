/** The key ring: a key is durable before it is used, opens under its own master alone, and once destroyed is never again. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { systemClock } from '../../src/base/index.ts';
import { KeyRing, type MasterChoice, NoKey } from '../../src/engine/index.ts';
import { AskedKeys, answerKey } from '../../src/engine/keys/index.ts';

async function folder() {
  const path = await mkdtemp(join(tmpdir(), 'custos-keys-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

const file: MasterChoice = { kind: 'file' };
const open = (path: string, master: MasterChoice = file) =>
  KeyRing.open({ dir: join(path, 'footage'), master, clock: systemClock });
const source = 'cam_1.main';
const day = '2026-11-22';
const make = { create: true };
const find = { create: false };

test('a stream has one key a day, the same after a new start, and another stream or day another', async () => {
  await using at = await folder();
  const ring = await open(at.path);
  const key = await ring.dayKey(source, day, make);
  assert.equal(key.key.length, 32);
  assert.deepEqual(await ring.dayKey(source, day, make), key);
  const others = [await ring.toSeal('cam_1.sub', day), await ring.toSeal(source, '2026-11-23')];
  assert.equal(new Set([key, ...others].map((one) => Buffer.from(one.key).toString('hex'))).size, 3);
  const again = await open(at.path);
  const found = await again.toOpen(source, day, key.keyId);
  assert.deepEqual(Buffer.from(found.key), Buffer.from(key.key));
  await assert.rejects(again.toOpen(source, day, 'key_other'), NoKey);
  await assert.rejects(again.dayKey(source, '2026-11-24', find), { trouble: 'missing' });
});

test('two who ask for a key at once get the same, in one process and in two', async () => {
  await using at = await folder();
  const [one, two] = [await open(at.path), await open(at.path)];
  const keys = await Promise.all([one, one, two, two].map((ring) => ring.toSeal(source, day)));
  assert.equal(new Set(keys.map((key) => key.keyId)).size, 1);
  assert.equal(new Set(keys.map((key) => Buffer.from(key.key).toString('hex'))).size, 1);
});

test('no key lies in the clear, and nobody but us may read the files', async () => {
  await using at = await folder();
  const ring = await open(at.path);
  const { key } = await ring.toSeal(source, day);
  const dir = join(at.path, 'footage');
  assert.equal((await stat(dir)).mode & 0o777, 0o700);
  for (const name of await readdir(dir, { recursive: true })) {
    const info = await stat(join(dir, name));
    assert.equal(info.mode & 0o077, 0, name);
    if (!info.isFile()) continue;
    const bytes = await readFile(join(dir, name));
    for (const form of ['hex', 'base64', 'latin1'] as const)
      assert.ok(!bytes.includes(Buffer.from(Buffer.from(key).toString(form), 'latin1')), name);
  }
});

test('a destroyed key is gone from the disk and from memory, stays known as destroyed, and none is made again', async () => {
  await using at = await folder();
  const ring = await open(at.path);
  const { keyId } = await ring.toSeal(source, day);
  await ring.toSeal(source, '2026-11-23');
  const heard: string[] = [];
  ring.onDestroyed((of, on) => heard.push(`${of} ${on}`));
  const destroyed = await ring.destroy(source, day);
  assert.equal(destroyed.keyId, keyId);
  assert.deepEqual(await ring.destroy(source, day), destroyed);
  assert.deepEqual(heard.slice(0, 1), [`${source} ${day}`]);
  for (const now of [ring, await open(at.path)]) {
    await assert.rejects(now.toSeal(source, day), { trouble: 'destroyed' });
    await assert.rejects(now.toOpen(source, day, keyId), { trouble: 'destroyed' });
    assert.equal(await now.has(source, day), false);
    assert.equal(await now.has(source, '2026-11-23'), true);
    assert.deepEqual(
      (await now.list()).map((one) => [one.day, one.destroyedAtMs !== null]),
      [
        [day, true],
        ['2026-11-23', false],
      ],
    );
  }
  assert.deepEqual((await readdir(join(at.path, 'footage', source))).sort(), [
    `${day}.destroyed`,
    '2026-11-23.key',
  ]);
});

test('a day without a key can be destroyed too: none is made for it any more', async () => {
  await using at = await folder();
  const ring = await open(at.path);
  assert.equal((await ring.destroy(source, day)).keyId, 'none');
  await assert.rejects(ring.toSeal(source, day), { trouble: 'destroyed' });
});

test('with another master nothing opens, and the start says so', async () => {
  await using at = await folder();
  await (await open(at.path)).toSeal(source, day);
  const master = join(at.path, 'footage', 'master.key');
  const kept = await readFile(master);
  await writeFile(master, Buffer.alloc(32, 1));
  await assert.rejects(open(at.path), /another master key/);
  await writeFile(master, Buffer.alloc(31));
  await assert.rejects(open(at.path), /not a key of 32 bytes/);
  await unlink(master);
  await assert.rejects(open(at.path), /is missing: put it back/);
  await assert.rejects(readFile(master), { code: 'ENOENT' }, 'none is made over the old one');
  await writeFile(master, kept);
  await (await open(at.path)).dayKey(source, day, find);
  await assert.rejects(
    open(at.path, { kind: 'passphrase', passphrase: 'a passphrase' }),
    /of the kind "file"/,
  );
});

test('a master file may lie elsewhere', async () => {
  await using at = await folder();
  const master: MasterChoice = { kind: 'file', path: join(at.path, 'stick', 'custos.key') };
  await (await open(at.path, master)).toSeal(source, day);
  assert.equal((await readFile(master.path as string)).length, 32);
  await (await open(at.path, master)).dayKey(source, day, find);
  await assert.rejects(open(at.path), /is missing/);
});

test('a passphrase is the master: the right one opens, however it is composed, a wrong one is named', async () => {
  await using at = await folder();
  const spoken = (passphrase: string) => open(at.path, { kind: 'passphrase', passphrase });
  const key = await (await spoken('drei Äpfel und ein Schlüssel')).toSeal(source, day);
  const again = await spoken('drei Äpfel und ein Schlüssel'.normalize('NFD'));
  assert.equal((await again.dayKey(source, day, find)).keyId, key.keyId);
  await assert.rejects(spoken('drei Äpfel und kein Schlüssel'), /another master key \(or passphrase\)/);
});

/** A key management service in 12 lines of Python; its own key stands in a file that only it reads. */
const service = `#!/usr/bin/python3
import base64, hashlib, hmac, json, os, sys
assert len(sys.argv) == 1, 'a key in an argument'
secret = open(os.path.join(os.path.dirname(os.path.realpath(__file__)), 'secret'), 'rb').read()
ask = json.loads(sys.stdin.readline())
data, context = base64.b64decode(ask['data']), ask['context'].encode()
def stream(salt, n):
    return b''.join(hashlib.sha256(secret + salt + bytes([i])).digest() for i in range(n // 32 + 1))[:n]
xor = lambda a, b: bytes(x ^ y for x, y in zip(a, b))
tag = lambda salt, body: hmac.new(secret, salt + context + body, 'sha256').digest()
if ask['op'] == 'wrap':
    salt = os.urandom(16); body = xor(data, stream(salt, len(data)))
    out = salt + tag(salt, body) + body
else:
    salt, mac, body = data[:16], data[16:48], data[48:]
    if not hmac.compare_digest(mac, tag(salt, body)): sys.exit('not wrapped here')
    out = xor(body, stream(salt, len(body)))
print(json.dumps({'data': base64.b64encode(out).decode()}))
`;

test('a key management service wraps and unwraps through a program; what it refuses stays closed', async () => {
  await using at = await folder();
  const program = join(at.path, 'kms');
  await writeFile(program, service);
  await chmod(program, 0o755);
  await writeFile(join(at.path, 'secret'), 'the service keeps this');
  const master: MasterChoice = { kind: 'command', program };
  const key = await (await open(at.path, master)).toSeal(source, day);
  const again = await (await open(at.path, master)).dayKey(source, day, find);
  assert.deepEqual(Buffer.from(again.key), Buffer.from(key.key));
  // One day's key in another's place: the service sees another context.
  const dir = join(at.path, 'footage', source);
  const stored = JSON.parse(await readFile(join(dir, `${day}.key`), 'utf8'));
  await writeFile(join(dir, '2026-11-25.key'), JSON.stringify({ ...stored, day: '2026-11-25' }));
  const ring = await open(at.path, master);
  await assert.rejects(ring.dayKey(source, '2026-11-25', find), /ended with 1/);
  await writeFile(join(at.path, 'secret'), 'another key');
  await assert.rejects(open(at.path, master), /ended with 1: not wrapped here/);
  await writeFile(program, '#!/bin/sh\necho no JSON\n');
  await assert.rejects(open(at.path, master), (error: Error) => {
    return /another master key/.test(error.message) && /no answer that can be read/.test(String(error.cause));
  });
  await assert.rejects(
    open(at.path, { kind: 'command', program: join(at.path, 'none') }),
    /another master key/,
  );
});

test('a flipped bit in any file of the ring is a clear no, never another key', async () => {
  await using at = await folder();
  const ring = await open(at.path);
  const { key } = await ring.toSeal(source, day);
  const path = join(at.path, 'footage', source, `${day}.key`);
  const whole = await readFile(path);
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(7), async (byte, bit) => {
      const bytes = Buffer.from(whole);
      bytes[byte]! ^= 1 << bit;
      await writeFile(path, bytes);
      const now = await open(at.path);
      try {
        const found = await now.dayKey(source, day, find);
        assert.deepEqual(Buffer.from(found.key), Buffer.from(key));
      } catch (error) {
        assert.ok(error instanceof NoKey, String(error));
      }
    }),
    { numRuns: 150 },
  );
});

test('what names no stream or day becomes no path', async () => {
  await using at = await folder();
  const ring = await open(at.path);
  for (const [of, on] of [
    ['../cam.main', day],
    ['cam_1.third', day],
    [source, '../../etc'],
    [source, '2026-11-2'],
  ] as const) {
    await assert.rejects(async () => ring.dayKey(of, on, make), /assertion/);
    await assert.rejects(async () => ring.destroy(of, on), /assertion/);
  }
});

test('a process that asks keeps a key in memory, hears why there is none, and forgets what was destroyed', async () => {
  await using at = await folder();
  const ring = await open(at.path);
  let asked = 0;
  const keys = new AskedKeys(systemClock, (question) => {
    asked++;
    return answerKey(ring, question);
  });
  const [one, two] = await Promise.all([keys.toSeal(source, day), keys.toSeal(source, day)]);
  assert.equal(one.keyId, two.keyId);
  assert.equal(asked, 1);
  await ring.destroy(source, day);
  assert.equal((await keys.toSeal(source, day)).keyId, one.keyId);
  keys.forget(source, day);
  await assert.rejects(keys.toSeal(source, day), { trouble: 'destroyed' });
  await assert.rejects(keys.toSeal(source, day), { trouble: 'destroyed' });
  assert.equal(asked, 3, 'a no is asked again');
});

// ── the process is killed before each step ──────────────────────────────────────────────────────────────────────────

const child = join(import.meta.dirname, 'keys-child.ts');
const killedBefore = async (dir: string, step: string, act: 'make' | 'destroy') => {
  const ended = await promisify(execFile)(process.execPath, [child, dir, step, act]).catch(
    (error: { signal: string }) => error,
  );
  assert.ok('signal' in ended && ended.signal === 'SIGKILL', `${step} was not reached`);
};

for (const step of ['key 1', 'key 2', 'key 3'])
  test(`killed before ${step}: the next start has the key whole or makes it`, async () => {
    await using at = await folder();
    await killedBefore(at.path, step, 'make');
    const ring = await open(at.path);
    assert.equal(await ring.has(source, day), step === 'key 3');
    const key = await ring.toSeal(source, day);
    assert.equal((await (await open(at.path)).dayKey(source, day, find)).keyId, key.keyId);
    assert.deepEqual(await readdir(join(at.path, 'footage', source)), [`${day}.key`]);
  });

for (const step of ['destroy 1', 'destroy 2', 'destroy 3', 'destroy 4'])
  test(`killed before ${step}: the key is whole, or destroyed to its end by the next start`, async () => {
    await using at = await folder();
    const before = await (await open(at.path)).toSeal(source, day);
    await killedBefore(at.path, step, 'destroy');
    const ring = await open(at.path);
    if (step === 'destroy 1') {
      assert.equal((await ring.toSeal(source, day)).keyId, before.keyId);
      return;
    }
    await assert.rejects(ring.toSeal(source, day), { trouble: 'destroyed' });
    assert.deepEqual(await readdir(join(at.path, 'footage', source)), [`${day}.destroyed`]);
    assert.equal((await ring.destroy(source, day)).keyId, before.keyId);
  });
