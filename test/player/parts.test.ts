/** What the player reads and computes without a browser: boxes, times of pictures, pace, layouts. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { BoxError, describeVideo, readPictures } from '../../web/src/player/boxes.ts';
import { calmLagS, LagTarget, mostLagS, pace } from '../../web/src/player/pace.ts';
import { type MappedPart, TimeMap } from '../../web/src/player/timemap.ts';
import { columnsFor, inOrder, moved, neighbour } from '../../web/src/wall/layout.ts';
import { makeClip } from './support/footage.ts';

const clip = await makeClip({ pictures: 60, cut: 'half-second', reordered: true });

describe('boxes', () => {
  test('the decoder is described as the init says', () => {
    const video = describeVideo(clip.init);
    assert.equal(video?.trackId, 1);
    assert.equal(video?.description[0], 1, 'an avcC begins with its version');
    assert.equal(Buffer.from(video.description.subarray(1, 4)).toString('hex'), clip.codec.slice(5));
  });

  test('every picture of every part is found, with its time and its bytes', () => {
    const shown: number[] = [];
    for (const { bytes, pictures } of clip.cuts) {
      const read = readPictures(bytes, 1);
      assert.equal(read?.bytes.length, pictures);
      const payload = read?.bytes.reduce((sum, each) => sum + each, 0) ?? 0;
      assert.equal((read?.dataOffset ?? 0) + payload, bytes.length);
      shown.push(...(read?.shownTicks ?? []));
    }
    const inOrder = shown.toSorted((a, b) => a - b);
    assert.notDeepEqual(shown, inOrder, 'pictures come reordered');
    inOrder.forEach((ticks, index) => {
      assert.equal(ticks, (inOrder[0] as number) + index * 3600);
    });
  });

  test('a part of another track has no pictures of this one', () => {
    assert.equal(readPictures(clip.cuts[0]?.bytes as Buffer, 2), null);
  });

  const isBoxError = (read: () => unknown) => {
    try {
      read();
    } catch (error) {
      assert.ok(error instanceof BoxError, String(error));
    }
  };

  test('a part or an init that is cut short or changed is a BoxError and nothing else', () => {
    const part = clip.cuts[0]?.bytes as Buffer;
    for (let length = 0; length < Math.min(part.length, 1200); length += 1)
      isBoxError(() => readPictures(part.subarray(0, length), 1));
    for (let length = 0; length < clip.init.length; length += 1)
      isBoxError(() => describeVideo(clip.init.subarray(0, length)));
    const change = fc.array(fc.tuple(fc.nat(1400), fc.nat(255)), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(change, (changes) => {
        const bad = Buffer.from(part);
        const badInit = Buffer.from(clip.init);
        for (const [at, value] of changes) {
          bad[at % bad.length] = value;
          badInit[at % badInit.length] = value;
        }
        isBoxError(() => readPictures(bad, 1));
        isBoxError(() => describeVideo(badInit));
      }),
      { numRuns: 2000 },
    );
  });

  test('noise is a BoxError and nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (noise) => {
        isBoxError(() => readPictures(noise, 1));
        isBoxError(() => describeVideo(noise));
      }),
      { numRuns: 2000 },
    );
  });
});

/** Parts of 5 pictures whose wall times waver against their media times, as a camera's do. */
const wavering = fc.array(fc.integer({ min: -8, max: 8 }), { minLength: 2, maxLength: 60 }).map((wavers) =>
  wavers.map((waver, index): MappedPart => {
    const startS = 1000 + index * 0.2;
    return {
      startS,
      endS: startS + 0.2,
      wallMs: 5_000_000 + index * 200 + waver,
      picturesS: [0, 1, 2, 3, 4].map((picture) => startS + picture * 0.04),
    };
  }),
);

