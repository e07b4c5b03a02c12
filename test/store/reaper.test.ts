/** The reaper with real files, a real key ring and real PostgreSQL: what goes, what stays, and what a crash leaves. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { sql } from 'kysely';
import { newId, noLog } from '../../src/base/index.ts';
import { digestOf, findCertificate, listCertificates } from '../../src/store/certificates.ts';
import { Keeper } from '../../src/store/index.ts';
import type { DeletionStep } from '../../src/store/reaper.ts';
import { confirmed } from '../../src/store/reaper-clock.ts';
import { writeBelief } from '../../src/store/reaper-state.ts';
import { covered } from '../../src/store/timeline.ts';
import { TestClock } from '../support/clock.ts';
import { testDatabase } from '../support/database.ts';
import {
  addPlaceCamera,
  dayMs,
  isThere,
  isWhole,
  minuteMs,
  type Place,
  placeIn,
  readingOf,
  record,
  type Settled,
  type StoredFile,
} from './reaper-place.ts';

const nowMs = Date.parse('2026-11-22T08:00:00.000Z');
const oldDayMs = Date.parse('2026-10-20T00:00:00Z');

async function opened() {
  const stack = new AsyncDisposableStack();
  const db = stack.use(await testDatabase());
  const data = await mkdtemp(join(tmpdir(), 'custos-reaper-'));
  stack.defer(() => rm(data, { recursive: true, force: true }));
  const clock = new TestClock('2026-11-22T08:00:00.000Z');
  const place = await placeIn(db, data, clock);
  // Custos ran a moment ago: the clock is known.
  await writeBelief(db.kysely, confirmed(readingOf(clock)));
  const camera = (settled?: Settled) => addPlaceCamera(db, oldDayMs - 30 * dayMs, settled);
  return { stack, db, data, clock, place, camera };
}

async function hold(place: Place, cameraId: string, fromMs: number, toMs: number, until: Date | null = null) {
  const id = newId('hold');
  const by = { created: new Date(nowMs), created_by: 'test', reason: 'case 7' };
  await place.db.kysely
    .insertInto('hold')
    .values({
      ...{ id, camera_id: cameraId, from_ms: fromMs, to_ms: toMs, until },
      ...by,
      released: null,
      released_by: null,
      released_reason: null,
    })
    .execute();
  return id;
}

const rowsOf = async (place: Place, cameraId: string): Promise<number> =>
  (
    await place.db.kysely
      .selectFrom('segment')
      .select((select) => select.fn.countAll<number>().as('count'))
      .where('camera_id', '=', cameraId)
      .executeTakeFirstOrThrow()
  ).count;

/** Certificates, rows, files and the timeline say the same. */
async function agrees(place: Place, cameraId: string, files: readonly StoredFile[], clock: TestClock) {
  const heads = await listCertificates(place.db.kysely, { limit: 500, beforeNo: null, cameraId });
  const gone = new Set<string>();
  for (const { id } of heads) {
    const certificate = await findCertificate(place.db.kysely, id);
    assert.equal(certificate.state, 'done');
    assert.equal(digestOf(certificate.segments), certificate.digest);
    for (const segment of certificate.segments) {
      assert.ok(!gone.has(segment.id), 'a segment stands in one certificate only');
      gone.add(segment.id);
      assert.equal(files.find((file) => file.id === segment.id)?.digest, segment.digest);
    }
  }
  for (const file of files)
    assert.equal(isThere(file), !gone.has(file.id), `${file.path}: file and certificate`);
  assert.equal(await rowsOf(place, cameraId), files.length - gone.size);
  const window = { fromMs: files[0]!.startMs, toMs: files.at(-1)!.endMs };
  await using keeper = new Keeper({
    db: place.db,
    clock,
    log: noLog,
    volume: { id: 'footage', path: place.footage },
  });
  const { spans, gaps } = await covered({ db: place.db, keeper, clock }, cameraId, window);
  const sum = [...spans, ...gaps].reduce((total, span) => total + span.toMs - span.fromMs, 0);
  assert.equal(sum, window.toMs - window.fromMs, 'spans and gaps are the whole time');
  return { gone, gaps, heads };
}

