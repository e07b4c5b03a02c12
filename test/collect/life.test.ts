/**
 * Sites and cameras as the law sees them, over the real API and the real database: what a camera needs before it
 * operates, and that by no path at all one stands in a prohibited interior.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { sql } from 'kysely';
import { newId, noLog, systemClock } from '../../src/base/index.ts';
import { LifeWatch } from '../../src/collect/index.ts';
import { interiorObjection, localDay, profiles, rooms } from '../../src/law/index.ts';
import { until } from '../support/custos.ts';
import { ledgerRows, type TestCaller, viewerWith } from '../support/edge.ts';
import { type House, openHouse } from '../support/house.ts';

let house: House;
let who: TestCaller;
let watch: LifeWatch;

before(async () => {
  house = await openHouse();
  who = await viewerWith(house, 'administrator', 'maintainer', 'watcher');
  watch = new LifeWatch({ ...house, log: noLog });
});
after(() => house?.[Symbol.asyncDispose]());

const timeZone = 'Asia/Shanghai';
const dayMs = 86_400_000;
const daysAgo = (n: number): string => localDay(systemClock.wallMs() - n * dayMs, timeZone);
let count = 0;
const url = 'rtsp://127.0.0.1:9/none';

async function must(method: string, path: string, body?: unknown) {
  const reply = await who.call(method, path, body);
  assert.equal(reply.status, 200, `${method} ${path}: ${JSON.stringify(reply.json)}`);
  return reply.json;
}

const keeping = (fields: object = {}) => ({
  ...{ profiles: ['cn-national'], placeClass: 'art7.2-operator', placeType: 'school', keyTarget: false },
  ...{ period: null, justification: '', givesWay: true },
  ...fields,
});

/** A site at which a camera may operate once it has said where it is and why. */
async function readySite(fields: object = {}): Promise<string> {
  const { id } = await must('POST', '/api/sites', { name: `School ${++count}`, timeZone });
  await must('PUT', `/api/sites/${id}/keeping`, keeping(fields));
  await must('PATCH', `/api/sites/${id}`, { owner: 'operator' });
  await must('POST', `/api/sites/${id}/records`, { kind: 'sign', on: daysAgo(3), said: 'at the gate' });
  await must('POST', `/api/sites/${id}/records`, {
    kind: 'public-notice',
    on: daysAgo(3),
    said: 'on the board',
  });
  return id;
}

const newCamera = (siteId: string, fields: object = {}) => ({
  siteId,
  url,
  name: `Camera ${++count}`,
  ...fields,
});
const add = (siteId: string, fields: object = {}) =>
  who.call('POST', '/api/cameras', newCamera(siteId, fields));
const papers = (said = 'theft from lockers', ago = 0) => [
  { kind: 'necessity', on: daysAgo(ago), said },
  { kind: 'privacy-risk-review', on: daysAgo(1), said: 'none' },
  { kind: 'approved-view', on: daysAgo(1), said: 'the corridor from end to end' },
  { kind: 'trial-run', on: daysAgo(31), said: 'begun' },
];
const ready = { facts: { room: 'corridor' }, records: papers() };

const lacking = (camera: { life: { missing: { need: string }[] } }) =>
  camera.life.missing.map(({ need }) => need);

