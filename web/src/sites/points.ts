/** Coordinates as people paste them, and as they are shown: latitude first. */
import { type Datum, isPoint, type Point, recognise, toWgs84 } from '../../../src/law/index.ts';

export const positionText = ({ lat, lon }: Point): string => `${lat}, ${lon}`;

/** `41.8057, 123.4315`, also with a blank or a Chinese comma between them; null: nothing that could be one. */
export function readPosition(text: string): Point | null {
  const found = /^\s*([+-]?\d{1,3}(?:\.\d+)?)\s*[,，;\s]\s*([+-]?\d{1,3}(?:\.\d+)?)\s*$/.exec(text);
  if (!found) return null;
  const point = { lat: Number(found[1]), lon: Number(found[2]) };
  return isPoint(point) ? point : null;
}

/** One a line; `wrong` is the first line that is none. */
export function readOutline(text: string): { points: Point[]; wrong: number | null } {
  const points: Point[] = [];
  for (const [i, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const point = readPosition(line);
    if (!point) return { points, wrong: i + 1 };
    points.push(point);
  }
  return { points, wrong: null };
}

export const outlineText = (outline: readonly Point[]): string => outline.map(positionText).join('\n');

export interface KeyPositionShape {
  readonly id: string;
  readonly name: string;
  readonly at: Point;
}

/** `North gate, 41.8057, 123.4315` a line. */
export function readKeyPositions(text: string): { positions: KeyPositionShape[]; wrong: number | null } {
  const positions: KeyPositionShape[] = [];
  for (const [i, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const found = /^\s*(.+?)\s*[,，;]\s*([^,，;]+[,，;]\s*[^,，;]+)$/.exec(line);
    const at = found && readPosition(found[2] ?? '');
    const name = found?.[1] ?? '';
    if (!at || name.length > 80) return { positions, wrong: i + 1 };
    positions.push({ id: `k${positions.length + 1}`, name, at });
  }
  return { positions, wrong: null };
}

export const sayKeyPositions = (all: readonly KeyPositionShape[]): string =>
  all.map(({ name, at }) => `${name}, ${positionText(at)}`).join('\n');

/** Of another map's coordinates, as they truly are; null where that cannot be told. */
export function converted(
  points: readonly Point[],
  datum: Datum | 'recognise',
  area: readonly Point[],
): { points: Point[]; from: Datum } | null {
  if (datum !== 'recognise') return { points: points.map((point) => toWgs84(point, datum)), from: datum };
  const [first] = points;
  const found = first ? recognise(first, area) : null;
  return found && { points: points.map((point) => toWgs84(point, found.datum)), from: found.datum };
}
