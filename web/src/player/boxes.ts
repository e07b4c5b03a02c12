/**
 * What the player reads out of MP4 boxes: the decoder's description, and the pictures of a part with their times.
 * Every length is checked against its box; anything that does not fit is a `BoxError`, never a read past the end.
 */

export class BoxError extends Error {}

interface Box {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

/** No honest part holds more pictures: half a second at 120 pictures a second is 60. */
const maxSamples = 4096;
const maxBoxes = 256;

function* boxesIn(view: DataView, from: number, to: number): Generator<Box> {
  let at = from;
  for (let count = 0; at + 8 <= to; count += 1) {
    if (count >= maxBoxes) throw new BoxError('more boxes than allowed');
    const size = view.getUint32(at);
    if (size < 8 || at + size > to) throw new BoxError('box reaches past its parent');
    yield { type: typeAt(view, at + 4), start: at + 8, end: at + size };
    at += size;
  }
}

function typeAt(view: DataView, at: number): string {
  return String.fromCharCode(
    view.getUint8(at),
    view.getUint8(at + 1),
    view.getUint8(at + 2),
    view.getUint8(at + 3),
  );
}

function find(view: DataView, from: number, to: number, type: string): Box | null {
  for (const box of boxesIn(view, from, to)) if (box.type === type) return box;
  return null;
}

function path(view: DataView, inside: Box, ...types: readonly string[]): Box | null {
  let box: Box | null = inside;
  for (const type of types) {
    if (!box) return null;
    box = find(view, box.start, box.end, type);
  }
  return box;
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function need(box: Box, bytes: number): void {
  if (box.end - box.start < bytes) throw new BoxError(`${box.type} is too short`);
}

export interface VideoDescription {
  readonly trackId: number;
  /** What stands in avcC or hvcC, for VideoDecoder. */
  readonly description: Uint8Array;
}

/** Sample entries that hold a picture track, and the box in them that describes it to a decoder. */
const descriptionBoxes: Readonly<Record<string, string>> = {
  avc1: 'avcC',
  avc3: 'avcC',
  hvc1: 'hvcC',
  hev1: 'hvcC',
};
/** Fixed fields of a VisualSampleEntry (ISO 14496-12, 12.1.3) before its boxes. */
const visualEntryBytes = 78;

/** Finds the picture track of an init segment; null when there is none. */
export function describeVideo(init: Uint8Array): VideoDescription | null {
  const view = viewOf(init);
  const moov = find(view, 0, init.length, 'moov');
  if (!moov) return null;
  for (const trak of boxesIn(view, moov.start, moov.end)) {
    if (trak.type !== 'trak') continue;
    const found = describeTrack(view, init, trak);
    if (found) return found;
  }
  return null;
}

function describeTrack(view: DataView, init: Uint8Array, trak: Box): VideoDescription | null {
  const tkhd = find(view, trak.start, trak.end, 'tkhd');
  const stsd = path(view, trak, 'mdia', 'minf', 'stbl', 'stsd');
  if (!tkhd || !stsd) return null;
  need(tkhd, 24);
  need(stsd, 8);
  const trackId = view.getUint32(tkhd.start + (view.getUint8(tkhd.start) === 1 ? 20 : 12));
  for (const entry of boxesIn(view, stsd.start + 8, stsd.end)) {
    const wanted = descriptionBoxes[entry.type];
    if (!wanted) continue;
    need(entry, visualEntryBytes);
    const box = find(view, entry.start + visualEntryBytes, entry.end, wanted);
    if (box) return { trackId, description: init.slice(box.start, box.end) };
  }
  return null;
}

export interface PartPictures {
  /** Decode time of the first picture, 1/90000 s. */
  readonly decodeTicks: number;
  /** When each picture is shown, in decode order, 1/90000 s. */
  readonly shownTicks: readonly number[];
  /** Bytes of each picture, in decode order: they lie one behind the other from `dataOffset`. */
  readonly bytes: readonly number[];
  /** Sum of durations. */
  readonly ticks: number;
  readonly dataOffset: number;
}

/** Reads the pictures of the track in a part. Null when the part has none of that track. */
export function readPictures(part: Uint8Array, trackId: number): PartPictures | null {
  const view = viewOf(part);
  const moof = find(view, 0, part.length, 'moof');
  if (!moof) throw new BoxError('part without moof');
  for (const traf of boxesIn(view, moof.start, moof.end)) {
    if (traf.type !== 'traf') continue;
    const head = find(view, traf.start, traf.end, 'tfhd');
    if (!head) throw new BoxError('traf without tfhd');
    need(head, 8);
    if (view.getUint32(head.start + 4) === trackId) return readTrack(view, moof, traf, head);
  }
  return null;
}

interface Defaults {
  readonly ticks: number;
  readonly bytes: number;
}

function readDefaults(view: DataView, head: Box): Defaults {
  const flags = view.getUint32(head.start) & 0xffffff;
  let at = head.start + 8;
  const field = (flag: number, width: number): number => {
    if (!(flags & flag)) return 0;
    if (at + width > head.end) throw new BoxError('tfhd is too short');
    const value = view.getUint32(at);
    at += width;
    return value;
  };
  field(0x1, 8);
  field(0x2, 4);
  return { ticks: field(0x8, 4), bytes: field(0x10, 4) };
}

function readTrack(view: DataView, moof: Box, traf: Box, head: Box): PartPictures {
  const tfdt = find(view, traf.start, traf.end, 'tfdt');
  if (!tfdt) throw new BoxError('traf without tfdt');
  const long = tfdt.end > tfdt.start && view.getUint8(tfdt.start) === 1;
  need(tfdt, long ? 12 : 8);
  const decodeTicks = long ? Number(view.getBigUint64(tfdt.start + 4)) : view.getUint32(tfdt.start + 4);
  const shownTicks: number[] = [];
  const bytes: number[] = [];
  const defaults = readDefaults(view, head);
  let at = decodeTicks;
  let dataOffset = 0;
  for (const trun of boxesIn(view, traf.start, traf.end)) {
    if (trun.type !== 'trun') continue;
    const run = readRun(view, trun, defaults);
    if (bytes.length === 0) dataOffset = moof.start - 8 + run.dataOffset;
    if (bytes.length + run.samples.length > maxSamples) throw new BoxError('more pictures than allowed');
    for (const sample of run.samples) {
      shownTicks.push(at + sample.shift);
      bytes.push(sample.bytes);
      at += sample.ticks;
    }
  }
  return { decodeTicks, shownTicks, bytes, ticks: at - decodeTicks, dataOffset };
}

interface Sample {
  readonly ticks: number;
  readonly bytes: number;
  /** Composition offset: shown this much after it is decoded. */
  readonly shift: number;
}

function readRun(view: DataView, trun: Box, defaults: Defaults): { samples: Sample[]; dataOffset: number } {
  need(trun, 8);
  const flags = view.getUint32(trun.start) & 0xffffff;
  const signed = view.getUint8(trun.start) === 1;
  const count = view.getUint32(trun.start + 4);
  if (count > maxSamples) throw new BoxError('more pictures than allowed');
  const width = 4 * [0x100, 0x200, 0x400, 0x800].filter((flag) => flags & flag).length;
  let at = trun.start + 8;
  const headBytes = (flags & 0x1 ? 4 : 0) + (flags & 0x4 ? 4 : 0);
  if (at + headBytes + count * width > trun.end) throw new BoxError('trun is too short');
  const dataOffset = flags & 0x1 ? view.getInt32(at) : 0;
  at += headBytes;
  const samples: Sample[] = [];
  for (let index = 0; index < count; index += 1) {
    let { ticks, bytes } = defaults;
    let shift = 0;
    if (flags & 0x100) [ticks, at] = [view.getUint32(at), at + 4];
    if (flags & 0x200) [bytes, at] = [view.getUint32(at), at + 4];
    if (flags & 0x400) at += 4;
    if (flags & 0x800) [shift, at] = [signed ? view.getInt32(at) : view.getUint32(at), at + 4];
    samples.push({ ticks, bytes, shift });
  }
  return { samples, dataOffset };
}
