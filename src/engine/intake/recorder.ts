/**
 * The recorder of one stream: pictures of a run become parts of half a second, parts become segments of about a
 * minute, and whatever is not recorded becomes a gap with its cause.
 *
 * It never makes the camera wait. What the disk does not take is kept up to 8 MB, then whole groups of pictures are
 * left out and the gap says so: a stream that is cut at a key can be played, one with holes cannot.
 */
import { createHash } from 'node:crypto';
import pkg from '../../../package.json' with { type: 'json' };
import { type Clock, Fault, type Log, newId } from '../../base/index.ts';
import type { Problem } from '../../contract/causes.ts';
import type { Fact, SegmentFacts, SegmentRef, Source, Volume } from '../engine.ts';
import type { Gap } from '../ipc.ts';
import { type DayKeys, dayOf, NoKey } from '../keys/index.ts';
import { partHead, prftBytes } from '../mp4/index.ts';
import type { SuiteNumber } from '../seal/index.ts';
import { segmentPath, shapeOf } from '../segment/index.ts';
import type { Picture, Run, Sound } from './run.ts';
import { type Rescued, type Sealing, SegmentWriter } from './segment-writer.ts';
import type { Syncer } from './syncer.ts';
import { ticksPerMs } from './timeline.ts';

const partTicks = 45_000;
/** A part of a very large stream is cut earlier, so that what a crash may lose stays small. */
const maxPartBytes = 4 * 1024 * 1024;
const segmentMs = 60_000;
/** The first segment of a stream may meet its boundary at once; shorter ones than this are not worth a file. */
const leastSegmentMs = 5_000;
const maxPendingBytes = 8 * 1024 * 1024;
const resumePendingBytes = maxPendingBytes / 2;
const retryDiskMs = 2_000;
/** Sound between two parts: far more than half a second of any. */
const maxSounds = 1_000;
/** Tomorrow's keys are made in the last minutes of today. */
const keyAheadMs = 10 * 60_000;
/** Missing picture time that is worth a line on the timeline. */
const noticedLossMs = 200;
const noticedSilenceMs = 1_000;

export interface RecorderContext {
  readonly source: () => Source;
  readonly clock: Clock;
  readonly log: Log;
  /** The machine's date, as the steps of it are known. */
  nowMs(): number;
  syncer(volume: Volume): Syncer;
  readonly keys: DayKeys;
  readonly suite: SuiteNumber;
  emit(fact: Fact): void;
}

interface OpenSegment {
  readonly id: string;
  readonly volume: Volume;
  readonly path: string;
  readonly run: Run;
  readonly writer: SegmentWriter;
  readonly startMs: number;
  readonly startTicks: number;
  /** Wall time at which the next key begins another. */
  dueMs: number;
  sequence: number;
  announced: boolean;
  /** What is in the file: the end of its last part. */
  endTicks: number;
  endMs: number;
  parts: number;
  pictures: number;
  packetsLost: number;
  damagedPictures: number;
}

interface OpenPart {
  readonly wallMs: number;
  readonly pictures: Picture[];
  readonly sounds: Sound[];
  bytes: number;
}

export class Recorder {
  readonly #at: RecorderContext;
  readonly #staggerMs: number;
  #volume: Volume | null = null;
  #segment: OpenSegment | null = null;
  #part: OpenPart | null = null;
  /** Sound that came before the part it belongs to. */
  #sounds: Sound[] = [];
  readonly #closing = new Set<Promise<void>>();
  #closingBytes: { readonly volumeId: string; pending(): number }[] = [];
  /** The disk is behind: everything up to a key at which it has caught up is left out. */
  #shedding = false;
  #retryDiskAtMs = 0;
  /** End of the last picture that was handed to the disk; null before the first. */
  #endMs: number | null = null;
  #gap: { readonly gap: Gap; readonly serial: number } | null = null;
  #gapSerial = 0;
  #closedSerial = 0;
  #lost = 0;
  #damaged = 0;
  #lostWithDamaged = 0;

  constructor(at: RecorderContext, sourceId: string) {
    this.#at = at;
    // Streams begin their segments at different seconds of the minute: 64 files opened at once would be a burst.
    this.#staggerMs = createHash('sha256').update(sourceId).digest().readUInt16BE(0) % segmentMs;
  }

  get recording(): boolean {
    return this.#volume !== null;
  }