describe('the life of a camera', () => {
  test('a camera that says where it is and why operates at once, where the site has what it needs', async () => {
    const made = (await add(await readySite(), ready)).json;
    assert.equal(made.life.step, 'operating');
    assert.deepEqual(lacking(made), []);
    assert.equal(made.life.operatingSince, daysAgo(0));
    assert.equal(made.records.necessity.text, 'theft from lockers');
  });

  test('one that says only its address records in its trial run, and what is missing stands there with the article', async () => {
    const { id: siteId } = await must('POST', '/api/sites', { name: `Bare ${++count}`, timeZone });
    const made = (await add(siteId)).json;
    assert.equal(made.life.step, 'tested');
    assert.notEqual(made.status, 'off');
    assert.deepEqual(lacking(made).slice(0, 2), ['room', 'privacy-risk-review']);
    assert.ok(lacking(made).includes('place-class'));
    const refused = await who.call('POST', `/api/cameras/${made.id}/step`, { to: 'operating' });
    assert.equal(refused.json.code, 'camera.lacks');
    assert.match(refused.json.detail, /kind of room.*class of the place/);
    assert.ok(
      refused.json.because.some((each: { article: string }) => each.article === '7, 9, 33'),
      JSON.stringify(refused.json.because),
    );
    await must('PUT', `/api/sites/${siteId}/keeping`, keeping());
    const settled = await must('GET', `/api/cameras/${made.id}`);
    assert.deepEqual(lacking(settled).sort(), [
      ...['approved-view', 'necessity', 'privacy-risk-review', 'public-notice', 'room', 'sign', 'trial-run'],
    ]);
    const wished = await add(siteId, { ...ready, begin: 'operating' });
    assert.equal(wished.json.code, 'camera.lacks');
    const chinese = await who.call(
      'POST',
      '/api/cameras',
      newCamera(siteId, { ...ready, begin: 'operating' }),
      {
        'accept-language': 'zh',
      },
    );
    assert.match(chinese.json.detail, /缺少：提示标识（照片、位置、日期）、监控区域和目的的公示/);
  });

  test('every step is told by the ledger, and a step out of order is refused', async () => {
    const siteId = await readySite();
    const { id } = (await add(siteId, { ...ready, begin: 'planned' })).json;
    const step = (to: string) => who.call('POST', `/api/cameras/${id}/step`, { to, reason: `now ${to}` });
    assert.equal((await step('suspended')).json.code, 'camera.step');
    for (const to of ['approved', 'installed', 'tested', 'operating', 'suspended', 'operating']) {
      const reply = await step(to);
      assert.equal(reply.json.life?.step, to, JSON.stringify(reply.json));
    }
    const rows = (await ledgerRows(house)).filter((row) => row.subject_id === id && row.outcome === 'done');
    const steps = rows.map((row) => (row.detail as { step?: { from: string; to: string } }).step);
    assert.deepEqual(
      steps.filter((each) => typeof each === 'object').map((each) => `${each?.from}→${each?.to}`),
      [
        ...['planned→approved', 'approved→installed', 'installed→tested', 'tested→operating'],
        ...['operating→suspended', 'suspended→operating'],
      ],
    );
  });

  test('a planned camera is not pulled and owes no second; a suspended one has a gap that names who', async () => {
    const siteId = await readySite();
    const [demo] = house.demo.cameras;
    const { mainUrl, user, password } = demo!;
    const planned = (await add(siteId, { ...ready, url: mainUrl, user, password, begin: 'planned' })).json;
    assert.equal(planned.status, 'off');
    const refused = await who.call('POST', '/api/views', {
      camera: planned.id,
      kind: 'live',
      purpose: 'look',
      forWhom: 'a test',
    });
    assert.equal(refused.json.code, 'camera.not-in-use');
    const { id } = planned;
    const coverage = await must(
      'GET',
      `/api/cameras/${id}/coverage?from=${new Date(house.clock.wallMs() - dayMs).toISOString()}&to=${new Date(house.clock.wallMs()).toISOString()}`,
    );
    assert.equal(coverage.missingMs, 0);
    await must('POST', `/api/cameras/${id}/step`, { to: 'operating' });
    const recorded = () => house.keeper.recordedUntilMs(id);
    await house.until(() => recorded() !== null, 'the camera is recorded');
    await must('POST', `/api/cameras/${id}/step`, { to: 'suspended', reason: 'complaint' });
    assert.equal(house.keeper.track(id)?.open?.cause, 'suspended');
    assert.equal((await must('GET', `/api/cameras/${id}`)).status, 'off');
    const before = recorded() ?? 0;
    await must('POST', `/api/cameras/${id}/step`, { to: 'operating' });
    await house.until(() => (recorded() ?? 0) > before && !house.keeper.track(id)?.open, 'it records again');
    await house.keeper.written(5_000);
    const gaps = await house.db.kysely.selectFrom('gap').selectAll().where('camera_id', '=', id).execute();
    const suspended = gaps.find((gap) => gap.cause === 'suspended');
    assert.equal((suspended?.detail as { by?: string })?.by, 'administrator-maintainer-watcher-1');
  });

  test('a camera that sees a private window needs a mask over it', async () => {
    const siteId = await readySite();
    const outline = [
      { lat: 41.0005, lon: 123.0 },
      { lat: 41.0005, lon: 123.0001 },
    ];
    await must('PATCH', `/api/sites/${siteId}`, { privateAreas: [{ id: 'w1', kind: 'window', outline }] });
    const facts = {
      room: 'street',
      position: { lat: 41, lon: 123 },
      azimuthDeg: 0,
      angleDeg: 60,
      rangeM: 100,
    };
    const bare = (await add(siteId, { ...ready, facts })).json;
    assert.deepEqual(lacking(bare), ['mask']);
    const away = (await add(siteId, { ...ready, facts: { ...facts, azimuthDeg: 180 } })).json;
    assert.equal(away.life.step, 'operating');
    const turned = await who.call('PATCH', `/api/cameras/${away.id}`, {
      revision: away.revision,
      facts: { azimuthDeg: 0 },
    });
    assert.equal(turned.json.code, 'camera.lacks');
    const masked = (await add(siteId, { ...ready, facts: { ...facts, masked: ['w1'] } })).json;
    assert.equal(masked.life.step, 'operating');
    const nowhere = (await add(siteId, ready)).json;
    assert.deepEqual(
      lacking(nowhere),
      ['position'],
      'where nothing is known of the view, nothing is allowed',
    );
  });

  test('40 m from a military zone there is no camera without the consent of the zone', async () => {
    const siteId = await readySite();
    const neighbour = {
      ...{ id: 'zone', name: 'Barracks', kind: 'military', withinM: 100 },
      outline: [{ lat: 41.00036, lon: 123 }],
    };
    const operating = (
      await add(siteId, { ...ready, facts: { room: 'street', position: { lat: 41, lon: 123 } } })
    ).json;
    assert.equal(operating.life.step, 'operating');
    await must('PATCH', `/api/sites/${siteId}`, { neighbours: [neighbour] });
    const near = await must('GET', `/api/cameras/${operating.id}`);
    assert.equal(near.life.step, 'suspended', 'drawn later, it takes the camera out of use');
    const facts = { room: 'street', position: { lat: 41, lon: 123 } };
    assert.equal((await add(siteId, { ...ready, facts })).json.code, 'camera.lacks');
    const record = { kind: 'neighbour-consent', on: daysAgo(1), said: 'letter no. 7' };
    await must('POST', `/api/cameras/${operating.id}/records`, record);
    const again = await must('POST', `/api/cameras/${operating.id}/step`, { to: 'operating' });
    assert.equal(again.life.step, 'operating');
  });

  test('what an operating camera needs cannot be taken away under it', async () => {
    const siteId = await readySite();
    const made = (await add(siteId, ready)).json;
    const all = (await must('GET', `/api/records?site=${siteId}`)).items as { id: string; kind: string }[];
    const items = all.filter(({ kind }) => ['sign', 'public-notice', 'necessity'].includes(kind));
    assert.equal(items.length, 3);
    for (const { id } of items) {
      const reply = await who.call('POST', `/api/records/${id}/end`, { reason: 'taken down' });
      assert.equal(reply.json.code, 'record.needed');
    }
    await must('POST', `/api/cameras/${made.id}/step`, { to: 'suspended' });
    for (const { id } of items) await must('POST', `/api/records/${id}/end`, { reason: 'taken down' });
    const refused = await who.call('POST', `/api/cameras/${made.id}/step`, { to: 'operating' });
    assert.equal(refused.json.code, 'camera.lacks');
  });

  test('a camera whose necessity went stale is back in its trial run, still recorded, and the ledger says why', async () => {
    const siteId = await readySite();
    const made = (await add(siteId, ready)).json;
    await olderBy(400, made.id);
    await house.cameras.changed(made.id, 'test');
    const shown = await must('GET', `/api/cameras/${made.id}`);
    assert.equal(shown.life.step, 'tested', 'shown as what it is before the hourly look');
    assert.deepEqual(lacking(shown), ['stale-necessity']);
    assert.deepEqual(await watch.look(), [made.id]);
    const [row] = (await ledgerRows(house)).filter((each) => each.subject_id === made.id).slice(-1);
    assert.deepEqual(row?.detail, {
      step: { from: 'operating', to: 'tested' },
      lacking: ['stale-necessity'],
    });
    const said = { kind: 'necessity', on: daysAgo(0), said: 'still thefts' };
    await must('POST', `/api/cameras/${made.id}/records`, said);
    await must('POST', `/api/cameras/${made.id}/step`, { to: 'operating' });
  });
});

