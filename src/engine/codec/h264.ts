/** H.264 parameter sets (ITU-T H.264 §7.3.2): size, profile, reordering. Null for whatever is not one. */
import { BitReader, rawBytes } from './bits.ts';
import { type PictureFormat, saneSize } from './picture.ts';

/** Profiles whose SPS tells chroma format and scaling lists. */
const highProfiles = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);

export function parseH264Sps(nal: Uint8Array): PictureFormat | null {
  if (nal.length < 4 || (nal[0]! & 31) !== 7) return null;
  const bits = new BitReader(rawBytes(nal, 1));
  const profile = bits.bits(8);
  bits.skip(16);
  const id = bits.ue();
  const high = highProfiles.has(profile) ? readHigh(bits) : 'low';
  const log2Frames = bits.ue();
  const order = readOrder(bits);
  const refFrames = bits.ue();
  bits.skip(1);
  const widthUnits = bits.ue() + 1;
  const heightUnits = bits.ue() + 1;
  const frameOnly = bits.bit();
  if (!frameOnly) bits.skip(1);
  bits.skip(1);
  const chroma = high === 'low' ? 1 : high.chroma;
  const crop = bits.flag() ? [bits.ue(), bits.ue(), bits.ue(), bits.ue()] : [0, 0, 0, 0];
  const unitX = chroma === 1 || chroma === 2 ? 2 : 1;
  const unitY = (chroma === 1 ? 2 : 1) * (2 - frameOnly);
  const width = widthUnits * 16 - unitX * (crop[0]! + crop[1]!);
  const height = heightUnits * 16 * (2 - frameOnly) - unitY * (crop[2]! + crop[3]!);
  if (bits.short || id > 31 || log2Frames > 12 || refFrames > 16 || !saneSize(width, height)) return null;
  const essence = [
    hex(nal.subarray(1, 4)),
    id,
    text(high),
    log2Frames,
    order,
    refFrames,
    crop,
    width,
    height,
  ];
  const said = bits.flag() ? readVuiReorder(bits) : null;
  // Pictures in output order by rule: nothing can be reordered, whether or not the VUI says so.
  const reorderDepth = order === '2' || profile === 66 ? 0 : bits.short ? null : said;
  return {
    width,
    height,
    id,
    codecString: `avc1.${hex(nal.subarray(1, 4))}`,
    reorderDepth: reorderDepth === null ? null : Math.min(reorderDepth, 16),
    essence: `${essence.join(' ')} ${frameOnly} ${reorderDepth}`,
  };
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const text = (high: ReturnType<typeof readHigh> | 'low'): string =>
  high === 'low' ? '-' : `${high.chroma}/${high.rest}`;

function readHigh(bits: BitReader): { chroma: number; rest: string } {
  const chroma = bits.ue();
  const planes = chroma === 3 ? bits.bit() : 0;
  const depth = [bits.ue(), bits.ue()];
  const bypass = bits.bit();
  const lists: string[] = [];
  if (bits.flag()) {
    for (let i = 0; i < (chroma === 3 ? 12 : 8); i++) {
      lists.push(bits.flag() ? readScalingList(bits, i < 6 ? 16 : 64) : '-');
    }
  }
  return { chroma, rest: [planes, ...depth, bypass, ...lists].join() };
}

function readScalingList(bits: BitReader, size: number): string {
  const deltas: number[] = [];
  for (let i = 0, last = 8, next = 8; i < size; i++) {
    if (next !== 0) {
      const delta = bits.se();
      deltas.push(delta);
      next = (((last + delta) % 256) + 256) % 256;
    }
    last = next === 0 ? last : next;
  }
  return deltas.join('.');
}

/** pic_order_cnt_type and what comes with it, as text. */
function readOrder(bits: BitReader): string {
  const type = bits.ue();
  if (type === 0) return `0/${bits.ue()}`;
  if (type !== 1) return String(type);
  const fields: number[] = [bits.bit(), bits.se(), bits.se()];
  const cycle = Math.min(255, bits.ue());
  for (let i = 0; i < cycle && !bits.short; i++) fields.push(bits.se());
  return `1/${fields.join('.')}`;
}

/** Walks the VUI (§E.1.1) to max_num_reorder_frames; null when there is no bitstream restriction. */
function readVuiReorder(bits: BitReader): number | null {
  if (bits.flag() && bits.bits(8) === 255) bits.skip(32);
  if (bits.flag()) bits.skip(1);
  if (bits.flag()) {
    bits.skip(4);
    if (bits.flag()) bits.skip(24);
  }
  if (bits.flag()) {
    bits.ue();
    bits.ue();
  }
  if (bits.flag()) bits.skip(65);
  const nal = bits.flag();
  if (nal) skipHrd(bits);
  const vcl = bits.flag();
  if (vcl) skipHrd(bits);
  if (nal || vcl) bits.skip(1);
  bits.skip(1);
  if (!bits.flag()) return null;
  bits.skip(1);
  for (let i = 0; i < 4; i++) bits.ue();
  const reorder = bits.ue();
  return bits.short ? null : reorder;
}

function skipHrd(bits: BitReader): void {
  const count = Math.min(32, bits.ue() + 1);
  bits.skip(8);
  for (let i = 0; i < count && !bits.short; i++) {
    bits.ue();
    bits.ue();
    bits.skip(1);
  }
  bits.skip(20);
}

/** A picture parameter set's number, and its essence: all but the starting quantisers, which cameras vary by mood. */
export function parseH264Pps(nal: Uint8Array): { id: number; essence: string } | null {
  if (nal.length < 2 || (nal[0]! & 31) !== 8) return null;
  const bits = new BitReader(rawBytes(nal, 1));
  const id = bits.ue();
  const fields = [bits.ue(), bits.bits(2)];
  const groups = bits.ue();
  if (bits.short || id > 255) return null;
  if (groups > 0) return { id, essence: `${fields.join()} ${groups} ${bits.rest()}` };
  fields.push(bits.ue(), bits.ue(), bits.bits(3));
  bits.se();
  bits.se();
  if (bits.short) return null;
  return { id, essence: `${fields.join()} ${bits.rest()}` };
}
