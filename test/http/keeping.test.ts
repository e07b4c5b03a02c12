/** Keeping over HTTP: less than the law is refused with the article, conflicts are decided by name, holds beat erasure. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { noLog } from '../../src/base/index.ts';
import { CameraRegister } from '../../src/collect/index.ts';
import { mountKeeping } from '../../src/http/index.ts';
import { Keeper } from '../../src/store/index.ts';
import type { Reaper } from '../../src/store/reaper.ts';
import { confirmed, look } from '../../src/store/reaper-clock.ts';
import { writeBelief } from '../../src/store/reaper-state.ts';
import {
  addPlaceCamera,
  dayMs,
  isThere,
  minuteMs,
  type Place,
  placeIn,
  readingOf,
  record,
} from '../store/reaper-place.ts';
import { TestClock } from '../support/clock.ts';
import { callerWith, ledgerRows, type TestCaller, type TestServer, testServer } from '../support/edge.ts';

const clock = new TestClock('2026-11-22T08:00:00.000Z');
const nowMs = clock.wallMs();
const oldDayMs = Date.parse('2026-10-20T00:00:00Z');
const at = (ms: number) => new Date(ms).toISOString();

let server: TestServer;
let place: Place;
let reaper: Reaper;
let keeper: Keeper;
let data: string;
let administrator: TestCaller;
let approver: TestCaller;

before(async () => {
  data = await mkdtemp(join(tmpdir(), 'custos-keeping-'));
  const mountedIn: { reaper?: Reaper } = {};
  // The reaper is made behind the server's database: the routes ask for it when they are called.
  const late = new Proxy({} as Reaper, {
    get: (_, name) => {
      const value = Reflect.get(mountedIn.reaper!, name);
      return typeof value === 'function' ? value.bind(mountedIn.reaper) : value;
    },
  });
  server = await testServer({
    clock,
    prepare: (made) => {
      keeper = new Keeper({ db: made.db, clock, log: noLog, volume: { id: 'footage', path: data } });
      mountKeeping(made, { reaper: late, keeper, cameras: new CameraRegister(made.db) });
    },
  });
  place = await placeIn(server.db, data, clock);
  await writeBelief(server.db.kysely, confirmed(readingOf(clock)));
  reaper = place.reaper();
  mountedIn.reaper = reaper;
  administrator = await callerWith(server, 'administrator');
  approver = await callerWith(server, 'approver');
});

after(async () => {
  await reaper[Symbol.asyncDispose]();
  await keeper[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await rm(data, { recursive: true, force: true });
});

const settled = (more: object = {}) => ({
  ...{ profiles: ['cn-national'], placeClass: 'art7.2-operator', placeType: 'school', keyTarget: false },
  ...{ period: null, justification: '', givesWay: true },
  ...more,
});

async function newCamera(): Promise<{ camera: string; site: string }> {
  const camera = await addPlaceCamera(server.db, oldDayMs, { unsettled: true });
  const row = await server.db.kysely
    .selectFrom('camera')
    .select('site_id')
    .where('id', '=', camera)
    .executeTakeFirstOrThrow();
  return { camera, site: row.site_id };
}

test('T5: seven days are refused with art. 17, thirty days and the law alone are not', async () => {
  const { site } = await newCamera();
  const path = `/api/sites/${site}/keeping`;
  const refused = await administrator.call(
    'PUT',
    path,
    settled({ profiles: ['cn-liaoning'], period: { n: 7, unit: 'day' } }),
    { 'accept-language': 'zh' },
  );
  assert.equal(refused.status, 422);
  assert.equal(refused.json.code, 'keeping.below-floor');
  assert.equal(refused.json.because[0].article, '17');
  assert.match(refused.json.detail, /30 日.*17/);
  const done = await administrator.call('PUT', path, settled());
  assert.equal(done.status, 200);
  assert.deepEqual(done.json.floor[0].period, { n: 30, unit: 'day' });
  const row = (await ledgerRows(server)).at(-1);
  assert.deepEqual([row?.action, row?.outcome, row?.subject_id], ['site.configure', 'done', site]);
  const longer = await administrator.call('PUT', path, settled({ period: { n: 60, unit: 'day' } }));
  assert.equal(longer.json.code, 'keeping.justification');
});

test('T8: a site in the European Union keeps thirty days once a justification is recorded', async () => {
  const { site } = await newCamera();
  const path = `/api/sites/${site}/keeping`;
  const eu = { profiles: ['eu-gdpr'], placeClass: 'art33-non-public', period: { n: 30, unit: 'day' } };
  const refused = await administrator.call('PUT', path, settled(eu));
  assert.equal(refused.json.code, 'keeping.above-ceiling');
  const done = await administrator.call('PUT', path, settled({ ...eu, justification: 'thefts since May' }));
  assert.equal(done.status, 200);
});

test('T9: a floor above a ceiling is decided by a named person, on the ledger', async () => {
  const { site } = await newCamera();
  const path = `/api/sites/${site}/keeping`;
  const saved = await administrator.call(
    'PUT',
    path,
    settled({ profiles: ['fr'], period: { n: 30, unit: 'day' }, justification: 'insurer' }),
  );
  assert.equal(saved.status, 200);
  assert.equal(saved.json.conflict.higher, 'ceiling');
  assert.equal(saved.json.decision, null);
  const decision = { conflict: saved.json.conflict.name, keeps: 'ceiling', reason: 'the law ranks higher' };
  const denied = await administrator.call('POST', `${path}/decision`, decision);
  assert.equal(denied.status, 403);
  const other = await approver.call('POST', `${path}/decision`, { ...decision, conflict: 'another' });
  assert.equal(other.json.code, 'keeping.no-conflict');
  const decided = await approver.call('POST', `${path}/decision`, decision);
  assert.match(decided.json.decision.by, /^approver/);
  const row = (await ledgerRows(server)).at(-1);
  assert.deepEqual([row?.action, row?.reason], ['retention.decide', 'the law ranks higher']);
});

test('T10: records of sign-ins are kept six months at least, and 180 days are refused', async () => {
  const refused = await administrator.call('PUT', '/api/keeping/logs', { period: { n: 180, unit: 'day' } });
  assert.equal(refused.json.code, 'keeping.below-floor');
  assert.equal(refused.json.because[0].article, '23(3)');
  const done = await administrator.call('PUT', '/api/keeping/logs', { period: { n: 6, unit: 'month' } });
  assert.equal(done.status, 200);
  const shown = await administrator.call('GET', '/api/keeping');
  assert.deepEqual(shown.json.logPeriod, { n: 6, unit: 'month' });
});

test('T11: a request for erasure under a hold is suspended with the reason, and carried out when the hold ends', async () => {
  const { camera, site } = await newCamera();
  await administrator.call(
    'PUT',
    `/api/sites/${site}/keeping`,
    settled({ period: { n: 60, unit: 'day' }, justification: 'why' }),
  );
  const files = await record(place, camera, oldDayMs, 20);
  const span = { from: at(oldDayMs + 5 * minuteMs), to: at(oldDayMs + 10 * minuteMs) };
  const held = await approver.call('POST', `/api/cameras/${camera}/holds`, {
    ...span,
    reason: 'theft',
    authority: 'police',
    reference: 'A 7',
  });
  assert.equal(held.status, 200);
  const asked = await approver.call('POST', `/api/cameras/${camera}/erasures`, {
    from: at(oldDayMs),
    to: at(oldDayMs + 10 * minuteMs),
    requester: 'Mr Li',
    reason: 'asked in writing',
  });
  assert.deepEqual(
    asked.json.pieces.map((piece: { outcome: string }) => piece.outcome),
    ['erased', 'suspended'],
  );
  await reaper.pass();
  assert.deepEqual(
    files.map(isThere),
    files.map((_, i) => i >= 5),
    'what the hold keeps is there, and what nobody asked for',
  );
  const released = await approver.call('POST', `/api/holds/${held.json.id}/release`, {
    reason: 'the case is closed',
  });
  assert.equal(released.json.inForce, false);
  await reaper.pass();
  assert.deepEqual(
    files.map(isThere),
    files.map((_, i) => i >= 10),
  );
  const certificates = await approver.call('GET', `/api/certificates?camera=${camera}`);
  assert.deepEqual(
    certificates.json.items.map((each: { why: string; orderedBy: string }) => each.why),
    ['erasure', 'erasure'],
  );
  assert.match(certificates.json.items[0].orderedBy, /^approver/);
  const again = await approver.call('POST', `/api/holds/${held.json.id}/release`, { reason: 'twice' });
  assert.equal(again.json.code, 'hold.over');
});

test('under the floor an erasure request is answered with the day and the article', async () => {
  const { camera, site } = await newCamera();
  await administrator.call('PUT', `/api/sites/${site}/keeping`, settled());
  const files = await record(place, camera, nowMs - 2 * dayMs, 3);
  const asked = await approver.call('POST', `/api/cameras/${camera}/erasures`, {
    from: at(nowMs - 3 * dayMs),
    to: at(nowMs),
    requester: 'Ms Wang',
    reason: 'asked',
  });
  assert.equal(asked.json.pieces[0].outcome, 'kept');
  assert.equal(asked.json.pieces[0].because[0].article, '17');
  assert.equal(asked.json.pieces[0].until, at(files.at(-1)!.endMs + 30 * dayMs));
  await reaper.pass();
  assert.ok(files.every(isThere));
});

test('important value: where the law names no period a person does; in Liaoning it is a year', async () => {
  const { camera, site } = await newCamera();
  const mark = { from: at(oldDayMs), to: at(oldDayMs + minuteMs), reason: 'a traffic accident' };
  const put = (profiles: string[]) =>
    administrator.call('PUT', `/api/sites/${site}/keeping`, settled({ profiles }));
  await put(['cn-national']);
  const refused = await approver.call('POST', `/api/cameras/${camera}/marks`, mark);
  assert.equal(refused.json.code, 'mark.period');
  await put(['cn-liaoning']);
  const done = await approver.call('POST', `/api/cameras/${camera}/marks`, mark);
  assert.equal(done.status, 200);
  const why = await approver.call(
    'GET',
    `/api/cameras/${camera}/keeping?at=${encodeURIComponent(mark.from)}`,
  );
  assert.equal(why.json.isImportant, true);
  assert.equal(why.json.earliest, at(oldDayMs + 365 * dayMs));
  assert.equal(why.json.earliestBecause[0].article, '14(7)');
  const watcher = await callerWith(server, 'watcher');
  assert.equal((await watcher.call('POST', `/api/cameras/${camera}/marks`, mark)).status, 403);
});

test('a clock that jumped is confirmed by a person who knows what time it is', async () => {
  const proven = { ...readingOf(clock), wallMs: nowMs - 40 * dayMs };
  await writeBelief(server.db.kysely, look(confirmed(proven), readingOf(clock)));
  const shown = await approver.call('GET', '/api/keeping');
  assert.equal(shown.json.reaper.doubt, 'forward');
  const wrong = await approver.call('POST', '/api/keeping/clock', {
    now: at(nowMs + dayMs),
    reason: 'my watch',
  });
  assert.equal(wrong.json.code, 'keeping.clock');
  const right = await approver.call('POST', '/api/keeping/clock', {
    now: at(nowMs),
    reason: 'the radio says so',
  });
  assert.equal(right.status, 200);
  assert.equal((await approver.call('GET', '/api/keeping')).json.reaper.doubt, null);
});

test('a certificate is read whole by whoever may, and by nobody else', async () => {
  const list = await approver.call('GET', '/api/certificates?limit=1');
  const one = await approver.call('GET', `/api/certificates/${list.json.items[0].id}`);
  assert.equal(one.json.segments.length, one.json.count);
  assert.match(one.json.digest, /^[0-9a-f]{64}$/);
  const paper = `/api/certificates/${list.json.items[0].id}/certificate.pdf`;
  const answer = await fetch(server.url + paper, { headers: { cookie: approver.cookie } });
  const pdf = Buffer.from(await answer.arrayBuffer());
  assert.equal(answer.status, 200, pdf.toString('utf8').slice(0, 500));
  assert.equal(pdf.subarray(0, 5).toString('latin1'), '%PDF-');
  const fonts = pdf.toString('latin1').match(/\/FontName \S+/g) ?? [];
  assert.ok(fonts.length > 0 && fonts.every((name) => /NotoSans/.test(name)), fonts.join());
  if (process.env.CUSTOS_KEEP_PDF) writeFileSync(join(process.env.CUSTOS_KEEP_PDF, 'certificate.pdf'), pdf);
  const watcher = await callerWith(server, 'watcher');
  assert.equal((await watcher.call('GET', paper)).status, 403);
  assert.equal((await watcher.call('GET', '/api/certificates')).status, 403);
  assert.equal((await approver.call('GET', '/api/certificates/cert_0000000000000000000000')).status, 404);
});

test('what a segment is kept as follows from its holds and marks, and stands in its certificate', async () => {
  const { camera, site } = await newCamera();
  await administrator.call('PUT', `/api/sites/${site}/keeping`, settled());
  const files = await record(place, camera, oldDayMs, 4);
  const minute = (i: number) => ({
    ...{ from: at(oldDayMs + i * minuteMs + 1_000), to: at(oldDayMs + (i + 1) * minuteMs - 1_000) },
    reason: 'why',
  });
  const put = async (path: string, body: object): Promise<string> => {
    const answer = await approver.call('POST', `/api/cameras/${camera}/${path}`, body);
    assert.equal(answer.status, 200, JSON.stringify(answer.json));
    return answer.json.id;
  };
  await put('marks', { ...minute(1), kind: 'alarm' });
  await put('marks', { ...minute(2), kind: 'important', period: { n: 31, unit: 'day' } });
  // A hold is more than any mark.
  await put('marks', { ...minute(3), kind: 'important', period: { n: 31, unit: 'day' } });
  const held = await put('holds', { ...minute(3), authority: 'police', reference: 'A 9' });
  const keptAs = async (i: number): Promise<string> => {
    const query = `at=${encodeURIComponent(at(oldDayMs + i * minuteMs + 5_000))}`;
    return (await approver.call('GET', `/api/cameras/${camera}/keeping?${query}`)).json.class;
  };
  assert.deepEqual(await Promise.all([0, 1, 2, 3].map(keptAs)), [
    'ordinary',
    'alarm',
    'important',
    'evidence',
  ]);
  await approver.call('POST', `/api/holds/${held}/release`, { reason: 'the case is closed' });
  assert.equal(await keptAs(3), 'important', 'when the hold is over it is what the mark says');
  await reaper.pass();
  assert.ok(!files.some(isThere), 'all of it is past the thirty and the thirty-one days');
  const list = await approver.call('GET', `/api/certificates?camera=${camera}`);
  const whole = await Promise.all(
    list.json.items.map(({ id }: { id: string }) => approver.call('GET', `/api/certificates/${id}`)),
  );
  const classes = new Map(
    whole
      .flatMap(({ json }) => json.segments)
      .map((one: { id: string; class: string }) => [one.id, one.class]),
  );
  assert.deepEqual(
    files.map(({ id }) => classes.get(id)),
    ['ordinary', 'alarm', 'important', 'important'],
  );
});

/** Settles a site, records a minute of it now, and says what the reaper leaves of it at ages since its end. */
async function livesUntil(settles: object, justification?: string) {
  const { camera, site } = await newCamera();
  // Months pass in these tests, and sign-ins end.
  const who = await callerWith(server, 'administrator');
  const put = (more: object) =>
    who.call('PUT', `/api/sites/${site}/keeping`, settled({ ...settles, ...more }));
  const done = await put(justification ? { justification } : {});
  assert.equal(done.status, 200, JSON.stringify(done.json));
  const [file] = await record(place, camera, clock.wallMs() - minuteMs, 1);
  assert.ok(file);
  return {
    ...{ site, file, put, answer: done.json },
    /** Everything that the law lets go of goes, as on a full disk. */
    isThereAt: async (ageMs: number): Promise<boolean> => {
      clock.pass(file.endMs + ageMs - clock.wallMs());
      await reaper.pass();
      await reaper.makeRoom('footage', Number.MAX_SAFE_INTEGER);
      return isThere(file);
    },
  };
}

