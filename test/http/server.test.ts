/** What every request meets, whatever it asks for: headers, limits, languages, faults, files, upgrades, streams. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Fault, type Log, newId, noLog, Refusal, refuse } from '../../src/base/index.ts';
import { collect, refusals } from '../../src/contract/index.ts';
import { createServer, languageOf, mount, problemOf } from '../../src/http/index.ts';
import { Rate } from '../../src/http/rate.ts';
import { TestClock } from '../support/clock.ts';
import {
  callerWith,
  ledgerRows,
  personNamed,
  TestCaller,
  testPassword,
  testServer,
} from '../support/edge.ts';

/** A request with headers that fetch would not send, answered with status and body. */
async function raw(url: string, path: string, headers: Record<string, string>, method = 'GET') {
  const request = httpRequest(url + path, { method, headers });
  request.end();
  const [response] = await once(request, 'response');
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode as number, headers: response.headers, body: Buffer.concat(chunks) };
}

test('a refusal is a problem in the language of its reader', async () => {
  await using at = await testServer();
  const caller = new TestCaller(at.url);
  const zh = await caller.call('GET', '/api/persons', undefined, {
    'accept-language': 'zh-CN,zh;q=0.9,en;q=0.8',
  });
  assert.equal(zh.json.detail, refusals['session.needed'].zh);
  assert.equal(zh.headers.get('content-language'), 'zh');
  const en = await caller.call('GET', '/api/persons', undefined, {
    'accept-language': 'fr,en;q=0.5,zh;q=0.2',
  });
  assert.equal(en.json.detail, refusals['session.needed'].en);
  assert.deepEqual(Object.keys(en.json), ['type', 'title', 'status', 'detail', 'code', 'values', 'because']);
});

test('languages are weighed, and nonsense means English', () => {
  const cases: [string | undefined, string][] = [
    [undefined, 'en'],
    ['zh', 'zh'],
    ['zh-Hans-CN', 'zh'],
    ['en;q=0.1, zh;q=0.2', 'zh'],
    ['zh;q=0', 'en'],
    ['de, *', 'en'],
    [';;;q=,,', 'en'],
  ];
  for (const [header, language] of cases) assert.equal(languageOf(header), language, String(header));
});

test('every refusal of the catalogue has its title in both languages', () => {
  for (const code of Object.keys(refusals)) {
    const [en, zh] = [problemOf(new Refusal(code), 'en'), problemOf(new Refusal(code), 'zh')];
    assert.ok(en.status === 500 || en.title !== 'Fault', `${code}: status ${en.status} has no title`);
    assert.match(zh.title, /\p{Script=Han}/u);
  }
});

test('what is not in the agreed form is refused by field, without its value', async () => {
  await using at = await testServer();
  const caller = await callerWith(at, 'administrator');
  const weak = { name: 'a b', displayName: 'x', roles: ['watcher'], password: 'my-secret-value' };
  const answer = await caller.call('POST', '/api/persons', weak);
  assert.equal(answer.json.values.what, 'body.name (invalid_format)');
  assert.ok(!JSON.stringify(answer.json).includes('my-secret'));
  const broken = await fetch(`${at.url}/api/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"name": ',
  });
  assert.equal(((await broken.json()) as { code: string }).code, 'request.malformed');
  const polluting = await fetch(`${at.url}/api/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"__proto__": {"name": "x"}, "name": "x", "password": "y"}',
  });
  assert.equal(polluting.status, 400);
});

test('a body over a megabyte and headers over 16 KiB are refused', async () => {
  await using at = await testServer();
  const large = await new TestCaller(at.url).call('POST', '/api/session', {
    name: 'x',
    password: 'y'.repeat(1_100_000),
  });
  assert.deepEqual([large.status, large.json.code], [413, 'request.too-large']);
  assert.equal((await raw(at.url, '/api/health', { 'x-long': 'x'.repeat(20_000) })).status, 431);
});