/** As time does it: no trigger hears of it. */
async function olderBy(days: number, cameraId?: string): Promise<void> {
  await house.db.kysely.transaction().execute(async (trx) => {
    await sql`set local session_replication_role = replica`.execute(trx);
    await sql`update legal_record set on_day = to_char(on_day::date - ${days}::int, 'YYYY-MM-DD'),
        until_day = to_char(until_day::date - ${days}::int, 'YYYY-MM-DD')
      where kind = 'necessity' ${cameraId ? sql`and camera_id = ${cameraId}` : sql``}`.execute(trx);
  });
}

/** Order 799, art. 8, and Qingdao Order 204, art. 9, as they are written; by hand, so that the code is held against the law. */
const national = [
  ...[
    'guest-room',
    'private-dining-room',
    'student-dormitory-room',
    'staff-dormitory-room',
    'staff-rest-room',
  ],
  ...['bath', 'toilet', 'changing-room', 'lactation-room', 'fitting-room', 'other-private'],
];
const forbidden: Record<string, readonly string[]> = {
  'cn-national': national,
  'cn-liaoning': national,
  'cn-qingdao': [...national, 'office-interior', 'ward', 'residential-hallway-or-window'],
  'school-policy': ['classroom', 'student-dormitory-room', 'other-private'],
};

