/**
 * The head of a file of ours: ftyp + moov of fragmented MP4, written from tracks and read back to them. A track may
 * have several sample entries (one picture size each) for a file that joins segments of different cameras' settings.
 */
import { assert } from '../../base/index.ts';
import type { AudioTrack, VideoTrack } from '../units.ts';
import {
  audioTrackId,
  type BoxHead,
  box,
  childOf,
  concat,
  findChild,
  fourCc,
  fullBox,
  getU16,
  getU24,
  getU32,
  getU64,
  Mp4Error,
  need,
  readBoxHead,
  timescale,
  u8,
  u16,
  u32,
  u64,
  videoTrackId,
  walkBoxes,
} from './boxes.ts';
import { avcCodec, h264Facts, h265Facts, hevcCodec, isHighProfile } from './sps.ts';

/** G.711 made lossless for MP4: players know FLAC, MP4 has no entry for G.711. */
export interface FlacTrack {
  readonly kind: 'audio';
  readonly codec: 'flac';
  readonly sampleRate: number;
  readonly channels: number;
  /** The 34 bytes of STREAMINFO, without the head of the metadata block. */
  readonly config: Uint8Array;
}
export type Mp4Audio = AudioTrack | FlacTrack;
/** A picture track as a file knows it; how far pictures are reordered stands in their own times. */
export type Mp4Video = Omit<VideoTrack, 'reorderDepth'>;

/** No honest head is larger: parameter sets have a few hundred bytes each. */
export const maxInitBytes = 1024 * 1024;
const maxEntries = 64;

export interface InitOptions {
  /** Of the whole file, where it is known beforehand. */
  readonly durationTicks?: number;
  /** Parameter sets stand in front of every key picture and may change: avc3, hev1 instead of avc1, hvc1. */
  readonly setsInBand?: boolean;
}

/** ftyp + moov. One entry for each picture format (and sound format) that the parts will name. */
export function initSegment(
  video: Mp4Video | readonly Mp4Video[],
  audio: Mp4Audio | readonly Mp4Audio[] | null,
  options: InitOptions = {},
): Uint8Array {
  const videos = [video].flat() as Mp4Video[];
  const audios = (audio === null ? [] : [audio].flat()) as Mp4Audio[];
  assert(videos.length > 0, 'a file has pictures');
  const ticks = options.durationTicks ?? 0;
  const ftyp = box('ftyp', fourCc('iso6'), u32(0), ...['iso6', 'iso5', 'isom', 'mp41'].map(fourCc));
  const extends_ = [
    ...(ticks > 0 ? [fullBox('mehd', 1, 0, u64(ticks))] : []),
    fullBox('trex', 0, 0, u32(videoTrackId, 1, 0, 0, 0x01010000)),
    ...(audios.length > 0 ? [fullBox('trex', 0, 0, u32(audioTrackId, 1, 0, 0, 0x02000000))] : []),
  ];
  const moov = box(
    'moov',
    movieHead(audios.length > 0 ? 3 : 2),
    videoTrak(videos, options.setsInBand ?? false),
    ...(audios.length > 0 ? [audioTrak(audios)] : []),
    box('mvex', ...extends_),
  );
  return concat([ftyp, moov]);
}

const unity = u32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000);

/** Durations in moov stay 0: they count the samples in moov itself; the whole is told by mehd (§8.8.2). */
const movieHead = (nextTrack: number): Uint8Array =>
  fullBox(
    'mvhd',
    0,
    0,
    u32(0, 0, timescale, 0, 0x10000),
    u16(0x0100, 0),
    u32(0, 0),
    unity,
    u32(0, 0, 0, 0, 0, 0, nextTrack),
  );

function videoTrak(videos: readonly Mp4Video[], setsInBand: boolean): Uint8Array {
  const { width, height } = videos[0]!;
  return trak(
    fullBox(
      'tkhd',
      0,
      3,
      u32(0, 0, videoTrackId, 0, 0, 0, 0),
      u16(0, 0, 0, 0),
      unity,
      u32(width << 16, height << 16),
    ),
    'vide',
    fullBox('vmhd', 0, 1, u16(0, 0, 0, 0)),
    videos.map((video) => videoEntry(video, setsInBand)),
  );
}

