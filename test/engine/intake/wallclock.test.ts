/** Wall times follow our own clock: jitter is not seen in them, drift is followed, they never go back within a run. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CameraClock, StepWatch, WallClock } from '../../../src/engine/intake/wallclock.ts';

const startMs = 1_790_000_000_000;

/** Plays `seconds` of 25 pictures a second; gives the error of each wall time in ms. */
function play(options: {
  seconds: number;
  ppm?: number;
  jitterMs?: () => number;
  each?: (wallMs: number, i: number) => void;
}): number[] {
  const wall = new WallClock(startMs);
  const errors: number[] = [];
  for (let i = 0; i < options.seconds * 25; i++) {
    const takenMs = i * 40;
    const ticks = Math.round(i * 3600 * (1 + (options.ppm ?? 0) / 1e6));
    wall.observe(ticks, takenMs + (options.jitterMs?.() ?? 0));
    const wallMs = wall.wallMs(ticks);
    options.each?.(wallMs, i);
    errors.push(wallMs - (startMs + takenMs));
  }
  return errors;
}

test('a steady camera is told to the millisecond', () => {
  for (const error of play({ seconds: 60 })) assert.ok(Math.abs(error) < 0.001);
});

test('jitter is hardly seen in the times, and they only go forward', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 400 }), (seed, most) => {
      let state = seed >>> 0;
      const chance = () => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        return state / 2 ** 32;
      };
      let last = 0;
      const errors = play({
        seconds: 120,
        jitterMs: () => chance() * most,
        each: (wallMs) => {
          assert.ok(wallMs > last);
          last = wallMs;
        },
      });
      // The smallest delay is found within seconds; after a minute it is all that is left.
      for (const error of errors.slice(60 * 25)) assert.ok(Math.abs(error) < most * 0.2 + 2);
    }),
    { numRuns: 30 },
  );
});

test('the drift of a crystal is followed within milliseconds, and a clock at 0.84 of real time within two seconds', () => {
  for (const error of play({ seconds: 600, ppm: 100 }).slice(2000)) assert.ok(Math.abs(error) < 10);
  for (const error of play({ seconds: 600, ppm: -100 }).slice(2000)) assert.ok(Math.abs(error) < 10);
  for (const error of play({ seconds: 300, ppm: -160_000 })) assert.ok(Math.abs(error) < 2_000);
});

test('a burst of old pictures at the start is put where it belongs, by and by and without a cut', () => {
  const wall = new WallClock(startMs);
  let last = 0;
  for (let i = 0; i < 25 * 60; i++) {
    // The first two seconds were taken before we came and arrive at once.
    wall.observe(i * 3600, Math.max(0, (i - 50) * 40));
    const wallMs = wall.wallMs(i * 3600);
    assert.ok(wallMs > last);
    last = wallMs;
  }
  assert.ok(Math.abs(last - (startMs + (25 * 60 - 1 - 50) * 40)) < 20);
});

test('a step of our own clock is named once; a slow correction is not a step', () => {
  let wall = startMs;
  let mono = 0;
  const watch = new StepWatch({ wallMs: () => wall, monoMs: () => mono });
  const pass = (ms: number, byMs = 0) => {
    mono += ms;
    wall += ms + byMs;
    return watch.check();
  };
  assert.equal(pass(500), 0);
  assert.equal(pass(500, 900), 0);
  assert.equal(pass(500, 3_600_000), 3_600_000);
  assert.equal(pass(500), 0);
  assert.equal(pass(500, -7_200_000), -7_200_000);
  assert.equal(pass(500), 0);
});

test("the camera's clock is measured: how far off, and how fast that changes", () => {
  fc.assert(
    fc.property(fc.integer({ min: -500, max: 500 }), fc.integer({ min: -1e9, max: 1e9 }), (ppm, offsetMs) => {
      const camera = new CameraClock();
      for (let s = 0; s <= 300; s += 5) {
        const ours = startMs + s * 1000;
        camera.observe(ours + offsetMs + (s * ppm) / 1000, ours, s * 1000);
      }
      assert.ok(Math.abs((camera.driftPpm ?? Number.NaN) - ppm) < 1);
      assert.ok(Math.abs((camera.offsetMs ?? Number.NaN) - offsetMs - (300 * ppm) / 1000) <= 1);
    }),
  );
});

test('a camera that is set begins a new measurement, and too little of one is no drift', () => {
  const camera = new CameraClock();
  assert.equal(camera.driftPpm, null);
  for (let s = 0; s < 100; s += 5) camera.observe(startMs + s * 1000, startMs + s * 1000, s * 1000);
  assert.equal(camera.driftPpm, 0);
  camera.observe(startMs + 3_700_000, startMs + 100_000, 100_000);
  assert.equal(camera.driftPpm, null);
  assert.equal(camera.offsetMs, 3_600_000);
});
