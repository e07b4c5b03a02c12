/**
 * The sound of one run, made fit for MP4: AAC as it is, G.711 as FLAC. Its times are made continuous: players stumble
 * over holes and overlaps of a few milliseconds, which real cameras send all the time.
 */
import type { Mp4Audio } from '../mp4/index.ts';
import type { AccessUnit, AudioTrack } from '../units.ts';
import { expandG711, flacFrame, maxBlock, minBlock, streamInfo } from './flac.ts';
import type { Sound } from './run.ts';

/** The track as files and players know it. */
export function soundTrack(track: AudioTrack): Mp4Audio {
  if (track.codec === 'aac') return track;
  const { sampleRate } = track;
  return { kind: 'audio', codec: 'flac', sampleRate, channels: 1, config: streamInfo(sampleRate) };
}

const ticksPerSecond = 90_000;
/** More than this apart, sound is really missing (or really doubled); less is jitter. */
const toleratedTicks = 4_500;
const aacSamples = 1_024;

export class SoundMaker {
  readonly #track: AudioTrack;
  #next = Number.NaN;
  #samples = 0;
  #held: Uint8Array | null = null;

  constructor(track: AudioTrack) {
    this.#track = track;
  }

  /** `at` is the unit's time in the run. Gives nothing while it lies before the run's first picture. */
  take(unit: AccessUnit, at: number): Sound[] {
    if (at < 0) return [];
    if (this.#track.codec === 'aac') return [this.#place(unit.data, at, aacSamples)];
    return this.#g711(unit.data, at, this.#track.codec);
  }

  #g711(data: Uint8Array, at: number, codec: 'pcma' | 'pcmu'): Sound[] {
    const octets = this.#held ? Buffer.concat([this.#held, data]) : data;
    if (octets.length < minBlock) {
      this.#held = octets;
      return [];
    }
    this.#held = null;
    const sounds: Sound[] = [];
    // The last block takes what would be too short for one of its own.
    for (let from = 0; from < octets.length; ) {
      const left = octets.length - from;
      const size = left <= maxBlock ? left : left - maxBlock < minBlock ? maxBlock - minBlock : maxBlock;
      const samples = expandG711(codec, octets.subarray(from, from + size));
      const placedAt = at + Math.round((from * ticksPerSecond) / this.#track.sampleRate);
      sounds.push(this.#place(flacFrame(samples, this.#samples), placedAt, size));
      from += size;
    }
    return sounds;
  }

  #place(data: Uint8Array, at: number, samples: number): Sound {
    const early = at < this.#next - toleratedTicks;
    const late = at > this.#next + toleratedTicks;
    const decode = Number.isNaN(this.#next) || late ? Math.round(at) : this.#next;
    // Sound that overlaps is shortened in time, not thrown away: it catches up by itself.
    const whole = Math.round((samples * ticksPerSecond) / this.#track.sampleRate);
    const ticks = early ? Math.max(1, Math.round(whole / 2)) : whole;
    this.#next = decode + ticks;
    this.#samples += samples;
    return { data, bytes: data.length, decode, ticks };
  }
}
