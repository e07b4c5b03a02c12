/** The duty board: what is met, due, overdue, not applicable and why, and not yet known. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  type Board,
  boardOf,
  type CameraFacts,
  chapters,
  countRows,
  duties,
  dutyOf,
  evidenceOf,
  judge,
  type recordKinds,
  type SiteFacts,
  sayWhy,
  whatToDo,
  withCamera,
  withoutCamera,
} from '../../src/law/index.ts';
import { beside, camera, school, today } from './support/facts.ts';

const of = (id: string, site: SiteFacts = school, one: CameraFacts = camera, day = today) =>
  judge(dutyOf(id)!, { site, cameras: [one], ...(dutyOf(id)!.of === 'camera' ? { camera: one } : {}) }, day);
const short = (id: string, site?: SiteFacts, one?: CameraFacts, day?: string) => {
  const { state, at, why } = of(id, site, one, day);
  return [state, why.code, at];
};
const withRecords = (records: CameraFacts['records']): CameraFacts => ({
  ...camera,
  records: { ...camera.records, ...records },
});

describe('the book', () => {
  it('has every row once, in both languages, with a chapter, an action and a kind of evidence', () => {
    assert.equal(new Set(duties.map(({ id }) => id)).size, duties.length);
    for (const duty of duties) {
      assert.ok(duty.chapter in chapters, duty.id);
      assert.match(duty.title.zh, /\p{Script=Han}/u, duty.id);
      assert.doesNotMatch(duty.title.en, /\p{Script=Han}/u, duty.id);
      assert.match(whatToDo(duty).zh, /\p{Script=Han}/u);
      assert.doesNotMatch(whatToDo(duty).en, /\p{Script=Han}/u);
      assert.ok(evidenceOf(duty));
    }
  });

  it('names where each duty of a Chinese profile stands, and nothing of it from memory', () => {
    for (const { id, cites, judged } of duties) {
      if (/^(ST|XI|PE-13)/.test(id) || judged.by === 'nobody') continue;
      assert.ok(cites.length > 0, id);
      for (const { instrument, confidence } of cites) {
        assert.notEqual(instrument, '', id);
        assert.notEqual(confidence, 'M', id);
      }
    }
  });
});

describe('one duty', () => {
  it('is met by a record that holds, and due again before it is too old', () => {
    assert.deepEqual(short('SI-01'), ['met', 'on-record', '2027-01-08']);
    assert.deepEqual(short('SI-01', school, camera, '2026-12-20'), ['due', 'too-old', '2027-01-08']);
    assert.equal(of('SI-01', school, camera, '2026-12-20').inDays, 19);
    assert.deepEqual(short('SI-01', school, camera, '2027-01-09'), ['overdue', 'too-old', '2027-01-08']);
  });

  it('is overdue since the camera operates where the record is missing, and due before it does', () => {
    const { sign: _sign, ...records } = camera.records;
    assert.deepEqual(short('SI-01', school, { ...camera, records }), [
      'overdue',
      'not-on-record',
      '2026-02-20',
    ]);
    const planned: CameraFacts = { ...camera, records, step: 'planned', operatingSince: null };
    assert.deepEqual(short('SI-01', school, planned), ['due', 'not-on-record', null]);
  });

  it('is overdue when what it rests on ran out', () => {
    const stale = withRecords({ necessity: { on: '2025-01-05', until: '2026-01-05' } });
    assert.deepEqual(short('IN-05', school, stale), ['overdue', 'ran-out', '2026-01-05']);
  });

  it('T18: filing does not bind a corner shop, and the board says why instead of showing a breach', () => {
    const shop: SiteFacts = {
      ...school,
      ...{ profiles: ['cn-national'], placeClass: 'art9-other-public', placeType: 'other-public' },
      filing: { ...school.filing, state: 'none', submittedOn: null, acceptedOn: null, filedCameras: null },
    };
    assert.deepEqual(short('FI-01', shop), ['not-applicable', 'other-class', null]);
    assert.match(sayWhy(of('FI-01', shop)).en, /art\. 9/);
    assert.match(sayWhy(of('FI-01', shop)).zh, /第九条/);
    for (const { duty, judgement } of boardOf(shop, [], today).rows)
      if (duty.chapter === 'FI') assert.equal(judgement.state, 'not-applicable', duty.id);
  });

  it('that only another jurisdiction knows does not apply, and names it', () => {
    assert.equal(of('PR-06').why.code, 'no-profile');
    assert.match(sayWhy(of('PR-06')).zh, /青岛市/);
  });

  it('is not yet known where nobody counts, and met where somebody counted none', () => {
    assert.deepEqual(short('OP-14'), ['unknown', 'not-counted', null]);
    const counted = { ...camera, open: { 'low-uptime': { count: 0, since: null } } };
    assert.deepEqual(short('OP-14', school, counted), ['met', 'none-open', null]);
  });

  it('has its time where an open matter may be open for a while', () => {
    const asked = (since: string): SiteFacts => ({
      ...school,
      open: { 'rights-request': { count: 2, since } },
    });
    assert.deepEqual(short('US-17', asked('2026-11-10')), ['due', 'open', '2026-11-25']);
    assert.deepEqual(short('US-17', asked('2026-11-01')), ['overdue', 'open', '2026-11-16']);
  });

  it('of filing runs on its clock', () => {
    const changed: SiteFacts = {
      ...school,
      filing: { ...school.filing, unfiled: [{ field: 'camera-moved', on: '2026-11-20' }] },
    };
    assert.deepEqual(short('FI-04', changed), ['due', 'to-file', '2026-11-25']);
    assert.deepEqual(short('FI-04', changed, camera, '2026-11-26'), ['overdue', 'to-file', '2026-11-25']);
    assert.deepEqual(short('FI-01'), ['met', 'filed', null]);
  });

  it('sees a camera in a forbidden room, and which duty of the book that breaks', () => {
    const hidden: CameraFacts = { ...camera, room: 'toilet' };
    assert.equal(of('PR-04', school, hidden).state, 'overdue');
    assert.equal(of('PR-01', school, hidden).state, 'met');
  });

  it('sees a window in view, and does not call a plan on which nothing is drawn in order', () => {
    assert.equal(of('PR-12').state, 'unknown');
    const drawn: SiteFacts = {
      ...school,
      privateAreas: [{ id: 'w', kind: 'window', outline: [beside(0, 10), beside(1, 10)] }],
    };
    assert.equal(of('PR-12', drawn).state, 'overdue');
    assert.equal(of('PR-12', drawn, { ...camera, masked: ['w'] }).state, 'met');
  });

  it('RE-09: a nursery that keeps thirty days is outside of the law', () => {
    const nursery: SiteFacts = {
      ...school,
      profiles: ['cn-national', 'nursery'],
      keeps: { n: 30, unit: 'day' },
    };
    assert.deepEqual(short('RE-09', nursery), ['overdue', 'outside-law', null]);
    assert.equal(of('RE-09', { ...nursery, keeps: null }).state, 'met');
  });

  it('of faces never applies: this system recognises nobody', () => {
    for (const { id, chapter } of duties)
      if (chapter === 'FR') assert.equal(of(id).state, 'not-applicable', id);
  });

  it('says what differs from the filing', () => {
    const more = { ...school, filing: { ...school.filing, filedCameras: 3 } };
    assert.deepEqual(short('FI-02', more), ['overdue', 'drift', null]);
    assert.match(sayWhy(of('FI-02', more)).en, /3, 1/);
  });
});

const withoutFunctions = ({ rows }: Board) =>
  rows.map(({ duty, judgement, cameras, look }) => ({ id: duty.id, judgement, cameras, look }));

describe('a board', () => {
  it('has a row for every duty, each with a reason in both languages', () => {
    const board = boardOf(school, [camera], today);
    assert.equal(board.rows.length, duties.length);
    for (const { judgement } of board.rows) {
      assert.match(sayWhy(judgement).zh, /\p{Script=Han}/u);
      assert.doesNotMatch(sayWhy(judgement).en, /\{/);
    }
    const counts = countRows(board.rows);
    assert.equal(
      Object.values(counts).reduce((a, b) => a + b),
      duties.length,
    );
  });

  it('shows the worst camera first and how many stand how', () => {
    const { sign: _sign, ...records } = camera.records;
    const bare = { ...camera, id: 'cam-2', records };
    const row = boardOf(school, [camera, bare], today).rows.find(({ duty }) => duty.id === 'SI-01');
    assert.equal(row?.judgement.state, 'overdue');
    assert.deepEqual([row?.cameras?.met, row?.cameras?.overdue, row?.look], [1, 1, ['cam-2']]);
  });

  it('after any changes of cameras is the board computed anew', () => {
    const ids = ['a', 'b', 'c'];
    const edit = fc.record({
      id: fc.constantFrom(...ids),
      gone: fc.boolean(),
      kinds: fc.subarray(Object.keys(camera.records) as (keyof typeof recordKinds)[]),
      room: fc.constantFrom('entrance' as const, 'toilet' as const, null),
      step: fc.constantFrom('planned' as const, 'operating' as const, 'retired' as const),
    });
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 12 }), (edits) => {
        let board = boardOf(school, [], today);
        for (const { id, gone, kinds, room, step } of edits) {
          const records = Object.fromEntries(kinds.map((kind) => [kind, camera.records[kind]]));
          board = gone ? withoutCamera(board, id) : withCamera(board, { ...camera, id, room, step, records });
        }
        const anew = boardOf(school, [...board.cameras.values()], today);
        assert.deepEqual(withoutFunctions(board), withoutFunctions(anew));
      }),
      { numRuns: 40 },
    );
  });

  it('that knows nothing at all calls nothing met but what the system itself sees to', () => {
    const bare: SiteFacts = {
      ...school,
      ...{ placeClass: null, owner: null, placeType: null, functions: [], records: {}, liveSince: null },
      filing: { ...school.filing, state: 'none', submittedOn: null, acceptedOn: null, filedCameras: null },
    };
    const nothing: CameraFacts = {
      ...camera,
      ...{ room: null, at: null, records: {}, step: 'planned', operatingSince: null, capabilities: [] },
    };
    const met = boardOf(bare, [nothing], today).rows.filter(({ judgement }) => judgement.state === 'met');
    for (const { duty, judgement } of met)
      assert.ok(['by-system', 'within-law'].includes(judgement.why.code) || duty.id === 'PR-15', duty.id);
  });
});
