/** How much room each volume has left, what its cameras record, and how long that lasts. */
import type { Candidate, Mode } from './ladder.ts';
import type { Fleet, Held } from './volumes-held.ts';
import type { VolumeRow } from './volumes-rows.ts';

/** Until a camera was measured. */
export const supposedBytesPerS = 250_000;
const mostReserve = 10e9;
const reserveShare = 0.05;
/** Recorded and not in the row yet: half a segment's minute. */
const unrowedS = 30;

export const reserveOf = (row: Pick<VolumeRow, 'reserveBytes'>, totalBytes: number): number =>
  row.reserveBytes ?? Math.min(mostReserve, totalBytes * reserveShare);

export class Room {
  readonly #fleet: Fleet;

  constructor(fleet: Fleet) {
    this.#fleet = fleet;
  }

  takes(held: Held): boolean {
    return (
      held.row.state === 'in-use' && held.away === null && this.#fleet.watch.report(held.row.id) !== null
    );
  }

  of({ row }: Held): number {
    const report = this.#fleet.watch.report(row.id);
    if (!report) return 0;
    const free = report.freeBytes - reserveOf(row, report.totalBytes);
    const unrowed = this.#rateOn(row.id) * unrowedS;
    return row.limitBytes === null ? free : Math.min(free, row.limitBytes - row.bytes - unrowed);
  }

  #rateOn(volumeId: string): number {
    let rate = 0;
    for (const [cameraId, placement] of this.#fleet.placements)
      if (placement.volumeId === volumeId) rate += this.rateOf(cameraId, placement.mode);
    return rate;
  }

  /** The same without what is only supposed: what a person is told. */
  measuredOn(volumeId: string): number {
    let rate = 0;
    for (const [cameraId, { volumeId: id, mode }] of this.#fleet.placements)
      if (id === volumeId && mode !== 'none')
        rate += this.measuredRate(cameraId, mode === 'sub' ? 'sub' : 'main') ?? 0;
    return rate;
  }

  /** Bytes a second that a camera records; null before it was measured. */
  measuredRate(cameraId: string, stream: 'main' | 'sub' = 'main'): number | null {
    const kbps = this.#fleet.at.states.stream(cameraId, stream)?.kbps ?? null;
    return kbps === null ? null : kbps * 125;
  }

  rateOf(cameraId: string, mode: Mode): number {
    if (mode === 'none') return 0;
    return (
      this.measuredRate(cameraId, mode === 'sub' ? 'sub' : 'main') ?? (mode === 'sub' ? 0 : supposedBytesPerS)
    );
  }

  candidate(held: Held): Candidate {
    const roomBytes = this.of(held);
    return {
      ...{ id: held.row.id, roomBytes, rung: held.rung, takes: this.takes(held) },
      capacityBytes: Math.max(1, held.row.bytes + Math.max(0, roomBytes)),
      bytesPerS: this.#rateOn(held.row.id),
      isSlow: held.slowUntilMs > this.#fleet.at.clock.monoMs(),
    };
  }

  state(held: Held): VolumeState {
    const { row } = held;
    const report = this.#fleet.watch.report(row.id);
    const rate = this.measuredOn(row.id);
    const room = this.of(held);
    const same = [...this.#fleet.held.values()].filter(
      (other) =>
        other !== held && report !== null && this.#fleet.watch.report(other.row.id)?.device === report.device,
    );
    return {
      ...row,
      away: held.away,
      rung: held.rung,
      totalBytes: report?.totalBytes ?? 0,
      freeBytes: report?.freeBytes ?? 0,
      reservedBytes: report ? reserveOf(row, report.totalBytes) : (row.reserveBytes ?? 0),
      roomBytes: Math.max(0, room),
      bytesPerS: rate,
      isSlow: held.slowUntilMs > this.#fleet.at.clock.monoMs(),
      fullMs: rate > 0 && room > 0 ? this.#fleet.at.clock.wallMs() + (room / rate) * 1000 : null,
      sameDeviceAs: same.map((other) => other.row.name),
    };
  }
}

export interface VolumeState extends VolumeRow {
  readonly totalBytes: number;
  readonly freeBytes: number;
  readonly reservedBytes: number;
  /** What recording may still use. */
  readonly roomBytes: number;
  readonly bytesPerS: number;
  readonly isSlow: boolean;
  /** When nothing would be left if nothing were deleted. */
  readonly fullMs: number | null;
  /** Names of volumes on the same device, as far as that can be told. */
  readonly sameDeviceAs: readonly string[];
}

export const bucketState = (row: VolumeRow): VolumeState => ({
  ...row,
  ...{ totalBytes: row.limitBytes ?? 0, freeBytes: row.limitBytes === null ? 0 : row.limitBytes - row.bytes },
  ...{ reservedBytes: 0, roomBytes: 0, bytesPerS: 0, isSlow: false, fullMs: null, sameDeviceAs: [] },
});
