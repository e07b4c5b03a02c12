import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Action, actions, type Role, roles } from '../../src/contract/index.ts';
import {
  type Context,
  decide,
  Grant,
  type Principal,
  type Rule,
  rules,
  type Subject,
  videoActions,
} from '../../src/gate/index.ts';
import { golden } from '../support/golden.ts';

const now: Context = { nowMs: 1000, sessionEndsMs: 2000 };
const any: Subject = { kind: 'any' };
const person = (...held: Role[]): Principal => ({
  kind: 'person',
  personId: 'p1',
  roles: held,
  active: true,
  clearedUntilMs: 1_000_000,
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
const contexts = fc.record<Context>({
  nowMs: fc.integer({ min: 0, max: 100 }),
  sessionEndsMs: fc.option(fc.integer({ min: 0, max: 100 })),
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
    const over = decide(person(...roles), action, any, { nowMs: 2000, sessionEndsMs: 2000 });
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
  const columns: [string, Principal][] = [
    ['anonymous', anonymous],
    ...roles.map((role): [string, Principal] => [role, person(role)]),
    ['first person', person('administrator', 'watcher', 'approver')],
    ['system', system],
  ];
  const cell = (who: Principal, action: Action): string => {
    const decision = decide(who, action, any, { nowMs: 0, sessionEndsMs: null });
    return decision.permit ? 'yes' : '-';
  };
  const lines = [
    ['action', ...columns.map(([name]) => name)],
    ...actions.map((action) => [action, ...columns.map(([, who]) => cell(who, action))]),
  ].map((cells) =>
    cells
      .map((text) => text.padEnd(18))
      .join('')
      .trimEnd(),
  );
  golden('authz-matrix.txt', `${lines.join('\n')}\n`);
});

test('nothing that only looks like a grant is one', () => {
  const lookalike = { by: {}, action: 'view.live', subject: any, rules: ['role-watcher'], atMs: 0 };
  assert.equal(Grant.is(lookalike), false);
  assert.equal(Grant.is(Object.create(Grant.prototype)), false);
});
