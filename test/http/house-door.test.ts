/** The door of the house: every endpoint of the contract, walked by nobody and by every role. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newId, refuse } from '../../src/base/index.ts';
import { type Endpoint, roles } from '../../src/contract/index.ts';
import { contractEndpoints, mount, type Server } from '../../src/http/index.ts';
import { reportAccess } from '../support/access-report.ts';
import { callerWith, ledgerRows, TestCaller, type TestServer, testServer } from '../support/edge.ts';
import { golden } from '../support/golden.ts';

/** What other folders serve is served here by a handler that refuses, so that what stands before it can be walked. */
function mountTheRest(server: Server): void {
  for (const endpoint of contractEndpoints().values()) {
    if (!server.mounted.has(endpoint)) mount(server, endpoint, { handle: () => refuse('camera.unknown') });
  }
}

const pathOf = (endpoint: Endpoint): string => endpoint.path.replace(/:\w+/g, newId('cam'));
const isUnwritten = (code: string): boolean => code.startsWith('request.') && !/csrf|origin/.test(code);

async function walk(at: TestServer, caller: TestCaller, endpoint: Endpoint) {
  const before = (await ledgerRows(at)).length;
  const answer = await caller.call(
    endpoint.method,
    pathOf(endpoint),
    endpoint.method === 'GET' ? undefined : {},
  );
  const refusals = (await ledgerRows(at)).slice(before).filter((row) => row.outcome === 'refused');
  const code: string = answer.status >= 400 ? answer.json.code : 'ok';
  const wanted = code === 'ok' || isUnwritten(code) ? [] : [code];
  assert.deepEqual(
    refusals.map((row) => row.code),
    wanted,
    `${endpoint.method} ${endpoint.path}: rows`,
  );
  if (code !== 'ok')
    assert.equal(answer.headers.get('content-type'), 'application/problem+json; charset=utf-8');
  return { status: answer.status, code };
}

/** By persona and endpoint: whether the gate let them through. */
const met = new Map<string, Map<string, boolean>>();
function meets(persona: string, endpoint: Endpoint, isOpen: boolean): void {
  const all = met.get(persona) ?? new Map<string, boolean>();
  met.set(persona, all.set(`${endpoint.method} ${endpoint.path}`, isOpen));
}

test('nobody passes any endpoint without a session, and each such refusal is in the ledger', async () => {
  await using at = await testServer({ prepare: mountTheRest });
  for (const endpoint of contractEndpoints().values()) {
    const { status, code } = await walk(at, new TestCaller(at.url), endpoint);
    meets('nobody', endpoint, code !== 'session.needed');
    if (endpoint.action === 'open') assert.notEqual(status, 403);
    else assert.deepEqual([status, code], [401, 'session.needed'], `${endpoint.method} ${endpoint.path}`);
  }
});

for (const role of roles) {
  test(`${role}: every endpoint is open or refused as the gate decides, and each refusal is in the ledger`, async () => {
    await using at = await testServer({ prepare: mountTheRest });
    let caller = await callerWith(at, role);
    const { may } = (await caller.call('GET', '/api/session')).json;
    for (const endpoint of contractEndpoints().values()) {
      const { code } = await walk(at, caller, endpoint);
      const isDenied = code === 'gate.denied' || code === 'session.needed';
      meets(role, endpoint, !isDenied);
      assert.equal(!isDenied, may.includes(endpoint.action), `${endpoint.method} ${endpoint.path}: ${code}`);
      const endsSession =
        endpoint.method === 'DELETE' && ['self', 'account.secure'].includes(endpoint.action);
      if (endsSession) caller = await callerWith(at, role);
    }
  });
}

test('what each persona met at each endpoint is in docs/access-report.md', () => {
  const personas = ['nobody', ...roles];
  assert.deepEqual([...met.keys()], personas, 'every persona walked');
  const rows = [...contractEndpoints().values()].map((endpoint) => {
    const name = `${endpoint.method} ${endpoint.path}`;
    return `| \`${name}\` | ${personas.map((one) => (met.get(one)?.get(name) ? 'open' : '–')).join(' | ')} |`;
  });
  const lines = [
    `| endpoint | ${personas.join(' | ')} |`,
    `| --- |${personas.map(() => ' :-: |').join('')}`,
    ...rows,
  ];
  reportAccess(
    'Endpoints',
    `Each was called by each persona with a session of theirs; “–” is a refusal by the gate, with its row in the ledger.\n\n${lines.join('\n')}`,
  );
});

