/** How long a site keeps: golden vectors T5–T12 as settings, and the moments of one segment. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  conflictName,
  conflictOn,
  days,
  hours,
  isNamedInstrument,
  judgePolicy,
  keepingOn,
  localDay,
  momentsOf,
  type Period,
  type PlaceClass,
  type Policy,
  periodMs,
  placeTypes,
  profiles,
  profilesOf,
  type SiteLaw,
  sayRule,
  sitePolicy,
  years,
} from '../../src/law/index.ts';

const today = '2026-11-22';
const dayMs = 86_400_000;
const site = (profiles: string[], more: Partial<SiteLaw> = {}): SiteLaw => ({
  profiles,
  placeClass: 'art7.2-operator',
  placeType: null,
  keyTarget: false,
  ...more,
});
const wish = (period: Period | null, justification = ''): Policy => ({
  period,
  justification,
  decision: null,
});
const judged = (of: SiteLaw, policy: Policy, day = today) => judgePolicy(keepingOn(of, policy, day));

describe('a period that a unit asks for', () => {
  it('T5: seven days in Liaoning are refused with art. 17, and thirty hold', () => {
    const verdict = judged(site(['cn-liaoning']), wish(days(7)));
    assert.ok(verdict.kind === 'below-floor');
    assert.deepEqual(verdict.period, days(30));
    assert.equal(verdict.because[0]?.answer.cite.article, '17');
    assert.equal(judged(site(['cn-liaoning']), wish(days(30))).kind, 'fits');
  });

  it('T6: a hotel in Liaoning keeps sixty days as a place of art. 7 and as one of art. 9', () => {
    for (const placeClass of ['art7.2-operator', 'art9-other-public'] as const) {
      const hotel = site(['cn-liaoning'], { placeClass, placeType: 'hotel' });
      const verdict = judged(hotel, wish(days(59)));
      assert.ok(verdict.kind === 'below-floor');
      assert.deepEqual(verdict.period, days(60));
    }
  });

  it('T7: a school that is a key target keeps ninety days', () => {
    const of = site(['cn-national', 'school'], { keyTarget: true });
    assert.deepEqual(keepingOn(of, wish(null), today).floor.value, days(90));
    assert.equal(judged(of, wish(days(89))).kind, 'below-floor');
  });

  it('T8: in the European Union more than 72 hours are refused until a justification is on record', () => {
    const of = site(['eu-gdpr']);
    const verdict = judged(of, wish(days(30)));
    assert.ok(verdict.kind === 'above-ceiling');
    assert.deepEqual(verdict.period, hours(72));
    assert.equal(judged(of, wish(days(30), 'thefts in the store room since May')).kind, 'fits');
    assert.equal(judged(of, wish(days(3))).kind, 'fits');
  });

  it('T9: thirty days in France are a conflict in February, which a person decides', () => {
    const of = site(['fr']);
    const policy = wish(days(30), 'the insurer asks for thirty days');
    const verdict = judged(of, policy);
    assert.ok(verdict.kind === 'conflict' && !verdict.isDecided);
    assert.equal(verdict.conflict.higher, 'ceiling');
    const name = conflictName(verdict.conflict);
    const decision = { conflict: name, keeps: 'ceiling' as const };
    const after = judged(of, { ...policy, decision });
    assert.ok(after.kind === 'conflict' && after.isDecided);
    assert.equal(conflictOn(keepingOn(of, policy, today), '2027-01-10'), null);
    assert.ok(conflictOn(keepingOn(of, policy, today), '2027-02-10'));
  });

  it('a decision about one conflict decides no other', () => {
    const of = site(['fr']);
    const first = judged(of, wish(days(30), 'why'));
    assert.ok(first.kind === 'conflict');
    const decision = { conflict: conflictName(first.conflict), keeps: 'floor' as const };
    const other = judged(of, { period: days(29), justification: 'why', decision });
    assert.ok(other.kind === 'conflict' && !other.isDecided);
  });

  it('two months in France are refused, whatever the month', () => {
    assert.equal(judged(site(['fr']), wish(days(62), 'why')).kind, 'above-ceiling');
  });

  it('a shop of art. 9 has no statutory floor', () => {
    const shop = site(['cn-national'], { placeClass: 'art9-other-public' });
    assert.equal(keepingOn(shop, wish(null), today).floor.value, null);
    assert.equal(judged(shop, wish(days(7))).kind, 'fits');
  });

  it('the law is that of its day: before April 2025 art. 17 bound nobody', () => {
    assert.equal(keepingOn(site(['cn-national']), wish(null), '2025-03-31').floor.value, null);
    assert.deepEqual(keepingOn(site(['cn-national']), wish(null), '2025-04-01').floor.value, days(30));
  });
});

describe('the moments of a segment', () => {
  const endMs = Date.parse('2026-10-23T12:05:00Z');
  const at = { endMs, on: '2026-10-23' };

  it('T12: thirty days count from the end of a segment, to the minute', () => {
    const { earliestMs, dueMs, latestMs } = momentsOf(
      keepingOn(site(['cn-national']), wish(null), today),
      at,
    );
    assert.equal(new Date(earliestMs).toISOString(), '2026-11-22T12:05:00.000Z');
    assert.deepEqual([dueMs, latestMs], [earliestMs, null]);
  });

  it('days are of 24 hours over a change of the clock in either direction; months are of the local date', () => {
    const floor = keepingOn(site(['cn-national']), wish(null), today);
    for (const end of ['2026-10-10T10:00:00Z', '2027-03-10T10:00:00Z']) {
      const endMs = Date.parse(end);
      for (const zone of ['Europe/Paris', 'America/New_York', 'Asia/Shanghai']) {
        const { earliestMs } = momentsOf(floor, { endMs, on: localDay(endMs, zone) });
        assert.equal(earliestMs - endMs, 30 * 24 * 3_600_000, `${end} in ${zone}`);
      }
    }
    // Half past eleven in the evening of 31 January in UTC is 1 February in Paris: a month of 28 days, not of 31.
    const french = keepingOn(site(['fr']), wish(days(8), 'why'), today);
    const endMs = Date.parse('2027-01-31T23:30:00Z');
    const lives = (zone: string) => {
      const { latestMs } = momentsOf(french, { endMs, on: localDay(endMs, zone) });
      return ((latestMs ?? 0) - endMs) / dayMs;
    };
    assert.deepEqual([lives('Europe/Paris'), lives('UTC')], [28, 28]);
    const inMarch = Date.parse('2027-02-28T23:30:00Z');
    const ofMarch = momentsOf(french, { endMs: inMarch, on: localDay(inMarch, 'Europe/Paris') });
    assert.equal(((ofMarch.latestMs ?? 0) - inMarch) / dayMs, 31, 'it is 1 March in Paris');
  });

  it('a policy beyond the floor moves what is due, not what is allowed', () => {
    const moments = momentsOf(keepingOn(site(['cn-national']), wish(days(60), 'why'), today), at);
    assert.equal(moments.earliestMs, endMs + 30 * dayMs);
    assert.equal(moments.dueMs, endMs + 60 * dayMs);
  });

  it('important value keeps a year in Liaoning, and elsewhere what was asked for', () => {
    const liaoning = keepingOn(site(['cn-liaoning']), wish(null), today);
    assert.equal(momentsOf(liaoning, at, { period: null }).earliestMs, endMs + periodMs(years(1), at.on));
    const qingdao = keepingOn(site(['cn-qingdao']), wish(null), today);
    const moments = momentsOf(qingdao, at, { period: days(200) });
    assert.deepEqual([moments.earliestMs, moments.dueMs], [endMs + 200 * dayMs, endMs + 200 * dayMs]);
  });

  it('a mark of important value does not pass a ceiling', () => {
    const france = keepingOn(site(['fr']), wish(days(8), 'why'), today);
    const moments = momentsOf(france, at, { period: days(90) });
    assert.equal(moments.latestMs, endMs + 31 * dayMs);
    assert.equal(moments.earliestMs, endMs + 31 * dayMs);
  });

  it('what nobody decided is kept', () => {
    const france = keepingOn(site(['fr']), wish(days(30), 'why'), today);
    const february = { endMs: Date.parse('2026-02-10T00:00:00Z'), on: '2026-02-10' };
    const moments = momentsOf(france, february);
    assert.equal(moments.dueMs, null);
    assert.ok(moments.undecided);
  });

  it('nobody said anything: nothing is due', () => {
    const shop = keepingOn(site(['cn-national'], { placeClass: 'art9-other-public' }), wish(null), today);
    assert.equal(momentsOf(shop, at).dueMs, null);
  });

  it('earliest, due and latest stand in this order, whatever the site', () => {
    const arbitrary = fc.record({
      profiles: fc.subarray(['cn-national', 'cn-liaoning', 'school', 'nursery', 'eu-gdpr', 'fr', 'lu']),
      placeClass: fc.constantFrom<PlaceClass>('art7.1-government', 'art7.2-operator', 'art9-other-public'),
      placeType: fc.constantFrom(null, 'hotel', 'school'),
      keyTarget: fc.boolean(),
    });
    const period = fc.option(
      fc.record({ n: fc.integer({ min: 1, max: 400 }), unit: fc.constantFrom('hour', 'day', 'month') }),
    ) as fc.Arbitrary<Period | null>;
    fc.assert(
      fc.property(
        ...([arbitrary, period, fc.boolean(), period] as const),
        fc.integer({ min: 0, max: 800 }),
        (of, wanted, isMarked, asked, offset) => {
          const keeping = keepingOn(of, wish(wanted, offset % 2 ? 'why' : ''), today);
          const end = Date.parse('2025-01-01T00:00:00Z') + offset * dayMs;
          const on = new Date(end).toISOString().slice(0, 10);
          const moments = momentsOf(keeping, { endMs: end, on }, isMarked ? { period: asked } : null);
          assert.ok(moments.earliestMs >= end);
          if (moments.dueMs !== null) assert.ok(moments.dueMs >= moments.earliestMs);
          if (moments.latestMs !== null) assert.ok((moments.dueMs ?? 0) <= moments.latestMs);
          if (moments.undecided) assert.equal(moments.dueMs, null);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe('what profiles cite', () => {
  it('has a name in both languages', () => {
    const cited = profiles.flatMap(({ answers }) => Object.values(answers).flat());
    const unnamed = cited.map(({ cite }) => cite.instrument).filter((name) => !isNamedInstrument(name));
    assert.deepEqual([...new Set(unnamed)], [], 'to be named in src/law/instruments.ts');
  });

  it('is said with its article as each language writes it', () => {
    const rule = { instrument: '公共安全视频图像信息系统管理条例 (State Council Order 799)', article: '17' };
    assert.equal(sayRule(rule, 'en'), 'State Council Order 799, art. 17');
    assert.equal(sayRule(rule, 'zh'), '《公共安全视频图像信息系统管理条例》第 17 条');
    assert.equal(sayRule({ instrument: sitePolicy, article: '' }, 'zh'), '本单位规定');
    assert.equal(sayRule({ instrument: 'unheard of', article: 'para 3' }, 'en'), 'unheard of, para 3');
  });
});

describe('kinds of places', () => {
  it('suggest profiles that exist', () => {
    for (const { profiles } of placeTypes) profilesOf(profiles);
    assert.equal(new Set(placeTypes.map(({ id }) => id)).size, placeTypes.length);
  });
});