describe('a prohibited interior', () => {
  test('the two walls agree on every room under every profile', async () => {
    for (const { id } of profiles)
      for (const room of Object.keys(rooms)) {
        const { rows } = await sql<{
          no: boolean;
        }>`select is_prohibited(${room}, array[${id}]) as no`.execute(house.db.kysely);
        assert.equal(
          rows[0]?.no,
          interiorObjection({ profiles: [id], keyTarget: false }, room, daysAgo(0)) !== null,
          `${id}: ${room}`,
        );
      }
  });

  test('no camera is made in a lactation room, whoever consents, and the refusal names the article', async () => {
    const siteId = await readySite();
    const wishes = { records: papers('the owner consents in writing'), begin: 'planned' };
    for (const room of national) {
      const refused = await add(siteId, { facts: { room }, ...wishes });
      assert.equal(refused.json.code, 'camera.prohibited', room);
      assert.match(refused.json.detail, /Order 799/);
    }
    const made = (await add(siteId, ready)).json;
    const moved = await who.call('PATCH', `/api/cameras/${made.id}`, {
      revision: made.revision,
      facts: { room: 'lactation-room' },
    });
    assert.equal(moved.json.code, 'camera.prohibited');
    assert.deepEqual(moved.json.because[0], {
      clause: 'collect.prohibited-interior',
      instrument: '公共安全视频图像信息系统管理条例 (State Council Order 799)',
      article: '8(1)(3)',
    });
    const rows = (await ledgerRows(house)).filter((row) => row.code === 'camera.prohibited');
    assert.equal(rows.length, national.length + 1);
  });

  test('neither an edit of the site nor a move nor coming back from retirement leads into one', async () => {
    const siteId = await readySite();
    const ward = (await add(siteId, { ...ready, facts: { room: 'ward' } })).json;
    const path = `/api/sites/${siteId}/keeping`;
    const refused = await who.call('PUT', path, keeping({ profiles: ['cn-qingdao'] }));
    assert.equal(refused.json.code, 'site.prohibits');
    assert.match(refused.json.detail, /Ward.*Qingdao|Ward.*青岛/);
    const qingdao = await readySite({ profiles: ['cn-qingdao'] });
    const move = { revision: ward.revision, siteId: qingdao };
    assert.equal((await who.call('PATCH', `/api/cameras/${ward.id}`, move)).json.code, 'camera.prohibited');
    await must('DELETE', `/api/cameras/${ward.id}`, { reason: 'the ward is closed' });
    await must('PUT', path, keeping({ profiles: ['cn-qingdao'] }));
    const back = await who.call('POST', `/api/cameras/${ward.id}/step`, { to: 'installed' });
    assert.equal(back.json.code, 'camera.prohibited');
    await must('PUT', path, keeping());
    await must('POST', `/api/cameras/${ward.id}/step`, { to: 'installed' });
  });

  test('a profile that nobody knows has no answer, and without an answer there is no camera', async () => {
    const siteId = await readySite();
    await sql`update site set profiles = array['cn-atlantis'] where id = ${siteId}`.execute(house.db.kysely);
    const refused = await add(siteId, { facts: { room: 'corridor' } });
    assert.equal(refused.json.code, 'camera.no-ruling');
  });

  test('straight SQL meets the second wall, also when two transactions cross', async () => {
    const siteId = await readySite();
    const { id } = (await add(siteId, { ...ready, facts: { room: 'ward' } })).json;
    const db = house.db.kysely;
    const no = /prohibited|cannot operate|carried over/;
    await assert.rejects(sql`update camera set room = 'toilet' where id = ${id}`.execute(db), no);
    await assert.rejects(
      sql`update site set profiles = array['cn-qingdao'] where id = ${siteId}`.execute(db),
      no,
    );
    await assert.rejects(
      sql`insert into camera (id, site_id, name, name_folded, url, transport, ordered_ms, created, room)
        values (${newId('cam')}, ${siteId}, 'x', 'x', 'rtsp://x', 'auto', 0, now(), 'bath')`.execute(db),
      no,
    );
    const trial = (await add(siteId)).json;
    await assert.rejects(sql`update camera set step = 'operating' where id = ${trial.id}`.execute(db), no);
    await assert.rejects(sql`update camera set carried_over = true where id = ${trial.id}`.execute(db), no);
    await assert.rejects(
      sql`delete from legal_record where site_id = ${siteId}`.execute(db),
      /never deleted/,
    );
    await sql`update camera set step = 'retired', retired_at = now(), retired_by = 'x' where id = ${id}`.execute(
      db,
    );
    const outcomes = await Promise.allSettled([
      sql`update site set profiles = array['cn-qingdao'] where id = ${siteId}`.execute(db),
      sql`update camera set room = 'ward' where id = ${trial.id}`.execute(db),
    ]);
    assert.equal(
      outcomes.filter(({ status }) => status === 'fulfilled').length,
      1,
      'one of the two must lose',
    );
  });
});