  order(volume: Volume | null, gap: Gap | null): void {
    const before = this.#volume;
    this.#volume = volume;
    this.#retryDiskAtMs = 0;
    this.expectKey();
    if (before && volume) {
      // Another volume: the present segment goes on until the next key, so that nothing is lost on the way.
      const moved = before.id !== volume.id || before.path !== volume.path;
      if (moved && gap?.cause === 'disk') this.#abandon(gap);
      else if (moved && this.#segment) this.#segment.dueMs = 0;
      else if (gap && this.#gap) this.#openGap(gap);
    } else if (volume) {
      // "Changed by whom" was said when recording was ended for it, and stays true until the first picture.
      if (gap || this.#gap?.gap.cause !== 'changed') this.#openGap(gap ?? { cause: 'starting', detail: {} });
    } else {
      this.#endSegment();
      if (gap || before) this.#openGap(gap ?? { cause: 'unexplained', detail: {} });
    }
  }

  /** The volume answers no more. What it did not take goes to the other one, from its first key on. */
  #abandon(gap: Gap): void {
    const segment = this.#segment;
    // It refused by itself, and why was said.
    if (!segment && this.#gap?.gap.cause === 'disk') return;
    const part = this.#part;
    this.#part = null;
    const rescued = segment ? segment.writer.giveUp() : [];
    this.#endSegment();
    if (segment) this.#endMs = segment.parts > 0 ? segment.endMs : segment.startMs;
    this.#shedding = false;
    this.#openGap(gap);
    if (segment) this.#goOn(segment.run, rescued, part);
  }

  /** On the volume of now, with what was rescued and the part that is being gathered. */
  #goOn(run: Run, rescued: readonly Rescued[], part: OpenPart | null): void {
    const decode = rescued[0]?.decodeTicks ?? (part?.pictures[0]?.key ? part.pictures[0].decode : null);
    if (decode === null || !this.#begin(run, decode)) {
      for (const picture of part?.pictures ?? []) picture.slab?.release();
      return;
    }
    for (const one of rescued) this.#write(one);
    this.#part = part;
  }

  /** The next picture. `missing` is picture time that did not come before it, `lost` packets. */
  picture(run: Run, picture: Picture, missing: number, lost: number): void {
    const lostHere = lost + this.#lostWithDamaged;
    this.#lostWithDamaged = 0;
    this.#lost += lost;
    if (this.#volume === null) return;
    this.#settleLast(run, picture.decode);
    if (this.#segment && (run !== this.#segment.run || this.#isDue(run, picture))) this.#turn(run, picture);
    if (!this.#segment && !(picture.key && this.#begin(run, picture.decode))) return;
    if (missing > 0) this.#sayMissing(run, picture, missing, lostHere);
    if (this.#part && this.#isWhole(this.#part, picture)) this.#cut();
    this.#part ??= this.#newPart(run, picture);
    picture.slab?.hold();
    this.#part.pictures.push(picture);
    this.#part.bytes += picture.bytes;
  }

  sound(run: Run, sound: Sound): void {
    if (this.#segment?.run !== run || !run.audio) return;
    if (this.#sounds.length < maxSounds) this.#sounds.push(sound);
  }

  /** A picture that is not whole is not kept; what it would have shown is missing. */
  damaged(lost: number): void {
    this.#damaged++;
    this.#lost += lost;
    this.#lostWithDamaged += Math.max(1, lost);
  }

  /** The camera is gone; `problem` says why. Called again when it stays gone for another reason. */
  interrupted(gap: Gap): void {
    this.#endSegment();
    if (this.#volume !== null) this.#openGap(gap);
  }

  /** Has the key of now, and soon before midnight that of tomorrow, fetched before it is needed. */
  expectKey(): void {
    if (this.#volume === null) return;
    const source = this.#at.source().id;
    const nowMs = this.#at.nowMs();
    for (const day of new Set([dayOf(nowMs), dayOf(nowMs + keyAheadMs)]))
      this.#at.keys.toSeal(source, day).catch(() => {}); // Said when a segment needs it.
  }

  /** Asks for what is written to be made durable. */
  sync(): void {
    this.#segment?.writer.sync();
  }

  /** Ends recording; resolves when all files are closed and reported. */
  async close(gap: Gap | null): Promise<void> {
    this.#endSegment();
    if (gap && this.#volume !== null) this.#openGap(gap);
    this.#volume = null;
    await Promise.all(this.#closing);
  }

  // ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  #settleLast(run: Run, nextDecode: number): void {
    const last = this.#part?.pictures.at(-1);
    if (last && this.#segment?.run === run) last.ticks = nextDecode - last.decode;
  }

  #isWhole(part: OpenPart, next: Picture): boolean {
    const first = part.pictures[0] as Picture;
    return next.key || next.decode - first.decode >= partTicks || part.bytes >= maxPartBytes;
  }

  #newPart(run: Run, first: Picture): OpenPart {
    return { wallMs: run.wallMs(first.decode), pictures: [], sounds: [], bytes: 0 };
  }

  /** Gives the part that is being gathered to the disk, or leaves it out when the disk is behind. */
  #cut(): void {
    const part = this.#part;
    const segment = this.#segment;
    this.#part = null;
    if (!part || !segment) return;
    part.sounds.push(...this.#sounds);
    this.#sounds = [];
    for (const sound of part.sounds) part.bytes += sound.bytes;
    if (this.#mustShed(part)) return;
    const first = part.pictures[0] as Picture;
    const last = part.pictures.at(-1) as Picture;
    const endTicks = last.decode + last.ticks;
    const head = partHead({
      sequence: ++segment.sequence,
      video: { decodeTicks: first.decode, samples: part.pictures },
      audio: part.sounds[0] ? { decodeTicks: part.sounds[0].decode, samples: part.sounds } : null,
      wallMs: part.wallMs,
    });
    const media: Uint8Array[] = [];
    for (const picture of part.pictures) media.push(picture.data);
    for (const sound of part.sounds) media.push(sound.data);
    this.#write({
      ...{ head, media, mediaBytes: part.bytes, key: first.key, hasSound: part.sounds.length > 0 },
      ...{ wallMs: part.wallMs, decodeTicks: first.decode, ticks: endTicks - first.decode },
      ...{ pictures: part.pictures.length, shape: shapeOf(prftBytes, part.pictures, part.sounds) },
      sealed: () => {
        for (const picture of part.pictures) picture.slab?.release();
      },
    });
  }

  #write(part: Rescued): void {
    const segment = this.#segment as OpenSegment;
    const endMs = part.wallMs + part.ticks / ticksPerMs;
    const gapSerial = this.#gap?.serial ?? 0;
    this.#endMs = endMs;
    const written = () => this.#noteWritten(segment, part, endMs, gapSerial);
    segment.writer.append({ sealed: () => {}, ...part, written });
  }

  #noteWritten(segment: OpenSegment, part: Rescued, endMs: number, gapSerial: number): void {
    segment.parts++;
    segment.pictures += part.pictures;
    segment.endTicks = part.decodeTicks + part.ticks;
    segment.endMs = endMs;
    this.#wrote(segment, part.wallMs, gapSerial);
  }

  #wrote(segment: OpenSegment, partMs: number, gapSerial: number): void {
    const source = this.#at.source().id;
    if (!segment.announced) {
      segment.announced = true;
      this.#at.emit({ kind: 'segment-opened', source, segment: refOf(segment) });
    }
    if (gapSerial > this.#closedSerial) this.#closeGap(gapSerial, partMs, segment.endMs);
    // The outbox keeps only the newest of these until its next tick.
    this.#at.emit({ kind: 'recorded', source, segmentId: segment.id, endMs: Math.round(segment.endMs) });
  }

  /** What this volume has not taken yet; what another one that hangs holds is no reason to leave anything out. */
  #pendingBytes(): number {
    let bytes = this.#segment?.writer.pendingBytes ?? 0;
    for (const closing of this.#closingBytes)
      if (closing.volumeId === this.#segment?.volume.id) bytes += closing.pending();
    return bytes;
  }

  #mustShed(part: OpenPart): boolean {
    const pending = this.#pendingBytes();
    if (this.#shedding) {
      const key = part.pictures[0]?.key === true;
      if (key && pending <= resumePendingBytes) this.#shedding = false;
    } else if (pending + part.bytes > maxPendingBytes) {
      this.#shedding = true;
      this.#openGap(diskGap('slow', this.#segment?.volume));
    }
    return this.#shedding;
  }

  // ── segments ───────────────────────────────────────────────────────────────────────────────────────────────────────

  #isDue(run: Run, picture: Picture): boolean {
    return picture.key && run.wallMs(picture.decode) >= (this.#segment as OpenSegment).dueMs;
  }

  /** Ends the segment before `picture`; the next begins with it, if it is a key. */
  #turn(run: Run, picture: Picture): void {
    const before = this.#endSegment();
    if (!before || before.run === run) return;
    const beganMs = run.wallMs(picture.decode);
    const endedMs = this.#endMs ?? beganMs;
    // The date was set forward between two pictures: the hours in between never were.
    if (beganMs - endedMs > noticedSilenceMs)
      this.#sayGap(endedMs, beganMs, { cause: 'clock-step', detail: {} });
  }

  #begin(run: Run, decode: number): boolean {
    const volume = this.#volume as Volume;
    if (this.#at.clock.monoMs() < this.#retryDiskAtMs) return false;
    const source = this.#at.source();
    const startMs = Math.round(run.wallMs(decode));
    const id = newId('seg', startMs);
    const path = segmentPath({ ...source, startMs, id });
    const file = {
      root: volume.path,
      mark: volume.mark,
      path,
      syncer: this.#at.syncer(volume),
      failed: (error: NodeJS.ErrnoException) => this.#diskFailed(segment, error),
    };
    const segment: OpenSegment = {
      id,
      volume,
      path,
      run,
      writer: new SegmentWriter(file, this.#sealing(source, run, id, startMs)),
      startMs,
      startTicks: decode,
      dueMs: this.#nextTurnMs(startMs),
      sequence: 0,
      announced: false,
      endTicks: decode,
      endMs: startMs,
      parts: 0,
      pictures: 0,
      packetsLost: 0,
      damagedPictures: 0,
    };
    this.#segment = segment;
    this.#lost = 0;
    this.#damaged = 0;
    return true;
  }

  #sealing(source: Source, run: Run, id: string, startMs: number): Sealing {
    const { codecString: codec, width, height } = run.video;
    const keyDay = dayOf(startMs);
    return {
      suite: this.#at.suite,
      identity: {
        ...{ id, cameraId: source.cameraId, stream: source.stream, run: run.id, startMs },
        ...{ codec, width, height, software: `custos/${pkg.version}` },
      },
      init: run.init,
      keyDay,
      key: this.#at.keys.toSeal(source.id, keyDay),
    };
  }

  #nextTurnMs(startMs: number): number {
    const into = (startMs - this.#staggerMs) % segmentMs;
    const dueMs = startMs - into + segmentMs;
    return dueMs - startMs < leastSegmentMs ? dueMs + segmentMs : dueMs;
  }

  /** Writes what is gathered and closes the file in the background. */
  #endSegment(): OpenSegment | null {
    this.#cut();
    this.#sounds = [];
    const segment = this.#segment;
    this.#segment = null;
    if (!segment) return null;
    segment.packetsLost = this.#lost;
    segment.damagedPictures = this.#damaged;
    const closing = { volumeId: segment.volume.id, pending: () => segment.writer.pendingBytes };
    this.#closingBytes.push(closing);
    const closed = this.#closeFile(segment).finally(() => {
      this.#closing.delete(closed);
      this.#closingBytes = this.#closingBytes.filter((other) => other !== closing);
    });
    this.#closing.add(closed);
    return segment;
  }

  async #closeFile(segment: OpenSegment): Promise<void> {
    const { packetsLost, damagedPictures } = segment;
    const written = await segment.writer.close({ packetsLost, damagedPictures });
    if (!written) return;
    const source = this.#at.source();
    this.#at.emit({
      kind: 'segment-closed',
      source: source.id,
      segment: factsOf(segment, source, written.bytes, written.digest),
    });
  }