function audioTrak(audios: readonly Mp4Audio[]): Uint8Array {
  return trak(
    fullBox('tkhd', 0, 3, u32(0, 0, audioTrackId, 0, 0, 0, 0), u16(0, 1, 0x0100, 0), unity, u32(0, 0)),
    'soun',
    fullBox('smhd', 0, 0, u16(0, 0)),
    audios.map(audioEntry),
  );
}

function trak(
  tkhd: Uint8Array,
  handler: 'vide' | 'soun',
  mediaHead: Uint8Array,
  entries: readonly Uint8Array[],
): Uint8Array {
  const name = fourCc(handler === 'vide' ? 'Custos picture\0' : 'Custos sound\0');
  const dinf = box('dinf', fullBox('dref', 0, 0, u32(1), fullBox('url ', 0, 1)));
  const stbl = box(
    'stbl',
    fullBox('stsd', 0, 0, u32(entries.length), ...entries),
    fullBox('stts', 0, 0, u32(0)),
    fullBox('stsc', 0, 0, u32(0)),
    fullBox('stsz', 0, 0, u32(0, 0)),
    fullBox('stco', 0, 0, u32(0)),
  );
  const mdia = box(
    'mdia',
    fullBox('mdhd', 0, 0, u32(0, 0, timescale, 0), u16(0x55c4, 0)),
    fullBox('hdlr', 0, 0, u32(0), fourCc(handler), u32(0, 0, 0), name),
    box('minf', mediaHead, dinf, stbl),
  );
  return box('trak', tkhd, mdia);
}

function videoEntry(video: Mp4Video, setsInBand: boolean): Uint8Array {
  const compressor = new Uint8Array(32);
  const fields = [
    u16(0, 0, 0, 1),
    u32(0, 0, 0, 0),
    u16(video.width, video.height),
    u32(0x480000, 0x480000, 0),
    u16(1),
    compressor,
    u16(24, 0xffff),
  ];
  const name = { h264: setsInBand ? 'avc3' : 'avc1', h265: setsInBand ? 'hev1' : 'hvc1' }[video.codec];
  return box(name, ...fields, video.codec === 'h264' ? avcC(video) : hvcC(video, setsInBand));
}

const sized = (nal: Uint8Array): Uint8Array => concat([u16(nal.length), nal]);

/** The parameter sets as NAL units with their 4-byte lengths, to stand in front of a key picture. */
export function parameterSets({ vps, sps, pps }: Mp4Video): Uint8Array {
  const sets = [...(vps === null ? [] : [vps]), sps, ...pps];
  return concat(sets.flatMap((nal) => [u32(nal.length), nal]));
}

/** ISO 14496-15 §5.3.3.1. */
function avcC({ sps, pps }: Mp4Video): Uint8Array {
  const profile = sps[1] ?? 0;
  const facts = h264Facts(sps);
  const high = isHighProfile(profile)
    ? [u8(0xfc | facts.chromaFormat, 0xf8 | (facts.lumaBits - 8), 0xf8 | (facts.chromaBits - 8), 0)]
    : [];
  return box(
    'avcC',
    u8(1, profile, sps[2] ?? 0, sps[3] ?? 0, 0xff, 0xe1),
    sized(sps),
    u8(pps.length),
    ...pps.map(sized),
    ...high,
  );
}

/** ISO 14496-15 §8.3.3.1. */
function hvcC({ sps, pps, vps }: Mp4Video, setsInBand: boolean): Uint8Array {
  const facts = h265Facts(sps);
  const array = (type: number, nals: readonly Uint8Array[]) =>
    nals.length === 0 ? [] : [u8((setsInBand ? 0 : 0x80) | type), u16(nals.length), ...nals.map(sized)];
  const arrays = [array(32, vps === null ? [] : [vps]), array(33, [sps]), array(34, pps)];
  return box(
    'hvcC',
    u8(1),
    facts.profileTierLevel,
    u16(0xf000),
    u8(0xfc, 0xfc | facts.chromaFormat, 0xf8 | (facts.lumaBits - 8), 0xf8 | (facts.chromaBits - 8)),
    u16(0),
    u8((facts.temporalLayers << 3) | (facts.temporalIdNested ? 4 : 0) | 3),
    u8(arrays.filter((one) => one.length > 0).length),
    ...arrays.flat(),
  );
}