// ---- random registers and edits

const open = ['corridor', 'entrance', 'street', 'hall', 'stairs'];
const roomNames = [...national, 'ward', 'classroom', ...open, ...open, ...open];
const arbitraries = {
  room: fc.constantFrom(...roomNames),
  profiles: fc.constantFrom(
    ['cn-national'],
    ['cn-liaoning'],
    ['cn-qingdao'],
    ['cn-national', 'school-policy'],
  ),
  placeClass: fc.constantFrom(
    'art7.2-operator',
    'art7.2-operator',
    'art7.1-government',
    'art7.2-operator',
    'art9-other-public',
    'art33-non-public',
  ),
  step: fc.constantFrom('planned', 'approved', 'installed', 'tested', 'operating', 'suspended'),
  at: fc.nat(20),
};
type Op = (world: World) => Promise<unknown>;
interface World {
  readonly sites: string[];
  readonly cameras: string[];
}
const pick = (from: readonly string[], at: number): string =>
  from[at % Math.max(1, from.length)] ?? newId('cam');
const { room, profiles: someProfiles, placeClass, step: someStep, at } = arbitraries;

const addSomewhere = fc
  .tuple(
    at,
    room,
    fc.integer({ min: 0, max: 4 }),
    fc.constantFrom(undefined, undefined, 'planned', 'operating'),
  )
  .map(
    ([s, place, says, begin]): Op =>
      async (world) => {
        const wish = {
          facts: { room: place, owner: 'operator' },
          ...(says ? { records: papers() } : {}),
          begin,
        };
        const { json, status } = await add(pick(world.sites, s), wish);
        if (status === 200) world.cameras.push(json.id);
      },
  );
