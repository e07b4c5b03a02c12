/**
 * The reaper: the one place that deletes footage. It runs beside everything else at a bounded rate and nobody waits for
 * it. It plans from the index, orders by a certificate, and then does what was ordered, step by step as
 * docs/storage.md numbers them; what a crash or a full disk interrupts is taken up again. While the clock is not
 * believed it does nothing at all.
 */
import { type Clock, type Log, sayError, type Uptime } from '../base/index.ts';
import type { Database } from '../db/index.ts';
import { bucketProblemOf } from '../engine/index.ts';
import { shortestMs } from '../law/index.ts';
import {
  type Candidate,
  type Certificate,
  type CertifiedSegment,
  finishDeletion,
  forgetSegments,
  type KeptKey,
  keptKeys,
  noteKept,
  noteTrouble,
  openCertificates,
  openCounts,
  orderDeletion,
  orderedIds,
  orderKey,
  type Stream,
  stillThere,
  type Trouble,
} from './certificates.ts';
import { closeErasures } from './erasures.ts';
import { pause } from './pause.ts';
import { apartMs, type ClockBelief, type Reading, timesOf } from './reaper-clock.ts';
import type { Shelf } from './reaper-files.ts';
import { lookAtClock, readBelief } from './reaper-state.ts';
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
  readonly uptime: () => Uptime;
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
/** Keys that had to stay, looked at in one pass. */
const maxKept = 200;
const dayMs = 86_400_000;
/** A day is over, and nothing late comes any more, so long after its midnight. */
const dayIsOverMs = 6 * 3_600_000;

export class Reaper implements AsyncDisposable {
  readonly #at: ReaperOptions;
  readonly #ending = new AbortController();
  #running: Promise<void> | null = null;
  #pass: Promise<unknown> = Promise.resolve();
  #wake = new AbortController();
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

