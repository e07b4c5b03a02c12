/**
 * Coordinates of Chinese maps: GCJ-02 (Amap, Tencent) and BD-09 (Baidu) lie some hundred metres beside the true place.
 * Inside there is WGS-84 only. The shift is no secret worth keeping: the formulas are those that everybody uses.
 */
import { distanceM, distanceToAreaM, type Point } from './geometry.ts';

export const datums = ['wgs84', 'gcj02', 'bd09'] as const;
export type Datum = (typeof datums)[number];

/** Krasovsky 1940. */
const axisM = 6_378_245;
const eccentricity = 0.006_693_421_622_965_943;

/** Outside of this box nothing is shifted. */
const isShifted = ({ lat, lon }: Point): boolean =>
  lon > 72.004 && lon < 137.8347 && lat > 0.8293 && lat < 55.8271;

function waves(x: number, y: number): { lat: number; lon: number } {
  const { sin, sqrt, abs, PI } = Math;
  const common = ((20 * sin(6 * x * PI) + 20 * sin(2 * x * PI)) * 2) / 3;
  const lat =
    -100 +
    2 * x +
    3 * y +
    0.2 * y * y +
    0.1 * x * y +
    0.2 * sqrt(abs(x)) +
    common +
    ((20 * sin(y * PI) + 40 * sin((y / 3) * PI)) * 2) / 3 +
    ((160 * sin((y / 12) * PI) + 320 * sin((y * PI) / 30)) * 2) / 3;
  const lon =
    300 +
    x +
    2 * y +
    0.1 * x * x +
    0.1 * x * y +
    0.1 * sqrt(abs(x)) +
    common +
    ((20 * sin(x * PI) + 40 * sin((x / 3) * PI)) * 2) / 3 +
    ((150 * sin((x / 12) * PI) + 300 * sin((x / 30) * PI)) * 2) / 3;
  return { lat, lon };
}

export function gcj02FromWgs84(point: Point): Point {
  if (!isShifted(point)) return point;
  const { lat, lon } = waves(point.lon - 105, point.lat - 35);
  const phi = (point.lat / 180) * Math.PI;
  const magic = 1 - eccentricity * Math.sin(phi) ** 2;
  const root = Math.sqrt(magic);
  return {
    lat: point.lat + (lat * 180) / (((axisM * (1 - eccentricity)) / (magic * root)) * Math.PI),
    lon: point.lon + (lon * 180) / ((axisM / root) * Math.cos(phi) * Math.PI),
  };
}

/** The shift has no inverse formula; a few steps come closer than any map is drawn (under a millimetre). */
export function wgs84FromGcj02(point: Point): Point {
  let guess = point;
  for (let step = 0; step < 8; step++) {
    const there = gcj02FromWgs84(guess);
    guess = { lat: guess.lat - (there.lat - point.lat), lon: guess.lon - (there.lon - point.lon) };
  }
  return guess;
}

const turn = (Math.PI * 3_000) / 180;

export function bd09FromGcj02({ lat, lon }: Point): Point {
  const away = Math.hypot(lat, lon) + 0.000_02 * Math.sin(lat * turn);
  const angle = Math.atan2(lat, lon) + 0.000_003 * Math.cos(lon * turn);
  return { lat: away * Math.sin(angle) + 0.006, lon: away * Math.cos(angle) + 0.0065 };
}

export function gcj02FromBd09({ lat, lon }: Point): Point {
  let guess = { lat: lat - 0.006, lon: lon - 0.0065 };
  for (let step = 0; step < 8; step++) {
    const there = bd09FromGcj02(guess);
    guess = { lat: guess.lat - (there.lat - lat), lon: guess.lon - (there.lon - lon) };
  }
  return guess;
}

/** What a map of `datum` calls `point`, as it truly is. Baidu shifts in China only, and so do we. */
export function toWgs84(point: Point, datum: Datum): Point {
  if (datum === 'wgs84' || !isShifted(point)) return point;
  return wgs84FromGcj02(datum === 'gcj02' ? point : gcj02FromBd09(point));
}

export function fromWgs84(point: Point, datum: Datum): Point {
  if (datum === 'wgs84' || !isShifted(point)) return point;
  const gcj = gcj02FromWgs84(point);
  return datum === 'gcj02' ? gcj : bd09FromGcj02(gcj);
}

export interface Recognised {
  readonly datum: Datum;
  readonly point: Point;
}

/** A reading must fit by this much better than the next one before it is believed. */
const clearlyM = 100;

/**
 * Numbers alone do not say of which map they are: what is known of the place does. The reading that falls into the
 * area, or clearly nearest to it, is the right one; null when two readings fit alike and a person has to say.
 */
export function recognise(point: Point, area: readonly Point[]): Recognised | null {
  const readings = datums
    .map((datum) => ({ datum, point: toWgs84(point, datum) }))
    .filter(({ datum, point: each }) => datum === 'wgs84' || distanceM(each, point) > 1)
    .map((reading) => ({ ...reading, awayM: distanceToAreaM(reading.point, area) }))
    .sort((a, b) => a.awayM - b.awayM);
  const [best, next] = readings;
  if (!best || !Number.isFinite(best.awayM)) return null;
  if (next && next.awayM - best.awayM < clearlyM) return null;
  return { datum: best.datum, point: best.point };
}
