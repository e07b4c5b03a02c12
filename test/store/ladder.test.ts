/** The ladder, the balance and the forecast, pure: what may never be, over thousands of made-up machines. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ForecastCamera, forecast, isWarned, weekOf } from '../../src/store/forecast.ts';
import {
  type Candidate,
  hasRoom,
  type Importance,
  lowBytes,
  type Mode,
  nextMode,
  nextRung,
  place,
  type Rung,
  rungOfModes,
  shareOf,
  type VolumeView,
} from '../../src/store/ladder.ts';

const severity: Record<Mode, number> = { full: 0, sub: 1, none: 2 };
const order: Importance[] = ['least', 'ordinary', 'most'];
const gb = 1e9;
const view = (roomBytes: number, rung: Rung = 0): VolumeView => ({
  ...{ id: 'vol_1', roomBytes, capacityBytes: 100 * gb, bytesPerS: 1e6, rung },
});
const anyFound = fc.record({ ceilingDry: fc.boolean(), floorDry: fc.boolean(), canSpill: fc.boolean() });

test('a rung is climbed only when the one below gave nothing, and one at a time', () => {
  const low = lowBytes(view(0));
  const found = { ceilingDry: false, floorDry: false, canSpill: true };
  assert.equal(nextRung(view(low * 0.9, 0), found), 1);
  assert.equal(nextRung(view(low * 0.9, 1), found), 1, 'what is past its ceiling is deleted first');
  assert.equal(nextRung(view(low * 0.9, 1), { ...found, ceilingDry: true }), 2);
  assert.equal(nextRung(view(low * 0.9, 2), { ...found, floorDry: true }), 3);
  assert.equal(nextRung(view(low * 0.9, 3), found), 3, 'streams that moved leave it at peace');
  assert.equal(nextRung(view(low * 0.9, 3), { ...found, canSpill: false }), 4);
  assert.equal(nextRung(view(low * 1.5, 4), found), 4, 'not undone at once');
  assert.equal(nextRung(view(low * 2, 5), found), 3, 'undone in reverse');
});

test('whatever happens, the more important camera never has less left than the less important one', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.double({ min: -0.5, max: 3, noNaN: true }), anyFound), { maxLength: 200 }),
      (steps) => {
        let rung: Rung = 0;
        let modes: Mode[] = ['full', 'full', 'full'];
        for (const [share, found] of steps) {
          const volume = view(share * lowBytes(view(0)), rung);
          const climbed = nextRung(volume, found);
          assert.ok(Math.abs(Math.min(climbed, 4) - Math.min(rung, 4)) <= 1);
          modes = order.map((importance, i) =>
            nextMode(
              { importance, hasSub: true, mode: modes[i]! },
              { rung: climbed, canSpill: found.canSpill },
              shareOf(volume),
            ),
          );
          assert.ok(severity[modes[0]!] >= severity[modes[1]!] && severity[modes[1]!] >= severity[modes[2]!]);
          const goesOn = found.canSpill && climbed < 4;
          if (share <= 0 && !goesOn)
            assert.deepEqual(modes, ['none', 'none', 'none'], 'the reserve is never used');
          if (goesOn) assert.deepEqual(modes, ['full', 'full', 'full'], 'whoever can move is not cut first');
          rung = rungOfModes(climbed, modes);
          assert.equal(rung === 5, climbed >= 4 && modes.includes('none'));
        }
      },
    ),
    { numRuns: 2_000 },
  );
});

test('a room that hovers by less than half a mark changes a camera once, not every time', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...order),
      fc.double({ min: 0.01, max: 1.2, noNaN: true }),
      fc.array(fc.double({ min: 0, max: 0.45, noNaN: true }), { maxLength: 100 }),
      (importance, base, waves) => {
        let mode: Mode = 'full';
        let changes = 0;
        for (const wave of waves) {
          const next = nextMode(
            { importance, hasSub: true, mode },
            { rung: 4, canSpill: false },
            base + wave,
          );
          if (next !== mode) changes++;
          mode = next;
        }
        assert.ok(changes <= 2, `${changes} changes`);
      },
    ),
  );
});

test('with room again everything is undone, in a few steps and down to the ground', () => {
  let rung: Rung = 5;
  let mode: Mode = 'none';
  for (let i = 0; i < 6; i++) {
    const volume = view(5 * lowBytes(view(0)), rung);
    rung = nextRung(volume, { ceilingDry: true, floorDry: true, canSpill: false });
    mode = nextMode({ importance: 'least', hasSub: true, mode }, { rung, canSpill: false }, shareOf(volume));
  }
  assert.deepEqual([rung, mode], [0, 'full']);
});

const candidate = fc.record({
  roomBytes: fc.integer({ min: -1e9, max: 1e12 }),
  rung: fc.constantFrom<Rung>(0, 1, 2, 3, 4, 5),
  takes: fc.boolean(),
  isSlow: fc.boolean(),
});
const camera = fc.record({
  importance: fc.constantFrom(...order),
  on: fc.option(fc.nat(4)),
  bytesPerS: fc.integer({ min: 0, max: 4e6 }),
});

test('a camera stays while its volume is good, goes only where something is taken, and is forgotten nowhere', () => {
  fc.assert(
    fc.property(fc.array(candidate, { maxLength: 5 }), fc.array(camera, { maxLength: 30 }), (some, those) => {
      const volumes: Candidate[] = some.map((one, i) => ({
        ...{ ...one, id: `vol_${i}`, capacityBytes: 1e12, bytesPerS: 0 },
      }));
      const cameras = those.map((one, i) => ({
        ...{ cameraId: `cam_${i}`, importance: one.importance, bytesPerS: one.bytesPerS },
        volumeId: one.on === null ? null : `vol_${one.on}`,
      }));
      const placed = place(cameras, volumes);
      assert.equal(placed.size, cameras.length);
      const better = volumes.some((volume) => hasRoom(volume) && !volume.isSlow);
      for (const { cameraId, volumeId } of cameras) {
        const now = volumes.find(({ id }) => id === placed.get(cameraId));
        const before = volumes.find(({ id }) => id === volumeId);
        assert.ok(now ? now.takes : !volumes.some(({ takes }) => takes));
        if (before && hasRoom(before) && !before.isSlow) assert.equal(now, before);
        if (better) assert.ok(now && hasRoom(now) && !now.isSlow);
      }
      // Nothing moves twice: the answer is a rest.
      const again = place(
        cameras.map((one) => ({ ...one, volumeId: placed.get(one.cameraId) ?? null })),
        volumes,
      );
      assert.deepEqual([...again].sort(), [...placed].sort());
    }),
    { numRuns: 1_000 },
  );
});

test('of two empty volumes the larger takes more', () => {
  const volumes: Candidate[] = [1, 3].map((size, i) => ({
    ...{ id: `vol_${i}`, roomBytes: size * gb, capacityBytes: size * gb, bytesPerS: 0 },
    ...{ rung: 0, takes: true, isSlow: false },
  }));
  const cameras = Array.from({ length: 16 }, (_, i) => ({
    ...{ cameraId: `cam_${i}`, importance: 'ordinary' as const, volumeId: null, bytesPerS: 250_000 },
  }));
  const on = [...place(cameras, volumes).values()];
  assert.deepEqual(
    volumes.map(({ id }) => on.filter((one) => one === id).length),
    [4, 12],
  );
});

// ---- the forecast

const nowMs = Date.parse('2026-11-22T00:00:00Z');
const dayMs = 86_400_000;
const week = (bytes: number) => Array.from({ length: 7 }, () => bytes);
const cam = (id: string, more: Partial<ForecastCamera> = {}): ForecastCamera => ({
  ...{ cameraId: id, importance: 'ordinary', floorDays: 30, keepDays: 30, week: week(10 * gb), stored: [] },
  ...more,
});

test('a disk for forty days keeps thirty for ever, one for twenty falls short on the twentieth', () => {
  assert.equal(forecast([cam('cam_1')], 400 * gb, nowMs).firstMs, null);
  const { fallsMs } = forecast([cam('cam_1')], 200 * gb, nowMs);
  assert.equal(fallsMs.get('cam_1'), nowMs + 20 * dayMs);
});

test('the least important camera falls first, and what it leaves keeps the others', () => {
  const cameras = [cam('cam_1', { importance: 'most' }), cam('cam_2', { importance: 'least' })];
  const { fallsMs } = forecast(cameras, 630 * gb, nowMs);
  assert.equal(fallsMs.get('cam_2'), nowMs + 31.5 * dayMs);
  assert.equal(fallsMs.get('cam_1'), null);
});

test('what is kept by policy beyond the floor gives way before anybody falls short', () => {
  const cameras = [cam('cam_1', { keepDays: 90 })];
  assert.equal(forecast(cameras, 400 * gb, nowMs).firstMs, null);
});

test('where nobody settled how long, nothing is ever deleted and the disk is full one day', () => {
  const cameras = [cam('cam_1', { floorDays: null, keepDays: null })];
  assert.equal(forecast(cameras, 400 * gb, nowMs).firstMs, nowMs + 40 * dayMs);
});

test('a week has its pattern once two of it are known; before, the mean; before that, what is sent now', () => {
  assert.equal(weekOf([], 1_000, nowMs)[0], 86_400_000);
  assert.equal(
    weekOf(
      [
        { ago: 0, bytes: 5 },
        { ago: 1, bytes: 7 },
      ],
      2,
      nowMs,
    )[3],
    172_800,
    'neither day is whole',
  );
  const history = Array.from({ length: 40 }, (_, ago) => ({
    ago,
    bytes: new Date(nowMs - ago * dayMs).getUTCDay() === 0 ? 1 * gb : 10 * gb,
  }));
  const pattern = weekOf(history, 0, nowMs);
  assert.deepEqual(
    pattern.map(Math.round),
    [1, 10, 10, 10, 10, 10, 10].map((bytes) => bytes * gb),
  );
  const raised = history.map((one) => (one.ago <= 2 ? { ...one, bytes: one.bytes * 3 } : one));
  assert.ok(weekOf(raised, 0, nowMs)[1]! > 20 * gb, 'a raised bit rate counts at once');
});

test('more room never brings a fall forward, and with enough of it nobody falls', () => {
  const someCamera = fc.record({
    importance: fc.constantFrom(...order),
    floorDays: fc.integer({ min: 1, max: 90 }),
    extra: fc.integer({ min: 0, max: 90 }),
    bytes: fc.integer({ min: 1, max: 50 }),
  });
  fc.assert(
    fc.property(
      fc.array(someCamera, { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 1, max: 5_000 }),
      (some, size) => {
        const cameras = some.map(({ importance, floorDays, extra, bytes }, i) =>
          cam(`cam_${i}`, { importance, floorDays, keepDays: floorDays + extra, week: week(bytes * gb) }),
        );
        const tight = forecast(cameras, size * gb, nowMs).firstMs ?? Number.POSITIVE_INFINITY;
        const wide = forecast(cameras, size * 2 * gb, nowMs).firstMs ?? Number.POSITIVE_INFINITY;
        assert.ok(wide >= tight);
        const needed = cameras.reduce((sum, one) => sum + one.week[0]! * (one.floorDays! + 3), 0);
        assert.equal(forecast(cameras, needed, nowMs).firstMs, null);
      },
    ),
    { numRuns: 150 },
  );
});

test('a warning comes days ahead and does not come and go', () => {
  assert.equal(isWarned(nowMs + 6 * dayMs, nowMs, false), true);
  assert.equal(isWarned(nowMs + 8 * dayMs, nowMs, false), false);
  assert.equal(isWarned(nowMs + 8 * dayMs, nowMs, true), true);
  assert.equal(isWarned(null, nowMs, true), false);
});
