/**
 * Whether a point can be where it is said to be: in the land of the law that binds the site, and not far from the
 * site's own area. The boxes are coarse, with a margin: they find coordinates that are swapped, cut short, of another
 * country or of the open sea, and never say that a place inside of them is right.
 */
import type { Both } from './clause.ts';
import { distanceToAreaM, type Point } from './geometry.ts';

/** South, west, north, east; WGS-84 degrees. */
type Box = readonly [number, number, number, number];

interface Region {
  readonly name: Both;
  readonly boxes: readonly Box[];
}

/** By profile; the island provinces and overseas departments count. */
const regions: Readonly<Record<string, Region>> = {
  'cn-national': { name: { en: 'China', zh: '中国' }, boxes: [[3.4, 73.4, 53.7, 135.2]] },
  'cn-liaoning': { name: { en: 'Liaoning', zh: '辽宁省' }, boxes: [[38.6, 118.7, 43.6, 125.9]] },
  'cn-qingdao': { name: { en: 'Qingdao', zh: '青岛市' }, boxes: [[35.5, 119.4, 37.3, 121.2]] },
  'eu-gdpr': {
    name: { en: 'the European Union', zh: '欧盟' },
    boxes: [
      [27, -32, 71.5, 35],
      [-22, -64, 18.5, 56.5],
    ],
  },
  fr: {
    name: { en: 'France', zh: '法国' },
    boxes: [
      [41.2, -5.4, 51.3, 9.8],
      [2, -63.3, 18.3, -51.4],
      [-21.6, 44.8, -12.4, 56.1],
    ],
  },
  es: { name: { en: 'Spain', zh: '西班牙' }, boxes: [[27.4, -18.4, 44, 4.6]] },
  lu: { name: { en: 'Luxembourg', zh: '卢森堡' }, boxes: [[49.3, 5.6, 50.3, 6.7]] },
  uk: { name: { en: 'the United Kingdom', zh: '英国' }, boxes: [[49.7, -8.8, 61, 1.9]] },
  kr: { name: { en: 'Korea', zh: '韩国' }, boxes: [[32.9, 124.4, 38.8, 131.1]] },
};

const isIn = ({ lat, lon }: Point, [south, west, north, east]: Box): boolean =>
  lat >= south && lat <= north && lon >= west && lon <= east;

const isWithin = (point: Point, id: string): boolean =>
  regions[id]?.boxes.some((box) => isIn(point, box)) ?? true;

export const regionName = (id: string): Both => regions[id]?.name ?? { en: id, zh: id };

/** Further from a drawn area than this nothing belongs to the site. */
export const farM = 5_000;

export type Misplaced =
  /** `region`: the profile whose land it is not in; `swapped`: the other way round it would lie there. */
  | { readonly kind: 'outside'; readonly region: string; readonly swapped: boolean }
  | { readonly kind: 'far'; readonly awayM: number };

/** Null: nothing speaks against it. */
export function misplaced(
  point: Point,
  site: { readonly profiles: readonly string[]; readonly area: readonly Point[] },
): Misplaced | null {
  const bounds = site.profiles.filter((id) => Object.hasOwn(regions, id));
  const region = bounds.find((id) => !isWithin(point, id));
  if (region !== undefined) {
    const other = { lat: point.lon, lon: point.lat };
    return { kind: 'outside', region, swapped: bounds.every((id) => isWithin(other, id)) };
  }
  const awayM = site.area.length > 2 ? distanceToAreaM(point, site.area) : 0;
  return awayM > farM ? { kind: 'far', awayM } : null;
}
