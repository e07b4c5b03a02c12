/**
 * What the index and the disk say is made one: at the start, before anything is recorded, and after a process of the
 * engine died. The file is the truth: what lies on the disk without a row gets its row, cut after its last whole part.
 */
import { sql } from 'kysely';
import { type Clock, Fault, type Log, sayError } from '../base/index.ts';
import type { Camera } from '../collect/index.ts';
import type { Database } from '../db/index.ts';
import type { Engine, Volume } from '../engine/index.ts';
import { isRecordedIn } from '../law/index.ts';
import type { Keeper, SurveyNeeded } from './keeper.ts';
import { pause } from './pause.ts';
import { type EarlierRun, lastRun } from './runs.ts';

export interface ReconcileAt {
  readonly db: Database;
  readonly engine: Engine;
  readonly keeper: Keeper;
  readonly volume: Volume;
  /** All folders that are there; left out: the one. */
  readonly folders?: () => readonly Volume[];
  readonly clock: Clock;
  readonly log: Log;
}

/** A file without a row began at most so long before the newest row: a segment, a slow disk, a clock that was set. */
const marginMs = 20 * 60_000;
const tries = 6;
const firstWaitMs = 250;

/** Before the first camera is pulled: rows for what was recorded last, and a gap from there with its cause. */
export async function reconcileAtStart(at: ReconcileAt, cameras: readonly Camera[]): Promise<void> {
  const earlier = await lastRun(at.db);
  await at.keeper.load(cameras);
  const sinceMs = Math.max(0, (await newestStart(at.db)) - marginMs);
  const found = await surveyedAll(at, { sinceMs });
  for (const camera of cameras)
    if (isRecordedIn(camera.step)) openGap(at, camera, earlier);
    else if (camera.step === 'suspended') keepGap(at, camera);
  await at.keeper.written(30_000);
  at.log.info(
    { cameras: cameras.length, recovered: found, stopped: earlier?.wasStopped },
    'store reconciled',
  );
}

function openGap({ keeper, clock }: ReconcileAt, camera: Camera, earlier: EarlierRun | null): void {
  const track = keeper.track(camera.id);
  if (!track) return;
  const cause = !earlier ? 'starting' : earlier.wasStopped ? 'system-stopped' : 'system-crash';
  // Without a gap of its own the camera was recorded to the last; with one, that lasted until Custos ended.
  const untilMs = earlier?.untilMs ?? clock.wallMs();
  const atMs = track.open ? Math.max(untilMs, track.open.fromMs) : track.coveredUntilMs;
  keeper.tell(camera.id, { kind: 'opened', atMs, cause, detail: {} });
}

/** Custos may have died between the step and its gap. */
function keepGap({ keeper }: ReconcileAt, camera: Camera): void {
  const track = keeper.track(camera.id);
  if (!track || track.open) return;
  const detail = { by: camera.stepped?.by ?? '' };
  keeper.tell(camera.id, {
    kind: 'opened',
    atMs: track.coveredUntilMs,
    cause: 'suspended',
    detail,
    ordered: true,
  });
}

/** Looks up on the disk what a dead process left, one survey after the other, until it worked or the next start will. */
export class Recovery implements Disposable {
  readonly #at: ReconcileAt;
  readonly #stop: () => void;
  readonly #ending = new AbortController();
  #last: Promise<void> = Promise.resolve();

  constructor(at: ReconcileAt) {
    this.#at = at;
    this.#stop = at.keeper.onSurveyNeeded((needed) => {
      this.#last = this.#last.then(() => this.#recover(needed));
    });
  }

  /** Resolves when nothing is being looked up. */
  get settled(): Promise<void> {
    return this.#last;
  }

  async #recover(needed: SurveyNeeded): Promise<void> {
    const { log } = this.#at;
    for (let attempt = 0; attempt < tries && !this.#ending.signal.aborted; attempt++) {
      try {
        const found = await surveyedAll(this.#at, needed);
        log.info({ ...needed, found }, 'the disk was surveyed');
        return;
      } catch (error) {
        if (!(error instanceof Fault && error.retry)) {
          log.error({ ...needed, error: sayError(error) }, 'the disk could not be surveyed');
          return;
        }
        await pause(firstWaitMs * 2 ** attempt, this.#ending.signal);
      }
    }
    log.error({ ...needed }, 'the disk could not be surveyed; the next start will');
  }

  /** Takes into the index what lies on a volume that is back; rejects when it cannot be looked at. */
  survey(volume: Volume, sinceMs: number): Promise<number> {
    const found = this.#last.then(() => surveyed(this.#at, volume, { sinceMs }));
    this.#last = found.then(
      () => {},
      () => {},
    );
    return found;
  }

  [Symbol.dispose](): void {
    this.#stop();
    this.#ending.abort();
  }
}

async function surveyedAll(at: ReconcileAt, span: { sinceMs: number; untilMs?: number }): Promise<number> {
  let found = 0;
  for (const volume of at.folders?.() ?? [at.volume]) found += await surveyed(at, volume, span);
  return found;
}

async function surveyed(
  { engine, keeper, db, log }: ReconcileAt,
  volume: Volume,
  span: { sinceMs: number; untilMs?: number },
): Promise<number> {
  // A segment in memory is being written, or its row is on the way.
  const known = [...(await pathsSince(db, span.sinceMs)), ...keeper.fresh().map((segment) => segment.path)];
  const options = { sinceMs: span.sinceMs, repair: true, known };
  const { segments, damaged } = await engine.survey(
    volume,
    span.untilMs === undefined ? options : { ...options, untilMs: span.untilMs },
  );
  for (const { path, why } of damaged.slice(0, maxNamed))
    log.warn({ path, why }, 'a file on the volume is not whole');
  const cameras = await allCameraIds(db);
  const ours = segments.filter((segment) => cameras.has(segment.cameraId));
  if (ours.length < segments.length)
    log.warn(
      { files: segments.length - ours.length },
      'files on the volume belong to no camera that is known',
    );
  for (const segment of ours) keeper.closed(segment, true);
  return ours.length;
}
const maxNamed = 100;

/** Camera by camera along the primary key; without the camera every row would be read. */
async function newestStart(db: Database): Promise<number> {
  const { rows } = await sql<{ newest: number | null }>`
    select max(newest) as newest from camera, lateral (
      select start_ms as newest from segment
      where camera_id = camera.id and stream = 'main' order by start_ms desc limit 1
    ) as last
  `.execute(db.kysely);
  return rows[0]?.newest ?? 0;
}

async function pathsSince(db: Database, sinceMs: number): Promise<string[]> {
  const rows = await db.kysely
    .selectFrom('camera')
    .innerJoin('segment', 'segment.camera_id', 'camera.id')
    .select('segment.path')
    .where('segment.stream', 'in', ['main', 'sub'])
    .where('segment.start_ms', '>=', Math.floor(sinceMs))
    .execute();
  return rows.map((row) => row.path);
}

async function allCameraIds(db: Database): Promise<Set<string>> {
  const rows = await db.kysely.selectFrom('camera').select('id').execute();
  return new Set(rows.map((row) => row.id));
}