test('a fault shows an id and nothing else; the log has the rest; the ledger says that it failed', async () => {
  const lines: Record<string, unknown>[] = [];
  const log: Log = {
    ...noLog,
    error: (what) => void lines.push(what as Record<string, unknown>),
    child: () => log,
  };
  await using at = await testServer({
    log,
    prepare: (server) => {
      mount(server, collect.addSite, {
        handle: () => {
          throw new Error('secret path /srv/x');
        },
      });
      mount(server, collect.sites, {
        handle: () => {
          throw new Fault('database away', { retry: true });
        },
      });
    },
  });
  const caller = await callerWith(at, 'administrator');
  const answer = await caller.call('POST', '/api/sites', { name: 'gate' });
  assert.deepEqual([answer.status, answer.json.code], [500, 'internal.fault']);
  assert.ok(!JSON.stringify(answer.json).includes('secret path'));
  assert.ok(
    lines.some((line) => line.id === answer.json.values.id && String(line.error).includes('secret path')),
  );
  const row = (await ledgerRows(at)).at(-1)!;
  assert.deepEqual([row.action, row.outcome, row.code], ['site.configure', 'failed', 'internal.fault']);
  assert.equal((await caller.call('GET', '/api/sites')).json.code, 'system.restarting');
});

test('a change without its ledger row is our own mistake, and a reply outside of its schema too', async () => {
  await using at = await testServer({
    prepare: (server) => {
      mount(server, collect.changeSite, { handle: () => ({}) as never });
      mount(server, collect.sites, { handle: () => ({ items: [{ id: 'x' }] }) as never });
    },
  });
  const caller = await callerWith(at, 'administrator');
  assert.equal((await caller.call('PATCH', `/api/sites/${newId('site')}`, { name: 'gate' })).status, 500);
  assert.equal((await caller.call('GET', '/api/sites')).status, 500);
});

