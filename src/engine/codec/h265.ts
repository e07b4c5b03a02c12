/** H.265 parameter sets (ITU-T H.265 §7.3.2): size, profile, reordering. Null for whatever is not one. */
import { BitReader, rawBytes } from './bits.ts';
import { type PictureFormat, saneSize } from './picture.ts';

export const h265Type = (nal: Uint8Array): number => (nal[0]! >> 1) & 63;

export function parseH265Sps(nal: Uint8Array): PictureFormat | null {
  if (nal.length < 15 || h265Type(nal) !== 33) return null;
  const bits = new BitReader(rawBytes(nal, 2));
  bits.skip(4);
  const subLayers = bits.bits(3);
  bits.skip(1);
  const codecString = `hvc1.${readProfile(bits)}`;
  skipSubLayers(bits, subLayers);
  const id = bits.ue();
  const chroma = bits.ue();
  if (chroma === 3) bits.skip(1);
  const fullWidth = bits.ue();
  const fullHeight = bits.ue();
  const crop = bits.flag() ? [bits.ue(), bits.ue(), bits.ue(), bits.ue()] : [0, 0, 0, 0];
  const width = fullWidth - (chroma === 1 || chroma === 2 ? 2 : 1) * (crop[0]! + crop[1]!);
  const height = fullHeight - (chroma === 1 ? 2 : 1) * (crop[2]! + crop[3]!);
  const depth = [bits.ue(), bits.ue(), bits.ue()];
  let reorder = 0;
  for (let i = bits.flag() ? 0 : subLayers; i <= subLayers; i++) {
    bits.ue();
    reorder = bits.ue();
    bits.ue();
  }
  if (bits.short || subLayers > 6 || id > 15 || chroma > 3 || reorder > 16) return null;
  if (!saneSize(width, height)) return null;
  const tools = readTools(bits, depth[2]! + 4);
  const essence = [codecString, subLayers, id, chroma, fullWidth, fullHeight, crop, depth, reorder, tools];
  return { width, height, id, codecString, reorderDepth: reorder, essence: essence.join(' ') };
}

/** The general part of profile_tier_level, in the form of ISO/IEC 14496-15 Annex E: `1.6.L120.90`. */
function readProfile(bits: BitReader): string {
  const space = ['', 'A', 'B', 'C'][bits.bits(2)]!;
  const tier = bits.flag() ? 'H' : 'L';
  const profile = bits.bits(5);
  let compatible = 0;
  for (let i = 0; i < 32; i++) compatible += bits.bit() * 2 ** i;
  const constraints = Array.from({ length: 6 }, () => bits.bits(8));
  const level = bits.bits(8);
  while (constraints.at(-1) === 0) constraints.pop();
  const tail = constraints.map((byte) => `.${byte.toString(16).toUpperCase()}`).join('');
  return `${space}${profile}.${compatible.toString(16).toUpperCase()}.${tier}${level}${tail}`;
}

function skipSubLayers(bits: BitReader, subLayers: number): void {
  if (subLayers === 0) return;
  const present = Array.from({ length: 8 }, (_, i) => [
    bits.flag() && i < subLayers,
    bits.flag() && i < subLayers,
  ]);
  for (const [profile, level] of present) {
    if (profile) bits.skip(88);
    if (level) bits.skip(8);
  }
}

/** What stands between the sizes and the VUI and changes how slices are read, as text. */
function readTools(bits: BitReader, orderBits: number): string {
  const blocks = Array.from({ length: 6 }, () => bits.ue());
  if (bits.flag() && bits.flag()) return `lists ${bits.rest()}`;
  const flags = [bits.bits(2)];
  if (bits.flag()) flags.push(bits.bits(8), bits.ue(), bits.ue(), bits.bit());
  const sets = Math.min(64, bits.ue());
  const sizes: number[] = [];
  for (let i = 0; i < sets && !bits.short; i++) readReferenceSet(bits, i, sizes, flags);
  if (bits.flag()) {
    const longTerm = Math.min(32, bits.ue());
    flags.push(longTerm);
    for (let i = 0; i < longTerm; i++) flags.push(bits.bits(Math.min(16, orderBits) + 1));
  }
  flags.push(bits.bits(2));
  return bits.short ? 'short' : `${blocks.join('.')} ${flags.join('.')}`;
}

/** st_ref_pic_set (§7.3.7) inside an SPS. */
function readReferenceSet(bits: BitReader, i: number, sizes: number[], seen: number[]): void {
  if (i > 0 && bits.flag()) {
    seen.push(bits.bit(), bits.ue());
    const before = sizes[i - 1] ?? 0;
    let size = 0;
    for (let j = 0; j <= before; j++) {
      const used = bits.flag();
      const kept = used || bits.flag();
      seen.push(used ? 2 : kept ? 1 : 0);
      if (kept) size++;
    }
    sizes.push(Math.min(16, size));
    return;
  }
  const negative = Math.min(16, bits.ue());
  const positive = Math.min(16, bits.ue());
  seen.push(negative, positive);
  for (let j = 0; j < negative + positive; j++) seen.push(bits.ue(), bits.bit());
  sizes.push(Math.min(16, negative + positive));
}

/** A picture parameter set's number, and its essence: all but the starting quantiser. */
export function parseH265Pps(nal: Uint8Array): { id: number; essence: string } | null {
  if (nal.length < 3 || h265Type(nal) !== 34) return null;
  const bits = new BitReader(rawBytes(nal, 2));
  const id = bits.ue();
  const fields = [bits.ue(), bits.bits(7), bits.ue(), bits.ue()];
  bits.se();
  if (bits.short || id > 63) return null;
  return { id, essence: `${fields.join()} ${bits.rest()}` };
}
