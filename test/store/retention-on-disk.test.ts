/**
 * Random histories of the real reaper: files on a disk, a real key ring, real PostgreSQL. After every look an oracle
 * that knows nothing of the planner says of each file whether it may be gone and whether it may still be there; at the
 * end certificates, ledger, rows, files, keys and timeline must tell the same.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { newId, noLog } from '../../src/base/index.ts';
import { digestOf, findCertificate, listCertificates } from '../../src/store/certificates.ts';
import { Keeper } from '../../src/store/index.ts';
import { confirmed } from '../../src/store/reaper-clock.ts';
import { readBelief, writeBelief } from '../../src/store/reaper-state.ts';
import { covered } from '../../src/store/timeline.ts';
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
  type StoredFile,
} from './reaper-place.ts';

const hourMs = 60 * minuteMs;
const beganMs = Date.parse('2026-02-20T10:00:00Z');

type Act =
  | { readonly kind: 'record'; readonly which: number; readonly minutes: number }
  | { readonly kind: 'pass'; readonly hours: number }
  | {
      readonly kind: 'hold';
      readonly which: number;
      readonly ago: number;
      readonly hours: number;
      readonly days: number | null;
    }
  | { readonly kind: 'release'; readonly which: number }
  | {
      readonly kind: 'mark';
      readonly which: number;
      readonly ago: number;
      readonly hours: number;
      readonly days: number;
    }
  | { readonly kind: 'erase'; readonly which: number; readonly ago: number; readonly hours: number }
  | { readonly kind: 'set'; readonly hours: number }
  | { readonly kind: 'right' }
  | { readonly kind: 'confirm' }
  | { readonly kind: 'reap'; readonly crash: number | null }
  | { readonly kind: 'room'; readonly kb: number };

const which = fc.nat(1);
const ago = fc.integer({ min: 0, max: 45 * 24 });
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('record' as const),
      which,
      minutes: fc.integer({ min: 1, max: 6 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('pass' as const), hours: fc.integer({ min: 1, max: 60 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      ...{ kind: fc.constant('hold' as const), which, ago, hours: fc.integer({ min: 1, max: 200 }) },
      days: fc.option(fc.integer({ min: 1, max: 40 })),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('release' as const), which: fc.nat(9) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      ...{ kind: fc.constant('mark' as const), which, ago, hours: fc.integer({ min: 1, max: 99 }) },
      days: fc.integer({ min: 1, max: 60 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('erase' as const),
      which,
      ago,
      hours: fc.integer({ min: 1, max: 99 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('set' as const),
      hours: fc.oneof(fc.constantFrom(-8_760, 8_760, -1, 1, 23), fc.integer({ min: -30, max: 30 })),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('right' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('confirm' as const) }) },
  {
    weight: 7,
    arbitrary: fc.record({ kind: fc.constant('reap' as const), crash: fc.option(fc.nat(5), { freq: 3 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('room' as const), kb: fc.integer({ min: 1, max: 20 }) }),
  },
);

interface Kept extends StoredFile {
  readonly camera: number;
  /** In truth; the clock may have said otherwise. */
  readonly trueEndMs: number;
}
interface Spanned {
  readonly camera: number;
  readonly fromMs: number;
  readonly toMs: number;
}
type Held = Spanned & { id: string; untilMs: number | null; isOver: boolean };

/** Footage of the first camera is under the thirty days of the law; of the second under a ceiling of a month. */
const floorMs = [30 * dayMs, 0];
/** Never more than a month has; a look comes at least so often, and a clock may be doubted meanwhile. */
const monthMs = 31 * dayMs;

class World {
  trueMs = beganMs;
  offMs = 0;
  readonly files: Kept[] = [];
  readonly gone = new Set<string>();
  readonly holds: Held[] = [];
  readonly marks: (Spanned & { days: number })[] = [];
  cameras: string[] = [];
  readonly place: Place;
  readonly clock: { wallMs(): number; monoMs(): number };

  constructor(place: Place, clock: { wallMs(): number; monoMs(): number }) {
    this.place = place;
    this.clock = clock;
  }

