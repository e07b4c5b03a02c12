/**
 * The reaper: the one place that deletes footage. It runs beside everything else at a bounded rate and nobody waits for
 * it. It plans from the index, orders by a certificate, and then does what was ordered, step by step as
 * docs/storage.md numbers them; what a crash or a full disk interrupts is taken up again. While the clock is not
 * believed it does nothing at all.
 */
import { type Clock, type Log, sayError } from '../base/index.ts';
import type { Database } from '../db/index.ts';
import { bucketProblemOf } from '../engine/index.ts';
import { shortestMs } from '../law/index.ts';
import {
  type Candidate,
  type Certificate,
  type CertifiedSegment,
  finishDeletion,
  forgetSegments,
  noteTrouble,
  openCertificates,
  openCounts,
  orderDeletion,
  stillThere,
  type Trouble,
} from './certificates.ts';
import { closeErasures } from './erasures.ts';
import { pause } from './pause.ts';
import { type ClockBelief, look, patienceMs } from './reaper-clock.ts';
import type { Shelf } from './reaper-files.ts';
import { readBelief, writeBelief } from './reaper-state.ts';
import { keepingOfAll } from './retention.ts';
import { type CameraKeeping, type PlanAt, sentenceOf, skipTo } from './retention-plan.ts';

/** The key ring, as far as deletion needs it. */
export interface KeysToDestroy {
  /** Destroys a stream's key of a UTC day for good; twice does no harm. Null: there is none. */
  destroy(source: string, day: string): Promise<{ keyId: string; destroyedAtMs: number } | null>;
}

/** The numbered steps, told as each is done: for tests that end the process there. */
export type DeletionStep = 'ordered' | 'unlinked' | 'settled' | 'forgotten' | 'key-destroyed' | 'finished';

export interface ReaperOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  /** The files of a volume; null: the volume is not known here now. */
  readonly shelfOf: (volumeId: string) => Promise<Shelf | null>;
  /** Every volume that may hold footage: a key goes only when none of them has any of its day. */
  readonly volumeIds: () => Promise<readonly string[]>;
  readonly keys: KeysToDestroy | null;
  /** True while segments of this stream and day are written or not in the index yet. */
  readonly isFresh: (source: string, day: string) => boolean;
  /** What else is cleared in a pass: records of sign-ins. */
  readonly alsoClear?: (nowMs: number) => Promise<void>;
  readonly everyMs?: number;
  readonly filesPerSecond?: number;
  readonly step?: (step: DeletionStep, certificate: Certificate) => void | Promise<void>;
}

export interface Pass {
  /** False: the clock is in doubt. */
  readonly acted: boolean;
  readonly segments: number;
  readonly bytes: number;
}

const everyMs = 300_000;
const filesPerSecond = 200;
/** Files between two pauses. */
const burst = 50;
const pageSize = 2_000;
const maxOpen = 200;
const dayMs = 86_400_000;
/** A day is over, and nothing late comes any more, so long after its midnight. */
const dayIsOverMs = 6 * 3_600_000;

export class Reaper implements AsyncDisposable {
  readonly #at: ReaperOptions;
  readonly #ending = new AbortController();
  #running: Promise<void> | null = null;
  #pass: Promise<unknown> = Promise.resolve();
  #wake = new AbortController();
  #lastMonoMs: number | null = null;
  #lastPassMs: number | null = null;

  constructor(options: ReaperOptions) {
    this.#at = options;
  }

  /** Begins to look every few minutes; the first time at once. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Something changed that may make footage due: look now, not at the next time. */
  wake(): void {
    this.#wake.abort();
  }

  /** A person confirmed the time: from here the clocks are compared, not from the last look. */
  clockConfirmed(): void {
    this.#lastMonoMs = this.#at.clock.monoMs();
    this.wake();
  }