const edit = fc.tuple(at, at, room, fc.boolean()).map(
  ([c, s, place, moves]): Op =>
    async (world) => {
      const id = pick(world.cameras, c);
      const { json } = await who.call('GET', `/api/cameras/${id}`);
      const siteId = moves ? { siteId: pick(world.sites, s) } : {};
      await who.call('PATCH', `/api/cameras/${id}`, {
        revision: json.revision ?? 1,
        facts: { room: place },
        ...siteId,
      });
    },
);
const takeStep = fc.tuple(at, someStep).map(
  ([c, to]): Op =>
    (world) =>
      who.call('POST', `/api/cameras/${pick(world.cameras, c)}/step`, { to }),
);
const retire = at.map(
  (c): Op =>
    (world) =>
      who.call('DELETE', `/api/cameras/${pick(world.cameras, c)}`, { reason: 'over' }),
);
const settle = fc.tuple(at, someProfiles, placeClass).map(
  ([s, named, klass]): Op =>
    (world) =>
      who.call(
        'PUT',
        `/api/sites/${pick(world.sites, s)}/keeping`,
        keeping({ profiles: named, placeClass: klass }),
      ),
);
const put = fc.tuple(at, fc.constantFrom('sign', 'public-notice'), fc.constantFrom(0, 500)).map(
  ([s, kind, ago]): Op =>
    (world) =>
      who.call('POST', `/api/sites/${pick(world.sites, s)}/records`, {
        kind,
        on: daysAgo(ago),
        said: 'there',
      }),
);
const say = fc.tuple(at, fc.constantFrom(0, 300, 500)).map(
  ([c, ago]): Op =>
    (world) =>
      who.call('POST', `/api/cameras/${pick(world.cameras, c)}/records`, {
        ...{ kind: 'necessity', on: daysAgo(ago), said: 'still' },
      }),
);
const end = fc.tuple(at, at).map(
  ([s, r]): Op =>
    async (world) => {
      const { json } = await who.call('GET', `/api/records?site=${pick(world.sites, s)}`);
      const ids = (json.items ?? []).map(({ id }: { id: string }) => id);
      await who.call('POST', `/api/records/${pick(ids, r)}/end`, { reason: 'gone' });
    },
);
const straight = fc.tuple(at, at, room, someStep, someProfiles, fc.nat(3)).map(
  ([c, s, place, to, named, which]): Op =>
    async (world) => {
      const [camera, site] = [pick(world.cameras, c), pick(world.sites, s)];
      const statement = [
        sql`update camera set room = ${place} where id = ${camera}`,
        sql`update camera set step = ${to} where id = ${camera} and step <> 'retired'`,
        sql`update camera set site_id = ${site} where id = ${camera}`,
        sql`update site set profiles = ${named} where id = ${site}`,
      ][which]!;
      await statement.execute(house.db.kysely).catch(() => undefined);
      await house.cameras.load();
    },
);
const timePasses: fc.Arbitrary<Op> = fc.constantFrom(100, 300).map((days) => async () => {
  await olderBy(days);
  await house.cameras.load();
});
/** A file of a few cameras, read and taken over as the console does it. */
const readIn = fc
  .tuple(at, fc.array(fc.tuple(room, fc.nat(9), fc.boolean()), { minLength: 1, maxLength: 4 }))
  .map(
    ([s, lines]): Op =>
      async (world) => {
        const rows = lines.map(([place, no, says]) =>
          [`N${no}`, `number ${no}`, url, place, says ? 'theft' : '', says ? 'none' : '', daysAgo(31)].join(
            ',',
          ),
        );
        const csv = ['Number,Name,Address (RTSP),Room,Necessity,Privacy review,Trial run from', ...rows].join(
          '\n',
        );
        const siteId = pick(world.sites, s);
        const body = { file: 'cameras.csv', content: Buffer.from(csv).toString('base64'), siteId };
        const { json: opened } = await who.call('POST', '/api/imports', body);
        const checked = await importOver(opened.id, ['checked']);
        await who.call('POST', `/api/imports/${opened.id}/take`, {});
        if (checked.rows.wrong === 0 && checked.rows.same < checked.rows.all)
          await importOver(opened.id, ['done', 'checked', 'refused']);
        const { json } = await who.call('GET', `/api/cameras?site=${siteId}`);
        for (const { id } of json.items) if (!world.cameras.includes(id)) world.cameras.push(id);
      },
  );