test('on loopback a foreign name is not answered, so no page can point its own name at us', async () => {
  await using at = await testServer();
  const { port } = new URL(at.url);
  for (const host of [`evil.example:${port}`, `localhost.evil.example:${port}`, '127.0.0.1.evil.example']) {
    assert.equal((await raw(at.url, '/api/setup', { host })).status, 403, host);
    assert.equal((await ledgerRows(at)).at(-1)?.code, 'request.origin');
  }
  for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`]) {
    assert.equal((await raw(at.url, '/api/setup', { host })).status, 200, host);
  }
});

test('behind a proxy the address is what the proxy added, not what the caller claimed', async () => {
  await using at = await testServer({ behindProxy: true });
  await raw(at.url, '/api/persons', { 'x-forwarded-for': '203.0.113.9, 198.51.100.4' });
  assert.equal((await ledgerRows(at)).at(-1)?.from_address, '198.51.100.4');
  await using direct = await testServer();
  await raw(direct.url, '/api/persons', { 'x-forwarded-for': '203.0.113.9' });
  assert.equal((await ledgerRows(direct)).at(-1)?.from_address, '127.0.0.1');
});

test('plain HTTP is not served off loopback unless a proxy ends TLS', async () => {
  const options = { host: '0.0.0.0', port: 0, behindProxy: false } as Parameters<typeof createServer>[0];
  await assert.rejects(createServer(options), /plain HTTP/);
});

test('the set-up asks for its code where others can reach us, and guessing at it is throttled', async () => {
  await using at = await testServer({ behindProxy: true });
  const caller = new TestCaller(at.url);
  assert.deepEqual((await caller.call('GET', '/api/setup')).json, { needed: true, codeNeeded: true });
  const wish = { unit: 'school', name: 'wang', password: testPassword };
  for (let i = 0; i < 5; i++) {
    assert.equal(
      (await caller.call('POST', '/api/setup', { ...wish, code: `AAAA-AAA${i}` })).json.code,
      'setup.code',
    );
  }
  const throttled = await caller.call('POST', '/api/setup', wish);
  assert.deepEqual([throttled.status, throttled.json.code], [429, 'session.throttled']);
  assert.ok(Number(throttled.headers.get('retry-after')) >= 1);

  await using fresh = await testServer({ behindProxy: true });
  const code = fresh.server.setupCode!.toLowerCase();
  const made = await new TestCaller(fresh.url).call('POST', '/api/setup', { ...wish, code });
  assert.equal(made.status, 200);
  const twice = await new TestCaller(fresh.url).call('POST', '/api/setup', { ...wish, code });
  assert.deepEqual([twice.status, twice.json.code], [409, 'setup.done']);
});

test('the first person can configure and watch, but does not read the ledger', async () => {
  await using at = await testServer();
  const caller = new TestCaller(at.url);
  const made = await caller.call('POST', '/api/setup', {
    unit: '实验中学',
    name: 'wang',
    password: testPassword,
  });
  assert.equal(made.status, 200);
  caller.cookie = (made.headers.get('set-cookie') ?? '').split(';')[0]!;
  const me = (await caller.call('GET', '/api/session')).json;
  assert.deepEqual([me.unit, me.roles], ['实验中学', ['administrator', 'watcher', 'approver']]);
  assert.equal((await caller.call('GET', '/api/ledger')).status, 403);
});

test('a person is made, changed, and gone from every session at once; the ledger tells it without the password', async () => {
  await using at = await testServer();
  const admin = await callerWith(at, 'administrator');
  const body = { name: 'li', displayName: '李', roles: ['watcher'], password: testPassword };
  const made = await admin.call('POST', '/api/persons', body);
  assert.equal(made.status, 200, JSON.stringify(made.json));
  const li = await new TestCaller(at.url).signIn('LI');
  const heard: string[] = [];
  at.gate.onEnded((ended) => heard.push(ended.why));
  const changed = await admin.call('PATCH', `/api/persons/${made.json.id}`, {
    active: false,
    password: 'another-good-1',
  });
  assert.equal(changed.json.active, false);
  assert.deepEqual(heard, ['deactivated']);
  assert.equal((await li.call('GET', '/api/session')).status, 401);
  const rows = await ledgerRows(at);
  assert.ok(!JSON.stringify(rows).includes(testPassword) && !JSON.stringify(rows).includes('another-good'));
  const row = rows.findLast((one) => one.action === 'person.configure')!;
  assert.deepEqual(row.detail.active, { before: true, after: false });
  const self = await admin.call('PATCH', `/api/persons/${admin.personId}`, { roles: ['watcher'] });
  assert.equal(self.json.code, 'person.last-administrator');
  assert.equal((await admin.call('PATCH', `/api/persons/${newId('per')}`, {})).json.code, 'person.unknown');
});

test('reading the ledger is itself in the ledger', async () => {
  await using at = await testServer();
  const auditor = await callerWith(at, 'auditor');
  await callerWith(at, 'watcher');
  const page = await auditor.call('GET', '/api/ledger?limit=2&outcome=done');
  assert.equal(page.json.items.length, 2);
  const next = await auditor.call('GET', `/api/ledger?limit=2&outcome=done&cursor=${page.json.next}`);
  assert.ok(next.json.items[0].seq < page.json.items[1].seq);
  const row = (await ledgerRows(at)).at(-1)!;
  assert.deepEqual([row.action, row.actor_id, row.detail.outcome], ['ledger.read', auditor.personId, 'done']);
});

test('own sessions are listed with the present one marked', async () => {
  await using at = await testServer();
  await personNamed(at, 'wang', 'watcher');
  await new TestCaller(at.url).signIn('wang');
  const here = await new TestCaller(at.url).signIn('wang');
  const { items } = (await here.call('GET', '/api/sessions')).json;
  assert.deepEqual(
    items.map((one: { current: boolean }) => one.current),
    [true, false],
  );
  assert.equal((await here.call('DELETE', '/api/sessions')).json.ended, 2);
  assert.equal((await here.call('GET', '/api/sessions')).status, 401);
});

test('health is open and says one word; metrics are for loopback or the token', async () => {
  let health: 'ok' | 'down' = 'ok';
  await using at = await testServer({ health: () => health, metricsToken: 'figures' });
  assert.deepEqual(await (await fetch(`${at.url}/api/health`)).json(), { status: 'ok' });
  health = 'down';
  assert.equal((await fetch(`${at.url}/api/health`)).status, 503);
  assert.match(await (await fetch(`${at.url}/metrics`)).text(), /custos_http_request_seconds/);
  const bearer = (token: string) =>
    fetch(`${at.url}/metrics`, { headers: { authorization: `Bearer ${token}` } });
  assert.equal((await bearer('figures')).status, 200);
  assert.equal((await bearer('wrong')).status, 404);
  await using behind = await testServer({ behindProxy: true });
  assert.equal((await fetch(`${behind.url}/metrics`)).status, 404);
});

test('the console is served with a nonce of its own each time, its assets for ever, and nothing beside them', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'custos-console-'));
  mkdirSync(join(dir, 'assets'));
  writeFileSync(
    join(dir, 'index.html'),
    '<meta name="csp-nonce" content="__NONCE__"><script src="/assets/a.js"></script>',
  );
  writeFileSync(join(dir, 'assets', 'a.js'), 'x'.repeat(5000));
  writeFileSync(join(dir, 'favicon.svg'), '<svg/>');
  try {
    await using at = await testServer({ consoleDir: dir });
    const nonces = new Set<string>();
    for (const path of ['/', '/wall', '/cameras/cam_x', '/?at=1']) {
      const page = await fetch(at.url + path);
      const policy = page.headers.get('content-security-policy') ?? '';
      const nonce = /'nonce-([^']+)'/.exec(policy)?.[1] ?? '';
      assert.equal(page.status, 200, path);
      assert.ok((await page.text()).includes(`content="${nonce}"`));
      assert.ok(
        !/unsafe/.test(policy) &&
          policy.includes("frame-ancestors 'none'") &&
          policy.includes("script-src 'self';"),
      );
      nonces.add(nonce);
    }
    assert.equal(nonces.size, 4);
    const asset = await raw(at.url, '/assets/a.js', { 'accept-encoding': 'gzip, br' });
    assert.equal(asset.headers['content-encoding'], 'br');
    assert.match(asset.headers['cache-control'] ?? '', /immutable/);
    const again = await raw(at.url, '/assets/a.js', { 'if-none-match': asset.headers.etag as string });
    assert.equal(again.status, 304);
    for (const path of [
      '/assets/b.js',
      '/assets/../../package.json',
      '/%2e%2e/package.json',
      '/index.html',
      '/api/nothing',
    ]) {
      assert.equal((await raw(at.url, path, {})).status, 404, path);
    }
    assert.equal((await raw(at.url, '/wall', {}, 'POST')).status, 404);
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test('an unknown upgrade is answered with 404 and closed; a registered one is handed over or refused', async () => {
  await using at = await testServer({
    prepare: (server) => {
      server.onUpgrade('/media/', async (request, socket) => {
        const { caller } = await server.calledBy(request);
        if (caller.personId === null) refuse('session.needed');
        socket.end('HTTP/1.1 101 \r\n\r\nhello');
      });
    },
  });
  const upgrade = async (path: string, cookie = '', host = '127.0.0.1') => {
    const socket = connect(Number(new URL(at.url).port), '127.0.0.1');
    socket.end(
      `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nCookie: ${cookie}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    );
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString();
  };
  assert.match(await upgrade('/nothing'), /^HTTP\/1.1 404 .*request\.unknown/s);
  assert.match(await upgrade('/media/x'), /^HTTP\/1.1 401 .*session\.needed/s);
  assert.match(await upgrade('/media/x', '', 'evil.example'), /^HTTP\/1.1 403 /);
  const caller = await callerWith(at, 'watcher');
  assert.match(await upgrade('/media/x', caller.cookie), /^HTTP\/1.1 101 .*hello$/s);
});

