/** The golden vectors of the table of duties (§3.6), by name. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  CalendarError,
  choosePeriod,
  collect,
  conflictOf,
  days,
  deadline,
  govern,
  months,
  periodMs,
  profilesOf,
  rule,
  store,
  workingDays,
} from '../../src/law/index.ts';

const article7 = { placeClass: 'art7.2-operator' as const };
const article9 = { placeClass: 'art9-other-public' as const };
const today = '2026-11-22';

describe('golden vectors', () => {
  it('T1: a legacy system is filed by 2025-06-30', () => {
    const period = rule(govern.fileLegacy, profilesOf(['cn-national']), '2025-04-01', article7).value;
    assert.deepEqual(period, days(90));
    assert.equal(deadline('2025-04-01', days(90)).day, '2025-06-30');
  });

  it('T2: thirty working days from 2025-06-01 end on 2025-07-14', () => {
    assert.equal(deadline('2025-06-01', workingDays(30)).day, '2025-07-14');
  });

  it('T3: thirty days from 2026-01-15 end on a Saturday that is a working day', () => {
    assert.deepEqual(deadline('2026-01-15', days(30)), { day: '2026-02-14', rolled: '2026-02-14' });
  });

  it('T4: a change in Liaoning on 2026-09-25 is filed by Wednesday 2026-09-30', () => {
    const { value } = rule(govern.fileChange, profilesOf(['cn-liaoning']), '2026-09-25', article7);
    assert.ok(value);
    assert.equal(deadline('2026-09-25', value).day, '2026-09-30');
  });

  it('T5: fifteen, thirty and a wish for seven make thirty, and the wish is refused with the article', () => {
    const floor = rule(store.retentionFloor, profilesOf(['cn-liaoning']), today, article7);
    const ceiling = rule(store.retentionCeiling, profilesOf(['cn-liaoning']), today, article7);
    assert.deepEqual(floor.value, days(30));
    const choice = choosePeriod(days(7), floor, ceiling, today);
    assert.ok(!choice.ok && choice.why === 'below-floor');
    assert.equal(choice.because[0]?.answer.cite.article, '17');
  });

  it('T6: a hotel in Liaoning keeps sixty days either way, but files only under art. 7', () => {
    const chain = profilesOf(['cn-liaoning']);
    for (const facts of [article7, article9])
      assert.deepEqual(
        rule(store.retentionFloor, chain, today, { ...facts, placeType: 'hotel' }).value,
        days(60),
      );
    assert.equal(rule(govern.fileAfterGoLive, chain, today, { ...article9, placeType: 'hotel' }).value, null);
    assert.deepEqual(
      rule(govern.fileAfterGoLive, chain, today, { ...article7, placeType: 'hotel' }).value,
      days(30),
    );
  });

  it('T7: a key target that is a school keeps ninety days', () => {
    const chain = profilesOf(['cn-national', 'school', 'key-target']);
    assert.deepEqual(rule(store.retentionFloor, chain, today, article7).value, days(90));
  });

  it('T8: in the European Union thirty days need a justification on record', () => {
    const chain = profilesOf(['eu-gdpr']);
    const ask = (recorded: readonly string[]) =>
      choosePeriod(
        days(30),
        rule(store.retentionFloor, chain, today, { recorded }),
        rule(store.retentionCeiling, chain, today, { recorded }),
        today,
      );
    const without = ask([]);
    assert.ok(!without.ok && without.why === 'above-ceiling');
    assert.ok(ask(['retention-justification']).ok);
  });

  it('T9: in a French February a floor of thirty days meets a ceiling of twenty-eight: a person decides', () => {
    const policy = {
      id: 'site',
      layer: 'policy' as const,
      name: { en: '', zh: '' },
      answers: {
        [store.retentionFloor.id]: [
          {
            value: days(30),
            cite: {
              instrument: 'site policy',
              article: '1',
              quote: '',
              lang: 'en' as const,
              rank: 'policy' as const,
              confidence: 'S' as const,
              from: '2020-01-01',
            },
          },
        ],
      },
    };
    const chain = [...profilesOf(['fr']), policy];
    const facts = { recorded: ['retention-justification'] };
    const conflict = conflictOf(
      rule(store.retentionFloor, chain, '2026-02-01', facts),
      rule(store.retentionCeiling, chain, '2026-02-01', facts),
      '2026-02-01',
    );
    assert.equal(conflict?.higher, 'ceiling');
    assert.equal(
      conflictOf(
        rule(store.retentionFloor, chain, '2026-03-01', facts),
        rule(store.retentionCeiling, chain, '2026-03-01', facts),
        '2026-03-01',
      ),
      null,
    );
  });

  it('T10: a log kept for 180 days from 2026-03-01 is short of six months', () => {
    const floor = rule(store.logFloor, profilesOf(['cn-national']), '2026-03-01');
    assert.deepEqual(floor.value, months(6));
    assert.equal(deadline('2026-03-01', months(6)).day, '2026-09-01');
    assert.ok(
      !choosePeriod(days(180), floor, rule(store.retentionCeiling, [], '2026-03-01'), '2026-03-01').ok,
    );
  });

  it('T12: thirty days are thirty times twenty-four hours after the end of a segment', () => {
    assert.equal(periodMs(days(30), '2026-10-23'), 30 * 86_400_000);
  });

  it('T13: no camera in a lactation room, whatever the owner consents to', () => {
    const banned = rule(collect.prohibitedInterior, profilesOf(['cn-national']), today, {
      recorded: ['consent'],
    });
    assert.ok(banned.value?.includes('lactation-room'));
  });

  it('T14: near a protected neighbour consent is needed', () => {
    assert.deepEqual(rule(collect.nearProtectedNeighbour, profilesOf(['cn-national']), today).value, [
      'neighbour-consent',
    ]);
  });

  it('T15: the police need two officers to be given footage, whoever merely asks to see it needs none', () => {
    const chain = profilesOf(['cn-national']);
    const ask = (request: 'police' | 'filmed-person') =>
      rule(govern.officersToRelease, chain, today, { request });
    assert.equal(ask('police').value, 2);
    assert.deepEqual(
      ask('police').because.map(({ answer }) => answer.cite.article),
      ['52', '42'],
    );
    assert.equal(ask('filmed-person').value, null);
  });

  it('T16: the same firm audits twice in a row, not a third time', () => {
    assert.equal(rule(govern.auditTermsInARow, profilesOf(['cn-national']), today).value, 2);
  });

  it('T17: the log duty is art. 21 until the end of 2025 and art. 23 from 2026', () => {
    const article = (day: string) =>
      rule(store.logFloor, profilesOf(['cn-national']), day).because[0]?.answer.cite.article;
    assert.equal(article('2025-12-31'), '21');
    assert.equal(article('2026-01-01'), '23(3)');
  });

  it('T18: a corner shop without filing breaks no law', () => {
    assert.equal(rule(govern.fileAfterGoLive, profilesOf(['cn-national']), today, article9).value, null);
  });

  it('a year without an official calendar is said, not guessed', () => {
    assert.throws(() => deadline('2026-12-30', workingDays(3)), CalendarError);
    assert.equal(deadline('2026-12-30', days(5)).rolled, null);
  });
});
