/** Permissions: asked for with reason, necessity and scope, approved by another, ended in time; and who tries otherwise. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import type { Role } from '../../src/contract/index.ts';
import { endOverdue, findingsOf, type PermissionRow, wayBetween } from '../../src/gate/index.ts';
import { AheadClock } from '../support/ahead-clock.ts';
import { clear } from '../support/clear.ts';
import {
  callerWith,
  ledgerRows,
  personNamed,
  TestCaller,
  type TestServer,
  testServer,
} from '../support/edge.ts';

const hourMs = 3_600_000;
const clock = new AheadClock();
let at: TestServer;
before(async () => {
  at = await testServer({ clock });
});
after(() => at?.[Symbol.asyncDispose]());

const inHours = (hours: number) => new Date(clock.wallMs() + hours * hourMs).toISOString();
const wish = () => ({
  ...{ actions: ['live'], wholeUnit: true, purpose: 'incident', ends: inHours(2) },
  ...{ reason: '查找失物 A bag was lost', necessity: '只有此处拍到 Only these cameras saw it' },
});

async function ask(caller: TestCaller, more: object = {}) {
  const answer = await caller.call('POST', '/api/permissions', { ...wish(), ...more });
  assert.equal(answer.status, 200, JSON.stringify(answer.json));
  return answer.json as { id: string; revision: number; state: string };
}
const decide = (
  caller: TestCaller,
  { id, revision }: { id: string; revision: number },
  how = 'approve',
  more = {},
) => caller.call('POST', `/api/permissions/${id}/${how}`, { revision, ...more });
const mine = async (caller: TestCaller, state = 'running') =>
  (await caller.call('GET', `/api/permissions/mine?state=${state}`)).json.items;
const people = (...roles: Role[]) => Promise.all(roles.map((role) => callerWith(at, role)));
const lastRow = async () => (await ledgerRows(at)).at(-1)!;

test('a permission is asked for with reason, necessity, scope and end; what lacks one is refused, and written down', async () => {
  const [guard] = (await people('watcher')) as [TestCaller];
  const bad: [object, string][] = [
    [{ reason: ' ' }, 'permission.reason'],
    [{ reason: '' }, 'permission.reason'],
    [{ necessity: '\t' }, 'permission.necessity'],
    [{ ends: undefined }, 'permission.no-end'],
    [{ ends: null }, 'permission.no-end'],
    [{ ends: inHours(-1) }, 'permission.span'],
    [{ ends: inHours(24 * 400) }, 'permission.span'],
    [{ starts: inHours(3) }, 'permission.span'],
    [{ wholeUnit: false }, 'permission.scope'],
    [{ wholeUnit: false, cameras: ['cam_0123456789abcdefghjkmn'] }, 'permission.scope'],
    [{ wholeUnit: false, sites: ['site_0123456789abcdefghjkm0'] }, 'permission.scope'],
    [{ actions: ['playback'] }, 'permission.needs-look-back'],
    [{ person: 'per_0123456789abcdefghjkmn' }, 'permission.holder'],
    [{ replaces: 'perm_0123456789abcdefghjkmn' }, 'permission.unknown'],
    [{ purpose: 'curiosity' }, 'request.malformed'],
    [{ actions: [] }, 'request.malformed'],
    [{ actions: ['ptz'] }, 'request.malformed'],
    [{ hours: { from: '25:00', to: '26:00' } }, 'request.malformed'],
  ];
  for (const [more, code] of bad) {
    const seen = (await ledgerRows(at)).length;
    const answer = await guard.call('POST', '/api/permissions', { ...wish(), ...more });
    assert.equal(answer.json.code, code, JSON.stringify(more));
    const rows = (await ledgerRows(at)).slice(seen);
    assert.equal(rows.length, code.startsWith('request.') ? 0 : 1, `${JSON.stringify(more)}: its row`);
  }
  const asked = await ask(guard, { hours: { from: '22:00', to: '06:00' } });
  assert.equal(asked.state, 'asked');
  const row = await lastRow();
  assert.deepEqual([row.action, row.outcome, row.reason], ['permission.ask', 'done', wish().reason]);
});

test('auditors, administrators and maintainers can hold none, and an auditor asks for none', async () => {
  const [guard, ...others] = await people('watcher', 'administrator', 'maintainer', 'auditor');
  for (const other of others) {
    const forOther = await guard!.call('POST', '/api/permissions', { ...wish(), person: other.personId });
    assert.equal(forOther.json.code, 'permission.holder');
    assert.equal((await other.call('POST', '/api/permissions', wish())).json.code, 'gate.denied');
  }
});

test('another approves, with time of issue and an end; neither who asked nor whose it is', async () => {
  const [guard, one, two] = (await people('watcher', 'approver', 'approver')) as TestCaller[];
  const asked = await ask(one!, { person: guard!.personId });
  const own = await decide(one!, asked);
  assert.deepEqual([own.status, own.json.code], [403, 'permission.own']);
  assert.equal((await lastRow()).code, 'permission.own');
  const ofOwn = await ask(guard!, { person: one!.personId });
  assert.equal((await decide(one!, ofOwn)).json.code, 'permission.own', 'nor when another asked for it');
  const issued = await decide(two!, asked, 'approve', { ends: inHours(1) });
  assert.equal(issued.status, 200, JSON.stringify(issued.json));
  assert.deepEqual([issued.json.state, issued.json.inForce], ['issued', true]);
  assert.ok(Math.abs(Date.parse(issued.json.decided) - clock.wallMs()) < 60_000);
  assert.ok(Date.parse(issued.json.ends) <= clock.wallMs() + hourMs, 'shorter than was asked for');
  assert.equal((await mine(guard!)).length, 1);
  const { may } = (await guard!.call('GET', '/api/session')).json;
  assert.ok(may.includes('view.live') && !may.includes('view.playback'));
});

test('who stands in for an absent approver decides, but not on what the absent one asked for, and passes it to nobody', async () => {
  const [guard, away, deputy, other] = (await people(
    'watcher',
    'approver',
    'watcher',
    'approver',
  )) as TestCaller[];
  const asked = await ask(guard!);
  assert.equal((await decide(deputy!, asked)).json.code, 'gate.denied');
  const to = { to: deputy!.personId, ends: inHours(24), reason: '休假 On leave' };
  assert.equal(
    (await away!.call('POST', '/api/delegations', { ...to, reason: ' ' })).json.code,
    'permission.reason',
  );
  assert.equal(
    (await away!.call('POST', '/api/delegations', { ...to, ends: null })).json.code,
    'permission.no-end',
  );
  assert.equal(
    (await away!.call('POST', '/api/delegations', { ...to, to: away!.personId })).json.code,
    'delegation.to',
  );
  const made = await away!.call('POST', '/api/delegations', to);
  assert.equal(made.status, 200, JSON.stringify(made.json));
  const back = await other!.call('POST', '/api/delegations', { ...to, to: away!.personId });
  assert.equal(back.json.code, 'delegation.to', 'whoever is away stands in for nobody');
  assert.equal((await deputy!.call('POST', '/api/delegations', to)).json.code, 'gate.denied');
  const ofAway = await ask(away!, { person: guard!.personId });
  const through = await decide(deputy!, ofAway);
  assert.deepEqual([through.status, through.json.code], [403, 'permission.own-delegate']);
  const ofDeputy = await ask(deputy!);
  assert.equal((await decide(deputy!, ofDeputy)).json.code, 'permission.own');
  assert.equal((await decide(away!, ofDeputy)).status, 200, 'who is away may still decide');
  const issued = await decide(deputy!, asked);
  assert.equal(issued.status, 200, JSON.stringify(issued.json));
  assert.ok(issued.json.decidedForName, 'in whose place is on record');
  assert.equal((await away!.call('DELETE', `/api/delegations/${made.json.id}`)).status, 200);
  const later = await ask(guard!);
  assert.equal((await decide(deputy!, later)).json.code, 'gate.denied');
});

test('approvals do not go in a circle', async () => {
  const [a, b, c] = (await people('approver', 'approver', 'approver')) as TestCaller[];
  assert.equal((await decide(b!, await ask(a!))).status, 200);
  const direct = await decide(a!, await ask(b!));
  assert.deepEqual([direct.status, direct.json.code], [403, 'permission.circle']);
  assert.equal((await decide(c!, await ask(b!))).status, 200);
  const round = await decide(a!, await ask(c!));
  assert.equal(round.json.code, 'permission.circle', 'nor over a third');
  assert.equal((await lastRow()).code, 'permission.circle');
});

test('a way is found exactly where there is one', () => {
  const person = fc.constantFrom('a', 'b', 'c', 'd', 'e');
  fc.assert(
    fc.property(
      fc.array(fc.record({ by: person, of: person }), { maxLength: 12 }),
      person,
      person,
      (all, from, to) => {
        const way = wayBetween(all, [from], [to]);
        const reached = new Set([from]);
        for (let i = 0; i < 6; i++) for (const { by, of } of all) if (reached.has(by)) reached.add(of);
        assert.equal(way !== null, reached.has(to));
        if (way) {
          assert.deepEqual([way[0], way.at(-1)], [from, to]);
          for (let i = 1; i < way.length; i++)
            assert.ok(all.some(({ by, of }) => by === way[i - 1] && of === way[i]));
        }
      },
    ),
  );
});

test('of those who decide at one moment one wins, and the others are told who was faster', async () => {
  const [guard, one, two] = (await people('watcher', 'approver', 'approver')) as TestCaller[];
  for (let round = 0; round < 4; round++) {
    const asked = await ask(guard!);
    const answers = await Promise.all([
      decide(one!, asked),
      decide(two!, asked, 'refuse', { note: 'not needed' }),
      decide(guard!, asked, 'withdraw'),
      decide(two!, asked),
    ]);
    const won = answers.filter(({ status }) => status === 200);
    assert.equal(won.length, 1, answers.map(({ json }) => json.code ?? json.state).join(' '));
    for (const lost of answers.filter(({ status }) => status !== 200)) {
      assert.deepEqual([lost.status, lost.json.code], [409, 'permission.state']);
      assert.match(lost.json.detail, /Nothing was changed|未生效/);
    }
  }
  const issued = (await decide(one!, await ask(guard!))).json;
  const [revoked, kept] = await Promise.all([
    decide(one!, issued, 'revoke', { reason: 'over' }),
    decide(two!, issued, 'recertify', { note: 'still needed' }),
  ]);
  assert.deepEqual([revoked!.status, kept!.status].sort(), [200, 409]);
});

test('a change is a request of its own, and takes the place of what it changes when it is approved', async () => {
  const [guard, approver] = (await people('watcher', 'approver')) as TestCaller[];
  const first = (await decide(approver!, await ask(guard!))).json;
  const wider = await ask(guard!, { actions: ['live', 'playback'], lookBackHours: 24, replaces: first.id });
  assert.equal((await mine(guard!)).length, 1, 'until then the first one holds');
  assert.equal((await decide(approver!, wider)).status, 200);
  const running = await mine(guard!);
  assert.deepEqual(
    running.map(({ id }: { id: string }) => id),
    [wider.id],
  );
});

test('the first person founds once, while nobody else could approve, and it ends when somebody can', async () => {
  await using fresh = await testServer();
  const caller = new TestCaller(fresh.url);
  const unit = { unit: '实验中学', name: 'wang', password: 'grün-Fahrrad-97', founding: true };
  const made = await caller.call('POST', '/api/setup', unit);
  caller.cookie = (made.headers.get('set-cookie') ?? '').split(';')[0]!;
  const me = (await caller.call('GET', '/api/session')).json;
  caller.csrf = me.csrf;
  assert.ok(me.may.includes('view.live') && me.may.includes('view.playback'));
  const [founding] = await mine(caller);
  assert.deepEqual([founding.kind, founding.purpose], ['founding', 'commissioning']);
  assert.ok(Date.parse(founding.ends) - Date.now() <= 30 * 24 * hourMs);
  const rows = await ledgerRows(fresh);
  assert.ok(rows.some((row) => row.action === 'permission.found' && row.outcome === 'done'));
  const again = await caller.call('POST', '/api/permissions/founding');
  assert.deepEqual([again.status, again.json.code], [409, 'permission.founding']);
  const { json: li } = await caller.call('POST', '/api/persons', {
    ...{ name: 'li', displayName: 'Li', roles: ['approver'], password: 'grün-Fahrrad-97' },
  });
  assert.equal((await mine(caller)).length, 1, 'an account that does not work yet approves nothing');
  const configure = fresh.gate.systemGrant('person.configure', { kind: 'person', id: li.id });
  await fresh.db.kysely.transaction().execute((trx) => clear(trx, configure, li.id));
  await endOverdue({ db: fresh.db, clock }, fresh.gate.book);
  assert.equal((await mine(caller)).length, 0);
  const after = (await caller.call('GET', '/api/session')).json;
  assert.ok(!after.may.includes('view.live'));
  const last = (await ledgerRows(fresh)).findLast((row) => row.action === 'permission.end');
  assert.equal((last!.detail as { why?: string }).why, 'other-approver');
});

describe('an emergency', () => {
  const event = () => ({
    ...{ event: '2026-0042', level: 4, actions: ['live'], wholeUnit: true },
    ...{ reason: '煤气泄漏 Gas leak', ends: inHours(4) },
  });

  test('opens at once, no longer than its level allows, ends by itself, and owes a review by another', async () => {
    const [guard, approver] = (await people('watcher', 'approver')) as TestCaller[];
    const open = (more: object = {}) =>
      guard!.call('POST', '/api/permissions/emergency', { ...event(), ...more });
    assert.equal((await open({ ends: inHours(9) })).json.code, 'permission.span');
    assert.equal((await open({ reason: ' ' })).json.code, 'permission.reason');
    assert.equal((await open({ ends: undefined })).json.code, 'permission.no-end');
    const opened = await open();
    assert.equal(opened.status, 200, JSON.stringify(opened.json));
    assert.ok((await guard!.call('GET', '/api/session')).json.may.includes('view.live'));
    const early = await approver!.call('POST', `/api/permissions/${opened.json.id}/review`, {
      review: 'All was in order.',
    });
    assert.equal(early.json.code, 'permission.no-review');
    clock.aheadMs += 4 * hourMs;
    try {
      assert.ok(!(await signedIn(guard!)).includes('view.live'), 'over by the clock alone');
      await endOverdue({ db: at.db, clock }, at.gate.book);
      assert.equal((await lastRow()).action, 'permission.end');
      const signed = await again(guard!);
      const next = await signed.call('POST', '/api/permissions/emergency', event());
      assert.equal(next.json.code, 'permission.review-owed');
      const judge = await again(approver!);
      const findings = (await judge.call('GET', '/api/permissions/findings')).json.items;
      assert.ok(
        findings.some(
          (one: { kind: string; permission: string }) =>
            one.kind === 'review-owed' && one.permission === opened.json.id,
        ),
      );
      const review = { review: '阀门已关闭，未发现异常使用。 The valve was shut.' };
      const path = `/api/permissions/${opened.json.id}/review`;
      assert.equal((await judge.call('POST', path, review)).status, 200);
      assert.equal((await judge.call('POST', path, review)).json.code, 'permission.no-review', 'once');
      assert.equal((await signed.call('POST', '/api/permissions/emergency', event())).status, 200);
    } finally {
      clock.aheadMs = 0;
    }
  });
});

/** Signs the same person in once more: after hours the session before is over. */
async function again(caller: TestCaller): Promise<TestCaller> {
  const { name } = await at.db.kysely
    .selectFrom('person')
    .select('name')
    .where('id', '=', caller.personId)
    .executeTakeFirstOrThrow();
  return new TestCaller(at.url).signIn(name);
}
const signedIn = async (caller: TestCaller): Promise<string[]> =>
  (await (await again(caller)).call('GET', '/api/session')).json.may;

