/** The clocks of filing: whose, until when, and how soon somebody is told. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  addDays,
  type FiledChange,
  filingClocks,
  type SiteFacts,
  warningDays,
  warningOf,
  warningsBefore,
} from '../../src/law/index.ts';
import { school } from './support/facts.ts';

const unfiled: SiteFacts = {
  ...school,
  filing: { ...school.filing, state: 'none', submittedOn: null, acceptedOn: null, filedCameras: null },
};
const changed = (change: FiledChange, of: SiteFacts = school): SiteFacts => ({
  ...of,
  filing: { ...of.filing, unfiled: [change] },
});
const moved = (on: string): FiledChange => ({ field: 'camera-moved', on, cameraId: 'cam-1' });

describe('after going live', () => {
  it('T3: thirty days from 2026-01-15 end on a Saturday; both dates are shown and the earlier is watched', () => {
    const [clock] = filingClocks({ ...unfiled, liveSince: '2026-01-15' }, '2026-02-13');
    assert.equal(clock?.kind, 'go-live');
    assert.deepEqual([clock?.last, clock?.rolled, clock?.daysLeft], ['2026-02-14', '2026-02-14', 1]);
    const [plain] = filingClocks({ ...unfiled, liveSince: '2026-01-22' }, '2026-02-13');
    assert.deepEqual([plain?.last, plain?.rolled], ['2026-02-21', '2026-02-24']);
    assert.equal(plain?.daysLeft, 8);
  });

  it('the last day is still in time, the day after is late', () => {
    const on = (day: string) => filingClocks({ ...unfiled, liveSince: '2026-01-15' }, day)[0]?.state;
    assert.equal(on('2026-02-14'), 'due');
    assert.equal(on('2026-02-15'), 'overdue');
  });

  it('what is filed, what is not live and what no law asks of owes nothing', () => {
    assert.deepEqual(filingClocks(school, '2026-11-22'), []);
    assert.deepEqual(filingClocks({ ...unfiled, liveSince: null }, '2026-11-22'), []);
    assert.deepEqual(filingClocks({ ...unfiled, placeClass: 'art9-other-public' }, '2026-11-22'), []);
  });

  it('a system of state security stays out of ordinary filing', () => {
    assert.deepEqual(filingClocks({ ...unfiled, placeClass: 'state-security' }, '2026-11-22'), []);
  });

  it('a filing that was sent back with reasons runs on', () => {
    const returned: SiteFacts = {
      ...unfiled,
      filing: { ...unfiled.filing, state: 'returned', returnedOn: '2026-03-01' },
    };
    assert.equal(filingClocks({ ...returned, liveSince: '2026-02-20' }, '2026-03-02')[0]?.last, '2026-03-22');
  });
});

describe('what was there before the law', () => {
  it('T1: a legacy system is filed by 2025-06-30, the last day before 1 July', () => {
    const [clock] = filingClocks({ ...unfiled, liveSince: '2019-09-01' }, '2025-06-29');
    assert.deepEqual([clock?.kind, clock?.last, clock?.state], ['legacy', '2025-06-30', 'due']);
    assert.equal(filingClocks({ ...unfiled, liveSince: '2019-09-01' }, '2025-07-01')[0]?.state, 'overdue');
  });
});

describe('changes', () => {
  it('T4: a change on Friday 2026-09-25 is filed by Wednesday 2026-09-30', () => {
    const [clock] = filingClocks(changed(moved('2026-09-25')), '2026-09-26');
    assert.deepEqual([clock?.last, clock?.rolled, clock?.daysLeft], ['2026-09-30', '2026-09-30', 4]);
    assert.deepEqual([clock?.kind, clock?.because[0]?.profile], ['change', 'cn-liaoning']);
  });

  it('a change on a plain Friday is filed by the next Wednesday', () => {
    const [clock] = filingClocks(changed(moved('2026-11-13')), '2026-11-14');
    assert.equal(clock?.last, '2026-11-18');
  });

  it('a change before a make-up Saturday has that Saturday as a working day', () => {
    // 10 October 2026 is a working Saturday after the National Day holiday, 8 October the first working day.
    assert.equal(filingClocks(changed(moved('2026-10-01')), '2026-10-02')[0]?.last, '2026-10-10');
  });

  it('outside of Liaoning a change is due at once, and no date is made up', () => {
    const [clock] = filingClocks(
      changed(moved('2026-11-13'), { ...school, profiles: ['cn-national'] }),
      '2026-11-14',
    );
    assert.deepEqual([clock?.last, clock?.daysLeft, clock?.state, clock?.warning], [null, null, 'due', 1]);
    assert.equal(clock?.because[0]?.answer.cite.article, '14(1)');
  });

  it('a change at the end of a year whose calendar is not known says which year is missing', () => {
    const [clock] = filingClocks(changed(moved('2026-12-30')), '2026-12-31');
    assert.deepEqual([clock?.last, clock?.missingYear], [null, 2027]);
  });

  it('the end of use is filed in three working days too', () => {
    const [clock] = filingClocks(changed({ field: 'stop', on: '2026-11-13' }), '2026-11-14');
    assert.deepEqual([clock?.kind, clock?.last], ['stop', '2026-11-18']);
  });

  it('what was never filed has no change to file: the first filing tells all', () => {
    const clocks = filingClocks(changed(moved('2026-11-13'), unfiled), '2026-11-14');
    assert.deepEqual(
      clocks.map(({ kind }) => kind),
      ['go-live'],
    );
  });

  it('in a shop of art. 9 no law asks for it', () => {
    const shop = changed(moved('2026-11-13'), { ...school, placeClass: 'art9-other-public' });
    assert.deepEqual(filingClocks(shop, '2026-11-14'), []);
  });
});

describe('warnings', () => {
  it('come at 15, 7, 3 and 1 days', () => {
    assert.deepEqual([16, 15, 8, 7, 4, 3, 2, 1, 0, -5].map(warningOf), [null, 15, 15, 7, 7, 3, 3, 1, 1, 1]);
    assert.deepEqual(warningsBefore('2026-12-16'), ['2026-12-01', '2026-12-09', '2026-12-13', '2026-12-15']);
  });

  it('never grow gentler as days go by', () => {
    fc.assert(
      fc.property(fc.integer({ min: -30, max: 60 }), (left) => {
        const rank = (n: number) => warningDays.length - [...warningDays].indexOf(warningOf(n) as 15);
        if (warningOf(left) !== null) assert.ok(rank(left - 1) <= rank(left));
      }),
    );
  });

  it('a site live on any day of 2026 has thirty days, and is late on the thirty-first', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 300 }), (after) => {
        const liveSince = addDays('2026-01-01', after);
        const [last] = filingClocks({ ...unfiled, liveSince }, addDays(liveSince, 30));
        const [late] = filingClocks({ ...unfiled, liveSince }, addDays(liveSince, 31));
        assert.deepEqual([last?.state, last?.daysLeft, late?.state], ['due', 0, 'overdue']);
      }),
    );
  });
});
