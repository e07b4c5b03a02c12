/** People as the law wants them: an account works only while what the law asks for is on record. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import {
  addFounding,
  addPerson,
  change,
  declareAgain,
  type Ended,
  isWho,
  newPasswordHash,
} from '../../src/gate/index.ts';
import {
  addMonths,
  clearedUntil,
  neededOf,
  type PersonRecord,
  recordKindsOfPersons,
  standingsOf,
} from '../../src/law/index.ts';
import { TestClock } from '../support/clock.ts';
import {
  callerWith,
  ledgerRows,
  personNamed,
  TestCaller,
  type TestServer,
  testPassword,
  testServer,
} from '../support/edge.ts';

const dayMs = 86_400_000;
const records = fc.array(
  fc.record<PersonRecord>({
    kind: fc.constantFrom(...recordKindsOfPersons),
    endsMs: fc.integer({ min: 0, max: 1000 }),
    score: fc.option(fc.integer({ min: 0, max: 100 })),
  }),
  { maxLength: 12 },
);
const employment = fc.record({ employer: fc.constantFrom('', 'Firm'), guard: fc.boolean() });

test('an account works at a moment exactly when each thing it needs holds then, or a founding does', () => {
  fc.assert(
    fc.property(employment, records, fc.integer({ min: 0, max: 1000 }), (of, held, nowMs) => {
      const untilMs = clearedUntil(of, held);
      const holds = (kind: string) => held.some((each) => each.kind === kind && nowMs < each.endsMs);
      const expected = holds('founding') || neededOf(of).every(holds);
      assert.equal(untilMs !== null && nowMs < untilMs, expected);
    }),
  );
});

test('an examination that was not passed counts as none', () => {
  const held = (score: number): PersonRecord[] => [{ kind: 'examination', endsMs: 10, score }];
  assert.equal(standingsOf(['examination'], held(59), 0)[0]?.met, false);
  assert.equal(standingsOf(['examination'], held(60), 0)[0]?.met, true);
});

describe('on a server', () => {
  const clock = new TestClock();
  const ended: Ended[] = [];
  let at: TestServer;
  let admin: TestCaller;
  before(async () => {
    at = await testServer({ clock });
    at.gate.onEnded((one) => ended.push(one));
    admin = await callerWith(at, 'administrator');
  });
  after(() => at[Symbol.asyncDispose]());

  const today = () => new Date(clock.wallMs() + 8 * 3_600_000).toISOString().slice(0, 10);
  const yearOn = () => addMonths(today(), 12);

  async function addGuard(name: string, more: object = {}): Promise<string> {
    const body = { name, displayName: name, roles: ['watcher'], password: testPassword, ...more };
    const made = await admin.call('POST', '/api/persons', body);
    assert.equal(made.status, 200, JSON.stringify(made.json));
    assert.equal(made.json.inert, true);
    return made.json.id;
  }
  const put = (id: string, kind: string, until = yearOn(), by = admin) =>
    by.call('POST', `/api/persons/${id}/records`, { kind, on: today(), until, said: 'No. 7' });
  async function clearAll(id: string, until = yearOn()): Promise<void> {
    for (const kind of ['vetting', 'confidentiality', 'post-training'])
      assert.equal((await put(id, kind, until)).status, 200);
  }

  test('an account is inert until vetting, confidentiality training and training for the post are on record', async () => {
    const id = await addGuard('inert-1');
    const guard = await new TestCaller(at.url).signIn('inert-1');
    assert.deepEqual((await guard.call('GET', '/api/session')).json.may, ['open', 'self', 'account.secure']);
    for (const kind of ['vetting', 'confidentiality', 'post-training']) {
      const refused = await guard.call('GET', '/api/persons');
      assert.deepEqual([refused.status, refused.json.code], [403, 'person.inert']);
      assert.equal(refused.json.because[0].article, '16(2)(1)');
      const standing = (await guard.call('GET', '/api/session/standing')).json;
      const missing = standing.records.filter(
        (each: { needed: boolean; met: boolean }) => each.needed && !each.met,
      );
      assert.ok(standing.inert && missing.some((each: { kind: string }) => each.kind === kind));
      assert.equal((await put(id, kind)).status, 200);
    }
    // In the session that showed what was missing.
    assert.equal((await guard.call('GET', '/api/persons')).json.code, 'gate.denied');
    assert.ok((await guard.call('GET', '/api/session')).json.may.includes('permission.ask'));
  });

  test('an account falls inert at the end of the last day of a record: nothing is allowed, and its sessions end', async () => {
    const id = await addGuard('inert-2');
    await clearAll(id);
    await put(id, 'vetting', addMonths(today(), 24));
    const guard = await new TestCaller(at.url).signIn('inert-2');
    const session = await at.gate.authenticate(guard.cookie.split('=')[1]!, '127.0.0.1');
    const { clearedUntil: until } = (await guard.call('GET', '/api/session/standing')).json;
    // Midnight in Shanghai after the last day.
    assert.equal(until, new Date(Date.parse(`${yearOn()}T16:00:00Z`)).toISOString());
    const untilMs = Date.parse(until);
    // Not idle, not over-aged: only the record runs out.
    await at.db.kysely
      .updateTable('session')
      .set({ expires: new Date(untilMs + dayMs), last_seen: new Date(untilMs - 1000) })
      .where('id', '=', session.sessionId!)
      .execute();
    clock.pass(untilMs - clock.wallMs() - 1);
    assert.ok(
      at.gate
        .may(await at.gate.authenticate(guard.cookie.split('=')[1]!, '127.0.0.1'))
        .includes('permission.ask'),
    );
    clock.pass(1);
    const refused = at.gate.can(
      await at.gate.authenticate(guard.cookie.split('=')[1]!, '127.0.0.1'),
      'permission.ask',
    );
    assert.deepEqual(refused, { no: 'person.inert' });
    ended.length = 0;
    await at.gate.sweep();
    assert.ok(
      ended.some(({ why, sessionIds }) => why === 'inert' && sessionIds.includes(session.sessionId!)),
    );
    assert.ok(!isWho(await at.gate.authenticate(guard.cookie.split('=')[1]!, '127.0.0.1')));
    // Who signs in now sees why, and is not thrown out by the next look.
    const again = await new TestCaller(at.url).signIn('inert-2');
    await at.gate.sweep();
    assert.equal((await again.call('GET', '/api/session/standing')).json.inert, true);
    admin = await callerWith(at, 'administrator');
  });

  test('ending a record that the account needs ends its sessions at once; ending another does not', async () => {
    const id = await addGuard('inert-3');
    await clearAll(id);
    const guard = await new TestCaller(at.url).signIn('inert-3');
    const spare = (await put(id, 'vetting')).json;
    const end = (record: string) =>
      admin.call('POST', `/api/person-records/${record}/end`, { reason: 'was wrong' });
    await end(spare.id);
    assert.equal((await guard.call('GET', '/api/session')).status, 200);
    const { items } = (await admin.call('GET', `/api/persons/${id}/records`)).json;
    const training = items.find((each: { kind: string }) => each.kind === 'post-training');
    ended.length = 0;
    assert.equal((await end(training.id)).json.endedReason, 'was wrong');
    assert.deepEqual(
      ended.map(({ why }) => why),
      ['inert'],
    );
    assert.equal((await guard.call('GET', '/api/session')).status, 401);
    assert.equal((await end(training.id)).json.code, 'record.unknown');
  });

  test('a contractor works until the agreement ends, a guard with a certificate, and either change counts at once', async () => {
    const id = await addGuard('inert-4', { employer: 'Guards Ltd', guard: true });
    await clearAll(id);
    const isInert = async () =>
      (await admin.call('GET', '/api/persons')).json.items.find((each: { id: string }) => each.id === id)
        .inert;
    assert.equal(await isInert(), true);
    await put(id, 'agreement', addMonths(today(), 3));
    assert.equal(await isInert(), true);
    await put(id, 'guard-certificate');
    assert.equal(await isInert(), false);
    const one = await personNamed(at, 'staff-1', 'watcher');
    const staff = await new TestCaller(at.url).signIn('staff-1');
    await admin.call('PATCH', `/api/persons/${one}`, { guard: true });
    assert.equal((await staff.call('GET', '/api/session')).status, 401);
  });

  test('whoever holds the machine lets a person in again whose records ran out, and the ledger says why', async () => {
    const id = await addGuard('locked-out');
    const guard = await new TestCaller(at.url).signIn('locked-out');
    const standing = async () => (await guard.call('GET', '/api/session/standing')).json;
    assert.equal((await standing()).inert, true);
    const again = { db: at.db, clock, gate: at.gate };
    assert.equal(await declareAgain(again, 'nobody-of-that-name', 'why'), null);
    const until = await declareAgain(again, 'Locked-Out', 'the only administrator was ill');
    assert.equal((await standing()).inert, false);
    const row = (await ledgerRows(at)).findLast(({ subject_id }) => subject_id === id);
    assert.equal(row?.reason, 'the only administrator was ill');
    assert.deepEqual(row?.detail, { declared: until, by: 'command' });
  });

  test('who leaves is out at once, with all that stood on record, and begins afresh when they return', async () => {
    const id = await addGuard('leaver');
    await clearAll(id);
    const guard = await new TestCaller(at.url).signIn('leaver');
    const asked: string[] = [];
    at.gate.atLeaving.push(async (_trx, _grant, personId) => {
      asked.push(personId);
      return { permissions: 2 };
    });
    ended.length = 0;
    const gone = await admin.call('POST', `/api/persons/${id}/leave`, { reason: 'Contract over' });
    assert.deepEqual([gone.status, gone.json.active, gone.json.inert], [200, false, true]);
    assert.deepEqual([asked, ended.map(({ why }) => why)], [[id], ['left']]);
    assert.equal((await guard.call('GET', '/api/session')).status, 401);
    assert.equal(
      (await admin.call('POST', `/api/persons/${id}/leave`, { reason: 'again' })).json.code,
      'person.left',
    );
    const back = await admin.call('PATCH', `/api/persons/${id}`, { active: true });
    assert.deepEqual([back.json.left, back.json.inert], [null, true]);
    at.gate.atLeaving.length = 0;
    const row = await at.db.kysely
      .selectFrom('ledger')
      .select(['reason', 'detail'])
      .where('subject_id', '=', id)
      .where('reason', '=', 'Contract over')
      .executeTakeFirstOrThrow();
    assert.equal(row.detail.permissions, 2);
  });

  test('nobody vouches for himself where another administrator could', async () => {
    const me = await callerWith(at, 'administrator');
    const own = await put(me.personId, 'vetting', yearOn(), me);
    assert.deepEqual([own.status, own.json.code], [403, 'record.own']);
    assert.equal((await put(me.personId, 'vetting')).status, 200);
  });

  test('a record that cannot be is refused: no such day, a day to come, an end before its beginning or in a hundred years, a score where there is none', async () => {
    const id = await addGuard('bad-records');
    const base = { kind: 'vetting', on: today(), until: yearOn(), said: 'x' };
    const bad: [object, string][] = [
      [{ kind: 'magic' }, 'record.kind'],
      [{ kind: 'founding' }, 'record.kind'],
      [{ on: '2026-02-30' }, 'record.day'],
      [{ on: addMonths(today(), 1) }, 'record.day'],
      [{ until: addMonths(today(), -1) }, 'record.day'],
      [{ until: addMonths(today(), 1200) }, 'record.day'],
      [{ score: 90 }, 'record.score'],
      [{ kind: 'examination' }, 'record.score'],
      [{ said: ' ' }, 'request.malformed'],
    ];
    for (const [wrong, code] of bad) {
      const answer = await admin.call('POST', `/api/persons/${id}/records`, { ...base, ...wrong });
      assert.equal(answer.json.code, code, JSON.stringify(wrong));
    }
    const exam = await admin.call('POST', `/api/persons/${id}/records`, {
      ...base,
      kind: 'examination',
      score: 91,
    });
    assert.equal(exam.json.score, 91);
  });

  test('who sets up declares, works for thirty days by that, and by records from then on', async () => {
    const passwordHash = await newPasswordHash(testPassword, 'founder');
    const grant = at.gate.systemGrant('person.configure', { kind: 'person' });
    const person = await change(
      { db: at.db, clock },
      grant,
      async (trx) => {
        const made = await addPerson(trx, grant, {
          ...{ name: 'founder', displayName: 'founder', roles: ['administrator'], passwordHash },
        });
        await addFounding(trx, grant, { personId: made.id, said: 'declared' });
        return made;
      },
      () => ({}),
    );
    const founder = await new TestCaller(at.url).signIn('founder');
    const { inert, foundingUntil } = (await founder.call('GET', '/api/session')).json;
    assert.equal(inert, false);
    const days = Math.round((Date.parse(foundingUntil) - clock.wallMs()) / dayMs);
    assert.ok(days === 30 || days === 31, `${days} days`);
    await clearAll(person.id);
    assert.equal((await founder.call('GET', '/api/session')).json.foundingUntil, null);
  });
});
