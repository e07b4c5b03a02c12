/**
 * A part: prft (when it is kept) + moof + mdat. Writing is one allocation and no object, for it happens for every
 * picture of every camera that is watched; reading is bounded and refuses what does not add up.
 */
import {
  audioTrackId,
  type BoxHead,
  childOf,
  getI32,
  getU32,
  getU64,
  Mp4Error,
  need,
  putU32,
  putU64,
  readBoxHead,
  videoTrackId,
  walkBoxes,
} from './boxes.ts';
import type { TrackDefaults } from './init.ts';

export interface Sample {
  /** Size of the media data. */
  readonly bytes: number;
  /** Duration, 1/90000 s. */
  readonly ticks: number;
  readonly key: boolean;
  /** Presentation minus decode time, 1/90000 s. */
  readonly ctsTicks: number;
}
export interface SoundSample {
  readonly bytes: number;
  readonly ticks: number;
}

export interface PartSpec {
  readonly sequence: number;
  /** Decode time of the first sample; its media data comes first behind the head, in this order. */
  readonly video: { readonly decodeTicks: number; readonly samples: readonly Sample[] } | null;
  readonly audio?: { readonly decodeTicks: number; readonly samples: readonly SoundSample[] } | null;
  /** UTC of the first picture: writes a prft before the part. Left out for live. */
  readonly wallMs?: number;
}

export const prftBytes = 32;
const keyFlags = 0x02000000;
const otherFlags = 0x01010000;
/** Half a second of pictures and sound has about 60 samples; a part of ours never comes near this. */
const maxSamples = 10000;
const maxMoofBytes = 512 * 1024;

const four = (type: string): number =>
  ((type.charCodeAt(0) << 24) |
    (type.charCodeAt(1) << 16) |
    (type.charCodeAt(2) << 8) |
    type.charCodeAt(3)) >>>
  0;
const names = {
  moof: four('moof'),
  mfhd: four('mfhd'),
  traf: four('traf'),
  tfhd: four('tfhd'),
  tfdt: four('tfdt'),
  trun: four('trun'),
  mdat: four('mdat'),
  prft: four('prft'),
};

/**
 * [prft] moof + the 8 bytes before the media data. The caller writes behind it, uncopied: the pictures' data in
 * order, then the sound's.
 */
export function partHead(part: PartSpec): Uint8Array {
  const pictures = part.video?.samples;
  const sounds = part.audio?.samples;
  const videoCount = pictures?.length ?? 0;
  const audioCount = sounds?.length ?? 0;
  const prft = part.wallMs === undefined ? 0 : prftBytes;
  const videoBytes = videoCount > 0 ? 68 + 16 * videoCount : 0;
  const audioBytes = audioCount > 0 ? 68 + 8 * audioCount : 0;
  const moofBytes = 24 + videoBytes + audioBytes;
  const out = Buffer.allocUnsafe(prft + moofBytes + 8);
  if (prft > 0) writePrft(out, 0, part.wallMs!, (part.video ?? part.audio)!.decodeTicks);
  let at = prft;
  putU32(out, at, moofBytes);
  putU32(out, at + 4, names.moof);
  putU32(out, at + 8, 16);
  putU32(out, at + 12, names.mfhd);
  putU32(out, at + 16, 0);
  putU32(out, at + 20, part.sequence);
  at += 24;
  let dataAt = moofBytes + 8;
  if (videoCount > 0) {
    at = writeTraf(
      out,
      at,
      videoBytes,
      videoTrackId,
      part.video!.decodeTicks,
      0x01000f01,
      videoCount,
      dataAt,
    );
    for (let i = 0; i < videoCount; i++, at += 16) {
      const sample = pictures![i]!;
      putU32(out, at, sample.ticks);
      putU32(out, at + 4, sample.bytes);
      putU32(out, at + 8, sample.key ? keyFlags : otherFlags);
      putU32(out, at + 12, sample.ctsTicks);
      dataAt += sample.bytes;
    }
  }
  if (audioCount > 0) {
    at = writeTraf(
      out,
      at,
      audioBytes,
      audioTrackId,
      part.audio!.decodeTicks,
      0x00000301,
      audioCount,
      dataAt,
    );
    for (let i = 0; i < audioCount; i++, at += 8) {
      putU32(out, at, sounds![i]!.ticks);
      putU32(out, at + 4, sounds![i]!.bytes);
      dataAt += sounds![i]!.bytes;
    }
  }
  putU32(out, at, dataAt - moofBytes);
  putU32(out, at + 4, names.mdat);
  return out;
}

