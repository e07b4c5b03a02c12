/** A real server on a free port with a real database, and callers who sign in: for tests of everything behind HTTP. */
import assert from 'node:assert/strict';
import type { Clock } from '../../src/base/index.ts';
import { noLog, systemClock } from '../../src/base/index.ts';
import type { Role } from '../../src/contract/index.ts';
import { addPerson, change, type Gate, newPasswordHash, openGate } from '../../src/gate/index.ts';
import { createServer, type Server, type ServerOptions } from '../../src/http/index.ts';
import { testBox } from './box.ts';
import { clear } from './clear.ts';
import { type TestDatabase, testDatabase } from './database.ts';

export const testPassword = 'grün-Fahrrad-97';

export interface TestServer extends AsyncDisposable {
  readonly url: string;
  readonly server: Server;
  readonly gate: Gate;
  readonly db: TestDatabase;
}

/** `prepare` mounts more before the server listens. */
export async function testServer(
  wishes: Partial<ServerOptions> & { clock?: Clock; prepare?: (server: Server) => void } = {},
): Promise<TestServer> {
  await using stack = new AsyncDisposableStack();
  const db = stack.use(await testDatabase());
  const clock = wishes.clock ?? systemClock;
  const box = await testBox(stack);
  const gate = stack.use(openGate({ db, box, clock, log: noLog }));
  const server = await createServer({
    db,
    gate,
    clock,
    log: noLog,
    host: '127.0.0.1',
    port: 0,
    behindProxy: false,
    consoleDir: null,
    demo: false,
    version: '0.0.0-test',
    health: () => 'ok',
    firstSite: async () => 'site_0000000000000000000000',
    checkReplies: true,
    ...wishes,
  });
  stack.use(server);
  wishes.prepare?.(server);
  const url = await server.listen();
  const resources = stack.move();
  return { url, server, gate, db, [Symbol.asyncDispose]: () => resources[Symbol.asyncDispose]() };
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects, and fails when it is not there
  readonly json: any;
}

/** A caller with a cookie jar of one cookie, as a browser on our console would be. */
export class TestCaller {
  readonly #url: string;
  cookie = '';
  csrf = '';
  personId = '';

  constructor(url: string) {
    this.#url = url;
  }

  async call(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const response = await fetch(this.#url + path, {
      method,
      redirect: 'manual',
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(this.cookie ? { cookie: this.cookie } : {}),
        ...(this.csrf && method !== 'GET' ? { 'x-csrf': this.csrf } : {}),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, headers: response.headers, json: isJson ? JSON.parse(text) : text };
  }

  async signIn(name: string, password: string = testPassword): Promise<this> {
    const answer = await this.call('POST', '/api/session', { name, password });
    assert.equal(answer.status, 200, JSON.stringify(answer.json));
    this.cookie = (answer.headers.get('set-cookie') ?? '').split(';')[0]!;
    this.csrf = answer.json.me.csrf;
    this.personId = answer.json.me.id;
    return this;
  }
}

/** Makes a person with these roles and signs them in; the name says who they are. */
export async function callerWith(at: TestServer, ...roles: Role[]): Promise<TestCaller> {
  const name = `${roles.join('-')}-${++made}`;
  await personNamed(at, name, ...roles);
  return new TestCaller(at.url).signIn(name);
}

let made = 0;
let hash: Promise<string> | undefined;

export async function personNamed(at: TestServer, name: string, ...roles: Role[]): Promise<string> {
  hash ??= newPasswordHash(testPassword, 'nobody');
  const passwordHash = await hash;
  const grant = at.gate.systemGrant('person.configure', { kind: 'person' });
  const person = await change(
    { db: at.db, clock: systemClock },
    grant,
    async (trx) => {
      const added = await addPerson(trx, grant, { name, displayName: name, roles, passwordHash });
      await clear(trx, grant, added.id);
      return added;
    },
    (made) => ({ subject: { kind: 'person', id: made.id, name: made.name } }),
  );
  return person.id;
}

export async function ledgerRows(at: TestServer) {
  return at.db.kysely.selectFrom('ledger').selectAll().orderBy('seq').execute();
}

/** What a test's person may look at, unless it says otherwise: everything, for 300 days: some tests move the clock. */
const wholeHouse = {
  ...{ actions: ['live', 'playback', 'still', 'export'], wholeUnit: true, lookBackHours: 24 * 400 },
  ...{ purpose: 'duty', reason: 'a test looks', necessity: 'a test looks' },
};

const approvers = new WeakMap<TestServer, Promise<TestCaller>>();

/** Issues a permission as a house does: the person asks, another approves. Resolves with its id. */
export async function permit(at: TestServer, caller: TestCaller, wish: object = {}): Promise<string> {
  let approver = approvers.get(at);
  if (!approver) {
    approver = callerWith(at, 'approver');
    approvers.set(at, approver);
  }
  const ends = new Date(Date.now() + 300 * 86_400_000).toISOString();
  const asked = await caller.call('POST', '/api/permissions', { ...wholeHouse, ends, ...wish });
  assert.equal(asked.status, 200, JSON.stringify(asked.json));
  const { id, revision } = asked.json;
  const issued = await (await approver).call('POST', `/api/permissions/${id}/approve`, { revision });
  assert.equal(issued.status, 200, JSON.stringify(issued.json));
  return id;
}

/** A person with these roles and a permission to look at everything. */
export async function viewerWith(at: TestServer, ...roles: Role[]): Promise<TestCaller> {
  const caller = await callerWith(at, ...roles);
  await permit(at, caller);
  return caller;
}