test('T5 by the reaper: thirty days in Liaoning, though Liaoning asks for fifteen and the unit wished for seven', async () => {
  const { isThereAt } = await livesUntil({ profiles: ['cn-liaoning'] });
  assert.equal(await isThereAt(7 * dayMs), true);
  assert.equal(await isThereAt(15 * dayMs), true);
  assert.equal(await isThereAt(30 * dayMs - 1), true, 'not a millisecond early');
  assert.equal(await isThereAt(30 * dayMs), false);
});

test('T6 in the settings and by the reaper: a hotel in Liaoning keeps sixty days as either class of place', async () => {
  for (const placeClass of ['art7.2-operator', 'art9-other-public']) {
    const hotel = { profiles: ['cn-liaoning'], placeClass, placeType: 'hotel' };
    const { put, answer, isThereAt } = await livesUntil(hotel);
    assert.deepEqual(answer.floor[0].period, { n: 60, unit: 'day' });
    const less = await put({ period: { n: 59, unit: 'day' } });
    assert.equal(less.json.code, 'keeping.below-floor');
    assert.equal(await isThereAt(60 * dayMs - 1), true);
    assert.equal(await isThereAt(60 * dayMs), false);
  }
});

test('T7 in the settings and by the reaper: a school that is a key target keeps ninety days', async () => {
  const school = { profiles: ['cn-national', 'school'], placeType: 'school', keyTarget: true };
  const { put, answer, isThereAt } = await livesUntil(school);
  assert.deepEqual(answer.floor[0].period, { n: 90, unit: 'day' });
  const less = await put({ period: { n: 89, unit: 'day' } });
  assert.deepEqual([less.status, less.json.code], [422, 'keeping.below-floor']);
  assert.equal(await isThereAt(90 * dayMs - 1), true);
  assert.equal(await isThereAt(90 * dayMs), false);
});

