/**
 * Volumes: where each camera is recorded. One that vanishes, turns read-only, fails or hangs stops its own streams
 * only: they move to another within seconds (`volumes-places.ts`), and come back into play when it was looked at
 * (`volumes-away.ts`). When volumes fill, the ladder is climbed (`volumes-climb.ts`). Nothing here waits for a disk, and
 * no stream waits for the database.
 */
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { sayError } from '../base/index.ts';
import type { Camera } from '../collect/index.ts';
import { type Fact, markOf, type Volume } from '../engine/index.ts';
import type { Mode } from './ladder.ts';
import { Away, backMs } from './volumes-away.ts';
import { Climb, type MakesRoom } from './volumes-climb.ts';
import type { Fleet, Held, Place, Placement, VolumesOptions } from './volumes-held.ts';
import { Places } from './volumes-places.ts';
import { bucketState, Room, type VolumeState } from './volumes-room.ts';
import { openInstallation, readVolumes, type VolumeRow } from './volumes-rows.ts';
import { type Report, VolumeWatch } from './volumes-watch.ts';
import { VolumeWriter } from './volumes-writer.ts';

const readyWithinMs = 5_000;
const lookAgainMs = 20;
const tickMs = 250;
const rowsEveryMs = 5_000;
const climbEveryMs = 2_000;

export class Volumes implements AsyncDisposable {
  readonly #at: VolumesOptions;
  readonly installationId: string;
  readonly watch: VolumeWatch;
  readonly writer: VolumeWriter;
  readonly #held = new Map<string, Held>();
  #buckets: readonly VolumeRow[] = [];
  readonly #placements = new Map<string, Placement>();
  readonly #listeners = new Set<(cameraId: string) => void>();
  readonly #changeListeners = new Set<() => void>();
  readonly #room: Room;
  readonly #places: Places;
  readonly #climb: Climb;
  readonly #away: Away;
  #timer: NodeJS.Timeout | null = null;
  #readRowsAtMs = 0;
  #climbedAtMs = 0;
  #reading: Promise<void> = Promise.resolve();

  static async open(at: VolumesOptions): Promise<Volumes> {
    const installationId = await openInstallation(join(at.dataDir, 'keys'), at.clock);
    const volumes = new Volumes(at, installationId);
    try {
      await volumes.#load();
    } catch (error) {
      await volumes[Symbol.asyncDispose]();
      throw error;
    }
    return volumes;
  }