test('an unsafe call with the cookie needs the CSRF token of its own session', async () => {
  await using at = await testServer();
  const [one, other] = [await callerWith(at, 'administrator'), await callerWith(at, 'administrator')];
  for (const csrf of ['', 'x', other.csrf]) {
    const answer = await one.call('POST', '/api/persons', {}, { 'x-csrf': csrf });
    assert.deepEqual([answer.status, answer.json.code], [403, 'request.csrf']);
    assert.equal((await ledgerRows(at)).at(-1)?.code, 'request.csrf');
  }
  assert.equal((await one.call('POST', '/api/persons', {})).json.code, 'request.malformed');
});

test('a request from another site is refused, also where no session is needed', async () => {
  await using at = await testServer();
  const caller = await callerWith(at, 'watcher');
  const foreign = [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: at.url.replace(/\d+$/, '1') },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ];
  for (const headers of foreign) {
    for (const [method, path] of [
      ['POST', '/api/session'],
      ['POST', '/api/setup'],
      ['DELETE', '/api/session'],
    ]) {
      const answer = await caller.call(method!, path!, {}, headers as Record<string, string>);
      assert.deepEqual([answer.status, answer.json.code], [403, 'request.origin'], JSON.stringify(headers));
    }
  }
  const own = await caller.call('DELETE', '/api/session', undefined, {
    origin: at.url,
    'sec-fetch-site': 'same-origin',
  });
  assert.equal(own.status, 200);
});

test('a bearer token needs no CSRF token, and a wrong one does not fall back to the cookie', async () => {
  await using at = await testServer();
  const caller = await callerWith(at, 'administrator');
  const name = (await caller.call('GET', '/api/session')).json.name;
  const answer = await new TestCaller(at.url).call('POST', '/api/session', {
    name,
    password: 'grün-Fahrrad-97',
    token: true,
  });
  const { token, expires } = answer.json;
  assert.ok(Date.parse(expires) - Date.now() < 2.1 * 3_600_000, 'shorter than a cookie session');
  const bearer = { authorization: `Bearer ${token}` };
  assert.equal(
    (await new TestCaller(at.url).call('POST', '/api/persons', {}, bearer)).json.code,
    'request.malformed',
  );
  const wrong = await caller.call('GET', '/api/persons', undefined, { authorization: 'Bearer wrong' });
  assert.equal(wrong.status, 401);
  assert.match(wrong.headers.get('www-authenticate') ?? '', /^Bearer/);
  assert.equal((await new TestCaller(at.url).call('DELETE', '/api/session', undefined, bearer)).status, 200);
  assert.equal((await new TestCaller(at.url).call('GET', '/api/persons', undefined, bearer)).status, 401);
});

test('the session cookie is HttpOnly and SameSite=Strict, Secure behind TLS, and gone after signing out', async () => {
  await using at = await testServer();
  await using behind = await testServer({ behindProxy: true });
  for (const one of [at, behind]) {
    const caller = await callerWith(one, 'watcher');
    assert.match(caller.cookie, /^custos_session=[\w-]{43}$/);
    const name = (await caller.call('GET', '/api/session')).json.name;
    const again = await caller.call('POST', '/api/session', { name, password: 'grün-Fahrrad-97' });
    const cookie = again.headers.get('set-cookie') ?? '';
    assert.match(cookie, /; Path=\/; HttpOnly; SameSite=Strict/);
    assert.equal(cookie.includes('; Secure'), one === behind);
    assert.equal((await caller.call('GET', '/api/session')).status, 401, 'the session before has ended');
    caller.cookie = cookie.split(';')[0]!;
    caller.csrf = again.json.me.csrf;
    const out = await caller.call('DELETE', '/api/session');
    assert.match(out.headers.get('set-cookie') ?? '', /^custos_session=; .*Max-Age=0/);
    assert.equal((await caller.call('GET', '/api/session')).status, 401);
  }
});

test('the OpenAPI page is the one that was agreed, and is served to everyone', async () => {
  await using at = await testServer();
  const answer = await new TestCaller(at.url).call('GET', '/api/openapi.json');
  golden('openapi.json', `${JSON.stringify(answer.json, null, 2)}\n`);
});
