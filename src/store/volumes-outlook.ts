/**
 * What will be of storage: every few minutes the forecast is made anew from what was recorded day by day, and whoever
 * should know is warned days ahead, once, with a ledger row. What is wrong now stands beside it.
 */
import { sql } from 'kysely';
import { type Clock, type Log, sayError } from '../base/index.ts';
import type { CameraRegister } from '../collect/index.ts';
import type { Database } from '../db/index.ts';
import { shortestMs } from '../law/index.ts';
import { type DayBytes, type ForecastCamera, forecast, isWarned, weekOf } from './forecast.ts';
import { keepingOfAll } from './retention.ts';
import type { CameraKeeping } from './retention-plan.ts';
import type { Volumes } from './volumes.ts';
import type { Detail } from './volumes-writer.ts';

export interface OutlookOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly volumes: Volumes;
  readonly cameras: CameraRegister;
}

export interface CameraOutlook {
  readonly cameraId: string;
  readonly bytesPerDay: number;
  readonly bytes: number;
  readonly floorDays: number | null;
  readonly fallsMs: number | null;
}

export type WarningKind = 'volume-away' | 'volume-full' | 'forecast';

export interface VolumeWarning {
  readonly key: string;
  readonly kind: WarningKind;
  readonly volumeId: string | null;
  readonly cameraId: string | null;
  readonly sinceMs: number;
  readonly dueMs: number | null;
  readonly detail: Detail;
}

const dayMs = 86_400_000;
const lookEveryMs = 600_000;
/** The first look waits until cameras were measured. */
const firstLookMs = 30_000;
/** A date that moves by less is the same date. */
const sameDateMs = 12 * 3_600_000;

export class Outlook implements AsyncDisposable {
  readonly #at: OutlookOptions;
  readonly #warnings = new Map<string, VolumeWarning>();
  #cameras = new Map<string, CameraOutlook>();
  #atMs: number | null = null;
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> = Promise.resolve();
  #stop: () => void = () => {};

  constructor(options: OutlookOptions) {
    this.#at = options;
  }

