/**
 * The few facts of a sequence parameter set that an MP4 sample entry repeats: profile, level, chroma and bit depth
 * (H.264 §7.3.2.1.1, H.265 §7.3.2.2.1). A set that cannot be read gives the common values: players decode from the
 * set itself, the copies are a courtesy.
 */

export interface SpsFacts {
  readonly chromaFormat: number;
  readonly lumaBits: number;
  readonly chromaBits: number;
}
const common: SpsFacts = { chromaFormat: 1, lumaBits: 8, chromaBits: 8 };

/** Profiles whose avcC carries chroma and depth (ISO 14496-15 §5.3.3.1.2). */
export const isHighProfile = (profile: number): boolean => [100, 110, 122, 144, 244, 44].includes(profile);

/** Reads bits of a NAL unit, past its emulation prevention bytes; beyond the end come zeros and `overrun`. */
class Bits {
  readonly #bytes: Uint8Array;
  #bit = 0;

  constructor(nal: Uint8Array) {
    this.#bytes = withoutEmulation(nal);
  }

  get overrun(): boolean {
    return this.#bit > this.#bytes.length * 8;
  }

  u(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++, this.#bit++)
      value = value * 2 + (((this.#bytes[this.#bit >> 3] ?? 0) >> (7 - (this.#bit & 7))) & 1);
    return value;
  }

  skip(count: number): void {
    this.#bit += count;
  }

  ue(): number {
    let zeros = 0;
    while (zeros < 32 && !this.overrun && this.u(1) === 0) zeros++;
    return 2 ** zeros - 1 + this.u(zeros);
  }
}

function withoutEmulation(nal: Uint8Array): Uint8Array {
  const out = new Uint8Array(Math.min(nal.length, 512));
  let length = 0;
  for (let i = 0, zeros = 0; i < nal.length && length < out.length; i++) {
    const byte = nal[i]!;
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    out[length++] = byte;
  }
  return out.subarray(0, length);
}

const checked = (bits: Bits, facts: SpsFacts): SpsFacts =>
  bits.overrun || facts.chromaFormat > 3 || facts.lumaBits > 15 || facts.chromaBits > 15 ? common : facts;

export function h264Facts(sps: Uint8Array): SpsFacts {
  if (!isHighProfile(sps[1] ?? 0)) return common;
  const bits = new Bits(sps);
  bits.skip(32);
  bits.ue();
  const chromaFormat = bits.ue();
  if (chromaFormat === 3) bits.skip(1);
  return checked(bits, { chromaFormat, lumaBits: 8 + bits.ue(), chromaBits: 8 + bits.ue() });
}

export interface H265Facts extends SpsFacts {
  /** general_profile_space … general_level_idc: 12 bytes as they stand in hvcC. */
  readonly profileTierLevel: Uint8Array;
  readonly temporalLayers: number;
  readonly temporalIdNested: boolean;
}

export function h265Facts(sps: Uint8Array): H265Facts {
  const plain = withoutEmulation(sps);
  const profileTierLevel = new Uint8Array(12);
  profileTierLevel.set(plain.subarray(3, 15));
  const bits = new Bits(sps);
  bits.skip(16 + 4);
  const subLayers = bits.u(3);
  const temporalIdNested = bits.u(1) === 1;
  bits.skip(96);
  skipSubLayers(bits, subLayers);
  bits.ue();
  const chromaFormat = bits.ue();
  if (chromaFormat === 3) bits.skip(1);
  bits.ue();
  bits.ue();
  if (bits.u(1) === 1) for (let i = 0; i < 4; i++) bits.ue();
  const facts = checked(bits, { chromaFormat, lumaBits: 8 + bits.ue(), chromaBits: 8 + bits.ue() });
  return { ...facts, profileTierLevel, temporalLayers: subLayers + 1, temporalIdNested };
}

/** profile_tier_level(): what follows the general part for each sub-layer. */
function skipSubLayers(bits: Bits, subLayers: number): void {
  let left = 0;
  for (let i = 0; i < subLayers; i++) left += (bits.u(1) === 1 ? 88 : 0) + (bits.u(1) === 1 ? 8 : 0);
  if (subLayers > 0) bits.skip(2 * (8 - subLayers));
  bits.skip(left);
}

const hex = (value: number): string => value.toString(16).padStart(2, '0');

/** RFC 6381 name from the three bytes behind an H.264 SPS's NAL head: `avc1.640028`. */
export const avcCodec = (profile: number, compatibility: number, level: number): string =>
  `avc1.${hex(profile)}${hex(compatibility)}${hex(level)}`;

/** ISO 14496-15 annex E.3: `hvc1.1.6.L120.90`. */
export function hevcCodec(profileTierLevel: Uint8Array): string {
  const first = profileTierLevel[0] ?? 0;
  const space = ['', 'A', 'B', 'C'][first >> 6];
  let reversed = 0;
  for (let i = 0; i < 32; i++)
    if (((profileTierLevel[1 + (i >> 3)] ?? 0) >> (7 - (i & 7))) & 1) reversed += 2 ** i;
  const constraints = [...profileTierLevel.subarray(5, 11)];
  while (constraints.length > 0 && constraints.at(-1) === 0) constraints.pop();
  const tier = first & 0x20 ? 'H' : 'L';
  const tail = constraints.map((byte) => `.${byte.toString(16).toUpperCase()}`).join('');
  return `hvc1.${space}${first & 31}.${reversed.toString(16).toUpperCase()}.${tier}${profileTierLevel[11] ?? 0}${tail}`;
}
