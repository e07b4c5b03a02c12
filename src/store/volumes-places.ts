/** Which volume each camera is recorded on, and what is left of it; most stay where they are. */
import type { Transaction } from 'kysely';
import type { Camera } from '../collect/index.ts';
import type { Tables } from '../db/index.ts';
import { type Mode, place } from './ladder.ts';
import type { Fleet, Held, Place } from './volumes-held.ts';
import { type Room, supposedBytesPerS } from './volumes-room.ts';

export class Places {
  readonly #fleet: Fleet;
  readonly #room: Room;

  constructor(fleet: Fleet, room: Room) {
    this.#fleet = fleet;
    this.#room = room;
  }

  /** Where this camera is recorded now. */
  of(camera: Camera): Place {
    const known = this.#fleet.placements.get(camera.id);
    if (!known) this.replace();
    const { volumeId, mode, moved } = this.#fleet.placements.get(camera.id) ?? {
      volumeId: null,
      mode: 'full',
      moved: null,
    };
    const held = volumeId === null ? undefined : this.#fleet.held.get(volumeId);
    // One that does not answer for a moment, and no other to go to: what comes waits in memory, and mostly it answers.
    if (!held || (held.away && held.away.why !== 'stuck'))
      return { volume: null, stream: 'main', gap: moved ?? diskGap(held) };
    if (mode === 'none') return { volume: null, stream: 'main', gap: spaceGap('space', held) };
    if (mode === 'sub') return { volume: held.volume, stream: 'sub', gap: spaceGap('space-sub', held) };
    return { volume: held.volume, stream: 'main', gap: held.away ? null : moved };
  }

  /** Gives every camera its volume anew; most stay where they are. */
  replace(): void {
    const cameras = this.#fleet.at.cameras.all();
    const known = new Set(cameras.map(({ id }) => id));
    for (const id of this.#fleet.placements.keys()) if (!known.has(id)) this.#fleet.placements.delete(id);
    const candidates = [...this.#fleet.held.values()].map((held) => this.#room.candidate(held));
    const wanted = cameras.map(({ id, importance }) => {
      const { volumeId = null } = this.#fleet.placements.get(id) ?? {};
      return {
        cameraId: id,
        importance,
        volumeId,
        bytesPerS: this.#room.measuredRate(id) ?? supposedBytesPerS,
      };
    });
    for (const [cameraId, volumeId] of place(wanted, candidates)) this.#put(cameraId, volumeId);
  }

  #put(cameraId: string, volumeId: string | null): void {
    const before = this.#fleet.placements.get(cameraId);
    const from = before?.volumeId == null ? undefined : this.#fleet.held.get(before.volumeId);
    // With nowhere to go it stays named where it was: that is the volume whose return it waits for.
    const to = volumeId ?? before?.volumeId ?? null;
    const wasLost = before?.moved ?? null;
    const moved = from?.away ? diskGap(from) : null;
    if (before && before.volumeId === to && JSON.stringify(wasLost) === JSON.stringify(moved)) return;
    const mode = before?.volumeId === to ? before.mode : 'full';
    const next = { volumeId: to, mode, moved };
    this.#fleet.placements.set(cameraId, next);
    if (before?.volumeId !== to)
      this.#fleet.writer.write(null, (trx) =>
        writePlacement(trx, cameraId, to, mode, this.#fleet.at.clock.wallMs()),
      );
    this.#fleet.sayMoved(cameraId);
  }
}

const nameOf = (held: Held | undefined): string => held?.row.name ?? '';
const diskGap = (held: Held | undefined): Place['gap'] => ({
  cause: 'disk',
  detail: { problem: held?.away?.why ?? 'missing', volume: nameOf(held) },
});
const spaceGap = (cause: 'space' | 'space-sub', held: Held): Place['gap'] => ({
  cause,
  detail: { volume: nameOf(held) },
});

export async function writePlacement(
  trx: Transaction<Tables>,
  cameraId: string,
  volumeId: string | null,
  mode: Mode,
  nowMs: number,
): Promise<void> {
  const row = { volume_id: volumeId, mode, since: new Date(nowMs) };
  await trx
    .insertInto('placement')
    .values({ camera_id: cameraId, ...row })
    .onConflict((conflict) => conflict.column('camera_id').doUpdateSet(row))
    .execute();
}