  async #run(): Promise<void> {
    const { log, everyMs: every = everyMs } = this.#at;
    while (!this.#ending.signal.aborted) {
      this.#wake = new AbortController();
      try {
        const { segments, bytes } = await this.pass();
        if (segments > 0) log.info({ segments, bytes }, 'footage was deleted on its day');
      } catch (error) {
        log.warn({ error: sayError(error) }, 'the reaper could not look; it will again');
      }
      await pause(every, AbortSignal.any([this.#ending.signal, this.#wake.signal]));
    }
  }

  /** One look at everything. Passes and requests for room never run beside each other. */
  pass(): Promise<Pass> {
    return this.#inTurn(() => this.#onePass());
  }

  /**
   * A disk is full: deletes what the law lets go of on this volume, oldest first, until so many bytes are free. What is
   * under the floor or held stays, whatever happens then.
   */
  makeRoom(volumeId: string, bytes: number): Promise<Pass> {
    return this.#inTurn(() => this.#room(volumeId, bytes));
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#pass.then(work);
    this.#pass = mine.catch(() => undefined);
    return mine;
  }

  async #onePass(): Promise<Pass> {
    const belief = await this.#look();
    if (belief.doubt !== null) return nothing;
    const { db, clock, everyMs: every = everyMs } = this.#at;
    const at: PlanAt = { nowMs: clock.wallMs(), aheadMs: 2 * every };
    const sums = [await this.#takeUp()];
    for (const [cameraId, of] of await keepingOfAll(db.kysely, at.nowMs))
      sums.push(await this.#reapCamera(cameraId, of, at));
    await closeErasures(db.kysely, at.nowMs);
    await this.#at.alsoClear?.(at.nowMs);
    this.#lastPassMs = at.nowMs;
    return sumOf(sums);
  }

  /** Whether the clock may be believed; kept, so that the next start knows when it was last right. */
  async #look(): Promise<ClockBelief> {
    const { db, clock, log } = this.#at;
    const monoMs = clock.monoMs();
    const elapsedMs = this.#lastMonoMs === null ? null : monoMs - this.#lastMonoMs;
    this.#lastMonoMs = monoMs;
    const before = await readBelief(db.kysely, clock.wallMs());
    const after = look(before, { wallMs: clock.wallMs(), elapsedMs });
    if (after.doubt !== null && before.doubt === null)
      log.error(
        { believed: new Date(after.believedMs).toISOString(), clock: new Date(clock.wallMs()).toISOString() },
        'the clock jumped: nothing is deleted until somebody confirms the time',
      );
    await writeBelief(db.kysely, after);
    return after;
  }

  /** Steps 2 to 6 of what was ordered before: after a crash, and where something stood in the way. */
  async #takeUp(): Promise<Pass> {
    const open = await openCertificates(this.#at.db.kysely, maxOpen, this.#at.clock.wallMs());
    const sums: Pass[] = [];
    for (const certificate of open) {
      if (this.#ending.signal.aborted) break;
      sums.push(await this.#carryOut(certificate));
    }
    return sumOf(sums);
  }

  async #reapCamera(cameraId: string, of: CameraKeeping, at: PlanAt): Promise<Pass> {
    const sums: Pass[] = [];
    for (const stream of ['main', 'sub'] as const)
      for await (const batch of this.#due(cameraId, stream, of, at)) {
        if (this.#ending.signal.aborted) return sumOf(sums);
        sums.push(await this.#delete(cameraId, batch, at));
      }
    return sumOf(sums);
  }

  async #delete(cameraId: string, batch: readonly Candidate[], at: PlanAt): Promise<Pass> {
    const certificate = await orderDeletion(this.#at, cameraId, batch, at);
    if (!certificate) return nothing;
    await this.#at.step?.('ordered', certificate);
    return this.#carryOut(certificate);
  }

  /** What is to go of one stream, in batches of one day and one reason, oldest first. */
  async *#due(
    cameraId: string,
    stream: 'main' | 'sub',
    of: CameraKeeping,
    at: PlanAt,
    volumeId?: string,
  ): AsyncGenerator<Candidate[]> {
    if (!of.keeping) return;
    const leastMs = shortestMs(of.keeping, at.needsRoom === true || of.erasures.length > 0);
    if (leastMs === null) return;
    const untilMs = at.nowMs + at.aheadMs - leastMs;
    const batch: Candidate[] = [];
    let key = '';
    for (let after = { startMs: 0, id: '' }; ; ) {
      const page = await this.#page({ cameraId, stream, after, untilMs, volumeId });
      let skipMs: number | null = null;
      for (const segment of page) {
        after = { startMs: segment.startMs, id: segment.id };
        if (skipMs !== null && segment.startMs < skipMs) continue;
        const sentence = sentenceOf(segment, of, at);
        if (sentence.kind === 'keep') {
          skipMs = skipTo(segment, of, sentence.why, at.nowMs);
          continue;
        }
        const next = `${Math.floor(segment.startMs / dayMs)} ${sentence.why}`;
        if (next !== key && batch.length > 0) yield batch.splice(0);
        key = next;
        batch.push({ stream, startMs: segment.startMs, id: segment.id });
      }
      if (page.length < pageSize) break;
      // The last of the page is kept with all that touches the same hold or mark: on from its end.
      if (skipMs !== null && skipMs > after.startMs) after = { startMs: skipMs - 1, id: '\uffff' };
      if (batch.length > 0) yield batch.splice(0);
    }
    if (batch.length > 0) yield batch;
  }

  async #page(of: {
    cameraId: string;
    stream: 'main' | 'sub';
    after: { startMs: number; id: string };
    untilMs: number;
    volumeId: string | undefined;
  }): Promise<{ id: string; startMs: number; endMs: number; bytes: number }[]> {
    const rows = await this.#at.db.kysely
      .selectFrom('segment')
      .select(['id', 'start_ms', 'end_ms', 'bytes'])
      .where('camera_id', '=', of.cameraId)
      .where('stream', '=', of.stream)
      .where('start_ms', '>=', of.after.startMs)
      .where('start_ms', '<', Math.ceil(of.untilMs))
      .where((or) => or.or([or('start_ms', '>', of.after.startMs), or('id', '>', of.after.id)]))
      .$if(of.volumeId !== undefined, (query) => query.where('volume_id', '=', of.volumeId ?? ''))
      .orderBy('start_ms')
      .orderBy('id')
      .limit(pageSize)
      .execute();
    return rows.map((row) => ({ id: row.id, startMs: row.start_ms, endMs: row.end_ms, bytes: row.bytes }));
  }

  async #room(volumeId: string, bytes: number): Promise<Pass> {
    const belief = await this.#look();
    if (belief.doubt !== null) return nothing;
    const { db, clock } = this.#at;
    const at: PlanAt = { nowMs: clock.wallMs(), aheadMs: 0, needsRoom: true };
    const batches: { cameraId: string; batch: Candidate[] }[] = [];
    for (const [cameraId, of] of await keepingOfAll(db.kysely, at.nowMs))
      for (const stream of ['main', 'sub'] as const)
        for await (const batch of this.#due(cameraId, stream, of, at, volumeId)) {
          batches.push({ cameraId, batch });
          // Of each stream its oldest day; there is another look when that is not enough.
          break;
        }
    batches.sort((a, b) => (a.batch[0]?.startMs ?? 0) - (b.batch[0]?.startMs ?? 0));
    let sum = nothing;
    for (const { cameraId, batch } of batches) {
      for (let i = 0; i < batch.length && sum.bytes < bytes; i += burst)
        sum = sumOf([sum, await this.#delete(cameraId, batch.slice(i, i + burst), at)]);
      if (sum.bytes >= bytes || this.#ending.signal.aborted) return sum;
    }
    if (sum.segments === 0) return { ...sum, acted: true };
    return sumOf([sum, await this.#room(volumeId, bytes - sum.bytes)]);
  }

  // ---- what was ordered

  async #carryOut(certificate: Certificate): Promise<Pass> {
    const { db, log, step } = this.#at;
    const missing = new Set(certificate.missing);
    this.#trouble = null;
    try {
      const there = await stillThere(db.kysely, certificate);
      const gone = await this.#removeFiles(there, missing);
      await step?.('unlinked', certificate);
      await this.#settle(gone);
      await step?.('settled', certificate);
      await forgetSegments(this.#at, certificate, gone);
      await step?.('forgotten', certificate);
      const left = await stillThere(db.kysely, certificate);
      if (left.length > 0) throw new Error(this.#met()?.trouble ?? 'the reaper was stopped');
      const keys = await this.#destroyKeys(certificate);
      await step?.('key-destroyed', certificate);
      await finishDeletion(this.#at, certificate, { missing: [...missing], ...keys });
      await step?.('finished', certificate);
      return { acted: true, segments: gone.length, bytes: bytesOf(gone) };
    } catch (error) {
      if (this.#ending.signal.aborted) return nothing;
      log.error({ certificate: certificate.no, error: sayError(error) }, 'a deletion met trouble');
      const trouble = this.#met() ?? { trouble: sayError(error), problem: null, againMs: null };
      await noteTrouble(db.kysely, certificate.id, trouble, [...missing]);
      return nothing;
    }
  }

  #trouble: Trouble | null = null;
  #met(): Trouble | null {
    return this.#trouble;
  }

  /** Step 2. One that cannot be removed holds up itself alone. */
  async #removeFiles(
    segments: readonly CertifiedSegment[],
    missing: Set<string>,
  ): Promise<CertifiedSegment[]> {
    const { filesPerSecond: rate = filesPerSecond } = this.#at;
    const gone: CertifiedSegment[] = [];
    this.#trouble = null;
    for (const [index, segment] of segments.entries()) {
      if (this.#ending.signal.aborted) break;
      if (index > 0 && index % burst === 0) await pause((burst / rate) * 1000, this.#ending.signal);
      try {
        const shelf = await this.#shelf(segment.volume);
        if (!(await shelf.remove(segment.path))) missing.add(segment.id);
        gone.push(segment);
      } catch (error) {
        this.#trouble = this.#worse(this.#trouble, error);
      }
    }
    return gone;
  }

  /** Of several the first is told; whatever is no lock is tried again at the next look, and a lock at its end. */
  #worse(before: Trouble | null, error: unknown): Trouble {
    const problem = bucketProblemOf(error)?.problem ?? null;
    const untilMs = problem?.code === 'locked' ? Number(problem.values.untilMs) : Number.NaN;
    // A governance lock may be lifted: no longer than a day without a look.
    const againMs = Number.isFinite(untilMs) ? Math.min(untilMs, this.#at.clock.wallMs() + dayMs) : null;
    const trouble = problem === null ? sayError(error) : (error as Error).message;
    if (before === null) return { trouble, problem, againMs };
    const isSooner = againMs === null || (before.againMs !== null && againMs < before.againMs);
    return isSooner && before.againMs !== null ? { trouble, problem, againMs } : before;
  }

  async #shelf(volumeId: string): Promise<Shelf> {
    const shelf = await this.#at.shelfOf(volumeId);
    if (!shelf) throw new Error(`volume ${volumeId} is not there`);
    return shelf;
  }

  /** Step 3. */
  async #settle(gone: readonly CertifiedSegment[]): Promise<void> {
    for (const [volume, segments] of Map.groupBy(gone, (segment) => segment.volume))
      await (await this.#shelf(volume)).settle(segments.map(({ path }) => path));
  }

  /** Step 5. The key of a stream's day goes when nothing of that day is left anywhere, and nothing more can come. */
  async #destroyKeys({
    cameraId,
    day,
    segments,
  }: Certificate): Promise<Pick<Certificate, 'keys' | 'keysKept'>> {
    const keys: { source: string; keyId: string; atMs: number }[] = [];
    const keysKept: { source: string; why: string }[] = [];
    if (!this.#at.keys) return { keys, keysKept };
    for (const stream of new Set(segments.map((segment) => segment.stream))) {
      const source = `${cameraId}.${stream}`;
      const why = await this.#whyKeyStays(cameraId, stream, day);
      const destroyed = why === null ? await this.#at.keys.destroy(source, day) : null;
      if (destroyed) keys.push({ source, keyId: destroyed.keyId, atMs: destroyed.destroyedAtMs });
      if (why !== null) keysKept.push({ source, why });
    }
    return { keys, keysKept };
  }

  async #whyKeyStays(cameraId: string, stream: 'main' | 'sub', day: string): Promise<string | null> {
    const { db, clock, isFresh } = this.#at;
    const source = `${cameraId}.${stream}`;
    const fromMs = Date.parse(`${day}T00:00:00Z`);
    if (clock.wallMs() < fromMs + dayMs + dayIsOverMs) return 'day-not-over';
    if (isFresh(source, day)) return 'more-footage';
    const row = await db.kysely
      .selectFrom('segment')
      .select('id')
      .where('camera_id', '=', cameraId)
      .where('stream', '=', stream)
      .where('start_ms', '>=', fromMs)
      .where('start_ms', '<', fromMs + dayMs)
      .limit(1)
      .executeTakeFirst();
    if (row) return 'more-footage';
    for (const volume of await this.#at.volumeIds())
      if (await (await this.#shelf(volume)).hasAny(source, day)) return 'unknown-files';
    return null;
  }

  // ---- what is known

  async state() {
    const { db, clock } = this.#at;
    const belief = await readBelief(db.kysely, clock.wallMs());
    return {
      belief,
      lastPassMs: this.#lastPassMs,
      leftMs: belief.doubt === null ? null : Math.max(0, patienceMs - belief.steadyMs),
      ...(await openCounts(db.kysely)),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#running;
    await this.#pass;
  }
}

const nothing: Pass = { acted: false, segments: 0, bytes: 0 };
const bytesOf = (segments: readonly CertifiedSegment[]): number =>
  segments.reduce((sum, segment) => sum + segment.bytes, 0);

const sumOf = (passes: readonly Pass[]): Pass => ({
  acted: true,
  segments: passes.reduce((sum, { segments }) => sum + segments, 0),
  bytes: passes.reduce((sum, { bytes }) => sum + bytes, 0),
});