/** traf with its heads, up to the samples of trun; gives where those begin. Offsets count from moof (§8.8.7.1). */
function writeTraf(
  out: Uint8Array,
  at: number,
  bytes: number,
  trackId: number,
  decodeTicks: number,
  trunFlags: number,
  count: number,
  dataOffset: number,
): number {
  putU32(out, at, bytes);
  putU32(out, at + 4, names.traf);
  putU32(out, at + 8, 20);
  putU32(out, at + 12, names.tfhd);
  // The sample entry is always named, so that a reader that joins files can change it in place.
  putU32(out, at + 16, 0x00020002);
  putU32(out, at + 20, trackId);
  putU32(out, at + 24, 1);
  putU32(out, at + 28, 20);
  putU32(out, at + 32, names.tfdt);
  putU32(out, at + 36, 0x01000000);
  putU64(out, at + 40, decodeTicks);
  putU32(out, at + 48, bytes - 48);
  putU32(out, at + 52, names.trun);
  putU32(out, at + 56, trunFlags);
  putU32(out, at + 60, count);
  putU32(out, at + 64, dataOffset);
  return at + 68;
}

/** Seconds between 1900 and 1970. */
const ntpEpoch = 2208988800;

/** Producer reference time (§8.16.5): UTC of the picture at `decodeTicks`. Flag 24: the time of capture. */
function writePrft(out: Uint8Array, at: number, wallMs: number, decodeTicks: number): void {
  const whole = Math.floor(wallMs / 1000);
  const fraction = Math.min(0xffffffff, Math.round(((wallMs - whole * 1000) / 1000) * 0x1_0000_0000));
  putU32(out, at, prftBytes);
  putU32(out, at + 4, names.prft);
  putU32(out, at + 8, 0x01000018);
  putU32(out, at + 12, videoTrackId);
  putU32(out, at + 16, (whole + ntpEpoch) % 0x1_0000_0000);
  putU32(out, at + 20, fraction);
  putU64(out, at + 24, decodeTicks);
}

/** The 32-bit seconds begin anew in 2036 (RFC 4330 §3): what would lie before 1968 is of the next era. */
function readNtp(bytes: Uint8Array, at: number): number {
  const seconds = getU32(bytes, at);
  const era = seconds < 0x8000_0000 ? 0x1_0000_0000 : 0;
  const ms = (getU32(bytes, at + 4) / 0x1_0000_0000) * 1000;
  return (seconds + era - ntpEpoch) * 1000 + Math.round(ms * 1000) / 1000;
}

/** One track's samples in a part. The `…At` are offsets into the bytes that were read, for changing in place. */
export interface TrackRun {
  readonly decodeTicks: number;
  /** Sum of the samples' durations. */
  readonly ticks: number;
  readonly samples: readonly Sample[];
  /** Where the first sample's data begins. */
  readonly dataAt: number;
  readonly tfdtAt: number;
  /** False: the decode time has 32 bits. Ours always have 64. */
  readonly wideTime: boolean;
  /** -1 when the part names no sample entry. */
  readonly entryAt: number;
}

export interface PartHead {
  /** Where the part begins: prft if there is one, else moof. */
  readonly at: number;
  readonly moofAt: number;
  /** First byte of the media data, and first byte behind the part. */
  readonly dataAt: number;
  readonly end: number;
  readonly sequence: number;
  /** UTC of the first picture, null without prft. */
  readonly wallMs: number | null;
  readonly video: TrackRun | null;
  readonly audio: TrackRun | null;
}

/**
 * How many bytes from `at` on must be read so that `readPartHead` finds all of a part's head, told from the bytes
 * that are there. Asked again with more bytes until it is content.
 */
export function partHeadExtent(bytes: Uint8Array, at = 0): number {
  if (at + 8 > bytes.length) return 8;
  let next = at;
  const first = readBoxHead(bytes, at, Math.max(bytes.length, at + 16));
  if (first.type === 'prft') {
    if (first.end - at !== prftBytes) throw new Mp4Error('prft of an unknown size', at);
    next = first.end;
    if (next + 8 > bytes.length) return next + 8 - at;
  }
  const moof = next === at ? first : readBoxHead(bytes, next, Math.max(bytes.length, next + 16));
  if (moof.type !== 'moof') throw new Mp4Error(`${moof.type} where a part should begin`, next);
  if (moof.end - next > maxMoofBytes) throw new Mp4Error('moof is larger than allowed', next);
  return moof.end + 8 - at;
}

