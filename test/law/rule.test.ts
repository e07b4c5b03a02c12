/** How answers of many profiles become one: the merge rules, each true of whatever the profiles say. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  type Answer,
  type Cite,
  type Clause,
  collect,
  conflictOf,
  days,
  deadline,
  govern,
  hours,
  months,
  type Period,
  type Profile,
  penaltiesFor,
  periodMs,
  profiles,
  profilesOf,
  type Rank,
  rule,
  store,
  type Value,
  workingDays,
} from '../../src/law/index.ts';

const day = '2026-03-02';
const cite: Cite = {
  ...{ instrument: '', article: '', quote: '', lang: 'zh', rank: 'law', confidence: 'V', from: '2000-01-01' },
};
const period = fc.oneof(
  fc.integer({ min: 1, max: 400 }).map(hours),
  fc.integer({ min: 1, max: 200 }).map(days),
  fc.integer({ min: 1, max: 60 }).map(workingDays),
  fc.integer({ min: 1, max: 12 }).map(months),
);
const words = fc.subarray(['bath', 'toilet', 'ward', 'office', 'classroom', 'lift']);
const layer = fc.constantFrom('law' as const, 'sector' as const, 'policy' as const);
const rank = fc.constantFrom<Rank>('law', 'adminRegulation', 'localRule', 'policy', 'guidance');

/** Profiles that answer one clause, each with its own value. */
const profilesFor = (clause: Clause, value: fc.Arbitrary<Value>, minLength = 1) =>
  fc
    .array(fc.record({ value, layer, rank, confidence: fc.constantFrom('V' as const, 'M' as const) }), {
      minLength,
      maxLength: 6,
    })
    .map((list) =>
      list.map(
        (each, i): Profile => ({
          ...{ id: `p${i}`, layer: each.layer, name: { en: '', zh: '' } },
          answers: {
            [clause.id]: [
              { value: each.value, cite: { ...cite, rank: each.rank, confidence: each.confidence } },
            ],
          },
        }),
      ),
    );
const answerOf = (profile: Profile, clause: Clause): Answer<Value> => profile.answers[clause.id]![0]!;
const ms = (value: Period | null) => (value === null ? 0 : periodMs(value, day));
const sorted = (value: unknown) => (Array.isArray(value) ? [...value].sort() : value);

describe('the order in which profiles are named', () => {
  const cases: readonly [Clause, fc.Arbitrary<Value>][] = [
    [store.retentionFloor, period],
    [store.retentionCeiling, period],
    [govern.fileChange, period],
    [collect.prohibitedInterior, words],
    [govern.mayReceive, words],
    [govern.officersToRelease, fc.integer({ min: 1, max: 5 })],
    [collect.sound, fc.constantFrom('off', 'with-basis', 'on')],
  ];
  for (const [clause, value] of cases)
    it(`does not matter to ${clause.id}`, () => {
      fc.assert(
        fc.property(profilesFor(clause, value), fc.infiniteStream(fc.nat()), (some, chance) => {
          const shuffled = some
            .map((profile) => ({ profile, at: chance.next().value }))
            .sort((a, b) => a.at - b.at)
            .map(({ profile }) => profile);
          const [one, other] = [rule(clause, some, day), rule(clause, shuffled, day)];
          const weigh = (value: unknown) =>
            clause.combine === 'longest' || clause.combine === 'shortest' || clause.combine === 'earliest'
              ? ms(value as Period | null)
              : sorted(value);
          assert.deepEqual(weigh(one.value), weigh(other.value));
          assert.deepEqual(
            new Set(one.because.map(({ profile }) => profile)),
            new Set(other.because.map(({ profile }) => profile)),
          );
        }),
      );
    });
});

describe('one more profile', () => {
  const more = (clause: Clause, value: fc.Arbitrary<Value>, holds: (few: never, many: never) => boolean) =>
    fc.assert(
      fc.property(profilesFor(clause, value, 2), (many) => {
        const few = many.slice(0, -1);
        const [before, after] = [rule(clause, few, day).value, rule(clause, many, day).value];
        if (before !== null) assert.ok(holds(before as never, after as never));
      }),
    );

  it('never shortens a floor, never lengthens a ceiling, never moves a deadline later', () => {
    more(store.retentionFloor, period, (a: Period, b: Period) => ms(b) >= ms(a));
    more(store.retentionCeiling, period, (a: Period, b: Period) => ms(b) <= ms(a));
    more(govern.fileChange, period, (a: Period, b: Period) => deadline(day, b).day <= deadline(day, a).day);
  });

  it('never frees a room, never takes a need away, never admits somebody, never asks for fewer officers', () => {
    more(collect.prohibitedInterior, words, (a: string[], b: string[]) =>
      a.every((each) => b.includes(each)),
    );
    more(collect.beforeOperating, words, (a: string[], b: string[]) => a.every((each) => b.includes(each)));
    more(govern.mayReceive, words, (a: string[], b: string[]) => b.every((each) => a.includes(each)));
    more(govern.officersToRelease, fc.integer({ min: 1, max: 5 }), (a: number, b: number) => b >= a);
    more(collect.sound, fc.constantFrom('off', 'with-basis', 'on'), (a: string, b: string) => {
      const { order } = collect.sound;
      return order.indexOf(b) <= order.indexOf(a);
    });
  });
});

