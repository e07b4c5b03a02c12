import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noLog } from '../../src/base/index.ts';
import type { Role } from '../../src/contract/index.ts';
import {
  addPerson,
  change,
  changePerson,
  type Ended,
  type Gate,
  isWho,
  maxSessions,
  newPasswordHash,
  openGate,
  type PersonChange,
} from '../../src/gate/index.ts';
import { testBox } from '../support/box.ts';
import { clear } from '../support/clear.ts';
import { TestClock } from '../support/clock.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';

const hourMs = 3_600_000;
const right = 'grün-Fahrrad-97';
const from = '192.0.2.7';

interface At extends AsyncDisposable {
  readonly gate: Gate;
  readonly db: TestDatabase;
  readonly clock: TestClock;
  readonly ended: Ended[];
}

async function gateAt(unit: string | null = 'school'): Promise<At> {
  await using stack = new AsyncDisposableStack();
  const db = stack.use(await testDatabase());
  const clock = new TestClock();
  if (unit)
    await db.kysely
      .insertInto('unit')
      .values({ id: 'unit_1', name: unit, created: new Date(0) })
      .execute();
  const box = await testBox(stack);
  const gate = stack.use(openGate({ db, box, clock, log: noLog }));
  const ended: Ended[] = [];
  gate.onEnded((one) => ended.push(one));
  const resources = stack.move();
  return { gate, db, clock, ended, [Symbol.asyncDispose]: () => resources[Symbol.asyncDispose]() };
}

async function make(at: At, name: string, ...roles: Role[]) {
  const passwordHash = await newPasswordHash(right, name);
  const grant = at.gate.systemGrant('person.configure', { kind: 'person' });
  const made = { name, displayName: name, roles, passwordHash };
  return change(
    at,
    grant,
    async (trx) => {
      const person = await addPerson(trx, grant, made);
      await clear(trx, grant, person.id);
      return person;
    },
    () => ({}),
  );
}

async function alter(at: At, id: string, to: PersonChange) {
  const grant = at.gate.systemGrant('person.configure', { kind: 'person', id });
  const done = await change(
    at,
    grant,
    (trx) => changePerson(trx, grant, to),
    () => ({}),
  );
  if (done.endedWhy) at.gate.announce({ sessionIds: done.ended, personId: id, why: done.endedWhy });
  return done;
}

const signIn = (at: At, name: string, password = right, address = from) =>
  at.gate.signIn({ name, password, token: false, from: address, agent: 'test' });

const rows = (at: At) => at.db.kysely.selectFrom('ledger').selectAll().orderBy('seq').execute();

test('a right password signs in whatever the case of the name, and only the digest of the token is kept', async () => {
  await using at = await gateAt();
  await make(at, 'Müller', 'watcher');
  const { who, session } = await signIn(at, ' MÜLLER ');
  assert.equal(who.name, 'Müller');
  const kept = await at.db.kysely.selectFrom('session').selectAll().executeTakeFirstOrThrow();
  assert.ok(!JSON.stringify(kept).includes(session.token));
  assert.equal((await rows(at)).at(-1)?.action, 'session.open');
});

test('a wrong password, an unknown name and a deactivated person get the same answer, and a row each', async () => {
  await using at = await gateAt();
  await make(at, 'wang', 'watcher');
  const gone = await make(at, 'gone', 'watcher');
  await alter(at, gone.id, { active: false });
  for (const [name, password] of [
    ['wang', 'wrong'],
    ['nobody', right],
    ['gone', right],
  ] as const) {
    await assert.rejects(signIn(at, name, password), { code: 'session.wrong' });
    const row = (await rows(at)).at(-1)!;
    assert.deepEqual([row.outcome, row.code, row.action], ['refused', 'session.wrong', 'session.open']);
    assert.equal(row.subject_name, name === 'nobody' ? null : name);
  }
});

test('what was typed as an unknown name is not written down: it may be a password', async () => {
  await using at = await gateAt();
  await assert.rejects(signIn(at, 'my-secret-password'), { code: 'session.wrong' });
  assert.ok(!JSON.stringify(await rows(at)).includes('my-secret'));
});

