/** AudioSpecificConfig (ISO/IEC 14496-3 §1.6.2.1): sample rate and channels of an AAC track. Null when it is none. */
import { BitReader } from './bits.ts';

const rates = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000, 7350,
];

export interface AacConfig {
  readonly sampleRate: number;
  readonly channels: number;
  /** Samples in one access unit. */
  readonly frameSamples: number;
}

export function parseAacConfig(config: Uint8Array): AacConfig | null {
  const bits = new BitReader(config.subarray(0, 64));
  const type = readType(bits);
  const sampleRate = readRate(bits);
  const layout = bits.bits(4);
  // 5 and 29 tell an extension (SBR, PS) first and the type that carries it behind.
  if (type === 5 || type === 29) {
    readRate(bits);
    readType(bits);
  }
  const short = bits.bit();
  const channels = layout === 7 ? 8 : layout;
  if (bits.short || type === 0 || sampleRate < 7000 || sampleRate > 192_000) return null;
  if (channels < 1 || channels > 8) return null;
  return { sampleRate, channels, frameSamples: short ? 960 : 1024 };
}

function readType(bits: BitReader): number {
  const type = bits.bits(5);
  return type === 31 ? 32 + bits.bits(6) : type;
}

function readRate(bits: BitReader): number {
  const index = bits.bits(4);
  return index === 15 ? bits.bits(24) : (rates[index] ?? 0);
}
