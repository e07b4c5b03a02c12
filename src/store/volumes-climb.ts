/** The ladder, climbed: what `ladder.ts` says of each volume is done, told and written down. */
import { sayError } from '../base/index.ts';
import type { Camera } from '../collect/index.ts';
import {
  hasRoom,
  lowBytes,
  type Mode,
  nextMode,
  nextRung,
  type Rung,
  rungOfModes,
  rungs,
  shareOf,
} from './ladder.ts';
import { type Fleet, type Held, named, type Placement } from './volumes-held.ts';
import { writePlacement } from './volumes-places.ts';
import type { Room } from './volumes-room.ts';

/** The reaper, as far as the ladder needs it. */
export interface MakesRoom {
  /** Deletes what is past its ceiling or due anyway. */
  pass(): Promise<{ readonly bytes: number }>;
  /** Deletes of this volume what the law lets go, oldest first, until so many bytes are free. */
  makeRoom(volumeId: string, bytes: number): Promise<{ readonly bytes: number }>;
}

/** What is dry is asked again after this, for the days go on. */
const dryMs = 60_000;

export class Climb {
  readonly #fleet: Fleet;
  readonly #room: Room;
  /** Null: nothing is ever deleted here. */
  reaper: MakesRoom | null = null;

  constructor(fleet: Fleet, room: Room) {
    this.#fleet = fleet;
    this.#room = room;
  }

  step(held: Held, nowMs: number): void {
    if (!this.#room.takes(held)) return;
    const volume = this.#room.candidate(held);
    const others = [...this.#fleet.held.values()].filter((other) => other !== held);
    const canSpill = others
      .map((other) => this.#room.candidate(other))
      .some((other) => hasRoom(other) && !other.isSlow);
    const { ceilingDry, floorDry } = held;
    const climbed = nextRung(volume, { ceilingDry, floorDry, canSpill });
    const share = shareOf(volume);
    const modes = this.#setModes(held, { rung: climbed, canSpill }, share);
    const rung = rungOfModes(climbed, modes);
    if (rung > 0 && share < 2) this.#askForRoom(held, rung, 2.1 * lowBytes(volume) - volume.roomBytes, nowMs);
    if (rung === held.rung) return;
    this.#sayRung(held, rung, share);
  }

  #sayRung(held: Held, rung: Rung, share: number): void {
    const from = rungs[held.rung];
    const isUp = rung > held.rung;
    held.rung = rung;
    if (rung === 0) Object.assign(held, { ceilingDry: false, floorDry: false });
    const room = Math.round(this.#room.of(held) / 1e6);
    const detail = { from, to: rungs[rung], roomMB: room, share: Math.round(share * 100) / 100 };
    // What only deletes in time is no trouble that anybody has to hear of.
    const event = rung >= 3 || (!isUp && rung >= 2) ? 'ladder' : null;
    this.#fleet.writer.write(
      { deed: 'volume.rung', event, volume: named(held.row), camera: null, detail },
      async (trx) => {
        await trx.updateTable('volume').set({ rung }).where('id', '=', held.row.id).execute();
      },
    );
    this.#fleet.sayChanged();
  }

  #setModes(held: Held, at: { rung: Rung; canSpill: boolean }, share: number): Mode[] {
    return this.#fleet.at.cameras.all().flatMap((camera) => {
      const placement = this.#fleet.placements.get(camera.id);
      if (placement?.volumeId !== held.row.id) return [];
      const { importance, subUrl } = camera;
      const mode = nextMode({ importance, hasSub: subUrl !== null, mode: placement.mode }, at, share);
      if (mode !== placement.mode) this.#setMode(camera, held, placement, mode);
      return [mode];
    });
  }

  #setMode(camera: Camera, held: Held, placement: Placement, mode: Mode): void {
    const from = placement.mode;
    placement.mode = mode;
    this.#fleet.writer.write(
      {
        ...{ deed: 'camera.rung', event: 'camera-mode', volume: named(held.row), camera: named(camera) },
        detail: { from, to: mode, importance: camera.importance },
      },
      (trx) => writePlacement(trx, camera.id, placement.volumeId, mode, this.#fleet.at.clock.wallMs()),
    );
    this.#fleet.sayMoved(camera.id);
  }

  /** One request a volume at a time. */
  #askForRoom(held: Held, rung: Rung, bytes: number, nowMs: number): void {
    if (held.isMakingRoom || bytes <= 0) return;
    const isDry = rung === 1 ? held.ceilingDry : held.ceilingDry && held.floorDry;
    if (isDry && nowMs - held.madeRoomAtMs < dryMs) return;
    if (!this.reaper) {
      Object.assign(held, { ceilingDry: true, floorDry: true, madeRoomAtMs: nowMs });
      return;
    }
    held.isMakingRoom = true;
    const ceiling = rung === 1 || held.ceilingDry === false;
    const asked = ceiling ? this.reaper.pass() : this.reaper.makeRoom(held.row.id, Math.ceil(bytes));
    asked
      .then((freed) => {
        if (ceiling) held.ceilingDry = freed.bytes === 0;
        else held.floorDry = freed.bytes === 0;
      })
      .catch((error: unknown) => {
        this.#fleet.at.log.warn({ volume: held.row.name, error: sayError(error) }, 'no room could be made');
        // Whatever keeps the reaper from working must not keep the ladder from being climbed.
        if (ceiling) held.ceilingDry = true;
        else held.floorDry = true;
      })
      .finally(() => {
        held.isMakingRoom = false;
        held.madeRoomAtMs = this.#fleet.at.clock.monoMs();
      });
  }
}
