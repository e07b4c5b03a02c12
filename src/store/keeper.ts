/**
 * The keeper: hears every fact of recording, keeps each camera's gap and open segments in memory, and sends rows to
 * the database behind. Facts never wait for the database, and none is lost while it is away.
 */
import { type Clock, type Log, newId, sayError } from '../base/index.ts';
import { type CameraChanged, isMainMoved, sourceId } from '../collect/index.ts';
import type { GapCause } from '../contract/index.ts';
import type { Database } from '../db/index.ts';
import type { Fact, SegmentFacts, SegmentRef, StreamKind, Volume } from '../engine/index.ts';
import { isRecordedIn } from '../law/index.ts';
import type { Gap } from './cover.ts';
import { type Detail, type GapChange, newTrack, step, type Told, type Track } from './gaps.ts';
import { type RowChange, RowQueue } from './rows.ts';
import { bounds } from './segments.ts';

export interface KeeperOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly volume: Volume;
  /** Any other volume, by its id. */
  readonly volumeOf?: (id: string) => Volume | undefined;
  /** Rows that may wait for the database. */
  readonly limit?: number;
}

/** A segment that is not in the index yet: still written, or its row is on the way. */
export interface Fresh extends SegmentRef {
  readonly cameraId: string;
  readonly source: string;
}

/** A process of the engine died, or rows were forgotten: what was written since has to be looked up on the disk. */
export interface SurveyNeeded {
  readonly why: 'engine-down' | 'rows-lost';
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** A segment of a process that died is given this long to turn up in a survey; then the next start finds it. */
const maxFresh = 20_000;

export class Keeper implements AsyncDisposable {
  readonly #at: KeeperOptions;
  readonly #rows: RowQueue;
  readonly #tracks = new Map<string, Track>();
  readonly #fresh = new Map<string, Fresh>();
  readonly #recordedUntil = new Map<string, number>();
  readonly #gapListeners = new Set<(cameraId: string, gap: Gap) => void>();
  readonly #surveyListeners = new Set<(needed: SurveyNeeded) => void>();
  readonly #stepListeners = new Set<() => void>();
  /** Rows that were forgotten while the database was away; looked up on the disk when it is back. */
  #lostSinceMs: number | null = null;