  async do(step: Act): Promise<void> {
    const { db } = this.place;
    const spanOf = (hoursAgo: number, hours: number) => {
      const fromMs = this.clock.wallMs() - hoursAgo * hourMs;
      return { fromMs, toMs: fromMs + hours * hourMs };
    };
    const at = new Date(Math.max(0, this.clock.wallMs()));
    const by = { created: at, created_by: 'test', reason: 'why' };
    switch (step.kind) {
      case 'record':
        return this.record(step.which, step.minutes);
      case 'pass':
        this.trueMs += step.hours * hourMs;
        return;
      case 'hold': {
        const span = spanOf(step.ago, step.hours);
        const untilMs = step.days === null ? null : this.trueMs + step.days * dayMs;
        const id = newId('hold');
        await db.kysely
          .insertInto('hold')
          .values({
            ...{ id, camera_id: this.cameras[step.which]!, from_ms: span.fromMs, to_ms: span.toMs, ...by },
            ...{ until: untilMs === null ? null : new Date(untilMs), released: null },
            ...{ released_by: null, released_reason: null },
          })
          .execute();
        this.holds.push({ id, camera: step.which, ...span, untilMs, isOver: false });
        return;
      }
      case 'release': {
        const hold = this.holds[step.which % Math.max(1, this.holds.length)];
        if (!hold || hold.isOver) return;
        hold.isOver = true;
        const released = { released: at, released_by: 'test', released_reason: 'over' };
        await db.kysely.updateTable('hold').set(released).where('id', '=', hold.id).execute();
        return;
      }
      case 'mark': {
        const span = spanOf(step.ago, step.hours);
        await db.kysely
          .insertInto('mark')
          .values({
            ...{
              id: newId('mark'),
              camera_id: this.cameras[step.which]!,
              from_ms: span.fromMs,
              to_ms: span.toMs,
            },
            ...{ kind: 'important', period_n: step.days, period_unit: 'day', ...by },
          })
          .execute();
        this.marks.push({ camera: step.which, ...span, days: step.days });
        return;
      }
      case 'erase': {
        const span = spanOf(step.ago, step.hours);
        await db.kysely
          .insertInto('erasure')
          .values({
            ...{
              id: newId('erase'),
              camera_id: this.cameras[step.which]!,
              from_ms: span.fromMs,
              to_ms: span.toMs,
            },
            ...{ requester: 'somebody', answer: '[]', ...by },
          })
          .execute();
        return;
      }
      case 'set':
        this.offMs = step.hours * hourMs;
        return this.look();
      case 'right':
        this.offMs = 0;
        return this.look();
      case 'confirm': {
        this.offMs = 0;
        const now = readingOf(this.clock);
        await db.kysely.transaction().execute(async (trx) => {
          await writeBelief(trx, confirmed(now, await readBelief(trx, now)));
        });
        return;
      }
      case 'reap':
        return this.reap(step.crash);
      case 'room': {
        await using reaper = this.place.reaper();
        await reaper.makeRoom('footage', step.kb * 1_000);
        return this.check(false);
      }
    }
  }

  /** The engine tells of a step of the clock at once, and the reaper looks. */
  async look(): Promise<void> {
    await using reaper = this.place.reaper();
    await reaper.pass();
    this.check(false);
  }

  async record(camera: number, minutes: number): Promise<void> {
    const trueFromMs = this.trueMs;
    const files = await record(this.place, this.cameras[camera]!, this.clock.wallMs(), minutes);
    const offMs = this.offMs;
    this.trueMs += minutes * minuteMs;
    for (const file of files) this.files.push({ ...file, camera, trueEndMs: file.endMs - offMs });
    assert.ok(files.every((file) => file.endMs - offMs >= trueFromMs));
  }

  async reap(crash: number | null): Promise<void> {
    let steps = 0;
    await using reaper = this.place.reaper(() => {
      if (crash !== null && steps++ === crash) throw new Error('the power went');
    });
    const acted = await reaper.pass().then(
      (pass) => pass.acted,
      () => false,
    );
    this.check(acted && crash === null);
  }

  /** What is gone may be, and, after a whole look, what is past its month is gone. */
  check(isWholeLook: boolean): void {
    for (const file of this.files) {
      if (this.gone.has(file.id)) continue;
      const isHeld = this.holds.some((hold) => covers(hold, file) && this.isInForce(hold));
      if (!isThere(file)) {
        this.gone.add(file.id);
        assert.ok(!isHeld, `${file.path} was held`);
        const age = this.trueMs - file.trueEndMs;
        assert.ok(age >= floorMs[file.camera]!, `${file.path} went ${floorMs[file.camera]! - age} ms early`);
        if (file.camera === 0)
          for (const mark of this.marks.filter((one) => covers(one, file)))
            assert.ok(age >= mark.days * dayMs, `${file.path} was marked for ${mark.days} days`);
      } else if (isWholeLook && file.camera === 1 && file.endMs - file.trueEndMs <= 0 && !isHeld)
        // Dated ahead it is kept until its date; dated rightly or too early not a day more than the proven time lags.
        assert.ok(
          this.trueMs - file.trueEndMs < monthMs + this.lagMs(file),
          `${file.path} lives past its ceiling`,
        );
    }
  }

  /** By the clock the ceiling counts from the date, or, where it was behind, from what is known to be true at most. */
  lagMs(file: Kept): number {
    return this.maxBehindMs + dayMs + (file.trueEndMs - file.endMs);
  }
  maxBehindMs = 0;

  isInForce({ isOver, untilMs }: Held): boolean {
    return !isOver && (untilMs === null || untilMs > this.trueMs);
  }
}