test('events reach who may hear them, and end with the session', async () => {
  let send: (event: unknown) => void = () => {};
  let stopped = 0;
  await using at = await testServer({
    prepare: (server) =>
      server.stream('/api/events', 'camera.read', { kind: 'camera' }, (_who, give) => {
        send = give;
        return () => void stopped++;
      }),
  });
  assert.equal((await fetch(`${at.url}/api/events`)).status, 401);
  assert.equal((await ledgerRows(at)).at(-1)?.code, 'session.needed');
  const caller = await callerWith(at, 'watcher');
  const response = await fetch(`${at.url}/api/events`, { headers: { cookie: caller.cookie } });
  assert.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8');
  assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
  send({ kind: 'engine', up: true });
  let text = '';
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  while (!text.includes('data:')) text += (await reader.read()).value ?? '';
  assert.match(text, /data: {"kind":"engine","up":true}\n\n/);
  await caller.call('DELETE', '/api/session');
  while (!(await reader.read()).done);
  assert.equal(stopped, 1);
});

test('an event stream whose reader stands still is closed instead of growing', async () => {
  let send: (event: unknown) => void = () => {};
  const stopped = Promise.withResolvers<void>();
  await using at = await testServer({
    prepare: (server) =>
      server.stream('/api/events', 'camera.read', { kind: 'camera' }, (_who, give) => {
        send = give;
        return stopped.resolve;
      }),
  });
  const caller = await callerWith(at, 'watcher');
  const socket = connect(Number(new URL(at.url).port), '127.0.0.1');
  socket.write(`GET /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: ${caller.cookie}\r\n\r\n`);
  await once(socket, 'readable');
  socket.pause();
  const event = { filler: 'x'.repeat(100_000) };
  const flood = setInterval(() => send(event), 1);
  await stopped.promise;
  clearInterval(flood);
  socket.destroy();
});

