/** Where things lie: distances, views over windows and private areas, and the shifted maps of China. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  bd09FromGcj02,
  crossesItself,
  type Datum,
  datums,
  distanceM,
  distanceToAreaM,
  fromWgs84,
  gcj02FromBd09,
  gcj02FromWgs84,
  misplaced,
  type Point,
  recognise,
  sees,
  sharedShare,
  toWgs84,
  wgs84FromGcj02,
} from '../../src/law/index.ts';

const near = (a: Point, b: Point, withinM: number) =>
  assert.ok(
    distanceM(a, b) <= withinM,
    `${JSON.stringify(a)} is ${distanceM(a, b)} m from ${JSON.stringify(b)}`,
  );

const school: Point = { lat: 41.8, lon: 123.43 };
/** So many metres east and north of the school. */
const at = (east: number, north: number): Point => ({
  lat: school.lat + north / 111_195.08,
  lon: school.lon + east / (111_195.08 * Math.cos((school.lat * Math.PI) / 180)),
});
const box = (west: number, south: number, east: number, north: number) => [
  at(west, south),
  at(east, south),
  at(east, north),
  at(west, north),
];

describe('distances', () => {
  it('a degree of latitude is 111.195 km on the mean sphere', () => {
    assert.ok(Math.abs(distanceM({ lat: 0, lon: 0 }, { lat: 1, lon: 0 }) - 111_195.08) < 1);
  });

  it('across the date line the shorter way counts', () => {
    assert.ok(distanceM({ lat: 0, lon: 179.999 }, { lat: 0, lon: -179.999 }) < 250);
    assert.ok(distanceToAreaM({ lat: 0, lon: 179.999 }, [{ lat: 0, lon: -179.999 }]) < 250);
  });

  it('forty metres from a zone are forty metres, inside of it none, and nothing is near to no zone', () => {
    const zone = box(40, -100, 200, 100);
    assert.ok(Math.abs(distanceToAreaM(school, zone) - 40) < 0.1);
    assert.equal(distanceToAreaM(at(100, 0), zone), 0);
    assert.equal(distanceToAreaM(school, []), Number.POSITIVE_INFINITY);
  });
});

describe('what a camera sees', () => {
  const view = { at: school, azimuthDeg: 0, angleDeg: 60, rangeM: 30 };

  it('a window ahead is seen, one behind, beside or too far is not', () => {
    assert.ok(sees(view, [at(-1, 20), at(1, 20)]));
    assert.ok(!sees(view, [at(-1, -20), at(1, -20)]));
    assert.ok(!sees(view, [at(20, 0), at(20, 5)]));
    assert.ok(!sees(view, [at(-1, 31), at(1, 31)]));
  });

  it('a long window whose ends are out of sight is seen all the same', () => {
    assert.ok(sees(view, [at(-100, 10), at(100, 10)]));
    assert.ok(sees({ ...view, angleDeg: 360 }, [at(-100, 10), at(100, 10)]));
    assert.ok(!sees(view, [at(-100, 31), at(100, 31)]));
  });

  it('who stands in a private area sees it, and a camera that turns sees all around', () => {
    assert.ok(sees({ ...view, rangeM: 1 }, box(-5, -5, 5, 5)));
    assert.ok(sees({ ...view, angleDeg: 360 }, [at(0, -20)]));
  });

  it('agrees with looking at every point of the line, whatever the view', () => {
    const metres = fc.double({ min: -60, max: 60, noNaN: true });
    fc.assert(
      fc.property(
        fc.record({
          azimuthDeg: fc.integer({ min: 0, max: 359 }),
          angleDeg: fc.integer({ min: 1, max: 360 }),
        }),
        fc.tuple(metres, metres, metres, metres),
        (turned, [ax, ay, bx, by]) => {
          const looking = { ...view, ...turned };
          const line = Array.from({ length: 400 }, (_, i) =>
            at(ax + ((bx - ax) * i) / 399, ay + ((by - ay) * i) / 399),
          );
          const bySteps = line.some((point) => sees(looking, [point]));
          if (bySteps) assert.ok(sees(looking, [at(ax, ay), at(bx, by)]));
          // What only the exact way finds lies within a step of the view's edge.
          else if (sees(looking, [at(ax, ay), at(bx, by)]))
            assert.ok(
              line.some(
                (point) =>
                  sees({ ...looking, angleDeg: Math.min(360, turned.angleDeg + 40), rangeM: 30.5 }, [
                    point,
                  ]) || distanceM(point, school) < 1,
              ),
            );
        },
      ),
    );
  });
});