const covers = (span: Spanned, file: Kept): boolean =>
  span.camera === file.camera && span.fromMs < file.endMs && span.toMs > file.startMs;

/** Certificates, ledger, rows, files, keys and timeline say the same. */
async function agree(world: World): Promise<number> {
  const { db, keys } = world.place;
  let certified = 0;
  for (const [camera, id] of world.cameras.entries()) {
    const files = new Map(
      world.files.filter((file) => file.camera === camera).map((file) => [file.id, file]),
    );
    const gone = new Set<string>();
    for (let beforeNo: number | null = null; ; ) {
      const heads = await listCertificates(db.kysely, { limit: 200, beforeNo, cameraId: id });
      for (const head of heads) {
        const certificate = await findCertificate(db.kysely, head.id);
        assert.equal(certificate.state, 'done');
        assert.equal(digestOf(certificate.segments), certificate.digest);
        for (const segment of certificate.segments) {
          assert.ok(!gone.has(segment.id), 'a segment stands in one certificate only');
          gone.add(segment.id);
          assert.equal(files.get(segment.id)?.digest, segment.digest);
        }
        for (const { source } of certificate.keys)
          assert.equal(await keys.has(source, certificate.day), false, 'a destroyed key is gone');
      }
      beforeNo = heads.at(-1)?.no ?? null;
      if (heads.length < 200) break;
    }
    const rows = await db.kysely.selectFrom('segment').select('id').where('camera_id', '=', id).execute();
    const rowed = new Set(rows.map((row) => row.id));
    for (const file of files.values()) {
      assert.equal(isThere(file), !gone.has(file.id), `${file.path}: file and certificate`);
      assert.equal(rowed.has(file.id), !gone.has(file.id), `${file.path}: row and certificate`);
      if (isThere(file)) {
        assert.ok(await isWhole(file), `${file.path} is what was written`);
        const day = new Date(file.startMs).toISOString().slice(0, 10);
        assert.ok(await keys.has(`${id}.main`, day), `the key of ${file.path} is there`);
      }
    }
    certified += gone.size;
    await isWholeTime(world, id, [...files.values()]);
  }
  const { rows: ledger } = {
    rows: await db.kysely.selectFrom('ledger').select(['action', 'detail']).execute(),
  };
  const ordered = ledger.filter((row) => row.action === 'footage.delete');
  const sum = ordered.reduce((total, row) => total + Number(row.detail.segments), 0);
  assert.equal(sum, certified, 'the ledger counts what the certificates count');
  return certified;
}

async function isWholeTime(world: World, id: string, files: readonly Kept[]): Promise<void> {
  if (files.length === 0) return;
  const { db, footage } = world.place;
  const clock = { wallMs: () => Date.parse('2050-01-01T00:00:00Z'), monoMs: () => 0 };
  await using keeper = new Keeper({ db, clock, log: noLog, volume: { id: 'footage', path: footage } });
  const fromMs = Math.min(...files.map((file) => file.startMs));
  const toMs = Math.max(...files.map((file) => file.endMs));
  const { spans, gaps } = await covered({ db, keeper, clock }, id, { fromMs, toMs });
  const sum = [...spans, ...gaps].reduce((total, span) => total + span.toMs - span.fromMs, 0);
  assert.equal(sum, toMs - fromMs, 'spans and gaps are the whole time');
}

test('over random histories on a disk nothing goes early, nothing lives past its ceiling, and all records agree', async () => {
  let steps = 0;
  let deleted = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 150, maxLength: 300, size: 'max' }), async (acts) => {
      await using db = await testDatabase();
      const data = await mkdtemp(join(tmpdir(), 'custos-history-'));
      try {
        const clock = {
          wallMs: () => world.trueMs + world.offMs,
          monoMs: () => world.trueMs - beganMs + 600_000,
        };
        const world: World = new World(await placeIn(db, data, clock), clock);
        await writeBelief(db.kysely, confirmed(readingOf(clock)));
        world.cameras = [
          await addPlaceCamera(db, beganMs),
          await addPlaceCamera(db, beganMs, {
            profiles: ['fr'],
            period: { n: 20, unit: 'day' },
            justification: 'why',
          }),
        ];
        for (const step of acts) {
          world.maxBehindMs = Math.max(world.maxBehindMs, Math.abs(world.offMs));
          await world.do(step);
        }
        await world.do({ kind: 'confirm' });
        await world.do({ kind: 'reap', crash: null });
        deleted += await agree(world);
        steps += acts.length;
      } finally {
        await rm(data, { recursive: true, force: true });
      }
    }),
    { numRuns: 4, endOnFailure: true },
  );
  assert.ok(steps > 600, `${steps} steps`);
  assert.ok(deleted > 60, `only ${deleted} segments were ever deleted`);
});