it('what is known from memory only is never enforced, and always shown', () => {
  fc.assert(
    fc.property(profilesFor(store.retentionFloor, period), (some) => {
      const { because, yielded, unverified } = rule(store.retentionFloor, some, day);
      const remembered = some.filter((each) => answerOf(each, store.retentionFloor).cite.confidence === 'M');
      assert.equal(unverified.length, remembered.length);
      for (const { answer } of [...because, ...yielded]) assert.notEqual(answer.cite.confidence, 'M');
      assert.equal(because.length + yielded.length + unverified.length, some.length);
    }),
  );
});

it('no answer of any profile that is from memory is ever a reason', () => {
  for (const profile of profiles)
    for (const clause of [...Object.values(collect), ...Object.values(govern), ...Object.values(store)])
      for (const { answer } of rule(clause as Clause, [profile], '2026-11-22').because)
        assert.notEqual(answer.cite.confidence, 'M');
});

it('a floor above a ceiling is returned as a conflict, never settled: laws before local rules, policy, guidance', () => {
  const tier = { law: 0, adminRegulation: 0, localRule: 1, policy: 2, guidance: 3 } as Record<Rank, number>;
  const ruling = (clause: Clause & { combine: 'longest' | 'shortest' }, value: Period, of: Rank) =>
    rule(
      clause,
      [
        {
          ...{ id: 'p', layer: 'law', name: { en: '', zh: '' } },
          answers: { [clause.id]: [{ value, cite: { ...cite, rank: of } }] },
        },
      ],
      day,
    );
  fc.assert(
    fc.property(period, period, rank, rank, (least, most, a, b) => {
      const floor = ruling(store.retentionFloor as never, least, a);
      const ceiling = ruling(store.retentionCeiling as never, most, b);
      const conflict = conflictOf(floor, ceiling, day);
      assert.equal(conflict !== null, ms(least) > ms(most));
      if (conflict)
        assert.equal(
          conflict.higher,
          tier[a]! < tier[b]! ? 'floor' : tier[a]! > tier[b]! ? 'ceiling' : 'none',
        );
    }),
  );
});

it('three working days can be later than five days: dates are compared, not numbers', () => {
  const of = (id: string, value: Period): Profile => ({
    ...{ id, layer: 'law', name: { en: '', zh: '' } },
    answers: { [govern.fileChange.id]: [{ value, cite }] },
  });
  const two = [of('working', workingDays(3)), of('calendar', days(5))];
  // Over the National Day holiday of 2026 three working days from 30 September end on 10 October.
  assert.equal(rule(govern.fileChange, two, '2026-09-30').because[0]?.profile, 'calendar');
  assert.equal(rule(govern.fileChange, two, '2026-11-16').because[0]?.profile, 'working');
});

it('art. 9 removes the law’s source and leaves the policy’s, which is shown as policy only', () => {
  const own: Profile = {
    ...{ id: 'site', layer: 'policy', name: { en: '', zh: '' } },
    answers: { [store.retentionFloor.id]: [{ value: days(30), cite: { ...cite, rank: 'policy' } }] },
  };
  const chain = [...profilesOf(['cn-national']), own];
  const ask = (placeClass: 'art7.2-operator' | 'art9-other-public') =>
    rule(store.retentionFloor, chain, '2026-11-22', { placeClass });
  assert.ok(!ask('art7.2-operator').policyOnly);
  const shop = ask('art9-other-public');
  assert.deepEqual([shop.value, shop.policyOnly], [days(30), true]);
});

it('a trade’s sixty days are Liaoning’s and bite nowhere else', () => {
  const floor = (...ids: string[]) => rule(store.retentionFloor, profilesOf(ids), '2026-11-22').value;
  assert.deepEqual(floor('cn-liaoning', 'hotel'), days(60));
  assert.equal(floor('cn-national', 'hotel'), null);
});

it('Luxembourg keeps eight days, thirty with the reasons on record, and never more', () => {
  const ask = (recorded: readonly string[]) =>
    rule(store.retentionCeiling, profilesOf(['lu']), '2026-11-22', { recorded }).value;
  assert.deepEqual(ask([]), hours(72));
  assert.deepEqual(ask(['retention-justification']), days(30));
  const alone = profilesOf(['lu']).filter(({ id }) => id === 'lu');
  assert.deepEqual(rule(store.retentionCeiling, alone, '2026-11-22').value, days(8));
});

it('a law of yesterday judges what was done yesterday', () => {
  const ask = (on: string) =>
    rule(govern.fileAfterGoLive, profilesOf(['cn-national']), on, { placeClass: 'art7.2-operator' }).value;
  assert.equal(ask('2025-03-31'), null);
  assert.deepEqual(ask('2025-04-01'), days(30));
});

describe('penalties', () => {
  it('are never merged: every band is listed with its source, the higher instrument first', () => {
    const bands = penaltiesFor('prohibited-interior', '2026-11-22');
    assert.deepEqual(
      bands.map(({ cite: { article } }) => article),
      ['50(6)', '27(1)'],
    );
    assert.deepEqual(bands[1]?.unit, [10_000, 20_000]);
  });

  it('of a day before the law there are none', () => {
    assert.deepEqual(penaltiesFor('not-filed', '2024-01-01'), []);
  });
});