function audioEntry(audio: Mp4Audio): Uint8Array {
  assert(audio.codec === 'aac' || audio.codec === 'flac', 'G.711 becomes FLAC before it reaches a file');
  // The field is 16.16: a rate above 65535 does not fit and stands in the codec's own configuration.
  const rate = audio.sampleRate < 0x10000 ? audio.sampleRate * 0x10000 : 0;
  const fields = [u16(0, 0, 0, 1), u32(0, 0), u16(audio.channels, 16, 0, 0), u32(rate)];
  return audio.codec === 'aac'
    ? box('mp4a', ...fields, esds(audio.config))
    : box('fLaC', ...fields, fullBox('dfLa', 0, 0, u32(0x80000000 + audio.config.length), audio.config));
}

/** ISO 14496-1 §7.2.6.5: one elementary stream of MPEG-4 audio. */
function esds(config: Uint8Array): Uint8Array {
  assert(config.length > 0 && config.length < 64, 'an AudioSpecificConfig has a few bytes');
  const specific = concat([u8(5, config.length), config]);
  const decoder = concat([u8(0x40, 0x15, 0, 0, 0), u32(0, 0), specific]);
  const stream = concat([u16(0), u8(0), u8(4, decoder.length), decoder, u8(6, 1, 2)]);
  return fullBox('esds', 0, 0, u8(3, stream.length), stream);
}

export interface Init {
  /** One for each sample entry; parts name them from 1 on. */
  readonly videos: readonly Mp4Video[];
  readonly audios: readonly (AudioTrack | FlacTrack)[];
  /** Bytes from the beginning to the end of moov: what a player needs before the first part. */
  readonly bytes: number;
  readonly defaults: ReadonlyMap<number, TrackDefaults>;
}

/** What trex says of samples about which a part says nothing. */
export interface TrackDefaults {
  readonly ticks: number;
  readonly bytes: number;
  readonly flags: number;
}

/** Where moov ends, told from the first bytes of a file; null when they do not reach far enough to tell. */
export function initExtent(bytes: Uint8Array): number | null {
  for (let at = 0; at + 16 <= bytes.length; ) {
    const head = readBoxHead(bytes, at);
    if (at === 0 && head.type !== 'ftyp') throw new Mp4Error('a file that does not begin with ftyp', 0);
    if (head.end > maxInitBytes) throw new Mp4Error(`${head.type} is larger than allowed`, at);
    if (head.type === 'moov') return head.end;
    at = head.end;
  }
  return null;
}

/** Reads ftyp + moov. The tracks must be those that we write: picture first, in 1/90000 s. */
export function readInit(bytes: Uint8Array): Init {
  const end = initExtent(bytes);
  if (end === null || end > bytes.length) throw new Mp4Error('moov is cut off', bytes.length);
  let moov: BoxHead | null = null;
  for (const head of walkBoxes(bytes, 0, end)) if (head.type === 'moov') moov = head;
  if (moov === null) throw new Mp4Error('a file without moov', 0);
  const videos: Mp4Video[] = [];
  const audios: (AudioTrack | FlacTrack)[] = [];
  for (const head of walkBoxes(bytes, moov.bodyAt, moov.end))
    if (head.type === 'trak') readTrak(bytes, head, videos, audios);
  if (videos.length === 0) throw new Mp4Error('moov without a picture track', moov.at);
  return { videos, audios, bytes: end, defaults: readDefaults(bytes, moov) };
}

function readDefaults(bytes: Uint8Array, moov: BoxHead): ReadonlyMap<number, TrackDefaults> {
  const found = new Map<number, TrackDefaults>();
  for (const head of walkBoxes(
    bytes,
    childOf(bytes, moov, 'mvex').bodyAt,
    childOf(bytes, moov, 'mvex').end,
  )) {
    if (head.type !== 'trex' || found.size >= 2) continue;
    need(head, 24);
    const at = head.bodyAt;
    found.set(getU32(bytes, at + 4), {
      ticks: getU32(bytes, at + 12),
      bytes: getU32(bytes, at + 16),
      flags: getU32(bytes, at + 20),
    });
  }
  return found;
}