test('guessing side by side gains nothing, and the wait is said', async () => {
  await using at = await gateAt();
  await make(at, 'wang', 'watcher');
  const guesses = Array.from({ length: 20 }, (_, i) =>
    signIn(at, 'wang', `guess number ${i}`).catch((error: { code: string }) => error.code),
  );
  const codes = await Promise.all(guesses);
  assert.equal(codes.filter((code) => code === 'session.wrong').length, 5);
  assert.equal(codes.filter((code) => code === 'session.throttled').length, 15);
  await assert.rejects(signIn(at, 'wang'), { code: 'session.throttled', values: { seconds: 1 } });
  assert.equal((await rows(at)).filter((row) => row.outcome === 'refused').length, 21);
  at.clock.pass(2000);
  assert.equal((await signIn(at, 'wang')).who.name, 'wang');
});

test('one address that tries many names is throttled too', async () => {
  await using at = await gateAt();
  const codes: string[] = [];
  for (let i = 0; i < 33; i++) {
    codes.push(
      await signIn(at, `name${i}`, 'x').then(
        () => 'in',
        (error: { code: string }) => error.code,
      ),
    );
  }
  assert.equal(codes.indexOf('session.throttled'), 30);
  await assert.rejects(signIn(at, 'name0', 'x', '198.51.100.1'), { code: 'session.wrong' });
});

test('a session ends after twelve hours, after two idle ones, and at sign-out; its views hear of it', async () => {
  await using at = await gateAt();
  await make(at, 'wang', 'watcher');
  const { session: idle } = await signIn(at, 'wang');
  at.clock.pass(hourMs);
  assert.ok(isWho(await at.gate.authenticate(idle.token, from)));
  at.clock.pass(2 * hourMs - 1);
  assert.ok(isWho(await at.gate.authenticate(idle.token, from)), 'a call counts as presence');
  at.clock.pass(2 * hourMs);
  assert.ok(!isWho(await at.gate.authenticate(idle.token, from)));
  await at.gate.sweep();

  const { session: old } = await signIn(at, 'wang');
  for (let h = 0; h < 11; h++) {
    at.clock.pass(hourMs);
    assert.ok(isWho(await at.gate.authenticate(old.token, from)));
  }
  at.clock.pass(hourMs);
  assert.ok(!isWho(await at.gate.authenticate(old.token, from)));

  await at.gate.sweep();
  const heard = at.ended.map(({ why, sessionIds }) => [why, ...sessionIds]);
  assert.deepEqual(heard, [
    ['idle', idle.id],
    ['expired', old.id],
  ]);
  assert.equal((await rows(at)).filter((row) => row.action === 'session.expire').length, 2);
});

test('sign-out everywhere ends every session of that person and of no other', async () => {
  await using at = await gateAt();
  await make(at, 'wang', 'watcher');
  await make(at, 'li', 'watcher');
  const own = [await signIn(at, 'wang'), await signIn(at, 'wang')];
  const other = await signIn(at, 'li');
  const ended = await at.gate.signOut(own[0]!.who, 'all');
  assert.deepEqual([...ended].sort(), own.map((one) => one.session.id).sort());
  assert.deepEqual([...(at.ended[0]?.sessionIds ?? [])].sort(), [...ended].sort());
  for (const one of own) assert.ok(!isWho(await at.gate.authenticate(one.session.token, from)));
  assert.ok(isWho(await at.gate.authenticate(other.session.token, from)));
});

test('deactivation, other roles and a new password end the sessions at once; another display name does not', async () => {
  await using at = await gateAt();
  const person = await make(at, 'wang', 'watcher');
  const passwordHash = await newPasswordHash('another-good-one', 'wang');
  const changes: [PersonChange, string | null][] = [
    [{ displayName: 'Wang' }, null],
    [{ roles: ['watcher'] }, null],
    [{ roles: ['watcher', 'approver'] }, 'roles'],
    [{ roles: ['approver'] }, 'roles'],
    [{ active: false }, 'deactivated'],
    [{ active: true, passwordHash }, 'password'],
  ];
  for (const [to, why] of changes) {
    at.ended.length = 0;
    const isActive = to.active !== true;
    const session = isActive ? (await signIn(at, 'wang')).session : null;
    await alter(at, person.id, to);
    if (!session) continue;
    assert.deepEqual(
      at.ended.map((one) => one.why),
      why ? [why] : [],
    );
    assert.equal(isWho(await at.gate.authenticate(session.token, from)), why === null);
  }
  await assert.rejects(signIn(at, 'wang'), { code: 'session.wrong' });
});

