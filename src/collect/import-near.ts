/**
 * Cameras by where they stand, so that each is compared with its neighbours alone: within about 150 m, and with a few
 * of them. A suggestion may miss one; it must not take a minute.
 */
import { type CameraFacts, viewOf } from '../law/index.ts';

export type Nearby = Map<string, CameraFacts[]>;

const cellsADegree = 600;
const mostInCell = 12;
const cellOf = (lat: number, lon: number): string =>
  `${Math.floor(lat * cellsADegree)} ${Math.floor(lon * cellsADegree)}`;

export function addNear(to: Nearby, facts: CameraFacts): void {
  if (!facts.at || viewOf(facts) === null) return;
  const key = cellOf(facts.at.lat, facts.at.lon);
  const cell = to.get(key);
  if (!cell) to.set(key, [facts]);
  else if (cell.length < mostInCell) cell.push(facts);
}

export function* nearTo(all: Nearby, { at }: CameraFacts): Generator<CameraFacts> {
  if (!at) return;
  for (const dLat of [-1, 0, 1])
    for (const dLon of [-1, 0, 1])
      yield* all.get(cellOf(at.lat + dLat / cellsADegree, at.lon + dLon / cellsADegree)) ?? [];
}
