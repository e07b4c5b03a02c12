/**
 * Volumes: where each camera is recorded. One that vanishes, turns read-only, fails or hangs stops its own streams
 * only: they move to another within seconds, and come back into play when it was looked at. When volumes fill, the
 * ladder is climbed (`ladder.ts`). Nothing here waits for a disk, and no stream waits for the database.
 */
import { mkdir, open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Transaction } from 'kysely';
import { type Clock, type Log, sayError } from '../base/index.ts';
import type { Camera, CameraRegister, CameraStates } from '../collect/index.ts';
import type { Database, Tables } from '../db/index.ts';
import { type Fact, markName, markOf, type Volume } from '../engine/index.ts';
import {
  type Candidate,
  hasRoom,
  lowBytes,
  type Mode,
  nextMode,
  nextRung,
  place,
  type Rung,
  rungOfModes,
  rungs,
  shareOf,
} from './ladder.ts';
import { footageId, openInstallation, readVolumes, type VolumeRow } from './volumes-rows.ts';
import { type Report, type Trouble, VolumeWatch } from './volumes-watch.ts';
import { VolumeWriter } from './volumes-writer.ts';

/** The reaper, as far as the ladder needs it. */
export interface MakesRoom {
  /** Deletes what is past its ceiling or due anyway. */
  pass(): Promise<{ readonly bytes: number }>;
  /** Deletes of this volume what the law lets go, oldest first, until so many bytes are free. */
  makeRoom(volumeId: string, bytes: number): Promise<{ readonly bytes: number }>;
}

export interface VolumesOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly dataDir: string;
  readonly cameras: CameraRegister;
  readonly states: CameraStates;
  /** Takes into the index what lies on a volume that is back. */
  readonly survey: (volume: Volume, sinceMs: number) => Promise<unknown>;
}

/** What is recorded of a camera, and where; the gap says why not more, or why it had to move. */
export interface Place {
  readonly volume: Volume | null;
  readonly stream: 'main' | 'sub';
  readonly gap: {
    readonly cause: 'disk' | 'space' | 'space-sub';
    readonly detail: Record<string, string>;
  } | null;
}

interface Held {
  row: VolumeRow;
  readonly volume: Volume;
  away: { readonly sinceMs: number; readonly why: Trouble } | null;
  /** Monotonic clock: good again since; how long that must last. */
  goodSinceMs: number | null;
  backAfterMs: number;
  isBeingSurveyed: boolean;
  failedAtMs: number;
  slowUntilMs: number;
  rung: Rung;
  ceilingDry: boolean;
  floorDry: boolean;
  isMakingRoom: boolean;
  madeRoomAtMs: number;
}

interface Placement {
  volumeId: string | null;
  mode: Mode;
  /** Why it last had to move, as long as it is away from there. */
  moved: Place['gap'];
}

