/** Lanes: so many at a time, in order, and what hangs takes only its own places. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fault, Lane } from '../../../src/base/index.ts';

const late = () => new Fault('late', { retry: true });
const longMs = 60_000;

test('never more run than the lane is wide, all in the order in which they came, whatever fails', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(3), fc.array(fc.boolean(), { maxLength: 40 }), async (more, fates) => {
      const lane = new Lane(1 + more, 100);
      const begun: number[] = [];
      let running = 0;
      const done = fates.map((isGood, i) =>
        lane.run(
          async () => {
            begun.push(i);
            running++;
            assert.ok(running <= 1 + more);
            await new Promise((resolve) => setImmediate(resolve));
            running--;
            if (!isGood) throw new Fault('broken');
            return i;
          },
          longMs,
          late,
        ),
      );
      const ended = await Promise.allSettled(done);
      assert.deepEqual(
        begun,
        fates.map((_, i) => i),
      );
      for (const [i, one] of ended.entries()) assert.equal(one.status === 'fulfilled', fates[i]);
    }),
    { numRuns: 200 },
  );
});

test('one that hangs is given up by whoever waits, keeps its place, and gives it back when it ends', async () => {
  const lane = new Lane(2, 2);
  const hang = Promise.withResolvers<string>();
  const hanging = lane.run(() => hang.promise, 20, late);
  await assert.rejects(hanging, /late/);
  assert.equal(await lane.run(async () => 'beside', longMs, late), 'beside');
  const second = Promise.withResolvers<void>();
  const blocked = lane.run(() => second.promise, longMs, late);
  // Both places are taken: who waits is told so in time, and whoever comes beyond the bound at once.
  await assert.rejects(
    lane.run(async () => 'no', 20, late),
    /late/,
  );
  const waiting = [1, 2].map((n) => lane.run(async () => n, longMs, late));
  await assert.rejects(
    lane.run(async () => 'no', longMs, late),
    /late/,
  );
  hang.resolve('at last');
  assert.deepEqual(await Promise.all(waiting), [1, 2]);
  second.resolve();
  await blocked;
});