test('rights that nobody uses, that reach too far or wait for somebody are found', () => {
  const day = 86_400_000;
  const nowMs = Date.parse('2026-06-01T00:00:00Z');
  const ago = (days: number) => new Date(nowMs - days * day);
  const row = (more: Partial<PermissionRow>): PermissionRow =>
    ({
      ...{ id: 'perm_1', kind: 'asked', state: 'issued', person_id: 'per_1', person_name: 'wang' },
      ...{ actions: ['live'], starts: ago(200), ends: ago(-100), last_used: ago(1), review: null },
      ...{ recertify_by: ago(-17), ...more },
    }) as PermissionRow;
  const use = { cameras: 4, playbacks: 1, stills: 1, exports: 1 };
  const kinds = (more: Partial<PermissionRow>, used = use, reached = 4) =>
    findingsOf(row(more), used, reached, nowMs).map(({ kind }) => kind);
  assert.deepEqual(kinds({}), []);
  assert.deepEqual(kinds({ last_used: null }), ['unused']);
  assert.deepEqual(kinds({ last_used: ago(90) }), ['unused']);
  assert.deepEqual(kinds({ last_used: null, starts: ago(10) }), [], 'too young to say');
  assert.deepEqual(kinds({}, { ...use, cameras: 1 }, 40), ['excessive']);
  assert.deepEqual(kinds({ actions: ['live', 'export'] }, { ...use, exports: 0 }), ['excessive']);
  assert.deepEqual(kinds({ recertify_by: ago(0) }), ['recertify']);
  assert.deepEqual(kinds({ ends: ago(-14) }), ['ends-soon']);
  assert.deepEqual(kinds({ kind: 'emergency', ends: ago(1), event: 'x' }), ['still-open', 'review-owed']);
  assert.deepEqual(kinds({ kind: 'emergency', state: 'ended', review: 'written' }), []);
});

