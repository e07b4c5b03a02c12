import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Action, actions, type Role, roles } from '../../src/contract/index.ts';
import {
  type Context,
  decide,
  Grant,
  type Permission,
  type Principal,
  type Rule,
  rules,
  type Subject,
  videoActions,
} from '../../src/gate/index.ts';
import { golden } from '../support/golden.ts';

const now: Context = { nowMs: 1000, sessionEndsMs: 2000, permissions: [], isDelegate: false };
const any: Subject = { kind: 'any' };
const whole: Permission = {
  ...{ id: 'perm_1', personId: 'p1', kind: 'asked', purpose: 'duty', lookBackMs: 3_600_000, hours: null },
  ...{ actions: new Set(videoActions), wholeUnit: true, sites: new Set(), cameras: new Set() },
  ...{ startsMs: 0, endsMs: 10_000 },
};
const person = (...held: Role[]): Principal => ({
  kind: 'person',
  personId: 'p1',
  roles: held,
  active: true,
  clearedUntilMs: Number.MAX_SAFE_INTEGER,
});
const anonymous: Principal = { kind: 'anonymous', personId: null, roles: [], active: true };
const system: Principal = { kind: 'system', personId: null, roles: [], active: true };

const principals = fc.record<Principal>({
  kind: fc.constantFrom('person', 'system', 'anonymous'),
  personId: fc.option(fc.constantFrom('p1', 'p2')),
  roles: fc.subarray([...roles]),
  active: fc.boolean(),
  clearedUntilMs: fc.option(fc.integer({ min: 0, max: 200 })),
});
const subjects = fc.record<Subject>({
  kind: fc.constantFrom('any', 'unit', 'site', 'camera', 'person', 'session', 'view', 'ledger', 'system'),
  ownerId: fc.constantFrom(undefined, 'p1', 'p2'),
});
const permissions = fc.record<Permission>({
  id: fc.constant('perm_1'),
  personId: fc.constant('p1'),
  kind: fc.constantFrom('asked', 'founding', 'emergency'),
  actions: fc.subarray([...videoActions]).map((all) => new Set<Action>(all)),
  wholeUnit: fc.boolean(),
  sites: fc.subarray(['s1', 's2']).map((all) => new Set(all)),
  cameras: fc.subarray(['c1', 'c2']).map((all) => new Set(all)),
  lookBackMs: fc.constantFrom(0, 50),
  hours: fc.option(
    fc.record({
      from: fc.integer({ min: 0, max: 1439 }),
      to: fc.integer({ min: 1, max: 1440 }),
      timeZone: fc.constantFrom('UTC', 'Asia/Shanghai', 'Asia/Kathmandu'),
    }),
  ),
  purpose: fc.constantFrom('duty', 'incident'),
  startsMs: fc.integer({ min: 0, max: 60 }),
  endsMs: fc.integer({ min: 40, max: 120 }),
});
const contexts = fc.record<Context>({
  nowMs: fc.integer({ min: 0, max: 100 }),
  sessionEndsMs: fc.option(fc.integer({ min: 0, max: 100 })),
  permissions: fc
    .array(permissions, { maxLength: 5 })
    .map((all) => all.map((held, i) => ({ ...held, id: `perm_${i}` }))),
  isDelegate: fc.boolean(),
});
const camerasSeen = fc.record<Subject>({
  kind: fc.constant('camera'),
  id: fc.constantFrom('c1', 'c2', 'c3'),
  siteId: fc.constantFrom('s1', 's2', 's3'),
  step: fc.constantFrom('tested', 'operating'),
  agoMs: fc.constantFrom(0, 50, 51),
});
const someAction = fc.constantFrom(...actions);

test('a permit always names a permitting rule that covers the action', () => {
  fc.assert(
    fc.property(principals, someAction, subjects, contexts, (who, action, subject, context) => {
      const decision = decide(who, action, subject, context);
      if (!decision.permit) return;
      assert.ok(decision.rules.length > 0);
      for (const name of decision.rules) {
        const rule = rules.find((one) => one.name === name);
        assert.equal(rule?.effect, 'permit');
        assert.ok(rule.actions === 'all' || rule.actions.includes(action));
      }
    }),
    { numRuns: 2000 },
  );
});

