/** Memory of pictures goes back when all who keep them are done, and never before. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Slab, SlabWatch } from '../../../src/engine/intake/slab.ts';

const slabBytes = 256 * 1024;

test('a slab is given back after its last picture, whatever the order, and not while it is being filled', () => {
  const step = fc.record({
    pictures: fc.integer({ min: 1, max: 8 }),
    holders: fc.integer({ min: 0, max: 2 }),
  });
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 1, maxLength: 12 }),
      fc.infiniteStream(fc.nat()),
      (steps, chance) => {
        const watch = new SlabWatch();
        const held: { slab: Slab; data: Uint8Array }[] = [];
        const all: Uint8Array[] = [];
        const release = () => {
          const [one] = held.splice((chance.next().value as number) % held.length, 1);
          assert.ok(one && one.data.length > 0, 'freed while someone held it');
          one.slab.release();
        };
        for (const { pictures, holders } of steps) {
          const memory = Buffer.allocUnsafeSlow(slabBytes);
          all.push(memory);
          for (let i = 0; i < pictures; i++) {
            const data = memory.subarray(i * 100, i * 100 + 100);
            const slab = watch.of(data) as Slab;
            for (let holder = 0; holder < holders; holder++) {
              slab.hold();
              held.push({ slab, data });
            }
            if (held.length > 3) release();
            assert.equal(memory.length, slabBytes);
          }
        }
        while (held.length > 0) release();
        for (const [i, memory] of all.entries())
          assert.equal(memory.length, i === all.length - 1 ? slabBytes : 0);
      },
    ),
  );
});

test('what was handed on to a viewer is left to the collector', () => {
  const watch = new SlabWatch();
  const memory = Buffer.allocUnsafeSlow(slabBytes);
  const slab = watch.of(memory.subarray(0, 10)) as Slab;
  slab.hold();
  slab.keep();
  watch.of(Buffer.allocUnsafeSlow(slabBytes));
  slab.release();
  assert.equal(memory.length, slabBytes);
});

test("memory that is not a connection's slab is never touched", () => {
  const watch = new SlabWatch();
  assert.equal(watch.of(Buffer.from('from the pool of all buffers')), null);
  assert.equal(watch.of(Buffer.alloc(1000)), null);
});