test('who leaves takes nothing along: permissions, requests and delegations end with the account', async () => {
  const [guard, approver, admin] = (await people('watcher', 'approver', 'administrator')) as TestCaller[];
  const issued = (await decide(approver!, await ask(guard!))).json;
  const open = await ask(guard!);
  const left = await admin!.call('POST', `/api/persons/${guard!.personId}/leave`, {
    reason: '离职 Left the unit',
  });
  assert.equal(left.status, 200, JSON.stringify(left.json));
  const all = (await approver!.call('GET', `/api/permissions?person=${guard!.personId}`)).json.items;
  const stateOf = (id: string) => all.find((each: { id: string }) => each.id === id).state;
  assert.deepEqual([stateOf(issued.id), stateOf(open.id)], ['revoked', 'withdrawn']);
});

test('a demoted approver’s delegate decides no longer', async () => {
  const [guard, away, deputy, admin] = (await people(
    'watcher',
    'approver',
    'watcher',
    'administrator',
  )) as TestCaller[];
  await away!.call('POST', '/api/delegations', {
    to: deputy!.personId,
    ends: inHours(24),
    reason: 'on leave',
  });
  await admin!.call('PATCH', `/api/persons/${away!.personId}`, { roles: ['watcher'] });
  const answer = await decide(deputy!, await ask(guard!));
  assert.deepEqual([answer.status, answer.json.code], [403, 'gate.denied']);
});

test('nobody without the right sees or decides on permissions', async () => {
  await personNamed(at, 'nobody-in-particular', 'watcher');
  const [guard, maintainer] = (await people('watcher', 'maintainer')) as TestCaller[];
  const asked = await ask(guard!);
  for (const caller of [guard!, maintainer!]) {
    assert.equal((await caller.call('GET', '/api/permissions')).json.code, 'gate.denied');
    for (const how of ['approve', 'refuse', 'recertify', 'revoke', 'review'])
      assert.equal((await decide(caller, asked, how)).json.code, 'gate.denied', how);
  }
  const other = await callerWith(at, 'watcher');
  assert.equal((await decide(other, asked, 'withdraw')).json.code, 'permission.unknown', 'another’s request');
});