  private constructor(at: VolumesOptions, installationId: string) {
    this.#at = at;
    this.installationId = installationId;
    const { clock, log } = at;
    this.watch = new VolumeWatch({ clock, log, onReport: (report) => this.#heard(report) });
    this.writer = new VolumeWriter(at);
    const fleet: Fleet = {
      ...{ at, watch: this.watch, writer: this.writer, held: this.#held, placements: this.#placements },
      sayMoved: (cameraId) => {
        for (const listener of this.#listeners) listener(cameraId);
      },
      sayChanged: () => this.#sayChanged(),
    };
    this.#room = new Room(fleet);
    this.#places = new Places(fleet, this.#room);
    this.#climb = new Climb(fleet, this.#room);
    this.#away = new Away(fleet, this.#room, () => this.#places.replace());
  }

  async #load(): Promise<void> {
    await this.reread();
    const rows = await this.#at.db.kysely.selectFrom('placement').selectAll().execute();
    for (const { camera_id, volume_id, mode } of rows)
      this.#placements.set(camera_id, { volumeId: volume_id, mode, moved: null });
  }

  /** Resolves when each volume was heard of; one that does not answer is not waited for. */
  async ready(): Promise<void> {
    const untilMs = this.#at.clock.monoMs() + readyWithinMs;
    const isHeard = (held: Held) => this.watch.report(held.row.id) !== null;
    while (![...this.#held.values()].every(isHeard) && this.#at.clock.monoMs() < untilMs)
      await wait(lookAgainMs);
    for (const held of this.#held.values()) {
      const problem = this.watch.report(held.row.id)?.problem ?? (isHeard(held) ? null : 'stuck');
      if (problem !== null && !held.away) this.#away.lose(held, problem);
    }
  }

  /** Begins to look, and to act on what it sees. */
  start(reaper: MakesRoom | null): void {
    this.#climb.reaper = reaper;
    this.#timer ??= setInterval(() => this.#tick(), tickMs);
  }

  // ---- what is asked

  /** Where this camera is recorded now. */
  of(camera: Camera): Place {
    return this.#places.of(camera);
  }

  placementOf(cameraId: string): { volumeId: string | null; mode: Mode } | null {
    return this.#placements.get(cameraId) ?? null;
  }

  /** A volume by its id, as the engine is told of it. */
  find(id: string): Volume | undefined {
    return this.#held.get(id)?.volume;
  }

  /** False while nothing may be read from it: it would hang, or be another disk. */
  isThere(id: string): boolean {
    const held = this.#held.get(id);
    return held === undefined || held.away === null || held.away.why === 'read-only';
  }

  /** All folders that are there: what is surveyed. */
  folders(): Volume[] {
    return [...this.#held.values()].filter(({ away }) => !away).map(({ volume }) => volume);
  }

  states(): VolumeState[] {
    const folders = [...this.#held.values()].map((held) => this.#room.state(held));
    return [...folders, ...this.#buckets.map(bucketState)];
  }

  /** What all volumes hold and may still take; null with a bucket that has no limit. */
  capacityBytes(): number | null {
    if (this.#buckets.some((bucket) => bucket.state === 'in-use' && bucket.limitBytes === null)) return null;
    const buckets = this.#buckets.reduce(
      (sum, { limitBytes, bytes }) => sum + Math.max(bytes, limitBytes ?? 0),
      0,
    );
    return [...this.#held.values()].reduce(
      (sum, held) => sum + held.row.bytes + (this.#room.takes(held) ? Math.max(0, this.#room.of(held)) : 0),
      buckets,
    );
  }

  /** Bytes a second that a camera records; null before it was measured. */
  measuredRate(cameraId: string, stream: 'main' | 'sub' = 'main'): number | null {
    return this.#room.measuredRate(cameraId, stream);
  }

  rateOf(cameraId: string, mode: Mode): number {
    return this.#room.rateOf(cameraId, mode);
  }

  onMoved(listener: (cameraId: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A volume came, went, filled or changed otherwise. */
  onChange(listener: () => void): () => void {
    this.#changeListeners.add(listener);
    return () => this.#changeListeners.delete(listener);
  }

  // ---- what is told

  /** A write that failed is known here sooner than by looking. */
  hear(fact: Fact): void {
    this.#away.hear(fact);
  }

  /** To be called after a person's change was committed. */
  async reread(): Promise<void> {
    const rows = await readVolumes(this.#at.db.kysely);
    this.#buckets = rows.filter(({ kind }) => kind === 's3');
    const folders = rows.filter(({ kind }) => kind === 'folder');
    for (const row of folders) this.#keep(row);
    const present = new Set(folders.map(({ id }) => id));
    for (const id of this.#held.keys()) if (!present.has(id)) this.#held.delete(id);
    this.watch.watch(
      [...this.#held.values()].map(({ row, volume }) => ({
        ...{ id: row.id, path: row.path, mark: volume.mark ?? '' },
        writes: row.state !== 'read-only',
      })),
    );
    this.#sayChanged();
  }

  #keep(row: VolumeRow): void {
    const known = this.#held.get(row.id);
    if (known && known.row.path === row.path && known.row.name === row.name) {
      known.row = row;
      return;
    }
    const mark = markOf({ volumeId: row.id, installationId: this.installationId });
    const fresh = {
      ...{ away: row.away, goodSinceMs: null, backAfterMs: backMs, isBeingSurveyed: false, failedAtMs: 0 },
      ...{ slowUntilMs: 0, rung: row.rung, ceilingDry: false, floorDry: false },
      ...{ isMakingRoom: false, madeRoomAtMs: Number.NEGATIVE_INFINITY },
    };
    const volume = { id: row.id, path: row.path, name: row.name, mark };
    this.#held.set(row.id, { ...fresh, ...known, row, volume });
  }

  // ---- looking

  #heard(report: Report): void {
    const held = this.#held.get(report.id);
    if (!held || this.#timer === null) return;
    if (!held.away && report.problem !== null) {
      this.#away.lose(held, report.problem);
      this.#places.replace();
    }
  }

  #tick(): void {
    const nowMs = this.#at.clock.monoMs();
    let changed = false;
    for (const held of this.#held.values()) changed = this.#away.judge(held, nowMs) || changed;
    if (nowMs - this.#climbedAtMs >= climbEveryMs) {
      this.#climbedAtMs = nowMs;
      for (const held of this.#held.values()) this.#climb.step(held, nowMs);
      changed = true;
    }
    if (changed) this.#places.replace();
    if (nowMs - this.#readRowsAtMs >= rowsEveryMs) {
      this.#readRowsAtMs = nowMs;
      this.#reading = this.reread().catch((error: unknown) => {
        this.#at.log.debug({ error: sayError(error) }, 'volumes could not be read anew');
      });
    }
  }

  #sayChanged(): void {
    for (const listener of this.#changeListeners) listener();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    this.watch[Symbol.dispose]();
    await this.#reading;
    await this.writer[Symbol.asyncDispose]();
  }
}