const importOver = (id: string, states: readonly string[]) =>
  until(`import ${id} is ${states}`, async () => {
    const { json } = await who.call('GET', `/api/imports/${id}`);
    return states.includes(json.state) ? json : undefined;
  });
const anyOp = fc.oneof(
  ...[
    { weight: 2, arbitrary: readIn },
    { weight: 9, arbitrary: addSomewhere },
    { weight: 3, arbitrary: edit },
    { weight: 5, arbitrary: takeStep },
    { weight: 1, arbitrary: retire },
    { weight: 3, arbitrary: settle },
    { weight: 4, arbitrary: put },
    { weight: 3, arbitrary: say },
    { weight: 1, arbitrary: end },
    { weight: 3, arbitrary: straight },
    { weight: 1, arbitrary: timePasses },
  ],
);

/** The state of the register against the law, by hand; `seen` counts what the runs reached. */
async function hold(world: World, seen: Map<string, number>): Promise<void> {
  for (const id of world.cameras) {
    const { rows } = await sql<{
      room: string | null;
      profiles: string[];
      step: string;
      klass: string;
      decided: boolean;
    }>`
      select camera.room, site.profiles, camera.step, site.place_class as klass, site.class_decided is not null as decided
      from camera join site on site.id = camera.site_id where camera.id = ${id}`.execute(house.db.kysely);
    const row = rows[0]!;
    seen.set(row.step, (seen.get(row.step) ?? 0) + 1);
    if (row.step === 'retired') continue;
    for (const profile of row.profiles)
      assert.ok(
        !forbidden[profile]?.includes(row.room ?? ''),
        `${row.step} in a ${row.room} under ${profile}`,
      );
    const { json } = await who.call('GET', `/api/cameras/${id}`);
    if (json.life?.step !== 'operating') continue;
    assert.ok(row.decided, 'operating without a place class');
    assert.ok(row.room !== null, 'operating nobody knows where');
    if (row.klass === 'art33-non-public') continue;
    const { rows: standing } = await sql<{ kind: string; on_day: string }>`
      select r.kind, max(r.on_day) as on_day from legal_record r join camera on camera.id = ${id}
      where r.site_id = camera.site_id and r.ended is null and coalesce(r.camera_id, ${id}) = ${id}
      group by 1`.execute(house.db.kysely);
    const on = new Map(standing.map(({ kind, on_day }) => [kind, on_day]));
    assert.ok(on.has('sign'), 'operating without a sign');
    assert.ok(on.has('public-notice'), 'operating without prior notice');
    assert.ok(
      (on.get('necessity') ?? '') >= daysAgo(366),
      `operating with a necessity of ${on.get('necessity')}`,
    );
  }
}

test('no history of a register reaches a camera that operates where or as it may not', async () => {
  const seen = new Map<string, number>();
  const wanted = 30;
  let made = 0;
  const runs = fc.asyncProperty(fc.array(anyOp, { minLength: 8, maxLength: 22 }), async (ops) => {
    const world: World = {
      sites: [await readySite(), await readySite({ profiles: ['cn-qingdao'] })],
      cameras: [],
    };
    for (const op of ops) await op(world);
    await hold(world, seen);
    for (const id of await watch.look()) assert.notEqual(house.cameras.get(id)?.step, 'operating');
    await hold(world, seen);
    for (const id of world.cameras)
      await who.call('DELETE', `/api/cameras/${id}`, { reason: 'the run is over' });
    made++;
  });
  await fc.assert(runs, { numRuns: wanted, interruptAfterTimeLimit: 22_000 });
  // A slow machine makes fewer of them: the rarer steps are asked for where all were made.
  const rare = made >= wanted ? ['suspended', 'retired'] : [];
  for (const step of ['planned', 'tested', 'operating', ...rare])
    assert.ok(seen.has(step), `no run ever reached ${step}: the property would hold of nothing`);
});