test('video opens only by a permission that names the action and reaches the camera, the instant and the footage', () => {
  fc.assert(
    fc.property(
      principals,
      fc.constantFrom(...videoActions),
      camerasSeen,
      contexts,
      (who, action, camera, given) => {
        const decision = decide(who, action, camera, given);
        if (!decision.permit) return assert.notEqual(decision.code, undefined);
        const by = given.permissions.find(({ id }) => id === decision.permissionId);
        assert.ok(by && who.kind === 'person' && !who.roles.includes('auditor'));
        assert.ok(who.roles.includes('watcher') || who.roles.includes('approver'));
        assert.ok(by.actions.has(action) && by.startsMs <= given.nowMs && given.nowMs < by.endsMs);
        assert.ok(by.wholeUnit || by.cameras.has(camera.id!) || by.sites.has(camera.siteId!));
        assert.ok(
          (camera.agoMs ?? 0) <= by.lookBackMs && (by.kind !== 'founding' || camera.step === 'tested'),
        );
        assert.ok(decision.obligations.length === 1, 'and it must be registered');
      },
    ),
    { numRuns: 5_000 },
  );
});

test('who may not is told the nearest reason', () => {
  const camera: Subject = { kind: 'camera', id: 'c1', siteId: 's1', step: 'operating', agoMs: 50 };
  const night = { from: 1, to: 2, timeZone: 'UTC' };
  const tries: [Partial<Permission> | null, string | true][] = [
    [null, 'permission.none'],
    [{ actions: new Set(['view.live']) }, 'permission.none'],
    [{ wholeUnit: false, cameras: new Set(['c2']), sites: new Set(['s2']) }, 'permission.none'],
    [{ endsMs: 1000 }, 'permission.over'],
    [{ startsMs: 1001 }, 'permission.early'],
    [{ kind: 'founding' }, 'permission.operating'],
    [{ hours: night }, 'permission.hours'],
    [{ lookBackMs: 49 }, 'permission.look-back'],
    [{}, true],
    [{ wholeUnit: false, sites: new Set(['s1']) }, true],
    [{ wholeUnit: false, cameras: new Set(['c1']) }, true],
  ];
  for (const [changes, expected] of tries) {
    const held = changes === null ? [] : [{ ...whole, ...changes }];
    const decision = decide(person('watcher'), 'view.playback', camera, { ...now, permissions: held });
    assert.equal(decision.permit || decision.code, expected, JSON.stringify(changes));
  }
});

test('hours hold by the clock of the place, over midnight too', () => {
  const at = (text: string) => ({ ...now, nowMs: Date.parse(text), sessionEndsMs: null });
  const held = (from: number, to: number): Permission => ({
    ...{ ...whole, endsMs: Number.MAX_SAFE_INTEGER, hours: { from, to, timeZone: 'Asia/Shanghai' } },
  });
  const camera: Subject = { kind: 'camera', id: 'c1', siteId: 's1' };
  const tries: [Permission, string, boolean][] = [
    [held(8 * 60, 18 * 60), '2026-01-01T23:59:59Z', false],
    [held(8 * 60, 18 * 60), '2026-01-02T00:00:00Z', true],
    [held(8 * 60, 18 * 60), '2026-01-02T09:59:59Z', true],
    [held(8 * 60, 18 * 60), '2026-01-02T10:00:00Z', false],
    [held(22 * 60, 6 * 60), '2026-01-02T14:00:00Z', true],
    [held(22 * 60, 6 * 60), '2026-01-02T21:59:00Z', true],
    [held(22 * 60, 6 * 60), '2026-01-02T22:00:00Z', false],
    [held(0, 1440), '2026-01-02T16:00:00Z', true],
  ];
  for (const [permission, instant, expected] of tries) {
    const decision = decide(person('watcher'), 'view.live', camera, {
      ...at(instant),
      permissions: [permission],
    });
    assert.equal(decision.permit, expected, `${JSON.stringify(permission.hours)} ${instant}`);
  }
});