test('T8 by the reaper: in the European Union seventy-two hours, and thirty days with the justification', async () => {
  const eu = { profiles: ['eu-gdpr'], placeClass: 'art33-non-public' };
  const short = await livesUntil({ ...eu, period: { n: 72, unit: 'hour' } });
  clock.pass(72 * 60 * minuteMs);
  await reaper.pass();
  assert.equal(isThere(short.file), false, 'gone by its ceiling, with room or without');
  const long = await livesUntil(
    { ...eu, givesWay: false, period: { n: 30, unit: 'day' } },
    'thefts since May',
  );
  assert.equal(await long.isThereAt(29 * dayMs), true);
  assert.equal(await long.isThereAt(31 * dayMs), false, 'by whole days, where the law names no limit');
});

test('T9 by the reaper: while nobody decided nothing goes; as decided a French February has twenty-eight days', async () => {
  clock.pass(Date.parse('2029-02-05T12:00:00Z') - clock.wallMs());
  const french = { profiles: ['fr'], period: { n: 30, unit: 'day' }, givesWay: false };
  const [decided, undecided] = [await livesUntil(french, 'insurer'), await livesUntil(french, 'insurer')];
  const decision = {
    conflict: decided.answer.conflict.name,
    keeps: 'ceiling',
    reason: 'the law ranks higher',
  };
  const who = await callerWith(server, 'approver');
  const answer = await who.call('POST', `/api/sites/${decided.site}/keeping/decision`, decision);
  assert.equal(answer.status, 200);
  assert.equal(await decided.isThereAt(27 * dayMs), true);
  assert.equal(await decided.isThereAt(28 * dayMs), false);
  assert.equal(await undecided.isThereAt(40 * dayMs), true);
});