  #diskFailed(segment: OpenSegment, error: NodeJS.ErrnoException): void {
    const gap = refusedGap(error, segment.volume);
    this.#at.log.error({ segment: segment.id, ...gap, error: error.message }, 'a segment cannot be written');
    if (segment.volume.id === this.#volume?.id) this.#retryDiskAtMs = this.#at.clock.monoMs() + retryDiskMs;
    const endMs = segment.parts > 0 ? segment.endMs : segment.startMs;
    if (this.#segment !== segment) {
      // Its successor is being written already: only the tail of this one is missing.
      this.#sayGap(endMs, this.#segment?.startMs ?? this.#at.nowMs(), gap);
      return;
    }
    this.#part = null;
    this.#endSegment();
    this.#endMs = endMs;
    this.#openGap(gap);
  }

  // ── gaps ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** From the end of what is recorded, or, when nothing was recorded since the last cause, from now. */
  #openGap(gap: Gap): void {
    const present = this.#gap;
    if (present && sameGap(present.gap, gap)) return;
    const endMs = present ? null : this.#endMs;
    this.#gap = { gap, serial: ++this.#gapSerial };
    const atMs = Math.round(endMs ?? this.#at.nowMs());
    this.#at.emit({ kind: 'gap-opened', source: this.#at.source().id, atMs, ...gap });
  }

