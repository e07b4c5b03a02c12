/** The sound of one link: AAC (RFC 3640, AAC-hbr) and G.711 (RFC 3551) become `unit` events. */
import { parseAacConfig } from '../codec/index.ts';
import type { AudioTrack, LinkEvents } from '../units.ts';
import type { Origin } from './origin.ts';
import type { Assembler } from './receiver.ts';
import { Timeline } from './timeline.ts';

/** Sizes of the fields in an AU header, from the SDP; the usual is 13, 3, 3. */
export interface AacLayout {
  readonly sizeBits: number;
  readonly indexBits: number;
  readonly deltaBits: number;
}

const maxUnitBytes = 64 * 1024;
const maxUnits = 64;

export class SoundStream implements Assembler {
  readonly #events: LinkEvents;
  readonly #track: AudioTrack;
  readonly #layout: AacLayout;
  readonly #timeline: Timeline;
  readonly #origin: Origin;
  readonly #scale: number;
  /** One AAC frame in ticks of the RTP clock, which runs faster than the core's samples with SBR. */
  readonly #frameTicks: number;
  #offset: number | null = null;
  /** Fragments of one AAC frame that does not fit a packet. */
  #fragments: Buffer[] = [];
  #wanted = 0;
  #lost = 0;

  constructor(track: AudioTrack, clockRate: number, layout: AacLayout, origin: Origin, events: LinkEvents) {
    this.#track = track;
    this.#layout = layout;
    this.#origin = origin;
    this.#events = events;
    this.#timeline = new Timeline(clockRate);
    this.#scale = 90_000 / clockRate;
    const samples = parseAacConfig(track.config)?.frameSamples ?? 1024;
    this.#frameTicks = Math.round((samples * clockRate) / track.sampleRate);
  }

  packet(
    bytes: Buffer,
    from: number,
    to: number,
    _marker: boolean,
    timestamp: number,
    lost: number,
    arrivedMs: number,
  ): void {
    if (lost > 0) {
      this.#fragments = [];
      this.#wanted = 0;
      this.#lost += lost;
    }
    if (from >= to) return;
    const ticks = this.#timeline.at(timestamp, arrivedMs);
    if (this.#track.codec === 'aac') this.#aac(bytes, from, to, ticks, arrivedMs);
    else this.#emit(Buffer.from(bytes.subarray(from, to)), ticks, arrivedMs);
  }

  flush(): void {}

  #aac(bytes: Buffer, from: number, to: number, ticks: number, arrivedMs: number): void {
    const { sizeBits, indexBits, deltaBits } = this.#layout;
    if (to - from < 2) return;
    const headerBits = (bytes[from]! << 8) | bytes[from + 1]!;
    let at = from + 2 + Math.ceil(headerBits / 8);
    if (at > to) return;
    let bit = (from + 2) * 8;
    const end = bit + headerBits;
    for (let i = 0; i < maxUnits && at < to; i++) {
      const extra = i === 0 ? indexBits : deltaBits;
      if (bit + sizeBits + extra > end) return;
      const size = readBits(bytes, bit, sizeBits);
      bit += sizeBits + extra;
      if (size === 0) return;
      if (at + size > to) {
        this.#fragment(bytes, at, to, size, ticks, arrivedMs);
        return;
      }
      this.#emit(Buffer.from(bytes.subarray(at, at + size)), ticks + i * this.#frameTicks, arrivedMs);
      at += size;
    }
  }

  /** A frame larger than its packets: each repeats the whole size and carries a piece (RFC 3640 §3.1). */
  #fragment(bytes: Buffer, from: number, to: number, size: number, ticks: number, arrivedMs: number): void {
    if (size > maxUnitBytes) return;
    if (this.#wanted !== size) this.#fragments = [];
    this.#wanted = size;
    this.#fragments.push(Buffer.from(bytes.subarray(from, to)));
    const have = this.#fragments.reduce((sum, one) => sum + one.length, 0);
    if (have < size) return;
    const whole = Buffer.concat(this.#fragments, size);
    this.#fragments = [];
    this.#wanted = 0;
    this.#emit(whole, ticks, arrivedMs);
  }

  #emit(data: Buffer, ticks: number, arrivedMs: number): void {
    this.#offset ??= this.#origin.offsetTicks(arrivedMs);
    const pts = this.#offset + Math.round(ticks * this.#scale);
    const lostBefore = this.#lost;
    this.#lost = 0;
    this.#events.unit({ track: 'audio', data, key: true, pts, arrivedMs, lostBefore, damaged: false });
  }
}

/** Up to 16 bits at a bit position; the caller has checked that they are there. */
function readBits(bytes: Buffer, bit: number, count: number): number {
  let value = 0;
  for (let i = bit; i < bit + count; i++) value = (value << 1) | ((bytes[i >> 3]! >> (7 - (i & 7))) & 1);
  return value;
}