test('changing the password ends the other sessions and keeps this one', async () => {
  await using at = await gateAt();
  await make(at, 'wang', 'watcher');
  const here = await signIn(at, 'wang');
  const there = await signIn(at, 'wang');
  await assert.rejects(at.gate.changePassword(here.who, 'wrong', 'another-good-one'), {
    code: 'password.wrong',
  });
  await assert.rejects(at.gate.changePassword(here.who, right, 'short'), { code: 'password.weak' });
  await at.gate.changePassword(here.who, right, 'another-good-one');
  assert.ok(isWho(await at.gate.authenticate(here.session.token, from)));
  assert.ok(!isWho(await at.gate.authenticate(there.session.token, from)));
  assert.equal((await signIn(at, 'wang', 'another-good-one')).who.name, 'wang');
});

test('a person has a bounded number of sessions; one more ends the oldest', async () => {
  await using at = await gateAt();
  await make(at, 'wang', 'watcher');
  const first = await signIn(at, 'wang');
  for (let i = 0; i < maxSessions; i++) {
    at.clock.pass(10);
    await signIn(at, 'wang');
  }
  assert.ok(!isWho(await at.gate.authenticate(first.session.token, from)));
  assert.deepEqual(at.ended, [
    { sessionIds: [first.session.id], personId: first.who.personId, why: 'crowded' },
  ]);
  assert.equal((await at.gate.sessionsOf(first.who)).length, maxSessions);
});

test('the last administrator stays, also when two remove each other at the same moment', async () => {
  await using at = await gateAt();
  const a = await make(at, 'a', 'administrator');
  const b = await make(at, 'b', 'administrator', 'watcher');
  const both = await Promise.allSettled([
    alter(at, a.id, { active: false }),
    alter(at, b.id, { roles: ['watcher'] }),
  ]);
  const outcomes = both.map((one) => one.status).sort();
  assert.deepEqual(outcomes, ['fulfilled', 'rejected']);
  const refused = both.find((one) => one.status === 'rejected');
  assert.equal(refused?.reason.code, 'person.last-administrator');
});

test('names are unique whatever their case and width', async () => {
  await using at = await gateAt();
  await make(at, 'Wang', 'watcher');
  await assert.rejects(make(at, 'ＷＡＮＧ', 'watcher'), { code: 'person.name-taken' });
});

test('before the set-up nobody signs in, and is told why', async () => {
  await using at = await gateAt(null);
  await assert.rejects(signIn(at, 'wang'), { code: 'setup.needed' });
});

test('of several set-ups at once exactly one wins, and the losers leave nothing', async () => {
  await using at = await gateAt(null);
  let sites = 0;
  const setUp = (i: number) =>
    at.gate.setUp({
      unit: `unit ${i}`,
      name: `first${i}`,
      password: right,
      site: 'gate',
      from,
      agent: '',
      firstSite: async () => `site_${++sites}`,
    });
  const all = await Promise.allSettled([0, 1, 2, 3].map(setUp));
  assert.equal(all.filter((one) => one.status === 'fulfilled').length, 1);
  for (const one of all) if (one.status === 'rejected') assert.equal(one.reason.code, 'setup.done');
  assert.equal((await at.db.kysely.selectFrom('person').select('id').execute()).length, 1);
  assert.equal((await rows(at)).filter((row) => row.action === 'setup' && row.outcome === 'done').length, 1);
  assert.equal(sites, 1);
});

test('a change and its row exist together or not at all', async () => {
  await using at = await gateAt();
  const grant = at.gate.systemGrant('person.configure', { kind: 'person' });
  const person = { name: 'x', displayName: 'x', roles: ['watcher'] as Role[], passwordHash: '$argon2id$x' };
  const work = () =>
    change(
      at,
      grant,
      (trx) => addPerson(trx, grant, person),
      () => ({ action: '' as 'self' }),
    );
  await assert.rejects(work(), /ledger/);
  assert.equal((await at.db.kysely.selectFrom('person').select('id').execute()).length, 0);
});

test('a denial is written though the call fails, and the grant of a permit names its rules', async () => {
  await using at = await gateAt();
  await make(at, 'wang', 'watcher');
  const { who } = await signIn(at, 'wang');
  const subject = { kind: 'camera', id: 'cam_1', name: 'gate' } as const;
  await assert.rejects(at.gate.admit(who, 'footage.download', subject), { code: 'permission.none' });
  const row = (await rows(at)).at(-1)!;
  assert.deepEqual(
    [row.action, row.outcome, row.code, row.subject_id],
    ['footage.download', 'refused', 'permission.none', 'cam_1'],
  );
  const grant = await at.gate.admit(who, 'camera.read', subject);
  assert.deepEqual(
    [grant.terms.rules, grant.by.personId, grant.subject.id],
    [['role-watcher'], who.personId, 'cam_1'],
  );
});