  /** The first part that was given to the disk during a gap is in the file. */
  #closeGap(serial: number, atMs: number, endMs: number): void {
    const source = this.#at.source().id;
    this.#closedSerial = serial;
    this.#at.emit({ kind: 'gap-closed', source, atMs: Math.round(atMs) });
    // The next trouble came while the part was on its way: that gap begins where the part ends.
    if (this.#gap && this.#gap.serial !== serial)
      this.#at.emit({ kind: 'gap-opened', source, atMs: Math.round(endMs), ...this.#gap.gap });
    else this.#gap = null;
  }

  #sayMissing(run: Run, picture: Picture, missing: number, lost: number): void {
    const missingMs = missing / ticksPerMs;
    const toMs = run.wallMs(picture.decode);
    if (lost > 0 && missingMs > noticedLossMs)
      this.#sayGap(toMs - missingMs, toMs, { cause: 'network-loss', detail: { packets: lost } });
    else if (missingMs > noticedSilenceMs)
      this.#sayGap(toMs - missingMs, toMs, { cause: 'stalled', detail: {} });
  }

  #sayGap(fromMs: number, toMs: number, gap: Gap): void {
    const source = this.#at.source().id;
    this.#at.emit({ kind: 'gap', source, fromMs: Math.round(fromMs), toMs: Math.round(toMs), ...gap });
  }
}