describe('shifted maps', () => {
  /** From the test tables of eviltransform and the page of coordtransform, two implementations that are not ours. */
  it('known points of GCJ-02 are met', () => {
    const known: readonly (readonly [number, number, number, number])[] = [
      [31.1774276, 121.5272106, 31.17530398364597, 121.531541859215],
      [22.543847, 113.912316, 22.540796131694766, 113.9171764808363],
      [39.911954, 116.377817, 39.91334545536069, 116.38404722455657],
      [39.915, 116.404, 39.91640428150164, 116.41024449916938],
    ];
    for (const [lat, lon, gcjLat, gcjLon] of known)
      near(gcj02FromWgs84({ lat, lon }), { lat: gcjLat, lon: gcjLon }, 0.6);
  });

  it('known points of BD-09 are met, there and back', () => {
    const tiananmen = { lat: 39.915, lon: 116.404 };
    near(bd09FromGcj02(tiananmen), { lat: 39.92133699351021, lon: 116.41036949371029 }, 0.01);
    near(gcj02FromBd09(tiananmen), { lat: 39.90865673957631, lon: 116.39762729119315 }, 0.6);
  });

  it('there and back is the same place, on every map of the mainland', () => {
    fc.assert(
      fc.property(
        fc.record({
          lat: fc.double({ min: 18, max: 53, noNaN: true }),
          lon: fc.double({ min: 74, max: 134, noNaN: true }),
        }),
        fc.constantFrom(...datums),
        (point, datum) => near(toWgs84(fromWgs84(point, datum), datum), point, 0.01),
      ),
    );
  });

  it('outside of China no map is shifted', () => {
    const paris = { lat: 48.8566, lon: 2.3522 };
    for (const datum of datums) assert.deepEqual(toWgs84(paris, datum), paris);
    assert.deepEqual(wgs84FromGcj02(paris), paris);
  });

  it('a map is recognised by the site that the point must lie in', () => {
    const area = box(-80, -80, 80, 80);
    for (const datum of datums) {
      const found = recognise(fromWgs84(at(10, 20), datum), area);
      assert.equal(found?.datum, datum satisfies Datum);
      near(found!.point, at(10, 20), 0.01);
    }
  });

  it('where two readings fit alike a person has to say', () => {
    assert.equal(recognise(at(0, 0), box(-5_000, -5_000, 5_000, 5_000)), null);
    assert.equal(recognise(at(0, 0), []), null);
  });
});

describe('what two cameras share, and outlines', () => {
  const here = { lat: 41.8, lon: 123.43 };
  const aView = fc.record({
    at: fc.record({
      lat: fc.double({ min: 41.79, max: 41.81, noNaN: true }),
      lon: fc.double({ min: 123.42, max: 123.44, noNaN: true }),
    }),
    azimuthDeg: fc.integer({ min: 0, max: 359 }),
    angleDeg: fc.integer({ min: 5, max: 360 }),
    rangeM: fc.integer({ min: 5, max: 500 }),
  });

  it('a view shares all of itself with itself, and nothing with one that is out of reach', () => {
    fc.assert(
      fc.property(aView, aView, (one, other) => {
        assert.equal(sharedShare(one, one), 1);
        const share = sharedShare(one, other);
        assert.ok(share >= 0 && share <= 1);
        if (distanceM(one.at, other.at) > one.rangeM + other.rangeM) assert.equal(share, 0);
      }),
    );
  });

  it('a wide view holds a narrow one of the same direction, and not the other way round', () => {
    const wide = { at: here, azimuthDeg: 90, angleDeg: 120, rangeM: 50 };
    const narrow = { ...wide, angleDeg: 30 };
    assert.equal(sharedShare(narrow, wide), 1);
    assert.ok(sharedShare(wide, narrow) < 0.4);
    assert.equal(sharedShare(wide, { ...wide, azimuthDeg: 270 }), 0);
  });

  it('a square in order does not cross itself; in another order it does', () => {
    const at = (x: number, y: number) => ({ lat: here.lat + y / 1_000, lon: here.lon + x / 1_000 });
    const square = [at(0, 0), at(1, 0), at(1, 1), at(0, 1)];
    assert.equal(crossesItself(square), false);
    assert.equal(crossesItself(square.toReversed()), false);
    assert.equal(crossesItself([at(0, 0), at(1, 1), at(1, 0), at(0, 1)]), true);
    assert.equal(crossesItself(square.slice(0, 3)), false);
  });

  it('a point is looked for in the land of every law that binds the site, and by its area', () => {
    const liaoning = { profiles: ['cn-liaoning', 'school'], area: [] };
    assert.equal(misplaced(here, liaoning), null);
    assert.deepEqual(misplaced({ lat: 31.2, lon: 121.5 }, liaoning), {
      ...{ kind: 'outside', region: 'cn-liaoning', swapped: false },
    });
    assert.deepEqual(misplaced({ lat: here.lon - 40, lon: here.lat }, liaoning)?.kind, 'outside');
    const swapped = misplaced({ lat: 41.8, lon: 83.4 }, { profiles: ['uk'], area: [] });
    assert.equal(swapped?.kind === 'outside' && swapped.swapped, false);
    assert.equal(misplaced({ lat: 64.1, lon: -21.9 }, { profiles: [], area: [] }), null, 'no law, no land');
    const near = [here, { lat: 41.801, lon: 123.43 }, { lat: 41.801, lon: 123.431 }];
    assert.equal(
      misplaced({ lat: 41.9, lon: 123.43 }, { profiles: ['cn-liaoning'], area: near })?.kind,
      'far',
    );
  });
});