test('after thirty days a day goes with its certificate and its key, and the timeline names the certificate', async () => {
  const { stack, place, clock, camera } = await opened();
  await using _ = stack;
  const id = await camera();
  const old = await record(place, id, oldDayMs, 30);
  const sub = await record(place, id, oldDayMs, 10, 'sub');
  const young = await record(place, id, nowMs - 3 * dayMs, 5);
  await using reaper = place.reaper();
  const { segments, acted } = await reaper.pass();
  assert.deepEqual([acted, segments], [true, 40]);
  assert.ok(![...old, ...sub].some(isThere));
  for (const file of young) assert.ok(await isWhole(file));
  const heads = await listCertificates(place.db.kysely, { limit: 10, beforeNo: null, cameraId: id });
  const main = await findCertificate(place.db.kysely, heads.at(-1)!.id);
  assert.equal(main.because[0]?.article, '17');
  assert.deepEqual(
    main.keys.map(({ source }) => source),
    [`${id}.main`],
  );
  assert.equal(await place.keys.has(`${id}.main`, '2026-10-20'), false);
  assert.equal(await place.keys.has(`${id}.main`, '2026-11-19'), true);
  const { gaps } = await agrees(
    place,
    id,
    [...old, ...sub, ...young].sort((a, b) => a.startMs - b.startMs),
    clock,
  );
  const deleted = gaps.filter((gap) => gap.cause === 'deleted');
  assert.deepEqual(
    deleted.map(({ fromMs, toMs, detail }) => [fromMs, toMs, detail]),
    [[oldDayMs, oldDayMs + 30 * minuteMs, { certificate: main.no }]],
  );
  const ledger = await place.db.kysely
    .selectFrom('ledger')
    .select(['action', 'detail'])
    .orderBy('seq')
    .execute();
  assert.deepEqual(
    ledger.map((row) => row.action),
    ['footage.delete', 'footage.deleted', 'footage.delete', 'footage.deleted'],
  );
  assert.equal(ledger[0]?.detail.digest, main.digest);
});

test('a hold keeps what is past its ceiling, two holds keep until both end, and then it goes', async () => {
  const { stack, place, clock, camera } = await opened();
  await using _ = stack;
  const id = await camera({ profiles: ['fr'], period: { n: 8, unit: 'day' }, justification: 'why' });
  const files = await record(place, id, oldDayMs, 30);
  await hold(place, id, oldDayMs + 5 * minuteMs, oldDayMs + 10 * minuteMs);
  await hold(place, id, oldDayMs + 8 * minuteMs, oldDayMs + 12 * minuteMs, new Date(nowMs + dayMs));
  await using reaper = place.reaper();
  await reaper.pass();
  assert.equal(files.filter(isThere).length, 7);
  await place.db.kysely
    .updateTable('hold')
    .set({ released: new Date(nowMs), released_by: 'test', released_reason: 'over' })
    .where('until', 'is', null)
    .execute();
  await reaper.pass();
  assert.equal(files.filter(isThere).length, 4);
  assert.equal(await place.keys.has(`${id}.main`, '2026-10-20'), true);
  clock.pass(dayMs + minuteMs);
  await reaper.pass();
  assert.equal(files.filter(isThere).length, 0);
  assert.equal(await place.keys.has(`${id}.main`, '2026-10-20'), false);
  await agrees(place, id, files, clock);
});

test('what nobody settled is never deleted', async () => {
  const { stack, place, camera } = await opened();
  await using _ = stack;
  const id = await camera({ unsettled: true });
  const files = await record(place, id, oldDayMs, 3);
  await using reaper = place.reaper();
  assert.equal((await reaper.pass()).segments, 0);
  assert.ok(files.every(isThere));
});

test('a clock set a year ahead or back deletes nothing, and a person who confirms it lets it go on', async () => {
  const { stack, place, clock, camera } = await opened();
  await using _ = stack;
  const id = await camera();
  const files = await record(place, id, nowMs - 10 * dayMs, 3);
  await using reaper = place.reaper();
  assert.equal((await reaper.pass()).acted, true);
  for (const years of [1, -1]) {
    const ahead = { wallMs: () => clock.wallMs() + years * 365 * dayMs, monoMs: () => clock.monoMs() };
    const other = await placeIn(place.db, dirname(place.footage), ahead);
    await using wrong = other.reaper();
    assert.equal((await wrong.pass()).acted, false);
    assert.equal((await wrong.pass()).acted, false);
    assert.equal((await wrong.state()).belief.doubt, years > 0 ? 'forward' : 'back');
    assert.equal((await reaper.pass()).acted, true, 'set right again');
  }
  assert.ok(files.every(isThere));
});

test('files that the index does not know stay, and the key stays with them', async () => {
  const { stack, place, camera } = await opened();
  await using _ = stack;
  const id = await camera();
  const files = await record(place, id, oldDayMs, 3);
  const foreign = join(dirname(files[0]!.full), 'holiday.mp4');
  await writeFile(foreign, 'mine');
  await using reaper = place.reaper();
  await reaper.pass();
  assert.ok(!files.some(isThere));
  const [head] = await listCertificates(place.db.kysely, { limit: 1, beforeNo: null, cameraId: id });
  const certificate = await findCertificate(place.db.kysely, head!.id);
  assert.deepEqual(certificate.keysKept, [{ source: `${id}.main`, why: 'unknown-files' }]);
  assert.equal(await place.keys.has(`${id}.main`, '2026-10-20'), true);

  await reaper.pass();
  assert.equal(await place.keys.has(`${id}.main`, '2026-10-20'), true, 'as long as the file lies there');
  assert.equal(await readFile(foreign, 'utf8'), 'mine');
  await rm(foreign);
  await reaper.pass();
  assert.equal(await place.keys.has(`${id}.main`, '2026-10-20'), false);
  await reaper.pass();
  const heads = await listCertificates(place.db.kysely, { limit: 9, beforeNo: null, cameraId: id });
  assert.deepEqual(
    heads.map(({ why, state, count }) => [why, state, count]),
    [
      ['key', 'done', 0],
      ['served', 'done', 3],
    ],
  );
  const ofKey = await findCertificate(place.db.kysely, heads[0]!.id);
  assert.deepEqual(
    [ofKey.day, ofKey.keyOf, ofKey.keys.map(({ source }) => source)],
    ['2026-10-20', 'main', [`${id}.main`]],
  );
});