  /** What the machine's clocks say now. */
  reading(): Reading {
    return { wallMs: this.#at.clock.wallMs(), ...this.#at.uptime() };
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
    const at = await this.#look(2 * (this.#at.everyMs ?? everyMs));
    if (at === null) return nothing;
    const { db } = this.#at;
    const sums = [await this.#takeUp(at.nowMs)];
    for (const [cameraId, of] of await keepingOfAll(db.kysely, at.nowMs))
      sums.push(await this.#reapCamera(cameraId, of, at));
    await this.#destroyKept(at.nowMs);
    await closeErasures(db.kysely, at.nowMs);
    await this.#at.alsoClear?.(at.nowMs);
    this.#lastPassMs = this.#at.clock.wallMs();
    return sumOf(sums);
  }

  /**
   * Null while the clock is in doubt. Else "it may go" is judged by the time that is proven, and "it must be gone" by
   * the clock where that is ahead.
   */
  async #look(aheadMs: number): Promise<PlanAt | null> {
    const { db, log } = this.#at;
    const { before, after } = await lookAtClock(db.kysely, this.reading());
    if (after.doubt !== null && before.doubt === null)
      log.error(
        { proven: isoOf(after.provenMs), clock: isoOf(after.provenMs + apartMs(after)) },
        'the clock jumped: nothing is deleted until the time is confirmed',
      );
    if (after.doubt !== null) return null;
    const { earliestMs, latestMs } = timesOf(after);
    return { nowMs: earliestMs, aheadMs: latestMs - earliestMs + aheadMs };
  }

  /** Steps 2 to 6 of what was ordered before: after a crash, and where something stood in the way. */
  async #takeUp(nowMs: number): Promise<Pass> {
    const open = await openCertificates(this.#at.db.kysely, maxOpen, nowMs);
    const sums: Pass[] = [];
    for (const certificate of open) {
      if (this.#ending.signal.aborted) break;
      sums.push(await this.#carryOut(certificate, nowMs));
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
    return this.#carryOut(certificate, at.nowMs);
  }

  /** What is to go of one stream, in batches of one day and one reason, oldest first. */
  async *#due(
    cameraId: string,
    stream: Stream,
    of: CameraKeeping,
    at: PlanAt,
    volumeId?: string,
  ): AsyncGenerator<Candidate[]> {
    if (!of.keeping) return;
    const leastMs = shortestMs(of.keeping, at.needsRoom === true || of.erasures.length > 0);
    if (leastMs === null) return;
    const untilMs = at.nowMs + at.aheadMs - leastMs;
    const ordered = await orderedIds(this.#at.db.kysely, cameraId);
    const batch: Candidate[] = [];
    let key = '';
    for (let after = { startMs: 0, id: '' }; ; ) {
      const page = await this.#page({ cameraId, stream, after, untilMs, volumeId });
      let skipMs: number | null = null;
      for (const segment of page) {
        after = { startMs: segment.startMs, id: segment.id };
        if (ordered.has(segment.id) || (skipMs !== null && segment.startMs < skipMs)) continue;
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
    stream: Stream;
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
    const { db } = this.#at;
    const looked = await this.#look(0);
    if (looked === null) return nothing;
    const at: PlanAt = { ...looked, needsRoom: true };
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

  async #carryOut(certificate: Certificate, nowMs: number): Promise<Pass> {
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
      const keys = await this.#destroyKeys(certificate, nowMs);
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
  async #destroyKeys(
    { cameraId, day, segments, keyOf }: Certificate,
    nowMs: number,
  ): Promise<Pick<Certificate, 'keys' | 'keysKept'>> {
    const keys: { source: string; keyId: string; atMs: number }[] = [];
    const keysKept: { source: string; why: string }[] = [];
    if (!this.#at.keys) return { keys, keysKept };
    for (const stream of new Set(keyOf ? [keyOf] : segments.map((segment) => segment.stream))) {
      const source = `${cameraId}.${stream}`;
      const why = await this.#whyKeyStays({ cameraId, stream, day }, nowMs);
      const destroyed = why === null ? await this.#at.keys.destroy(source, day) : null;
      if (destroyed) keys.push({ source, keyId: destroyed.keyId, atMs: destroyed.destroyedAtMs });
      if (why !== null) keysKept.push({ source, why });
    }
    return { keys, keysKept };
  }

  /** Keys that had to stay when their footage went: each goes, with a certificate, once nothing is in its way. */
  async #destroyKept(nowMs: number): Promise<void> {
    if (!this.#at.keys) return;
    for (const kept of await keptKeys(this.#at.db.kysely, maxKept)) {
      if (this.#ending.signal.aborted) return;
      const why = await this.#whyKeyStays(kept, nowMs).catch(() => 'volume-away');
      const certificate = why === null ? await orderKey(this.#at, kept) : null;
      if (why !== null) await noteKept(this.#at, kept, why);
      if (!certificate) continue;
      await this.#at.step?.('ordered', certificate);
      await this.#carryOut(certificate, nowMs);
    }
  }

  async #whyKeyStays({ cameraId, stream, day }: KeptKey, nowMs: number): Promise<string | null> {
    const { db, isFresh } = this.#at;
    const source = `${cameraId}.${stream}`;
    const fromMs = Date.parse(`${day}T00:00:00Z`);
    if (nowMs < fromMs + dayMs + dayIsOverMs) return 'day-not-over';
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

  async state(): Promise<{
    belief: ClockBelief;
    apartMs: number;
    lastPassMs: number | null;
    open: number;
    troubled: number;
  }> {
    const { kysely } = this.#at.db;
    const belief = await readBelief(kysely, this.reading());
    return { belief, apartMs: apartMs(belief), lastPassMs: this.#lastPassMs, ...(await openCounts(kysely)) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#running;
    await this.#pass;
  }
}

const isoOf = (ms: number): string => new Date(Math.round(ms)).toISOString();

const nothing: Pass = { acted: false, segments: 0, bytes: 0 };
const bytesOf = (segments: readonly CertifiedSegment[]): number =>
  segments.reduce((sum, segment) => sum + segment.bytes, 0);

const sumOf = (passes: readonly Pass[]): Pass => ({
  acted: true,
  segments: passes.reduce((sum, { segments }) => sum + segments, 0),
  bytes: passes.reduce((sum, { bytes }) => sum + bytes, 0),
});
