/**
 * Where things lie: points on the ground in WGS-84 degrees, and flat metres around one of them. A site is small, so the
 * ground is taken as flat within it: at 10 km from the origin that is wrong by less than a metre in a thousand.
 */

/** WGS-84, degrees. Coordinates of Chinese maps are converted first (`datum.ts`). */
export interface Point {
  readonly lat: number;
  readonly lon: number;
}

/** Metres east and north of an origin. */
export interface Flat {
  readonly x: number;
  readonly y: number;
}

/** Mean radius of the Earth (IUGG). */
const earthM = 6_371_008.8;
const rad = Math.PI / 180;

export const isPoint = ({ lat, lon }: Point): boolean =>
  Number.isFinite(lat) && Number.isFinite(lon) && Math.abs(lat) <= 90 && Math.abs(lon) <= 180;

/** The shorter way around, so that an area across the date line stays in one piece. */
const lonBetween = (from: number, to: number): number => ((((to - from) % 360) + 540) % 360) - 180;

export const flatten = (point: Point, origin: Point): Flat => ({
  x: lonBetween(origin.lon, point.lon) * rad * earthM * Math.cos(origin.lat * rad),
  y: (point.lat - origin.lat) * rad * earthM,
});

/** Great-circle distance, metres. */
export function distanceM(a: Point, b: Point): number {
  const [dLat, dLon] = [(b.lat - a.lat) * rad, lonBetween(a.lon, b.lon) * rad];
  const h = Math.sin(dLat / 2) ** 2 + Math.cos(a.lat * rad) * Math.cos(b.lat * rad) * Math.sin(dLon / 2) ** 2;
  return 2 * earthM * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** Even-odd rule; a point on the line may count as either. */
export function isInside(point: Flat, outline: readonly Flat[]): boolean {
  let inside = false;
  for (const [a, b] of edges(outline)) {
    if (a.y > point.y === b.y > point.y) continue;
    if (point.x < ((b.x - a.x) * (point.y - a.y)) / (b.y - a.y) + a.x) inside = !inside;
  }
  return inside;
}

/** The closed outline's edges; of two points the one line between them, of one point itself. */
function edges(outline: readonly Flat[]): (readonly [Flat, Flat])[] {
  const [first] = outline;
  if (!first) return [];
  if (outline.length === 2) return [[first, outline[1] ?? first]];
  return outline.map((a, i) => [a, outline[i + 1] ?? first]);
}

function fromLineM(point: Flat, a: Flat, b: Flat): number {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const long = dx * dx + dy * dy;
  const at = long === 0 ? 0 : ((point.x - a.x) * dx + (point.y - a.y) * dy) / long;
  const near = Math.min(1, Math.max(0, at));
  return Math.hypot(point.x - a.x - near * dx, point.y - a.y - near * dy);
}

/** From a point to an area, a line of two points or a point; 0 inside. Infinity to nothing. */
export function distanceToAreaM(point: Point, outline: readonly Point[]): number {
  const flat = outline.map((each) => flatten(each, point));
  const here = { x: 0, y: 0 };
  if (flat.length > 2 && isInside(here, flat)) return 0;
  return Math.min(...edges(flat).map(([a, b]) => fromLineM(here, a, b)), Number.POSITIVE_INFINITY);
}

/** What a camera sees, from above: a piece of a disk. */
export interface View {
  readonly at: Point;
  /** Clockwise from north. */
  readonly azimuthDeg: number;
  /** From edge to edge; 360 for a camera that turns all around. */
  readonly angleDeg: number;
  readonly rangeM: number;
}

/** Whether any part of an area, a line or a point lies in the view. Walls are not known: what may be seen is. */
export function sees(view: View, outline: readonly Point[]): boolean {
  const flat = outline.map((each) => flatten(each, view.at));
  if (flat.length === 0 || view.rangeM <= 0 || view.angleDeg <= 0) return false;
  if (flat.length > 2 && isInside({ x: 0, y: 0 }, flat)) return true;
  return edges(flat).some(([a, b]) => isSeen(view, a) || isSeen(view, b) || crosses(view, a, b));
}

/** Of a point that is flattened around where the view is from. */
export function isSeen({ azimuthDeg, angleDeg, rangeM }: View, { x, y }: Flat): boolean {
  const away = Math.hypot(x, y);
  if (away > rangeM) return false;
  if (away === 0 || angleDeg >= 360) return true;
  const bearing = Math.atan2(x, y) / rad;
  return Math.abs(lonBetween(azimuthDeg, bearing)) <= angleDeg / 2;
}

/** A line whose ends lie outside of the view meets it only across one of its straight edges or its arc. */
function crosses(view: View, a: Flat, b: Flat): boolean {
  if (view.angleDeg < 360)
    for (const side of [-1, 1]) {
      const bearing = (view.azimuthDeg + (side * view.angleDeg) / 2) * rad;
      const end = { x: Math.sin(bearing) * view.rangeM, y: Math.cos(bearing) * view.rangeM };
      if (doCross({ x: 0, y: 0 }, end, a, b)) return true;
    }
  return arcPoints(view.rangeM, a, b).some((point) =>
    isSeen({ ...view, rangeM: view.rangeM * 1.000001 }, point),
  );
}

const side = (a: Flat, b: Flat, c: Flat): number =>
  Math.sign((b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x));

const doCross = (a: Flat, b: Flat, c: Flat, d: Flat): boolean =>
  side(a, b, c) * side(a, b, d) <= 0 && side(c, d, a) * side(c, d, b) <= 0 && side(a, b, c) !== side(a, b, d);

/** Where the line from `a` to `b` meets the circle around the origin. */
function arcPoints(radius: number, a: Flat, b: Flat): Flat[] {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const [p, q, r] = [dx * dx + dy * dy, 2 * (a.x * dx + a.y * dy), a.x * a.x + a.y * a.y - radius * radius];
  const under = q * q - 4 * p * r;
  if (p === 0 || under < 0) return [];
  return [-1, 1]
    .map((sign) => (-q + sign * Math.sqrt(under)) / (2 * p))
    .filter((at) => at >= 0 && at <= 1)
    .map((at) => ({ x: a.x + at * dx, y: a.y + at * dy }));
}

/** An outline whose edges cross one another encloses nothing that anybody meant. */
export function crossesItself(outline: readonly Point[]): boolean {
  const [origin] = outline;
  if (!origin || outline.length < 4) return false;
  const all = edges(outline.map((each) => flatten(each, origin)));
  return all.some(([a, b], i) =>
    all.some(([c, d], j) => j > i + 1 && !(i === 0 && j === all.length - 1) && doCross(a, b, c, d)),
  );
}

const rings = 6;
const spokes = 12;

/** How much of a view another one shows as well, 0–1, by points spread evenly over it. Walls are not known. */
export function sharedShare(view: View, other: View): number {
  if (distanceM(view.at, other.at) > view.rangeM + other.rangeM) return 0;
  const from = flatten(view.at, other.at);
  let seen = 0;
  for (let ring = 0; ring < rings; ring++)
    for (let spoke = 0; spoke < spokes; spoke++) {
      const away = view.rangeM * Math.sqrt((ring + 0.5) / rings);
      const bearing = (view.azimuthDeg + ((spoke + 0.5) / spokes - 0.5) * view.angleDeg) * rad;
      const at = { x: from.x + Math.sin(bearing) * away, y: from.y + Math.cos(bearing) * away };
      if (isSeen(other, at)) seen++;
    }
  return seen / (rings * spokes);
}