  constructor(options: KeeperOptions) {
    this.#at = options;
    this.#rows = new RowQueue({
      db: options.db,
      clock: options.clock,
      log: options.log,
      ...(options.limit === undefined ? {} : { limit: options.limit }),
      written: (changes) => this.#written(changes),
      lost: (changes) => this.#lost(changes),
    });
  }

  // ---- at the start

  /** Takes up each camera where the index ends. */
  async load(cameras: readonly { id: string; orderedMs: number }[]): Promise<void> {
    const open = await this.#at.db.kysely.selectFrom('gap').selectAll().where('to_ms', 'is', null).execute();
    const byCamera = new Map(open.map((row) => [row.camera_id, row]));
    for (const { id, orderedMs } of cameras) {
      const recorded = await bounds(this.#at.db.kysely, id);
      const gap = byCamera.get(id);
      if (recorded) this.#recordedUntil.set(id, recorded.newestMs);
      this.#tracks.set(id, {
        ...newTrack(Math.max(orderedMs, recorded?.newestMs ?? orderedMs)),
        open: gap
          ? { id: gap.id, fromMs: gap.from_ms, cause: gap.cause as GapCause, detail: gap.detail, after: null }
          : null,
      });
    }
  }

  // ---- what is told

  hear(fact: Fact): void {
    switch (fact.kind) {
      case 'segment-opened':
        this.#segmentGrows(fact.source, { ...fact.segment, open: true });
        break;
      case 'recorded': {
        const known = this.#fresh.get(fact.segmentId);
        if (known) this.#segmentGrows(fact.source, { ...known, endMs: Math.max(known.endMs, fact.endMs) });
        break;
      }
      case 'segment-closed':
        this.closed(fact.segment, false);
        break;
      case 'gap-opened':
        this.#ofMain(fact.source, {
          kind: 'opened',
          atMs: fact.atMs,
          cause: fact.cause,
          detail: fact.detail,
        });
        break;
      case 'gap-closed':
        this.#ofMain(fact.source, { kind: 'closed', atMs: fact.atMs });
        break;
      case 'gap': {
        const { fromMs, toMs, cause, detail } = fact;
        this.#ofMain(fact.source, { kind: 'passed', fromMs, toMs, cause, detail });
        break;
      }
      case 'clock-stepped':
        for (const id of this.#tracks.keys()) this.tell(id, { kind: 'clock-stepped', byMs: fact.byMs });
        for (const listener of this.#stepListeners) listener();
        break;
      case 'engine-down':
        this.#engineDown(fact.sources, fact.atMs);
        break;
    }
  }

  /** A person's order, as a gap explains it. */
  follow({ before, after, by }: CameraChanged): void {
    const atMs = this.#at.clock.wallMs();
    const order = (cause: GapCause, detail: Detail) =>
      this.tell(after.id, { kind: 'opened', atMs, cause, detail, ordered: true });
    const isRecorded = isRecordedIn(after.step);
    const wasRecorded = before !== null && isRecordedIn(before.step);
    if (after.retired) {
      if (wasRecorded || before?.step === 'suspended') order('retired', { by: after.retired.by });
    } else if (!isRecorded) {
      if (wasRecorded) order('suspended', { by: after.stepped?.by ?? by });
      // Brought back from retirement: its gap is still open, and its track went with it.
      else if (before === null) void this.#takeUp(after);
    } else if (!wasRecorded && !this.#isTracked(after)) {
      this.#tracks.set(after.id, newTrack(after.orderedMs));
      this.tell(after.id, {
        kind: 'opened',
        atMs: after.orderedMs,
        cause: 'starting',
        detail: {},
        ordered: true,
      });
    } else if (after.paused) {
      if (!before?.paused || !wasRecorded) order('paused', { by: after.paused.by });
    } else if (before?.paused || !wasRecorded) order('starting', {});
    else if (before && isMainMoved(before, after)) order('changed', { by });
  }

  /** One that was only planned when Custos started has a track that begins never. */
  #isTracked(camera: { readonly id: string; readonly orderedMs: number }): boolean {
    const track = this.#tracks.get(camera.id);
    return track !== undefined && track.coveredUntilMs <= Math.max(camera.orderedMs, this.#at.clock.wallMs());
  }

  async #takeUp(camera: { readonly id: string; readonly orderedMs: number }): Promise<void> {
    try {
      await this.load([camera]);
    } catch (error) {
      this.#at.log.error({ camera: camera.id, error: sayError(error) }, 'a track could not be taken up');
    }
  }

  /** A closed segment, told by the recorder or found on the disk. */
  closed(segment: SegmentFacts, recovered: boolean): void {
    const source = sourceId(segment.cameraId, segment.stream);
    const { id, path, startMs, endMs, cameraId } = segment;
    const volume = this.#fresh.get(id)?.volume ?? this.#at.volumeOf?.(segment.volumeId) ?? this.#at.volume;
    this.#keepFresh({ id, volume, path, startMs, endMs, open: false, cameraId, source });
    this.#recorded(source, { id, startMs, endMs });
    this.#rows.push([{ kind: 'segment', segment, recovered }]);
  }

  /** One camera's gap moves; its rows follow. */
  tell(cameraId: string, told: Told): void {
    const track = this.#tracks.get(cameraId);
    if (!track) return;
    const { track: next, changes } = step(track, told, () => newId('gap', this.#at.clock.wallMs()));
    this.#tracks.set(cameraId, next);
    this.#rows.push(changes.map((change) => ({ kind: 'gap', cameraId, change })));
    for (const change of changes) this.#say(cameraId, track, change);
  }

  #ofMain(source: string, told: Told): void {
    const cameraId = mainOf(source);
    if (cameraId) this.tell(cameraId, told);
  }

  #segmentGrows(source: string, segment: SegmentRef): void {
    this.#keepFresh({ ...segment, cameraId: cameraOf(source), source });
    if (segment.endMs > segment.startMs) this.#recorded(source, segment);
  }

  #recorded(source: string, { id, startMs, endMs }: { id: string; startMs: number; endMs: number }): void {
    this.#ofMain(source, { kind: 'recorded', segment: id, fromMs: startMs, toMs: endMs });
    const cameraId = mainOf(source);
    if (cameraId)
      this.#recordedUntil.set(cameraId, Math.max(endMs, this.#recordedUntil.get(cameraId) ?? endMs));
  }

  #keepFresh(segment: Fresh): void {
    this.#fresh.set(segment.id, segment);
    const oldest = this.#fresh.size > maxFresh ? this.#fresh.keys().next() : null;
    if (oldest && !oldest.done) this.#fresh.delete(oldest.value);
  }

  /**
   * What the dead process had open is cut after its last whole part and rowed by a survey. The gap is told apart, by
   * the engine, which knows which cameras had one already.
   */
  #engineDown(sources: readonly string[], atMs: number): void {
    const dead = new Set(sources);
    const open = this.fresh().filter((segment) => segment.open && dead.has(segment.source));
    if (open.length === 0) return;
    for (const segment of open) this.#fresh.delete(segment.id);
    const sinceMs = Math.min(...open.map((segment) => segment.startMs));
    this.#needSurvey({ why: 'engine-down', sinceMs, untilMs: atMs });
  }

  // ---- rows

  #written(changes: readonly RowChange[]): void {
    for (const change of changes) if (change.kind === 'segment') this.#fresh.delete(change.segment.id);
    if (this.#lostSinceMs === null) return;
    const sinceMs = this.#lostSinceMs;
    this.#lostSinceMs = null;
    this.#needSurvey({ why: 'rows-lost', sinceMs, untilMs: this.#at.clock.wallMs() });
  }

  #lost(changes: readonly RowChange[]): void {
    for (const change of changes) {
      if (change.kind !== 'segment') continue;
      this.#fresh.delete(change.segment.id);
      this.#lostSinceMs = Math.min(this.#lostSinceMs ?? change.segment.startMs, change.segment.startMs);
    }
  }

  /** Resolves when all that was told is written, or after `withinMs`. */
  written(withinMs: number): Promise<boolean> {
    return this.#rows.written(withinMs);
  }

  get waiting(): number {
    return this.#rows.length;
  }

  // ---- what is known

  fresh(): Fresh[] {
    return [...this.#fresh.values()];
  }

  freshOf(cameraId: string, stream: StreamKind = 'main'): Fresh[] {
    const id = sourceId(cameraId, stream);
    return this.fresh().filter((segment) => segment.source === id);
  }

  track(cameraId: string): Track | undefined {
    return this.#tracks.get(cameraId);
  }

  /** End of the newest recorded picture, of a camera that has any. */
  recordedUntilMs(cameraId: string): number | null {
    return this.#recordedUntil.get(cameraId) ?? null;
  }

  onGap(listener: (cameraId: string, gap: Gap) => void): () => void {
    this.#gapListeners.add(listener);
    return () => this.#gapListeners.delete(listener);
  }

  /** The machine's clock was set, a moment ago. */
  onClockStepped(listener: () => void): () => void {
    this.#stepListeners.add(listener);
    return () => this.#stepListeners.delete(listener);
  }

  onSurveyNeeded(listener: (needed: SurveyNeeded) => void): () => void {
    this.#surveyListeners.add(listener);
    return () => this.#surveyListeners.delete(listener);
  }

  #needSurvey(needed: SurveyNeeded): void {
    for (const listener of this.#surveyListeners) listener(needed);
  }

  #say(cameraId: string, before: Track, change: GapChange): void {
    const gap = this.#asGap(before, change);
    if (gap) for (const listener of this.#gapListeners) listener(cameraId, gap);
  }

  #asGap(before: Track, change: GapChange): Gap | null {
    const nowMs = this.#at.clock.wallMs();
    if (change.op === 'open')
      return { ...change, toMs: Math.max(nowMs, change.fromMs), open: true, inside: false };
    if (change.op === 'insert') return { ...change, open: false };
    const known = before.open;
    if (change.op !== 'close' || !known) return null;
    const { fromMs, cause, detail } = known;
    return { fromMs, toMs: change.toMs, cause, detail, open: false, inside: false };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#rows[Symbol.asyncDispose]();
  }
}

const cameraOf = (source: string): string => source.slice(0, source.lastIndexOf('.'));
const mainOf = (source: string): string | null => (source.endsWith('.main') ? cameraOf(source) : null);