const diskGap = (problem: string, volume: Volume | undefined): Gap => ({
  cause: 'disk',
  detail: { problem, ...(volume?.name === undefined ? {} : { volume: volume.name }) },
});

/** The disk's refusal, or that there is no key: then nothing is written, for it would be in the clear. */
function refusedGap(error: NodeJS.ErrnoException, volume: Volume): Gap {
  if (error instanceof NoKey) return { cause: 'no-key', detail: { problem: error.trouble } };
  if (error instanceof Fault) return { cause: 'no-key', detail: { problem: 'late' } };
  return diskGap(error.code ?? 'unknown', volume);
}

const sameGap = (a: Gap, b: Gap): boolean =>
  a.cause === b.cause && JSON.stringify(a.detail) === JSON.stringify(b.detail);

function refOf(segment: OpenSegment): SegmentRef {
  const { id, volume, path, startMs } = segment;
  return { id, volume, path, startMs, endMs: Math.round(segment.endMs), open: true };
}

function factsOf(segment: OpenSegment, source: Source, bytes: number, digest: string): SegmentFacts {
  const { id, path, run, startMs, startTicks, endTicks, parts, pictures } = segment;
  return {
    id,
    cameraId: source.cameraId,
    stream: source.stream,
    volumeId: segment.volume.id,
    path,
    startMs,
    endMs: Math.round(segment.endMs),
    run: run.id,
    startTicks,
    durationTicks: endTicks - startTicks,
    bytes,
    parts,
    pictures,
    codec: run.video.codecString,
    width: run.video.width,
    height: run.video.height,
    packetsLost: segment.packetsLost,
    damagedPictures: segment.damagedPictures,
    digest,
  };
}

/** What a camera's problem is on the timeline. */
export function gapOf(problem: Problem): Gap {
  return { cause: causeOf(problem), detail: { problem: problem.code, ...problem.values } };
}

function causeOf(problem: Problem): Gap['cause'] {
  switch (problem.code) {
    case 'bad-credentials':
    case 'needs-credentials':
    case 'auth-unsupported':
    case 'not-found':
    case 'busy':
    case 'refused-by-camera':
      return 'refused';
    case 'not-rtsp':
    case 'bad-answer':
    case 'too-large':
    case 'no-video':
    case 'codec-unknown':
      return 'unsupported-stream';
    case 'stalled':
    case 'udp-blocked':
      return 'stalled';
    case 'engine-down':
      return 'engine-restart';
    default:
      return 'unreachable';
  }
}