function readTrak(
  bytes: Uint8Array,
  trak: BoxHead,
  videos: Mp4Video[],
  audios: (AudioTrack | FlacTrack)[],
): void {
  const mdia = childOf(bytes, trak, 'mdia');
  const mdhd = childOf(bytes, mdia, 'mdhd');
  need(mdhd, 24);
  const scale = getU32(bytes, mdhd.bodyAt + (bytes[mdhd.bodyAt] === 1 ? 20 : 12));
  if (scale !== timescale) throw new Mp4Error(`a track that counts in 1/${scale} s`, mdhd.at);
  const tkhd = childOf(bytes, trak, 'tkhd');
  need(tkhd, 84);
  const id = getU32(bytes, tkhd.bodyAt + (bytes[tkhd.bodyAt] === 1 ? 20 : 12));
  const minf = childOf(bytes, mdia, 'minf');
  const stsd = childOf(bytes, childOf(bytes, minf, 'stbl'), 'stsd');
  need(stsd, 8);
  for (const entry of walkBoxes(bytes, stsd.bodyAt + 8, stsd.end)) {
    if (videos.length + audios.length >= maxEntries) throw new Mp4Error('too many sample entries', entry.at);
    if (id === videoTrackId) videos.push(readVideoEntry(bytes, entry));
    else if (id === audioTrackId) audios.push(readAudioEntry(bytes, entry));
    else throw new Mp4Error(`a track with the unknown id ${id}`, tkhd.at);
  }
}

function readVideoEntry(bytes: Uint8Array, entry: BoxHead): Mp4Video {
  need(entry, 78);
  const width = getU16(bytes, entry.bodyAt + 24);
  const height = getU16(bytes, entry.bodyAt + 26);
  if (entry.type === 'avc1' || entry.type === 'avc3')
    return { ...readAvcC(bytes, childOf(bytes, entry, 'avcC', 78)), width, height };
  if (entry.type === 'hvc1' || entry.type === 'hev1')
    return { ...readHvcC(bytes, childOf(bytes, entry, 'hvcC', 78)), width, height };
  throw new Mp4Error(`pictures in the unknown codec ${entry.type}`, entry.at);
}

/** A copy of its own: `slice` of a Buffer would keep the whole file alive. */
const copyOf = (bytes: Uint8Array, from: number, to: number): Uint8Array =>
  new Uint8Array(bytes.subarray(from, to));

/** Reads `count` parameter sets with a 16-bit length before each; gives them and where they end. */
function readSets(
  bytes: Uint8Array,
  head: BoxHead,
  from: number,
  count: number,
): { sets: Uint8Array[]; end: number } {
  const sets: Uint8Array[] = [];
  let at = from;
  for (let i = 0; i < count; i++) {
    if (at + 2 > head.end || at + 2 + getU16(bytes, at) > head.end)
      throw new Mp4Error(`a parameter set of ${head.type} is cut off`, at);
    const end = at + 2 + getU16(bytes, at);
    sets.push(copyOf(bytes, at + 2, end));
    at = end;
  }
  return { sets, end: at };
}

type Parameters = Omit<Mp4Video, 'width' | 'height'>;

function readAvcC(bytes: Uint8Array, head: BoxHead): Parameters {
  need(head, 7);
  const at = head.bodyAt;
  if ((bytes[at + 4]! & 3) !== 3) throw new Mp4Error('NAL lengths that are not 4 bytes', head.at);
  const { sets, end } = readSets(bytes, head, at + 6, bytes[at + 5]! & 31);
  if (end >= head.end) throw new Mp4Error('avcC without a PPS', head.at);
  const { sets: pps } = readSets(bytes, head, end + 1, bytes[end]!);
  const sps = sets[0];
  if (sps === undefined || sps.length < 4) throw new Mp4Error('avcC without an SPS', head.at);
  const codecString = avcCodec(bytes[at + 1]!, bytes[at + 2]!, bytes[at + 3]!);
  return { kind: 'video', codec: 'h264', sps, pps, vps: null, codecString };
}