/** Reads the head of the part at `at`: the bytes must reach past moof to the first of the media data. */
export function readPartHead(
  bytes: Uint8Array,
  at = 0,
  defaults: ReadonlyMap<number, TrackDefaults> = new Map(),
): PartHead {
  const extent = partHeadExtent(bytes, at);
  if (at + extent > bytes.length) throw new Mp4Error('the head of a part is cut off', at);
  const first = readBoxHead(bytes, at);
  const moof = first.type === 'prft' ? readBoxHead(bytes, first.end) : first;
  const mdat = readBoxHead(bytes, moof.end);
  if (mdat.type !== 'mdat') throw new Mp4Error(`${mdat.type} where mdat should be`, mdat.at);
  const mfhd = childOf(bytes, moof, 'mfhd');
  need(mfhd, 8);
  const runs = readTrafs(bytes, moof, defaults);
  const video = runs.get(videoTrackId) ?? null;
  const audio = runs.get(audioTrackId) ?? null;
  checkData(mdat, video, audio);
  let wallMs: number | null = null;
  if (first.type === 'prft') {
    // The decode time stands twice: a flipped bit in either is found here.
    if (getU64(bytes, at + 24) !== (video ?? audio)!.decodeTicks)
      throw new Mp4Error('prft and tfdt disagree', at);
    wallMs = readNtp(bytes, at + 16);
  }
  const sequence = getU32(bytes, mfhd.bodyAt + 4);
  return { at, moofAt: moof.at, dataAt: mdat.bodyAt, end: mdat.end, sequence, wallMs, video, audio };
}

/** The samples must fill mdat: pictures first, then sound, nothing between and nothing over. */
function checkData(mdat: BoxHead, video: TrackRun | null, audio: TrackRun | null): void {
  let at = mdat.bodyAt;
  for (const run of [video, audio]) {
    if (run === null) continue;
    if (run.dataAt !== at) throw new Mp4Error('samples that do not lie where mdat does', mdat.at);
    for (const sample of run.samples) at += sample.bytes;
  }
  if (at !== mdat.end) throw new Mp4Error('samples that do not fill mdat', mdat.at);
  if (video === null && audio === null) throw new Mp4Error('a part without samples', mdat.at);
}

function readTrafs(
  bytes: Uint8Array,
  moof: BoxHead,
  defaults: ReadonlyMap<number, TrackDefaults>,
): Map<number, TrackRun> {
  const runs = new Map<number, TrackRun>();
  for (const head of walkBoxes(bytes, moof.bodyAt, moof.end)) {
    if (head.type !== 'traf') continue;
    const { trackId, run } = readTraf(bytes, head, moof, defaults);
    if (trackId !== videoTrackId && trackId !== audioTrackId)
      throw new Mp4Error(`samples of the unknown track ${trackId}`, head.at);
    if (runs.has(trackId)) throw new Mp4Error(`track ${trackId} twice in one part`, head.at);
    if (run !== null) runs.set(trackId, run);
  }
  return runs;
}

interface Tfhd {
  readonly trackId: number;
  readonly entryAt: number;
  readonly defaults: TrackDefaults;
}

/** §8.8.7. Offsets must count from moof: absolute ones mean nothing in a stream. */
function readTfhd(bytes: Uint8Array, head: BoxHead, known: ReadonlyMap<number, TrackDefaults>): Tfhd {
  need(head, 8);
  const flags = getU32(bytes, head.bodyAt) & 0xffffff;
  if (flags & 1) throw new Mp4Error('tfhd with an absolute offset', head.at);
  const trackId = getU32(bytes, head.bodyAt + 4);
  const fallback = known.get(trackId) ?? { ticks: 0, bytes: 0, flags: 0 };
  let at = head.bodyAt + 8;
  const next = (present: number, otherwise: number): number => {
    if (!(flags & present)) return otherwise;
    if (at + 4 > head.end) throw new Mp4Error('tfhd is too short', head.at);
    at += 4;
    return getU32(bytes, at - 4);
  };
  const entryAt = flags & 2 ? at : -1;
  next(2, 1);
  const ticks = next(8, fallback.ticks);
  const size = next(16, fallback.bytes);
  return { trackId, entryAt, defaults: { ticks, bytes: size, flags: next(32, fallback.flags) } };
}