test('T10 by the reaper: where a sign-in of 1 March came from is forgotten on 1 September, not after 180 days', async () => {
  clock.pass(Date.parse('2030-03-01T09:00:00Z') - clock.wallMs());
  const watcher = await callerWith(server, 'watcher');
  const { kysely } = server.db;
  const { id } = await kysely
    .selectFrom('session')
    .select('id')
    .orderBy('created', 'desc')
    .limit(1)
    .executeTakeFirstOrThrow();
  assert.equal((await watcher.call('DELETE', '/api/session')).status, 200);
  const isKnownAt = async (instant: string) => {
    clock.pass(Date.parse(instant) - clock.wallMs());
    await reaper.pass();
    const row = await kysely.selectFrom('session').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
    assert.notEqual(row.ended, null);
    return row.from_address !== '';
  };
  assert.equal(await isKnownAt('2030-08-28T09:01:00Z'), true, '180 days are not six months');
  assert.equal(await isKnownAt('2030-08-31T23:59:00Z'), true);
  assert.equal(await isKnownAt('2030-09-02T00:01:00Z'), false);
});

test('T12 by the reaper: thirty days old at 12:00 and its end at 12:05, it may not go before 12:05', async () => {
  const noonMs = Date.parse('2030-10-01T12:00:00Z');
  clock.pass(noonMs + 5 * minuteMs - clock.wallMs());
  const { file, isThereAt } = await livesUntil({ profiles: ['cn-national'] });
  assert.equal(new Date(file.endMs).toISOString(), '2030-10-01T12:05:00.000Z');
  for (const minutes of [-5, -1]) assert.equal(await isThereAt(30 * dayMs + minutes * minuteMs), true);
  assert.equal(await isThereAt(30 * dayMs - 1), true);
  assert.equal(await isThereAt(30 * dayMs), false);
});
