/** The timeline's days, marks and pieces, in zones with and without summer time. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { gapCauses } from '../../src/contract/index.ts';
import { gapKindOf, gapKinds } from '../../web/src/camera/causes.ts';
import {
  chunksOf,
  hour,
  merged,
  minute,
  msAt,
  narrowestMs,
  ticksOf,
  widestMs,
  xOf,
  zoomed,
} from '../../web/src/camera/scale.ts';
import {
  clockAt,
  dayAfter,
  dayNamed,
  dayOf,
  daysIn,
  fromField,
  toField,
  weeksOf,
} from '../../web/src/camera/zone.ts';

const zones = [
  'Asia/Shanghai',
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'Africa/Cairo',
  'UTC',
];
const instant = fc.integer({ min: Date.UTC(2024, 0, 1), max: Date.UTC(2028, 0, 1) });
const zone = fc.constantFrom(...zones);

describe('days', () => {
  test('every instant lies in exactly one day, and days follow on without a hole', () => {
    fc.assert(
      fc.property(instant, zone, (ms, where) => {
        const day = dayOf(ms, where);
        assert.ok(day.fromMs <= ms && ms < day.toMs);
        assert.equal(dayNamed(dayAfter(day.day, 1), where).fromMs, day.toMs);
        assert.equal(clockAt(ms, where).date, day.day);
      }),
    );
  });

  test('the days on which clocks change have 23 and 25 hours', () => {
    const hours = (day: string, where: string) => {
      const { fromMs, toMs } = dayNamed(day, where);
      return (toMs - fromMs) / hour;
    };
    assert.equal(hours('2026-03-29', 'Europe/Berlin'), 23);
    assert.equal(hours('2026-10-25', 'Europe/Berlin'), 25);
    assert.equal(hours('2026-10-25', 'Asia/Shanghai'), 24);
    // The clock jumps at midnight: the day begins at one o'clock.
    assert.equal(clockAt(dayNamed('2026-04-24', 'Africa/Cairo').fromMs, 'Africa/Cairo').hour, 1);
  });

  test('a time typed is the time shown', () => {
    fc.assert(
      fc.property(instant, zone, (ms, where) => {
        const second = Math.floor(ms / 1000) * 1000;
        const read = fromField(toField(second, where), where);
        // An hour that comes twice is read as the first of the two.
        assert.ok(read === second || (read !== null && toField(read, where) === toField(second, where)));
      }),
    );
    assert.equal(fromField('2026-02-30 10:00:00', 'UTC'), null);
    assert.equal(fromField('yesterday', 'UTC'), null);
  });

  test('a month has each of its days once, Monday first', () => {
    const days = weeksOf('2026-11').flat().filter(Boolean);
    assert.equal(days.length, 30);
    assert.equal(weeksOf('2026-11')[0]?.[6], '2026-11-01', 'a Sunday');
  });
});

describe('marks', () => {
  test('stand at round times of the local clock, in order, never twice, also when clocks change', () => {
    const width = fc.integer({ min: narrowestMs, max: widestMs });
    fc.assert(
      fc.property(instant, width, zone, (fromMs, wide, where) => {
        const ticks = ticksOf({ fromMs, toMs: fromMs + wide, widthPx: 1000 }, where);
        for (const [index, tick] of ticks.entries()) {
          const before = ticks[index - 1];
          assert.ok(!before || before.ms < tick.ms);
          const at = clockAt(tick.ms, where);
          if (tick.isDay) assert.equal(tick.label, at.date.slice(5));
          else assert.ok(tick.label.startsWith(`${String(at.hour).padStart(2, '0')}:`));
        }
        assert.ok(ticks.length <= 80, `${ticks.length} marks`);
      }),
      { numRuns: 300 },
    );
  });

  test('the hour that comes twice is marked twice', () => {
    const { fromMs, toMs } = dayNamed('2026-10-25', 'Europe/Berlin');
    const labels = ticksOf({ fromMs, toMs, widthPx: 4000 }, 'Europe/Berlin').map((tick) => tick.label);
    assert.equal(labels.filter((label) => label === '02:00').length, 2);
  });
});

describe('the window', () => {
  test('zooming leaves the instant under the cursor where it is', () => {
    const x = fc.integer({ min: 0, max: 1000 });
    const factor = fc.double({ min: 0.1, max: 10, noNaN: true });
    fc.assert(
      fc.property(
        instant,
        fc.integer({ min: minute, max: 20 * 24 * hour }),
        x,
        factor,
        (fromMs, wide, at, by) => {
          const scale = { fromMs, toMs: fromMs + wide, widthPx: 1000 };
          const next = { ...zoomed(scale, by, msAt(scale, at)), widthPx: 1000 };
          assert.ok(next.toMs - next.fromMs >= narrowestMs - 1 && next.toMs - next.fromMs <= widestMs + 1);
          const tolerance = 2 * (1000 / (next.toMs - next.fromMs)) + 0.01;
          assert.ok(Math.abs(xOf(next, msAt(scale, at)) - at) < tolerance);
        },
      ),
    );
  });

  test('is asked for in pieces that cover it and stay under the server’s most', () => {
    const width = fc.integer({ min: narrowestMs, max: widestMs });
    fc.assert(
      fc.property(instant, width, zone, (fromMs, wide, where) => {
        const chunks = chunksOf(fromMs, fromMs + wide, where);
        assert.ok((chunks[0]?.fromMs ?? Number.POSITIVE_INFINITY) <= fromMs);
        assert.ok((chunks.at(-1)?.toMs ?? 0) >= fromMs + wide);
        for (const [index, chunk] of chunks.entries()) {
          assert.ok(chunk.toMs - chunk.fromMs <= 32 * 24 * hour);
          const next = chunks[index + 1];
          if (next) assert.equal(next.fromMs, chunk.toMs);
        }
        assert.ok(chunks.length <= 6);
      }),
    );
  });

  test('stretches that touch are one, others are kept', () => {
    const joined = merged(
      [
        { fromMs: 500, toMs: 900 },
        { fromMs: 0, toMs: 400 },
        { fromMs: 2000, toMs: 3000 },
      ],
      200,
    );
    assert.deepEqual(joined, [
      { fromMs: 0, toMs: 900 },
      { fromMs: 2000, toMs: 3000 },
    ]);
  });

  test('a window of days names each day', () => {
    const days = daysIn(Date.UTC(2026, 9, 24, 12), Date.UTC(2026, 9, 26, 12), 'Europe/Berlin');
    assert.deepEqual(
      days.map(({ day }) => day),
      ['2026-10-24', '2026-10-25', '2026-10-26'],
    );
  });
});

test('every cause of a gap has a look of its own kind', () => {
  for (const cause of Object.keys(gapCauses)) assert.ok(gapKinds.includes(gapKindOf(cause)));
  assert.equal(gapKindOf('paused'), 'person');
  assert.equal(gapKindOf('unreachable'), 'camera');
});