function readTraf(
  bytes: Uint8Array,
  traf: BoxHead,
  moof: BoxHead,
  known: ReadonlyMap<number, TrackDefaults>,
): { trackId: number; run: TrackRun | null } {
  const tfhd = readTfhd(bytes, childOf(bytes, traf, 'tfhd'), known);
  const tfdt = childOf(bytes, traf, 'tfdt');
  need(tfdt, 8);
  const wideTime = bytes[tfdt.bodyAt] === 1;
  if (wideTime) need(tfdt, 12);
  const tfdtAt = tfdt.bodyAt + 4;
  const decodeTicks = wideTime ? getU64(bytes, tfdtAt) : getU32(bytes, tfdtAt);
  const samples: Sample[] = [];
  let dataAt = -1;
  let dataEnd = -1;
  for (const head of walkBoxes(bytes, traf.bodyAt, traf.end)) {
    if (head.type !== 'trun') continue;
    const from = readTrun(bytes, head, tfhd.defaults, samples, moof.at, dataEnd);
    if (dataAt < 0) dataAt = from.dataAt;
    else if (from.dataAt !== dataEnd) throw new Mp4Error('samples of one track in two places', head.at);
    dataEnd = from.dataEnd;
  }
  if (samples.length === 0) return { trackId: tfhd.trackId, run: null };
  const ticks = samples.reduce((sum, sample) => sum + sample.ticks, 0);
  const { entryAt } = tfhd;
  const run = { decodeTicks, ticks, samples, dataAt, tfdtAt, wideTime, entryAt };
  return { trackId: tfhd.trackId, run };
}

/** §8.8.8. Appends to `samples`. */
function readTrun(
  bytes: Uint8Array,
  head: BoxHead,
  defaults: TrackDefaults,
  samples: Sample[],
  moofAt: number,
  follows: number,
): { dataAt: number; dataEnd: number } {
  need(head, 8);
  const flags = getU32(bytes, head.bodyAt) & 0xffffff;
  const count = getU32(bytes, head.bodyAt + 4);
  let at = head.bodyAt + 8;
  const fields =
    (flags & 0x100 ? 4 : 0) + (flags & 0x200 ? 4 : 0) + (flags & 0x400 ? 4 : 0) + (flags & 0x800 ? 4 : 0);
  const front = (flags & 1 ? 4 : 0) + (flags & 4 ? 4 : 0);
  if (count > maxSamples - samples.length) throw new Mp4Error(`trun with ${count} samples`, head.at);
  if (at + front + count * fields > head.end)
    throw new Mp4Error('trun is too short for its samples', head.at);
  if (!(flags & 1) && follows < 0) throw new Mp4Error('trun without an offset', head.at);
  const dataAt = flags & 1 ? moofAt + getI32(bytes, at) : follows;
  at += flags & 1 ? 4 : 0;
  const firstFlags = flags & 4 ? getU32(bytes, at) : null;
  at += flags & 4 ? 4 : 0;
  let dataEnd = dataAt;
  for (let i = 0; i < count; i++) {
    const ticks = flags & 0x100 ? getU32(bytes, at) : defaults.ticks;
    at += flags & 0x100 ? 4 : 0;
    const size = flags & 0x200 ? getU32(bytes, at) : defaults.bytes;
    at += flags & 0x200 ? 4 : 0;
    const own = flags & 0x400 ? getU32(bytes, at) : defaults.flags;
    at += flags & 0x400 ? 4 : 0;
    const ctsTicks = flags & 0x800 ? getI32(bytes, at) : 0;
    at += flags & 0x800 ? 4 : 0;
    const sampleFlags = i === 0 && firstFlags !== null ? firstFlags : own;
    samples.push({ bytes: size, ticks, key: (sampleFlags & 0x10000) === 0, ctsTicks });
    dataEnd += size;
  }
  return { dataAt, dataEnd };
}

/** What a file that joins parts of several segments changes in each: fields of fixed size, nothing else. */
export interface PartChange {
  readonly sequence: number;
  /** Added to every decode time. */
  readonly shiftTicks: number;
  readonly videoEntry: number;
  readonly audioEntry: number;
}

/** Changes a part's head in place. `bytes` is the head that `head` was read from. */
export function changePart(bytes: Uint8Array, head: PartHead, change: PartChange): void {
  const entries = [change.videoEntry, change.audioEntry];
  for (const [i, run] of [head.video, head.audio].entries()) {
    if (run === null) continue;
    if (!run.wideTime || run.entryAt < 0)
      throw new Mp4Error('a part that cannot be joined to others', head.at);
    // Sound may begin a little before the picture; at the very start of a file there is no time before 0.
    putU64(bytes, run.tfdtAt, Math.max(0, run.decodeTicks + change.shiftTicks));
    if (run.entryAt >= 0) putU32(bytes, run.entryAt, entries[i]!);
  }
  if (head.wallMs !== null)
    putU64(bytes, head.at + 24, Math.max(0, (head.video ?? head.audio)!.decodeTicks + change.shiftTicks));
  putU32(bytes, head.moofAt + 20, change.sequence);
}