test('nobody decides on what they asked for or what is theirs, whatever their roles', () => {
  fc.assert(
    fc.property(fc.subarray([...roles]), fc.boolean(), fc.boolean(), (held, isDelegate, owns) => {
      const subject: Subject = {
        ...{ kind: 'permission', id: 'perm_1', ownerId: owns ? 'p1' : 'p2', askedBy: owns ? 'p2' : 'p1' },
      };
      const decision = decide(person(...held), 'permission.decide', subject, { ...now, isDelegate });
      assert.equal(decision.permit, false);
    }),
  );
});

type Answer = 'yes' | 'no' | 'throws' | 'nonsense';
const ruleOf = (effect: 'permit' | 'forbid', answer: Answer, i: number): Rule => ({
  name: `r${i}`,
  effect,
  actions: 'all',
  when: () => {
    if (answer === 'throws') throw new Error('broken');
    return answer === 'nonsense' ? (1 as unknown as boolean) : answer === 'yes';
  },
});
const ruleBooks = fc.array(
  fc.tuple(
    fc.constantFrom<'permit' | 'forbid'>('permit', 'forbid'),
    fc.constantFrom<Answer>('yes', 'no', 'throws', 'nonsense'),
  ),
  { maxLength: 8 },
);

test('default is no, a forbid beats every permit, and a rule that fails is a no, in any order of rules', () => {
  fc.assert(
    fc.property(ruleBooks, (book) => {
      const made = book.map(([effect, answer], i) => ruleOf(effect, answer, i));
      const decision = decide(person('watcher'), 'view.live', any, now, made);
      const fails = book.some(([, answer]) => answer === 'throws' || answer === 'nonsense');
      const forbids = book.some(([effect, answer]) => effect === 'forbid' && answer === 'yes');
      const permits = book.some(([effect, answer]) => effect === 'permit' && answer === 'yes');
      assert.equal(decision.permit, permits && !forbids && !fails);
    }),
  );
});

test('an auditor never sees video, whatever else they are', () => {
  fc.assert(
    fc.property(fc.subarray([...roles]), fc.constantFrom(...videoActions), (others, action) => {
      const decision = decide(person('auditor', ...others), action, { kind: 'camera' }, now);
      assert.equal(decision.permit, false);
    }),
  );
});

test('a session that is over permits nothing, and neither does a person who was deactivated', () => {
  for (const action of actions) {
    const over = decide(person(...roles), action, any, { ...now, nowMs: 2000 });
    assert.deepEqual([over.permit, over.permit || over.code], [false, 'session.needed']);
    assert.equal(decide({ ...person(...roles), active: false }, action, any, now).permit, false);
  }
});

test("a view is its opener's alone", () => {
  const view: Subject = { kind: 'view', ownerId: 'p1' };
  assert.equal(decide(person('watcher'), 'self', view, now).permit, true);
  const other = decide({ ...person('watcher'), personId: 'p2' }, 'self', view, now);
  assert.equal(other.permit || other.code, 'view.others');
});

test('the authorization matrix is the one that was agreed', () => {
  const columns: [string, Principal, Permission[]][] = [
    ['anonymous', anonymous, []],
    ...roles.map((role): [string, Principal, Permission[]] => [role, person(role), []]),
    ['first person', person('administrator', 'watcher', 'approver'), []],
    ['system', system, []],
    // The same with a permission for everything: it opens video to those whose work it is to look, and to nobody else.
    ...[...roles].map((role): [string, Principal, Permission[]] => [`${role}+`, person(role), [whole]]),
  ];
  const cell = (who: Principal, held: readonly Permission[], action: Action): string => {
    const decision = decide(who, action, any, { ...now, nowMs: 0, sessionEndsMs: null, permissions: held });
    return decision.permit ? 'yes' : '-';
  };
  const lines = [
    ['action', ...columns.map(([name]) => name)],
    ...actions.map((action) => [action, ...columns.map(([, who, held]) => cell(who, held, action))]),
  ].map((cells) =>
    cells
      .map((text, i) => text.padEnd(i === 0 ? 21 : 15))
      .join('')
      .trimEnd(),
  );
  golden('authz-matrix.txt', `${lines.join('\n')}\n`);
});

test('nothing that only looks like a grant is one', () => {
  const lookalike = { by: {}, action: 'view.live', subject: any, terms: {}, atMs: 0 };
  assert.equal(Grant.is(lookalike), false);
  assert.equal(Grant.is(Object.create(Grant.prototype)), false);
});