const readyWithinMs = 5_000;
const lookAgainMs = 20;
const tickMs = 500;
const rowsEveryMs = 5_000;
const climbEveryMs = 2_000;
/** A volume that is back is used once it was good for so long. */
const backMs = 3_000;
/** One that failed with an error is given longer, and longer each time. */
const backAfterErrorMs = 30_000;
const mostBackMs = 600_000;
const slowMs = 60_000;
const dryMs = 60_000;
/** Until a camera was measured. */
const supposedBytesPerS = 250_000;
const mostReserve = 10e9;
const reserveShare = 0.05;
/** Recorded and not in the row yet: half a segment's minute. */
const unrowedS = 30;

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
  #room: MakesRoom | null = null;
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
      if (problem !== null && !held.away) this.#lose(held, problem);
    }
  }

  /** Begins to look, and to act on what it sees. */
  start(room: MakesRoom | null): void {
    this.#room = room;
    this.#timer ??= setInterval(() => this.#tick(), tickMs);
  }

  // ---- what is asked

  /** Where this camera is recorded now. */
  of(camera: Camera): Place {
    const known = this.#placements.get(camera.id);
    if (!known) this.#replace();
    const { volumeId, mode, moved } = this.#placements.get(camera.id) ?? {
      volumeId: null,
      mode: 'full',
      moved: null,
    };
    const held = volumeId === null ? undefined : this.#held.get(volumeId);
    if (!held || held.away) return { volume: null, stream: 'main', gap: moved ?? diskGap(held) };
    if (mode === 'none') return { volume: null, stream: 'main', gap: spaceGap('space', held) };
    if (mode === 'sub') return { volume: held.volume, stream: 'sub', gap: spaceGap('space-sub', held) };
    return { volume: held.volume, stream: 'main', gap: moved };
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
    const folders = [...this.#held.values()].map((held) => this.#state(held));
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
      (sum, held) => sum + held.row.bytes + (this.#takes(held) ? Math.max(0, this.#roomOf(held)) : 0),
      buckets,
    );
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
    if (fact.kind !== 'gap-opened' || fact.cause !== 'disk') return;
    const cameraId = fact.source.slice(0, fact.source.lastIndexOf('.'));
    const held = this.#held.get(this.#placements.get(cameraId)?.volumeId ?? '');
    const code = String(fact.detail.problem ?? '');
    const named = fact.detail.volume;
    // What we told the engine ourselves comes back as a fact.
    if (ownWords.has(code)) return;
    if (!held || held.away || (named !== undefined && named !== held.volume.name)) return;
    // No room where there is room: its own device, or its list of files, is at an end.
    const isContradicted = ['ENOSPC', 'EDQUOT'].includes(code) && this.#roomOf(held) > 0;
    if (passing.has(code) && !isContradicted) held.slowUntilMs = this.#at.clock.monoMs() + slowMs;
    else this.#lose(held, troubleOf[code] ?? 'io');
    this.#replace();
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
      this.#lose(held, report.problem);
      this.#replace();
    }
  }

  #tick(): void {
    const nowMs = this.#at.clock.monoMs();
    let changed = false;
    for (const held of this.#held.values()) changed = this.#judge(held, nowMs) || changed;
    if (nowMs - this.#climbedAtMs >= climbEveryMs) {
      this.#climbedAtMs = nowMs;
      for (const held of this.#held.values()) this.#climb(held, nowMs);
      changed = true;
    }
    if (changed) this.#replace();
    if (nowMs - this.#readRowsAtMs >= rowsEveryMs) {
      this.#readRowsAtMs = nowMs;
      this.#reading = this.reread().catch((error: unknown) => {
        this.#at.log.debug({ error: sayError(error) }, 'volumes could not be read anew');
      });
    }
  }

  #judge(held: Held, nowMs: number): boolean {
    const problem: Trouble | null = this.watch.isStuck(held.row.id)
      ? 'stuck'
      : (this.watch.report(held.row.id)?.problem ?? null);
    if (!held.away) {
      if (problem !== null) this.#lose(held, problem);
      return problem !== null;
    }
    const isGood = problem === null && this.watch.report(held.row.id) !== null;
    held.goodSinceMs = isGood ? (held.goodSinceMs ?? nowMs) : null;
    if (held.goodSinceMs !== null && nowMs - held.goodSinceMs >= held.backAfterMs) void this.#takeBack(held);
    return false;
  }

  #lose(held: Held, why: Trouble): void {
    const sinceMs = this.#at.clock.wallMs();
    const monoMs = this.#at.clock.monoMs();
    held.away = { sinceMs, why };
    held.goodSinceMs = null;
    const again = monoMs - held.failedAtMs < mostBackMs ? held.backAfterMs * 2 : 0;
    held.backAfterMs = why === 'io' ? Math.min(mostBackMs, Math.max(backAfterErrorMs, again)) : backMs;
    held.failedAtMs = monoMs;
    const cameras = [...this.#placements.values()].filter(({ volumeId }) => volumeId === held.row.id).length;
    this.writer.write(
      {
        ...{ deed: 'volume.away', event: 'volume-away', volume: named(held.row), camera: null },
        detail: { why, path: held.row.path, cameras },
      },
      async (trx) => {
        const away = { away: new Date(sinceMs), away_why: why };
        await trx.updateTable('volume').set(away).where('id', '=', held.row.id).execute();
      },
    );
    this.#sayChanged();
  }

  /** Checked, surveyed, and only then used again: what lies there belongs into the index first. */
  async #takeBack(held: Held): Promise<void> {
    if (held.isBeingSurveyed || !held.away) return;
    held.isBeingSurveyed = true;
    const { sinceMs } = held.away;
    try {
      await this.#at.survey(held.volume, sinceMs - 10 * 60_000);
      held.away = null;
      this.writer.write(
        {
          ...{ deed: 'volume.back', event: 'volume-back', volume: named(held.row), camera: null },
          detail: { path: held.row.path, minutes: Math.round((this.#at.clock.wallMs() - sinceMs) / 60_000) },
        },
        async (trx) => {
          const here = { away: null, away_why: null };
          await trx.updateTable('volume').set(here).where('id', '=', held.row.id).execute();
        },
      );
      this.#sayChanged();
      this.#replace();
    } catch (error) {
      held.goodSinceMs = null;
      this.#at.log.warn(
        { volume: held.row.name, error: sayError(error) },
        'a volume that is back cannot be surveyed',
      );
    } finally {
      held.isBeingSurveyed = false;
    }
  }

  // ---- room

  #takes(held: Held): boolean {
    return held.row.state === 'in-use' && held.away === null && this.watch.report(held.row.id) !== null;
  }

  #roomOf({ row }: Held): number {
    const report = this.watch.report(row.id);
    if (!report) return 0;
    const free = report.freeBytes - reserveOf(row, report.totalBytes);
    const unrowed = this.#rateOn(row.id) * unrowedS;
    return row.limitBytes === null ? free : Math.min(free, row.limitBytes - row.bytes - unrowed);
  }

  #rateOn(volumeId: string): number {
    let rate = 0;
    for (const [cameraId, placement] of this.#placements)
      if (placement.volumeId === volumeId) rate += this.rateOf(cameraId, placement.mode);
    return rate;
  }

  /** The same without what is only supposed: what a person is told. */
  #measuredOn(volumeId: string): number {
    let rate = 0;
    for (const [cameraId, { volumeId: id, mode }] of this.#placements)
      if (id === volumeId && mode !== 'none')
        rate += this.measuredRate(cameraId, mode === 'sub' ? 'sub' : 'main') ?? 0;
    return rate;
  }

  /** Bytes a second that a camera records; null before it was measured. */
  measuredRate(cameraId: string, stream: 'main' | 'sub' = 'main'): number | null {
    const kbps = this.#at.states.stream(cameraId, stream)?.kbps ?? null;
    return kbps === null ? null : kbps * 125;
  }

  rateOf(cameraId: string, mode: Mode): number {
    if (mode === 'none') return 0;
    return (
      this.measuredRate(cameraId, mode === 'sub' ? 'sub' : 'main') ?? (mode === 'sub' ? 0 : supposedBytesPerS)
    );
  }

  #candidate(held: Held): Candidate {
    const roomBytes = this.#roomOf(held);
    return {
      ...{ id: held.row.id, roomBytes, rung: held.rung, takes: this.#takes(held) },
      capacityBytes: Math.max(1, held.row.bytes + Math.max(0, roomBytes)),
      bytesPerS: this.#rateOn(held.row.id),
      isSlow: held.slowUntilMs > this.#at.clock.monoMs(),
    };
  }

  #climb(held: Held, nowMs: number): void {
    if (!this.#takes(held)) return;
    const volume = this.#candidate(held);
    const others = [...this.#held.values()].filter((other) => other !== held);
    const canSpill = others.some((other) => hasRoom(this.#candidate(other)));
    const { ceilingDry, floorDry } = held;
    const climbed = nextRung(volume, { ceilingDry, floorDry, canSpill });
    const share = shareOf(volume);
    const modes = this.#setModes(held, climbed, share);
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
    const room = Math.round(this.#roomOf(held) / 1e6);
    const detail = { from, to: rungs[rung], roomMB: room, share: Math.round(share * 100) / 100 };
    // What only deletes in time is no trouble that anybody has to hear of.
    const event = rung >= 3 || (!isUp && rung >= 2) ? 'ladder' : null;
    this.writer.write(
      { deed: 'volume.rung', event, volume: named(held.row), camera: null, detail },
      async (trx) => {
        await trx.updateTable('volume').set({ rung }).where('id', '=', held.row.id).execute();
      },
    );
    this.#sayChanged();
  }

  #setModes(held: Held, rung: Rung, share: number): Mode[] {
    return this.#at.cameras.all().flatMap((camera) => {
      const placement = this.#placements.get(camera.id);
      if (placement?.volumeId !== held.row.id) return [];
      const { importance, subUrl } = camera;
      const mode = nextMode({ importance, hasSub: subUrl !== null, mode: placement.mode }, { rung }, share);
      if (mode !== placement.mode) this.#setMode(camera, held, placement, mode);
      return [mode];
    });
  }

  #setMode(camera: Camera, held: Held, placement: Placement, mode: Mode): void {
    const from = placement.mode;
    placement.mode = mode;
    this.writer.write(
      {
        ...{ deed: 'camera.rung', event: 'camera-mode', volume: named(held.row), camera: named(camera) },
        detail: { from, to: mode, importance: camera.importance },
      },
      (trx) => writePlacement(trx, camera.id, placement.volumeId, mode, this.#at.clock.wallMs()),
    );
    this.#sayMoved(camera.id);
  }

  /** One request a volume at a time; what is dry is asked again after a minute, for the days go on. */
  #askForRoom(held: Held, rung: Rung, bytes: number, nowMs: number): void {
    if (held.isMakingRoom || bytes <= 0) return;
    const isDry = rung === 1 ? held.ceilingDry : held.ceilingDry && held.floorDry;
    if (isDry && nowMs - held.madeRoomAtMs < dryMs) return;
    if (!this.#room) {
      Object.assign(held, { ceilingDry: true, floorDry: true, madeRoomAtMs: nowMs });
      return;
    }
    held.isMakingRoom = true;
    const ceiling = rung === 1 || held.ceilingDry === false;
    const asked = ceiling ? this.#room.pass() : this.#room.makeRoom(held.row.id, Math.ceil(bytes));
    asked
      .then((freed) => {
        if (ceiling) held.ceilingDry = freed.bytes === 0;
        else held.floorDry = freed.bytes === 0;
      })
      .catch((error: unknown) => {
        this.#at.log.warn({ volume: held.row.name, error: sayError(error) }, 'no room could be made');
        // Whatever keeps the reaper from working must not keep the ladder from being climbed.
        if (ceiling) held.ceilingDry = true;
        else held.floorDry = true;
      })
      .finally(() => {
        held.isMakingRoom = false;
        held.madeRoomAtMs = this.#at.clock.monoMs();
      });
  }

  // ---- places

  /** Gives every camera its volume anew; most stay where they are. */
  #replace(): void {
    const cameras = this.#at.cameras.all();
    const known = new Set(cameras.map(({ id }) => id));
    for (const id of this.#placements.keys()) if (!known.has(id)) this.#placements.delete(id);
    const candidates = [...this.#held.values()].map((held) => this.#candidate(held));
    const wanted = cameras.map(({ id, importance }) => {
      const { volumeId = null } = this.#placements.get(id) ?? {};
      return { cameraId: id, importance, volumeId, bytesPerS: this.measuredRate(id) ?? supposedBytesPerS };
    });
    for (const [cameraId, volumeId] of place(wanted, candidates)) this.#put(cameraId, volumeId);
  }

  #put(cameraId: string, volumeId: string | null): void {
    const before = this.#placements.get(cameraId);
    const from = before?.volumeId == null ? undefined : this.#held.get(before.volumeId);
    // With nowhere to go it stays named where it was: that is the volume whose return it waits for.
    const to = volumeId ?? before?.volumeId ?? null;
    const wasLost = before?.moved ?? null;
    const moved = from?.away ? diskGap(from) : null;
    if (before && before.volumeId === to && JSON.stringify(wasLost) === JSON.stringify(moved)) return;
    const mode = before?.volumeId === to ? before.mode : 'full';
    const next = { volumeId: to, mode, moved };
    this.#placements.set(cameraId, next);
    if (before?.volumeId !== to)
      this.writer.write(null, (trx) => writePlacement(trx, cameraId, to, mode, this.#at.clock.wallMs()));
    this.#sayMoved(cameraId);
  }

  #sayMoved(cameraId: string): void {
    for (const listener of this.#listeners) listener(cameraId);
  }

  #sayChanged(): void {
    for (const listener of this.#changeListeners) listener();
  }

  #state(held: Held): VolumeState {
    const { row } = held;
    const report = this.watch.report(row.id);
    const rate = this.#measuredOn(row.id);
    const room = this.#roomOf(held);
    const same = [...this.#held.values()].filter(
      (other) =>
        other !== held && report !== null && this.watch.report(other.row.id)?.device === report.device,
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
      isSlow: held.slowUntilMs > this.#at.clock.monoMs(),
      fullMs: rate > 0 && room > 0 ? this.#at.clock.wallMs() + (room / rate) * 1000 : null,
      sameDeviceAs: same.map((other) => other.row.name),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    this.watch[Symbol.dispose]();
    await this.#reading;
    await this.writer[Symbol.asyncDispose]();
  }
}

const ownWords: ReadonlySet<string> = new Set(['missing', 'unmarked', 'foreign', 'read-only', 'io', 'stuck']);
/** Full, behind, or our own want of something: others are better for a while, but it is no broken disk. */
const passing: ReadonlySet<string> = new Set(['slow', 'ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE', 'ENOMEM']);
/** What the error of a write says of the whole volume; any other is a failing disk. */
const troubleOf: Readonly<Record<string, Trouble>> = {
  EROFS: 'read-only',
  EMARK: 'unmarked',
  ENODEV: 'missing',
  ENXIO: 'missing',
  ESTALE: 'missing',
  ENOTCONN: 'missing',
};

const named = ({ id, name }: { id: string; name: string }) => ({ id, name });
const nameOf = (held: Held | undefined): string => held?.row.name ?? '';
const diskGap = (held: Held | undefined): Place['gap'] => ({
  cause: 'disk',
  detail: { problem: held?.away?.why ?? 'missing', volume: nameOf(held) },
});
const spaceGap = (cause: 'space' | 'space-sub', held: Held): Place['gap'] => ({
  cause,
  detail: { volume: nameOf(held) },
});

export const reserveOf = (row: Pick<VolumeRow, 'reserveBytes'>, totalBytes: number): number =>
  row.reserveBytes ?? Math.min(mostReserve, totalBytes * reserveShare);

async function writePlacement(
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

const bucketState = (row: VolumeRow): VolumeState => ({
  ...row,
  ...{ totalBytes: row.limitBytes ?? 0, freeBytes: row.limitBytes === null ? 0 : row.limitBytes - row.bytes },
  ...{ reservedBytes: 0, roomBytes: 0, bytesPerS: 0, isSlow: false, fullMs: null, sameDeviceAs: [] },
});

/**
 * The volume that every installation has, `DATA/footage`. It is marked anew where it lies on DATA's own device, for
 * that can be gone only with DATA; where something was mounted on it once and is not there now, it is away.
 */
export async function openFootageVolume(
  at: { db: Database; clock: Clock },
  dataDir: string,
): Promise<Volume> {
  const path = join(dataDir, 'footage');
  await mkdir(path, { recursive: true, mode: 0o700 });
  const created = new Date(at.clock.wallMs());
  await at.db.kysely
    .insertInto('volume')
    .values({ id: footageId, path, created })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ path }))
    .execute();
  const { name, marked } = await at.db.kysely
    .selectFrom('volume')
    .select(['name', 'marked'])
    .where('id', '=', footageId)
    .executeTakeFirstOrThrow();
  const installationId = await openInstallation(join(dataDir, 'keys'), at.clock);
  const mark = markOf({ volumeId: footageId, installationId });
  const isMarked = (await readFile(join(path, markName), 'utf8').catch(() => null)) !== null;
  if (!isMarked && !marked) await writeMark(path, mark);
  const isApart = (await stat(path)).dev !== (await stat(dataDir)).dev;
  if (isApart && !marked)
    await at.db.kysely.updateTable('volume').set({ marked: true }).where('id', '=', footageId).execute();
  return { id: footageId, path, name, mark };
}

async function writeMark(path: string, text: string): Promise<void> {
  {
    await using file = await open(join(path, markName), 'w', 0o640);
    await file.writeFile(text);
    await file.sync();
  }
  await using folder = await open(path, 'r');
  await folder.sync();
}

/** Camera by camera, each by its index; over all rows at once it would read them all. */
export async function oldestSegment(db: Database): Promise<number | null> {
  const row = await db.kysely
    .selectFrom('camera')
    .select((select) =>
      select.fn
        .min<number | null>(
          select
            .selectFrom('segment')
            .select('segment.start_ms')
            .whereRef('segment.camera_id', '=', 'camera.id')
            .where('segment.stream', '=', 'main')
            .orderBy('segment.start_ms')
            .limit(1)
            .$asScalar(),
        )
        .as('oldest'),
    )
    .executeTakeFirst();
  return row?.oldest ?? null;
}