test('TLS is served with the given certificate', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'custos-tls-'));
  const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
  const wish = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '2',
  ];
  execFileSync('openssl', [...wish, '-subj', '/CN=localhost', '-keyout', key, '-out', cert], {
    stdio: 'ignore',
  });
  try {
    await using at = await testServer({ tls: { cert: readFileSync(cert), key: readFileSync(key) } });
    assert.match(at.url, /^https:/);
    const request = httpsRequest(`${at.url}/api/health`, { rejectUnauthorized: false });
    request.end();
    const [response] = await once(request, 'response');
    assert.equal(response.statusCode, 200);
    assert.match(response.headers['strict-transport-security'], /max-age/);
    response.resume();
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test('one address may ask often, but not without end', async () => {
  await using at = await testServer();
  const ask = (url: string) => at.server.app.inject({ url, headers: { host: 'localhost' } });
  for (let i = 0; i < 3000; i++) await ask('/api/health');
  const answer = await ask('/api/health');
  assert.equal(answer.statusCode, 429);
  assert.equal(answer.json().code, 'request.too-many');
  assert.equal((await ask('/media/x')).statusCode, 404, 'media is counted apart');
  assert.equal((await ask('/api/nothing')).statusCode, 429, 'wrong addresses count too');
});

test('upgrades of one address are bounded, whether they are refused or not', () => {
  const clock = new TestClock();
  const rate = new Rate(10, clock);
  for (let i = 0; i < 10; i++) rate.count('a');
  assert.throws(() => rate.count('a'), { code: 'request.too-many' });
  rate.count('b');
  clock.pass(60_000);
  rate.count('a');
});

test('closing lets a reply under way finish, and waits for it no longer than three seconds', async () => {
  const [begun, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const at = await testServer({
    prepare: (server) =>
      void server.app.get('/api/slow', async () => {
        begun.resolve();
        await go.promise;
        return 'done';
      }),
  });
  const answer = fetch(`${at.url}/api/slow`);
  await begun.promise;
  const closed = at[Symbol.asyncDispose]();
  go.resolve();
  assert.equal(await (await answer).text(), 'done');
  await closed;

  const stuck = await testServer({
    prepare: (server) =>
      void server.app.get('/api/stuck', async (_request, reply) => {
        reply.hijack();
        reply.raw.write('half');
        return reply;
      }),
  });
  const half = await fetch(`${stuck.url}/api/stuck`);
  await stuck[Symbol.asyncDispose]();
  await assert.rejects(half.text());
});

test('closing ends open streams and sockets at once', async () => {
  const at = await testServer({
    prepare: (server) => {
      server.stream('/api/events', 'camera.read', { kind: 'camera' }, () => () => {});
      server.onUpgrade('/media/', async (_request, socket) => void socket.write('HTTP/1.1 101 \r\n\r\n'));
    },
  });
  const caller = await callerWith(at, 'watcher');
  const events = await fetch(`${at.url}/api/events`, { headers: { cookie: caller.cookie } });
  const socket = connect(Number(new URL(at.url).port), '127.0.0.1');
  socket.write(
    'GET /media/x HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  );
  await once(socket, 'data');
  const ended = Promise.all([events.text().catch(() => ''), once(socket, 'close')]);
  await at[Symbol.asyncDispose]();
  await ended;
});