  /** Takes up the warnings that are told already, and begins to look. */
  async start(): Promise<void> {
    for (const row of await this.#at.db.kysely.selectFrom('storage_warning').selectAll().execute())
      this.#warnings.set(row.key, {
        ...{ key: row.key, kind: row.kind as WarningKind, volumeId: row.volume_id, cameraId: row.camera_id },
        ...{ sinceMs: row.since.getTime(), dueMs: row.due_ms, detail: row.detail },
      });
    this.#stop = this.#at.volumes.onChange(() => this.#warnOfVolumes());
    this.#warnOfVolumes();
    this.#timer = setTimeout(() => this.#again(), firstLookMs);
    this.#timer.unref();
  }

  #again(): void {
    this.#looking = this.look().catch((error: unknown) => {
      this.#at.log.warn({ error: sayError(error) }, 'the forecast of storage could not be made');
    });
    this.#timer = setTimeout(() => this.#again(), lookEveryMs);
    this.#timer.unref();
  }

  /** The forecast as last made; null before the first. */
  get madeMs(): number | null {
    return this.#atMs;
  }

  of(cameraId: string): CameraOutlook | null {
    return this.#cameras.get(cameraId) ?? null;
  }

  warnings(): VolumeWarning[] {
    return [...this.#warnings.values()].sort(
      (a, b) => (a.dueMs ?? 0) - (b.dueMs ?? 0) || (a.key < b.key ? -1 : 1),
    );
  }

  /** Makes the forecast now. */
  async look(): Promise<void> {
    const { db, clock, volumes, cameras } = this.#at;
    const nowMs = clock.wallMs();
    const history = await bytesByDay(db, nowMs);
    const keepings = await keepingOfAll(db.kysely, nowMs);
    const present = cameras.all().map((camera): ForecastCamera => {
      const stored = history.get(camera.id) ?? [];
      const { floorDays, keepDays } = daysOf(keepings.get(camera.id));
      const rate = volumes.measuredRate(camera.id) ?? 0;
      const { id: cameraId, importance } = camera;
      return { cameraId, importance, floorDays, keepDays, stored, week: weekOf(stored, rate, nowMs) };
    });
    const capacity = volumes.capacityBytes();
    const made = forecast(present, capacity ?? Number.POSITIVE_INFINITY, nowMs);
    this.#cameras = new Map(
      present.map(({ cameraId, week, stored, floorDays }) => [
        cameraId,
        {
          ...{ cameraId, floorDays, fallsMs: made.fallsMs.get(cameraId) ?? null },
          bytesPerDay: week.reduce((sum, bytes) => sum + bytes, 0) / 7,
          bytes: stored.reduce((sum, { bytes }) => sum + bytes, 0),
        },
      ]),
    );
    this.#atMs = nowMs;
    for (const { cameraId } of present) this.#warnOfCamera(cameraId, nowMs);
    const known = new Set(present.map(({ cameraId }) => cameraId));
    for (const { key, cameraId } of this.#warnings.values())
      if (cameraId !== null && !known.has(cameraId)) this.#end(key, nowMs);
  }

  #warnOfCamera(cameraId: string, nowMs: number): void {
    const key = `forecast ${cameraId}`;
    const { fallsMs, floorDays } = this.#cameras.get(cameraId)!;
    const before = this.#warnings.get(key);
    if (!isWarned(fallsMs, nowMs, before !== undefined)) {
      if (before) this.#end(key, nowMs);
      return;
    }
    const isSame = before?.dueMs != null && Math.abs(before.dueMs - fallsMs!) < sameDateMs;
    if (isSame) return;
    const detail: Detail = {
      ...(floorDays === null ? {} : { floorDays }),
      day: new Date(fallsMs!).toISOString().slice(0, 10),
    };
    const since = before?.sinceMs ?? nowMs;
    const warning = {
      key,
      kind: 'forecast' as const,
      volumeId: null,
      cameraId,
      sinceMs: since,
      dueMs: fallsMs,
      detail,
    };
    // A date that moved is shown at once; told again it is only when it came nearer.
    this.#begin(warning, before === undefined || fallsMs! < (before.dueMs ?? 0));
  }

  #warnOfVolumes(): void {
    const nowMs = this.#at.clock.wallMs();
    const wanted = new Map<string, VolumeWarning>();
    for (const { id, away, rung } of this.#at.volumes.states()) {
      const of = { volumeId: id, cameraId: null, dueMs: null };
      const put = (kind: WarningKind, sinceMs: number, detail: Detail) =>
        wanted.set(`${kind} ${id}`, { key: `${kind} ${id}`, kind, ...of, sinceMs, detail });
      if (away) put('volume-away', away.sinceMs, { why: away.why });
      if (rung >= 3) put('volume-full', nowMs, { rung });
    }
    for (const warning of wanted.values()) {
      const before = this.#warnings.get(warning.key);
      if (before && JSON.stringify(before.detail) === JSON.stringify(warning.detail)) continue;
      this.#begin({ ...warning, sinceMs: before?.sinceMs ?? warning.sinceMs }, false);
    }
    for (const { key, kind } of this.#warnings.values())
      if (kind !== 'forecast' && !wanted.has(key)) this.#end(key, nowMs);
  }

  #begin(warning: VolumeWarning, isTold: boolean): void {
    this.#warnings.set(warning.key, warning);
    const camera = warning.cameraId === null ? undefined : this.#at.cameras.get(warning.cameraId);
    const { key, kind, volumeId, cameraId, sinceMs, dueMs, detail } = warning;
    const row = {
      ...{ kind, volume_id: volumeId, camera_id: cameraId, since: new Date(sinceMs), due_ms: dueMs },
      detail: JSON.stringify(detail),
    };
    const what = {
      ...{ deed: 'storage.warn' as const, event: 'forecast', volume: null, detail },
      camera: camera ? { id: camera.id, name: camera.name } : null,
    };
    this.#at.volumes.writer.write(isTold ? what : null, (trx) =>
      trx
        .insertInto('storage_warning')
        .values({ key, ...row })
        .onConflict((conflict) => conflict.column('key').doUpdateSet(row))
        .execute(),
    );
  }

  #end(key: string, nowMs: number): void {
    const warning = this.#warnings.get(key);
    this.#warnings.delete(key);
    const camera = warning?.cameraId == null ? undefined : this.#at.cameras.get(warning.cameraId);
    const days = Math.round((nowMs - (warning?.sinceMs ?? nowMs)) / dayMs);
    const what = camera && {
      ...{ deed: 'storage.over' as const, event: 'forecast-over', volume: null, detail: { days } },
      camera: { id: camera.id, name: camera.name },
    };
    this.#at.volumes.writer.write(what ?? null, (trx) =>
      trx.deleteFrom('storage_warning').where('key', '=', key).execute(),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop();
    if (this.#timer) clearTimeout(this.#timer);
    await this.#looking;
  }
}

/** From the law of its site; nobody settled it: nothing of it is ever deleted. */
function daysOf(of: CameraKeeping | undefined): { floorDays: number | null; keepDays: number | null } {
  if (!of?.keeping) return { floorDays: null, keepDays: null };
  const floorMs = shortestMs(of.keeping, true);
  const keepMs = shortestMs(of.keeping, false);
  const keepDays = keepMs === null ? null : Math.ceil(keepMs / dayMs);
  // A period that does not give way is kept like the law's own.
  if (!of.givesWay) return { floorDays: keepDays, keepDays };
  return { floorDays: floorMs === null ? null : Math.ceil(floorMs / dayMs), keepDays };
}

async function bytesByDay(db: Database, nowMs: number): Promise<Map<string, DayBytes[]>> {
  const rows = await db.kysely
    .selectFrom('recorded_day')
    .select(['camera_id', 'bytes', sql<string>`day::text`.as('day')])
    .execute();
  const found = new Map<string, DayBytes[]>();
  for (const { camera_id, day, bytes } of rows) {
    const ago = Math.max(0, Math.floor(nowMs / dayMs) - Math.floor(Date.parse(day) / dayMs));
    const days = found.get(camera_id) ?? [];
    if (bytes > 0) days.push({ ago, bytes });
    found.set(camera_id, days);
  }
  return found;
}
