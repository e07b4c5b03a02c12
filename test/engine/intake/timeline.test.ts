/** Decode times go forward and never pass their picture, whatever the camera's clock does. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Timeline } from '../../../src/engine/intake/timeline.ts';

interface Shown {
  readonly pts: number;
  readonly key: boolean;
}

/** Presentation times in decoding order of `groups` groups of pictures with `b` pictures between references. */
function pictures(groups: number, perGroup: number, b: number, ticks: number): Shown[] {
  const all: Shown[] = [];
  for (let group = 0; group < groups; group++) {
    const base = group * perGroup;
    all.push({ pts: base * ticks, key: true });
    for (let at = 1; at < perGroup; at += b + 1) {
      const reference = Math.min(at + b, perGroup - 1);
      all.push({ pts: (base + reference) * ticks, key: false });
      for (let between = at; between < reference; between++)
        all.push({ pts: (base + between) * ticks, key: false });
    }
  }
  return all;
}

const shape = fc.record({
  groups: fc.integer({ min: 1, max: 6 }),
  perGroup: fc.integer({ min: 1, max: 60 }),
  b: fc.integer({ min: 0, max: 3 }),
  ticks: fc.constantFrom(1500, 1800, 3000, 3600, 9000),
});

test('every picture is decoded after the one before and not after it is shown, and is shown when the camera said', () => {
  fc.assert(
    fc.property(shape, ({ groups, perGroup, b, ticks }) => {
      const timeline = new Timeline(b > 0 ? 1 : 0);
      let last = Number.NEGATIVE_INFINITY;
      for (const [i, { pts, key }] of pictures(groups, perGroup, b, ticks).entries()) {
        const placed = timeline.place(pts, (i * ticks) / 90, key);
        assert.ok(placed.decode > last);
        assert.ok(placed.cts >= 0);
        assert.equal(placed.decode + placed.cts, pts);
        assert.ok(Number.isInteger(placed.decode));
        last = placed.decode;
      }
      assert.equal(timeline.disordered, false);
      assert.equal(timeline.jumped, false);
    }),
  );
});

test('without reordering a picture is decoded when it is shown', () => {
  const timeline = new Timeline(0);
  for (let i = 0; i < 100; i++)
    assert.deepEqual(timeline.place(i * 3600, i * 40, i % 25 === 0), {
      decode: i * 3600,
      cts: 0,
      missing: 0,
    });
});

test('pictures that come out of an order that was not announced are kept, and the next run knows better', () => {
  const timeline = new Timeline(0);
  const all = pictures(4, 25, 2, 3600);
  let last = Number.NEGATIVE_INFINITY;
  let runs = 0;
  for (const [i, { pts, key }] of all.entries()) {
    if (key && timeline.disordered) {
      timeline.beginRun();
      runs++;
    }
    const placed = timeline.place(pts, i * 40, key);
    assert.ok(placed.decode > last);
    assert.equal(placed.decode + placed.cts, pts);
    if (runs > 0) assert.ok(placed.cts >= 0);
    last = placed.decode;
  }
  assert.equal(runs, 1);
  assert.equal(timeline.reorderDepth, 1);
});

test('one picture that is hours away is put where it belongs', () => {
  const timeline = new Timeline(0);
  for (let i = 0; i < 200; i++) {
    const pts = i * 3600 + (i === 77 ? 90_000 * 3600 * 4 : 0) - (i === 133 ? 90_000 * 3600 : 0);
    const placed = timeline.place(pts, i * 40, i % 50 === 0);
    assert.ok(Math.abs(placed.decode - i * 3600) <= 1, `picture ${i} at ${placed.decode}`);
  }
  assert.equal(timeline.jumped, false);
});

test('a clock that is set for good carries the timeline with it, without a picture lost or a time gone back', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -100_000, max: 100_000 }).filter((s) => Math.abs(s) > 6),
      (seconds) => {
        const timeline = new Timeline(0);
        let last = Number.NEGATIVE_INFINITY;
        for (let i = 0; i < 200; i++) {
          const pts = i * 3600 + (i >= 100 ? seconds * 90_000 : 0);
          const { decode } = timeline.place(pts, i * 40, i % 50 === 0);
          assert.ok(decode > last);
          assert.ok(Math.abs(decode - i * 3600) <= 3600 * 3);
          last = decode;
        }
        assert.equal(timeline.jumped, true);
      },
    ),
  );
});

test('pictures that did not come are told of, a slow camera is not blamed', () => {
  const timeline = new Timeline(0);
  for (let i = 0; i < 50; i++) timeline.place(i * 3600, i * 40, i === 0);
  assert.equal(timeline.place(60 * 3600, 60 * 40, false).missing, 10 * 3600);
  const slow = new Timeline(0);
  for (let i = 0; i < 50; i++) assert.equal(slow.place(i * 90_000, i * 1000, true).missing, 0);
});

test('any times at all give decode times that go forward', () => {
  const unit = fc.record({
    pts: fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
    key: fc.boolean(),
    later: fc.integer({ min: 0, max: 10_000 }),
  });
  fc.assert(
    fc.property(fc.array(unit, { maxLength: 80 }), fc.integer({ min: 0, max: 20 }), (units, depth) => {
      const timeline = new Timeline(depth);
      let last = Number.NEGATIVE_INFINITY;
      let arrivedMs = 0;
      for (const { pts, key, later } of units) {
        arrivedMs += later;
        if (key && (timeline.jumped || timeline.disordered)) timeline.beginRun();
        const { decode, cts, missing } = timeline.place(pts, arrivedMs, key);
        assert.ok(decode > last && Number.isSafeInteger(decode) && Number.isFinite(cts) && missing >= 0);
        last = decode;
      }
    }),
  );
});