describe('the map of instants', () => {
  test('an instant between the first and the last is always somewhere, and near where it should be', () => {
    fc.assert(
      fc.property(wavering, fc.double({ min: 0.02, max: 0.98, noNaN: true }), (parts, share) => {
        const map = new TimeMap();
        for (const part of parts) map.add(part);
        const wallMs = 5_000_000 + 10 + share * (parts.length * 200 - 30);
        const atS = map.mediaAt(wallMs);
        assert.ok(atS !== null);
        assert.ok(Math.abs((map.wallAt(atS) ?? 0) - wallMs) <= 20);
      }),
    );
  });

  test('stepping on and back meets every picture once, in order', () => {
    fc.assert(
      fc.property(wavering, (parts) => {
        const map = new TimeMap();
        for (const part of parts.toReversed()) map.add(part);
        const all = parts.flatMap((part) => part.picturesS);
        let atS = all[0] as number;
        for (const wanted of all.slice(1)) {
          atS = map.pictureAfter(atS) ?? Number.NaN;
          assert.equal(atS, wanted);
        }
        assert.equal(map.pictureAfter(atS), null);
        for (const wanted of all.slice(0, -1).toReversed()) {
          atS = map.pictureBefore(atS) ?? Number.NaN;
          assert.equal(atS, wanted);
        }
        assert.equal(map.pictureBefore(atS), null);
      }),
    );
  });

  test('what is behind the last part is not claimed: more may come', () => {
    const map = new TimeMap();
    map.add({ startS: 10, endS: 10.5, wallMs: 1000, picturesS: [10] });
    assert.equal(map.mediaAt(1501), null);
    assert.equal(map.mediaAt(999), null);
    map.add({ startS: 10.5, endS: 11, wallMs: 1504, picturesS: [10.5] });
    assert.ok((map.mediaAt(1502) ?? 0) < 10.5);
  });
});

describe('pace', () => {
  test('is never rougher than promised, and always leads towards the target', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 10, noNaN: true }), (lagS) => {
        const { rate, jump } = pace(lagS, calmLagS);
        assert.ok(rate >= 0.95 && rate <= 1.1);
        assert.equal(jump, lagS > 2);
        if (!jump && lagS > calmLagS + 0.06) assert.ok(rate > 1);
        if (!jump && lagS < calmLagS - 0.06) assert.ok(rate < 1);
      }),
    );
  });

  test('a viewer half a second behind is at the target within ten seconds, without passing it', () => {
    let lagS = 0.7;
    for (let ms = 0; ms < 10_000; ms += 100) {
      lagS -= (pace(lagS, calmLagS).rate - 1) * 0.1;
      assert.ok(lagS > calmLagS - 0.06);
    }
    assert.ok(lagS < 0.27, `${lagS}`);
  });

  test('a network that keeps running dry is given more, a calm one gets it back', () => {
    const target = new LagTarget();
    for (let time = 0; time < 50; time += 1) target.ranDry(time * 1000);
    assert.equal(target.seconds, mostLagS);
    for (let time = 50; time < 400; time += 1) target.beat(time * 1000);
    assert.equal(target.seconds, calmLagS);
  });
});

describe('the wall', () => {
  const ids = ['a', 'b', 'c', 'd'];

  test('moving a tile keeps all tiles', () => {
    fc.assert(
      fc.property(fc.nat(5), fc.nat(5), (from, to) => {
        const order = moved(ids, from, to).split(',');
        assert.deepEqual(order.toSorted(), ids);
        if (from < 4 && to < 4) assert.equal(order[to], ids[from]);
      }),
    );
  });

  test('cameras that the address does not name stand behind those it names', () => {
    const all = ids.map((id) => ({ id }));
    assert.deepEqual(
      inOrder(all, 'c,gone,a').map(({ id }) => id),
      ['c', 'a', 'b', 'd'],
    );
  });

  test('the automatic layout wastes less than any other number of columns', () => {
    const wide = { width: 1440, height: 800 };
    assert.deepEqual(
      [1, 2, 4, 6, 9, 16].map((count) => columnsFor('auto', count, wide)),
      [1, 2, 2, 3, 3, 4],
    );
    assert.equal(columnsFor('16', 16, { width: 390, height: 700 }), 1);
  });

  test('arrow keys stay on the wall', () => {
    assert.equal(neighbour(0, 'ArrowLeft', 2, 4), 0);
    assert.equal(neighbour(0, 'ArrowDown', 2, 4), 2);
    assert.equal(neighbour(3, 'ArrowDown', 2, 4), 3);
    assert.equal(neighbour(1, 'ArrowRight', 2, 4), 2);
  });
});
