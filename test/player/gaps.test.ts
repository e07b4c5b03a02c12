/** What the playback player knows of gaps, and how far ahead it asks: pure, over random gaps. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type KnownGap, KnownGaps } from '../../web/src/player/known-gaps.ts';
import { Stock } from '../../web/src/player/stock.ts';

const told = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 600_000 }), fc.integer({ min: 1, max: 60_000 })), {
    maxLength: 20,
  })
  .map((pairs) =>
    pairs
      .toSorted(([a], [b]) => a - b)
      .map(([fromMs, lengthMs]): KnownGap => {
        return { fromMs, toMs: fromMs + lengthMs, cause: 'unreachable', detail: {} };
      }),
  );
const instant = fc.integer({ min: 0, max: 700_000 });

function knowing(gaps: readonly KnownGap[]): KnownGaps {
  const known = new KnownGaps();
  for (const gap of gaps) known.add(gap);
  return known;
}

test('footage goes on at or after an instant, and not inside of a gap', () => {
  fc.assert(
    fc.property(told, instant, (gaps, atMs) => {
      const known = knowing(gaps);
      const onMs = known.past(atMs);
      assert.ok(onMs >= atMs);
      assert.equal(known.at(onMs), undefined);
    }),
  );
});

test('what lies between two instants is the longest gap that was told of there, or has no cause', () => {
  fc.assert(
    fc.property(told, instant, fc.integer({ min: 1, max: 60_000 }), (gaps, atMs, lengthMs) => {
      const untilMs = atMs + lengthMs;
      const gap = knowing(gaps).between(atMs, untilMs);
      const wholly = knowing(gaps).at(atMs);
      if (gap.cause === 'untold') assert.equal(wholly, undefined);
      else if (wholly) assert.ok(gap.toMs - gap.fromMs >= wholly.toMs - wholly.fromMs);
    }),
  );
});

test('a gap that is told anew replaces what was told of it, and a seek forgets all', () => {
  const known = knowing([
    { fromMs: 1000, toMs: 2000, cause: 'stalled', detail: {} },
    { fromMs: 1000, toMs: 9000, cause: 'unreachable', detail: {} },
  ]);
  assert.equal(known.at(5000)?.cause, 'unreachable');
  known.forget();
  assert.equal(known.at(5000), undefined);
});

test('the stock ahead grows from a few seconds to its full size, and less is never asked for than is under way', () => {
  fc.assert(
    fc.property(told, instant, fc.integer({ min: 0, max: 20_000 }), (gaps, atMs, playedMs) => {
      const stock = new Stock();
      stock.growFrom(0);
      const firstMs = stock.beginAt(atMs, false);
      assert.ok(firstMs > atMs && firstMs - atMs <= 2000);
      const known = knowing(gaps);
      const wantedMs = stock.wanted(atMs, known, 1, playedMs);
      if (wantedMs === null) return;
      assert.ok(wantedMs > firstMs);
      stock.askedFor(wantedMs);
      const nextMs = stock.wanted(atMs, known, 1, playedMs);
      // Only over a gap at its end is more asked for at once.
      assert.ok(nextMs === null || (known.at(wantedMs) !== undefined && nextMs > wantedMs));
    }),
  );
});