test('a disk that was pulled out loses no row; the deletion goes on when it is back', async () => {
  const { stack, place, clock, camera } = await opened();
  await using _ = stack;
  const id = await camera();
  const files = await record(place, id, oldDayMs, 3);
  await rename(place.footage, `${place.footage}.away`);
  await mkdir(place.footage);
  await using reaper = place.reaper();
  await reaper.pass();
  assert.equal(await rowsOf(place, id), 3);
  assert.deepEqual((await reaper.state()).troubled, 1);
  await rm(place.footage, { recursive: true });
  await rename(`${place.footage}.away`, place.footage);
  await reaper.pass();
  assert.deepEqual((await reaper.state()).open, 0);
  await agrees(place, id, files, clock);
});

test('a file that cannot be removed is named and tried again, and holds up no other', async () => {
  const { stack, place, clock, camera } = await opened();
  await using _ = stack;
  const [one, two] = [await camera(), await camera()];
  const files = await record(place, one, oldDayMs, 3);
  const others = await record(place, two, oldDayMs, 3);
  const stuck = files[1]!.full;
  await rename(stuck, `${place.footage}.aside`);
  await mkdir(stuck);
  await using reaper = place.reaper();
  await reaper.pass();
  assert.equal(await rowsOf(place, one), 1);
  assert.ok(!others.some(isThere));
  const [head] = await listCertificates(place.db.kysely, { limit: 1, beforeNo: null, cameraId: one });
  assert.equal(head?.state, 'ordered');
  assert.match(head?.trouble ?? '', /EISDIR|EPERM/);
  await reaper.pass();
  const heads = await listCertificates(place.db.kysely, { limit: 9, beforeNo: null, cameraId: one });
  assert.equal(heads.length, 1, 'what is ordered is not ordered again');
  await rm(stuck, { recursive: true });
  await rename(`${place.footage}.aside`, stuck);
  await reaper.pass();
  await agrees(place, one, files, clock);
});

test('room is made of what the law lets go of, oldest first, and of nothing else', async () => {
  const { stack, place, clock, camera } = await opened();
  await using _ = stack;
  const id = await camera({ period: { n: 90, unit: 'day' }, justification: 'why' });
  const old = await record(place, id, oldDayMs, 100);
  const young = await record(place, id, nowMs - 3 * dayMs, 10);
  await hold(place, id, oldDayMs, oldDayMs + 10 * minuteMs);
  await using reaper = place.reaper();
  assert.equal((await reaper.pass()).segments, 0, 'the policy keeps it');
  const { bytes } = await reaper.makeRoom('footage', 300 * 20);
  assert.ok(bytes >= 300 * 20);
  assert.ok(old.slice(0, 10).every(isThere) && young.every(isThere));
  await reaper.makeRoom('footage', 300 * 1_000);
  assert.equal(old.filter(isThere).length, 10);
  assert.ok(young.every(isThere));
  await agrees(place, id, [...old, ...young], clock);
});

const steps: DeletionStep[] = ['ordered', 'unlinked', 'settled', 'forgotten', 'key-destroyed', 'finished'];
for (const step of steps)
  test(`killed at the step "${step}", the next start finishes what was ordered`, async () => {
    const { stack, db, data, place, clock, camera } = await opened();
    await using _ = stack;
    const id = await camera();
    const files = await record(place, id, oldDayMs, 20);
    const held = await record(place, id, oldDayMs + dayMs, 5);
    await hold(place, id, oldDayMs + dayMs, oldDayMs + 2 * dayMs);
    const script = join(import.meta.dirname, 'reaper-child.ts');
    const child = spawn(process.execPath, [script, db.url, data, step, String(nowMs)], { stdio: 'inherit' });
    const [, signal] = await once(child, 'exit');
    assert.equal(signal, 'SIGKILL');
    await using again = (await openPlaceAgain(place, data, clock)).reaper();
    await again.pass();
    assert.ok(!files.some(isThere));
    for (const file of held) assert.ok(await isWhole(file));
    const { heads } = await agrees(place, id, [...files, ...held], clock);
    assert.equal(heads.length, 1);
    const { keys } = await findCertificate(db.kysely, heads[0]!.id);
    assert.equal(keys.length, 1);
    const { rows } = await sql<{ segments: number }>`select segments from volume`.execute(db.kysely);
    assert.ok(rows[0]!.segments >= 0);
  });

const openPlaceAgain = async (place: Place, data: string, clock: TestClock): Promise<Place> =>
  placeIn(place.db, data, clock);