function readHvcC(bytes: Uint8Array, head: BoxHead): Parameters {
  need(head, 23);
  const at = head.bodyAt;
  if ((bytes[at + 21]! & 3) !== 3) throw new Mp4Error('NAL lengths that are not 4 bytes', head.at);
  const byType = new Map<number, Uint8Array[]>();
  let next = at + 23;
  for (let i = 0; i < bytes[at + 22]!; i++) {
    if (next + 3 > head.end) throw new Mp4Error('an array of hvcC is cut off', next);
    const { sets, end } = readSets(bytes, head, next + 3, getU16(bytes, next + 1));
    byType.set(bytes[next]! & 63, sets);
    next = end;
  }
  const sps = byType.get(33)?.[0];
  if (sps === undefined || sps.length < 15) throw new Mp4Error('hvcC without an SPS', head.at);
  return {
    kind: 'video',
    codec: 'h265',
    sps,
    pps: byType.get(34) ?? [],
    vps: byType.get(32)?.[0] ?? null,
    codecString: hevcCodec(bytes.subarray(at + 1, at + 13)),
  };
}

function readAudioEntry(bytes: Uint8Array, entry: BoxHead): AudioTrack | FlacTrack {
  need(entry, 28);
  const channels = getU16(bytes, entry.bodyAt + 16);
  const sampleRate = getU16(bytes, entry.bodyAt + 24);
  if (entry.type === 'mp4a') {
    const config = readEsds(bytes, childOf(bytes, entry, 'esds', 28));
    return { kind: 'audio', codec: 'aac', sampleRate, channels, config };
  }
  if (entry.type === 'fLaC') {
    const head = childOf(bytes, entry, 'dfLa', 28);
    need(head, 8 + 34);
    if (getU24(bytes, head.bodyAt + 5) !== 34) throw new Mp4Error('dfLa without STREAMINFO', head.at);
    const config = copyOf(bytes, head.bodyAt + 8, head.bodyAt + 42);
    return { kind: 'audio', codec: 'flac', sampleRate, channels, config };
  }
  throw new Mp4Error(`sound in the unknown codec ${entry.type}`, entry.at);
}

/** The AudioSpecificConfig inside the nested descriptors (each: tag, length of 1–4 bytes, body). */
function readEsds(bytes: Uint8Array, head: BoxHead): Uint8Array {
  need(head, 4);
  const stream = descriptor(bytes, head, head.bodyAt + 4, 3);
  const flags = bytes[stream.at + 2] ?? 0;
  const url = flags & 0x40 ? 1 + (bytes[stream.at + 3] ?? 0) : 0;
  const decoderAt = stream.at + 3 + (flags & 0x80 ? 2 : 0) + url + (flags & 0x20 ? 2 : 0);
  const decoder = descriptor(bytes, head, decoderAt, 4);
  const config = descriptor(bytes, head, decoder.at + 13, 5);
  return copyOf(bytes, config.at, config.end);
}

function descriptor(bytes: Uint8Array, head: BoxHead, at: number, tag: number): { at: number; end: number } {
  if (at + 2 > head.end || bytes[at] !== tag) throw new Mp4Error(`esds without descriptor ${tag}`, at);
  let length = 0;
  let next = at + 1;
  for (let i = 0; i < 4; i++) {
    if (next >= head.end) throw new Mp4Error('a descriptor of esds is cut off', next);
    const byte = bytes[next++]!;
    length = length * 128 + (byte & 127);
    if (byte < 128) break;
  }
  if (next + length > head.end) throw new Mp4Error('a descriptor of esds is cut off', at);
  return { at: next, end: next + length };
}

/** Duration of the whole as mehd says it, 0 when it does not. */
export function readDuration(bytes: Uint8Array): number {
  for (const moov of walkBoxes(bytes)) {
    if (moov.type !== 'moov') continue;
    const mehd = findChild(bytes, childOf(bytes, moov, 'mvex'), 'mehd');
    if (mehd === null) return 0;
    need(mehd, bytes[mehd.bodyAt] === 1 ? 12 : 8);
    return bytes[mehd.bodyAt] === 1 ? getU64(bytes, mehd.bodyAt + 4) : getU32(bytes, mehd.bodyAt + 4);
  }
  throw new Mp4Error('a file without moov', 0);
}
