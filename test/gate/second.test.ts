/** The second factor, tokens for programs, and the way back in; and what tries to get round them. */
import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import {
  base32,
  codeOf,
  isOffSite,
  readAssertion,
  readNetwork,
  readRegistration,
  stepAt,
  stepOfCode,
} from '../../src/gate/index.ts';
import { fromBase32 } from '../support/base32.ts';
import { TestClock } from '../support/clock.ts';
import {
  callerWith,
  personNamed,
  TestCaller,
  type TestServer,
  testPassword,
  testServer,
} from '../support/edge.ts';

const minuteMs = 60_000;
const key = Buffer.from('12345678901234567890');

test('one-time codes are those of RFC 6238', () => {
  const vectors: [number, string][] = [
    [59, '287082'],
    [1_111_111_109, '081804'],
    [1_111_111_111, '050471'],
    [1_234_567_890, '005924'],
    [2_000_000_000, '279037'],
    [20_000_000_000, '353130'],
  ];
  for (const [seconds, code] of vectors) assert.equal(codeOf(key, stepAt(seconds * 1000)), code);
  assert.equal(base32(key), 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ');
});

test('a code is taken half a minute early or late, never twice, and never ten minutes off', () => {
  fc.assert(
    fc.property(fc.integer({ min: 40, max: 1e8 }), fc.integer({ min: -40, max: 40 }), (now, off) => {
      const code = codeOf(key, now + off);
      const taken = stepOfCode(key, code, now * 30_000, -1);
      if (Math.abs(off) <= 1) {
        assert.ok(taken !== null && stepOfCode(key, code, now * 30_000, taken) === null);
        return;
      }
      // Of a million codes some are the same by chance: then it is the code of now.
      if (taken !== null) assert.equal(codeOf(key, taken), code);
    }),
  );
  assert.equal(stepOfCode(key, codeOf(key, 1020), 1000 * 30_000, -1), null);
});

test('a network is an address and its bits, and who is not in one of them is off-site', () => {
  for (const bad of ['', '10.0.0.0/33', '10.0.0.0/x', '10.0.0/8', '::1/129', '10.0.0.0/8/8', 'unit.example'])
    assert.equal(readNetwork(bad), null, bad);
  const rule = { roles: [], inside: ['10.1.0.0/16', '2001:db8::/32'] };
  for (const inside of ['10.1.2.3', '2001:db8::7', '127.0.0.1', '::1'])
    assert.equal(isOffSite(rule, inside), false);
  for (const outside of ['10.2.0.1', '2001:db9::1', 'unknown']) assert.equal(isOffSite(rule, outside), true);
  assert.equal(isOffSite({ roles: [], inside: [] }, '203.0.113.9'), false);
});

// ---- passkeys: an authenticator of our own, so that each of its answers can be bent

const wanted = { challenge: 'c2VjcmV0', origin: 'https://custos.example', rpId: 'custos.example' };
const base64url = (bytes: Uint8Array | string): string => Buffer.from(bytes).toString('base64url');
const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const spki = pair.publicKey.export({ format: 'der', type: 'spki' });

interface Bent {
  type?: string;
  challenge?: string;
  origin?: string;
  rpId?: string;
  flags?: number;
  count?: number;
  crossOrigin?: boolean;
}
const clientData = (type: string, bent: Bent) =>
  base64url(
    JSON.stringify({
      ...{ type: bent.type ?? type, challenge: bent.challenge ?? wanted.challenge },
      ...{ origin: bent.origin ?? wanted.origin, crossOrigin: bent.crossOrigin ?? false },
    }),
  );
function authData(bent: Bent, flags: number): Buffer {
  const head = Buffer.alloc(37);
  createHash('sha256')
    .update(bent.rpId ?? wanted.rpId)
    .digest()
    .copy(head);
  head[32] = bent.flags ?? flags;
  head.writeUInt32BE(bent.count ?? 7, 33);
  return head;
}
function registration(bent: Bent = {}, cose = Buffer.from(spki)) {
  const id = Buffer.alloc(16, 9);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(id.length);
  const data = Buffer.concat([authData(bent, 0x45), Buffer.alloc(16), length, id, cose]);
  return {
    ...{ clientData: clientData('webauthn.create', bent), authenticatorData: base64url(data) },
    ...{ publicKey: base64url(spki), algorithm: -7 },
  };
}
function assertion(bent: Bent = {}) {
  const data = authData(bent, 0x05);
  const client = clientData('webauthn.get', bent);
  const signed = Buffer.concat([
    data,
    createHash('sha256').update(Buffer.from(client, 'base64url')).digest(),
  ]);
  return {
    ...{ clientData: client, authenticatorData: base64url(data) },
    signature: base64url(sign('sha256', signed, pair.privateKey)),
  };
}

test('a passkey is taken as it was asked for, and not for another host, challenge, ceremony or key', () => {
  const made = readRegistration(registration(), wanted);
  assert.deepEqual([made?.algorithm, made?.signCount, made?.credentialId.length], [-7, 7, 16]);
  const bents: Bent[] = [
    { challenge: 'b3RoZXI' },
    { origin: 'https://evil.example' },
    { origin: 'http://custos.example' },
    { rpId: 'evil.example' },
    { crossOrigin: true },
    { flags: 0x44 },
  ];
  for (const bent of [...bents, { type: 'webauthn.get' }, { flags: 0x05 }])
    assert.equal(readRegistration(registration(bent), wanted), null, JSON.stringify(bent));
  const another = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({
    format: 'der',
    type: 'spki',
  });
  assert.equal(readRegistration({ ...registration(), publicKey: base64url(another) }, wanted), null);
  const known = { publicKey: spki, algorithm: -7, signCount: 6 };
  assert.equal(readAssertion(assertion(), wanted, known), 7);
  for (const bent of [...bents, { type: 'webauthn.create' }, { count: 6 }, { count: 0 }])
    assert.equal(readAssertion(assertion(bent), wanted, known), null, JSON.stringify(bent));
  assert.equal(
    readAssertion({ ...assertion(), signature: assertion({ count: 9 }).signature }, wanted, known),
    null,
  );
  assert.equal(readAssertion(assertion(), wanted, { ...known, publicKey: another }), null);
});

test('whatever bytes come as a passkey, the answer is no and nothing breaks', () => {
  const text = fc.oneof(
    fc.base64String().map((each) => each.replace(/[=+/]/g, '')),
    fc.string(),
  );
  fc.assert(
    fc.property(text, text, text, fc.integer(), (a, b, c, algorithm) => {
      const given = { clientData: a, authenticatorData: b, publicKey: c, algorithm };
      assert.equal(readRegistration(given, wanted), null);
      const known = { publicKey: Buffer.from(c), algorithm, signCount: 0 };
      assert.equal(readAssertion({ clientData: a, authenticatorData: b, signature: c }, wanted, known), null);
    }),
  );
});

describe('on a server', () => {
  const clock = new TestClock();
  let at: TestServer;
  let admin: TestCaller;
  before(async () => {
    at = await testServer({ clock });
    await at.db.kysely
      .insertInto('unit')
      .values({ id: 'unit_1', name: 'school', created: new Date(0) })
      .execute();
    admin = await callerWith(at, 'administrator');
    await personNamed(at, 'fixed', 'administrator');
  });
  after(() => at[Symbol.asyncDispose]());

  const now = (secret: string, offMs = 0) => codeOf(fromBase32(secret), stepAt(clock.wallMs() + offMs));
  const signIn = (name: string, second?: unknown) =>
    new TestCaller(at.url).call('POST', '/api/session', { name, password: testPassword, second });

  /** With an app, and the codes on paper. */
  async function withApp(name: string, ...roles: ('watcher' | 'administrator')[]) {
    await personNamed(at, name, ...(roles.length > 0 ? roles : (['watcher'] as const)));
    const caller = await new TestCaller(at.url).signIn(name);
    return { caller, ...(await addApp(caller)) };
  }
  async function addApp(caller: TestCaller) {
    const begun = await caller.call('POST', '/api/session/factors/totp', { password: testPassword });
    assert.equal(begun.status, 200, JSON.stringify(begun.json));
    assert.match(begun.json.uri, /^otpauth:\/\/totp\/Custos/);
    const { secret } = begun.json as { secret: string };
    const body = { name: 'phone', code: now(secret) };
    const done = await caller.call('POST', '/api/session/factors/totp/confirm', body);
    assert.equal(done.status, 200, JSON.stringify(done.json));
    return { secret, codes: done.json.recoveryCodes as string[], factor: done.json.factor as string };
  }

  test('an app is set up by a code that it shows; then a sign-in asks for one, takes it once, and none of ten minutes ago', async () => {
    const { secret, codes } = await withApp('app-1');
    assert.equal(new Set(codes).size, 10);
    assert.equal((await signIn('app-1')).json.code, 'second.needed');
    // The code that confirmed is used up.
    assert.equal((await signIn('app-1', now(secret))).json.code, 'second.wrong');
    clock.pass(minuteMs);
    for (const off of [-10 * minuteMs, 10 * minuteMs])
      assert.equal((await signIn('app-1', now(secret, off))).json.code, 'second.wrong');
    const code = now(secret);
    const both = await Promise.all([signIn('app-1', code), signIn('app-1', code)]);
    assert.deepEqual(both.map(({ status }) => status).sort(), [200, 401]);
    assert.equal((await signIn('app-1', code)).json.code, 'second.wrong');
    const rows = await at.db.kysely
      .selectFrom('ledger')
      .select(['action', 'code'])
      .where('code', '=', 'second.wrong')
      .where('subject_name', '=', 'app-1')
      .execute();
    assert.equal(rows.length, 5);
    assert.ok(rows.every(({ action }) => action === 'session.open'));
  });

  test('the key of an app and the codes on paper are nowhere in the database as they are', async () => {
    const { secret, codes } = await withApp('app-2');
    const factor = await at.db.kysely.selectFrom('second_factor').selectAll().execute();
    const paper = await at.db.kysely.selectFrom('recovery_code').selectAll().execute();
    const ledger = await at.db.kysely.selectFrom('ledger').selectAll().execute();
    const all = JSON.stringify([factor, paper, ledger]);
    for (const hidden of [secret, fromBase32(secret).toString('base64'), ...codes])
      assert.ok(!all.includes(hidden));
  });

  test('a code on paper is good once', async () => {
    const { codes } = await withApp('paper-1');
    assert.equal((await signIn('paper-1', codes[0]!.toLowerCase())).status, 200);
    assert.equal((await signIn('paper-1', codes[0])).json.code, 'second.wrong');
    assert.equal((await signIn('paper-1', codes[1])).status, 200);
  });

  test('guesses at the second factor are throttled like guesses at the password', async () => {
    const { secret } = await withApp('guessed');
    const codes: string[] = [];
    for (let i = 0; i < 8; i++) codes.push((await signIn('guessed', String(100000 + i))).json.code);
    assert.ok(codes.includes('session.throttled'), codes.join());
    assert.equal((await signIn('guessed', now(secret))).json.code, 'session.throttled');
    clock.pass(10 * minuteMs);
    assert.equal((await signIn('guessed', now(secret))).status, 200);
  });

  test('who is demanded a second factor by role may set one up, and nothing else until then', async () => {
    await personNamed(at, 'demanded', 'watcher');
    const set = (roles: string[], inside: string[] = []) =>
      admin.call('PUT', '/api/second-factor-rule', { roles, inside });
    assert.equal((await set(['watcher'])).status, 200);
    const caller = await new TestCaller(at.url).signIn('demanded');
    const me = (await caller.call('GET', '/api/session')).json;
    assert.deepEqual([me.owesSecond, me.may], [true, ['open', 'self', 'account.secure']]);
    const { factor, secret } = await addApp(caller);
    assert.ok((await caller.call('GET', '/api/session')).json.may.includes('camera.read'));
    const last = await caller.call('POST', `/api/session/factors/${factor}/end`, { password: testPassword });
    assert.equal(last.json.code, 'second.demanded');
    assert.equal((await set([], ['10.1.0.0/99'])).json.code, 'second.network');
    assert.equal((await set([])).status, 200);
    clock.pass(minuteMs);
    assert.equal((await signIn('demanded', now(secret))).status, 200);
  });

  test('from outside of the unit nobody signs in by password alone, nor goes on with a session that began so inside', async () => {
    await personNamed(at, 'traveller', 'watcher');
    const from = (address: string) =>
      at.gate.signIn({
        ...{ name: 'traveller', password: testPassword, token: false },
        from: address,
        agent: '',
      });
    const { session } = await from('10.1.0.7');
    await admin.call('PUT', '/api/second-factor-rule', { roles: [], inside: ['10.1.0.0/16'] });
    await assert.rejects(from('203.0.113.9'), { code: 'second.off-site' });
    const can = async (address: string) =>
      at.gate.can(await at.gate.authenticate(session.token, address), 'camera.read');
    assert.equal(await can('10.1.0.7'), true);
    assert.deepEqual(await can('203.0.113.9'), { no: 'second.owed' });
    await admin.call('PUT', '/api/second-factor-rule', { roles: [], inside: [] });
  });

  test('a token does what it was made for, is shown once, and ends when it is revoked', async () => {
    const caller = await callerWith(at, 'administrator');
    const expires = new Date(clock.wallMs() + 30 * 86_400_000).toISOString();
    const body = { name: 'exporter', scope: ['camera.read'], expires, password: testPassword };
    const made = await caller.call('POST', '/api/tokens', body);
    assert.equal(made.status, 200, JSON.stringify(made.json));
    assert.match(made.json.token, /^custos_[\w-]{43}$/);
    const program = new TestCaller(at.url);
    const bearer = { authorization: `Bearer ${made.json.token}` };
    const ask = (method: string, path: string, sent?: unknown) => program.call(method, path, sent, bearer);
    assert.deepEqual((await ask('GET', '/api/session')).json.may, ['open', 'self', 'camera.read']);
    assert.equal((await ask('GET', '/api/persons')).json.code, 'token.narrow');
    const password = { present: testPassword, next: 'another-good-one-1' };
    assert.equal((await ask('PUT', '/api/session/password', password)).json.code, 'token.narrow');
    assert.equal((await ask('POST', '/api/tokens', body)).json.code, 'token.narrow');
    const { items } = (await caller.call('GET', '/api/tokens')).json;
    assert.deepEqual([items.length, items[0].scope, 'token' in items[0]], [1, ['camera.read'], false]);
    const stored = JSON.stringify(await at.db.kysely.selectFrom('session').selectAll().execute());
    assert.ok(!stored.includes(made.json.token));
    await caller.call('POST', `/api/sessions/${made.json.id}/end`, {});
    assert.equal((await ask('GET', '/api/session')).status, 401);
    const rows = await at.db.kysely
      .selectFrom('ledger')
      .select('action')
      .where('subject_id', '=', made.json.id)
      .where('outcome', '=', 'done')
      .orderBy('seq')
      .execute();
    assert.deepEqual(
      rows.map(({ action }) => action),
      ['token.make', 'token.end'],
    );
    const bad: [object, string][] = [
      [{ scope: ['ledger.read'] }, 'token.scope'],
      [{ scope: ['account.secure'] }, 'token.scope'],
      [{ expires: new Date(clock.wallMs() - 1).toISOString() }, 'token.end'],
      [{ expires: new Date(clock.wallMs() + 400 * 86_400_000).toISOString() }, 'token.end'],
      [{ password: 'wrong-password-9' }, 'password.wrong'],
    ];
    for (const [wrong, code] of bad)
      assert.equal((await caller.call('POST', '/api/tokens', { ...body, ...wrong })).json.code, code);
  });

  test('a token ends at its end, and with the person who made it', async () => {
    const id = await personNamed(at, 'maker', 'administrator');
    const caller = await new TestCaller(at.url).signIn('maker');
    const make = async (days: number) => {
      const expires = new Date(clock.wallMs() + days * 86_400_000).toISOString();
      const body = { name: `t${days}`, scope: ['camera.read'], expires, password: testPassword };
      return (await caller.call('POST', '/api/tokens', body)).json.token as string;
    };
    const [short, long] = [await make(1), await make(90)];
    const status = async (token: string) =>
      (
        await new TestCaller(at.url).call('GET', '/api/session', undefined, {
          authorization: `Bearer ${token}`,
        })
      ).status;
    assert.deepEqual([await status(short), await status(long)], [200, 200]);
    clock.pass(86_400_000);
    assert.deepEqual([await status(short), await status(long)], [401, 200]);
    admin = await callerWith(at, 'administrator');
    await admin.call('POST', `/api/persons/${id}/leave`, { reason: 'gone' });
    assert.equal(await status(long), 401);
  });

  test('the way back in takes two administrators: neither who asked nor the person approves', async () => {
    const { caller } = await withApp('lost', 'administrator');
    const other = await callerWith(at, 'administrator');
    const reason = 'Phone lost';
    const ask = (by: TestCaller) => by.call('POST', `/api/persons/${caller.personId}/recovery`, { reason });
    assert.equal((await ask(caller)).json.code, 'recovery.own');
    const { id } = (await ask(admin)).json;
    const approve = (by: TestCaller) => by.call('POST', `/api/recoveries/${id}/approve`, {});
    for (const by of [admin, caller]) assert.equal((await approve(by)).json.code, 'recovery.same');
    const { code } = (await approve(other)).json;
    assert.equal((await approve(other)).json.code, 'recovery.unknown');
    const recover = (with_: string, password = 'a-new-password-1') =>
      new TestCaller(at.url).call('POST', '/api/session/recover', { name: 'lost', code: with_, password });
    assert.equal((await recover('AAAA-BBBB-CCCC')).json.code, 'recovery.wrong');
    assert.equal((await recover(code, 'short')).json.code, 'password.weak');
    assert.equal((await recover(code)).status, 200);
    assert.equal((await recover(code)).json.code, 'recovery.wrong');
    assert.equal((await caller.call('GET', '/api/session')).status, 401);
    // Without the lost factor, by the new password.
    const back = await new TestCaller(at.url).signIn('lost', 'a-new-password-1');
    assert.deepEqual((await back.call('GET', '/api/session/factors')).json.factors, []);
  });

  test('a session fixed beforehand, a forged cookie and a token of another kind are nobody', async () => {
    const fixed = new TestCaller(at.url);
    fixed.cookie = `custos_session=${'A'.repeat(43)}`;
    const signedIn = await fixed.call('POST', '/api/session', { name: 'fixed', password: testPassword });
    const given = (signedIn.headers.get('set-cookie') ?? '').split(';')[0];
    assert.notEqual(given, fixed.cookie);
    assert.equal((await fixed.call('GET', '/api/session')).status, 401);
    const forged = new TestCaller(at.url);
    for (const value of [
      `${admin.cookie.split('=')[1]!.slice(0, -1)}_`,
      '../../etc',
      `${'x'.repeat(42)}`,
      "' or 1=1--",
    ]) {
      forged.cookie = `custos_session=${value}`;
      assert.equal((await forged.call('GET', '/api/session')).status, 401, value);
    }
    const part = (json: object) => base64url(JSON.stringify(json));
    const jwt = `${part({ alg: 'none', typ: 'JWT' })}.${part({ sub: admin.personId, roles: ['administrator'] })}.`;
    const bearer = { authorization: `Bearer ${jwt}` };
    assert.equal((await new TestCaller(at.url).call('GET', '/api/persons', undefined, bearer)).status, 401);
  });
});
