/**
 * The parameter sets of one video stream, from its SDP and from between its pictures, and the track they make.
 * Says when a change means a new beginning: cameras resend equal sets with every key, some with another VUI or
 * quantiser each time, and a new file for each would be a file a second (mediamtx#4262, moonfire-nvr#217).
 */
import type { VideoTrack } from '../units.ts';
import { parseH264Pps, parseH264Sps } from './h264.ts';
import { parseH265Pps, parseH265Sps } from './h265.ts';
import type { PictureFormat } from './picture.ts';

export type VideoCodec = 'h264' | 'h265';

/** PPS beyond this many ids are not kept; a camera has one or two. */
const maxPps = 16;
const maxSetBytes = 4096;

interface Held {
  readonly bytes: Buffer;
  readonly essence: string;
}

export class ParameterSets {
  readonly codec: VideoCodec;
  #sps: Held | null = null;
  #format: PictureFormat | null = null;
  readonly #pps = new Map<number, Held>();
  #vps: Held | null = null;
  /** The essence and the bytes that were last announced. */
  #announced: { essence: string; bytes: string } | null = null;
  /** `words`: what differs from the announced sets only describes; the next key decides. */
  #changed: 'no' | 'yes' | 'words' = 'no';
  #ppsStale = false;
  /** At least this many pictures were seen to come before an earlier-shown one. */
  #reorderSeen = 0;

  constructor(codec: VideoCodec) {
    this.codec = codec;
  }

  /** Takes a NAL unit that may be a parameter set; one that cannot be read is left out. Copies what it keeps. */
  offer(nal: Uint8Array): void {
    if (nal.length < 2 || nal.length > maxSetBytes) return;
    const type = this.codec === 'h264' ? nal[0]! & 31 : (nal[0]! >> 1) & 63;
    if (type === (this.codec === 'h264' ? 7 : 33)) this.#offerSps(nal);
    else if (type === (this.codec === 'h264' ? 8 : 34)) this.#offerPps(nal);
    else if (type === 32 && this.codec === 'h265' && !same(this.#vps, nal)) {
      this.#vps = { bytes: Buffer.from(nal), essence: Buffer.from(nal).toString('hex') };
      this.#changed = 'yes';
    }
  }

  #offerSps(nal: Uint8Array): void {
    if (same(this.#sps, nal)) return;
    const format = this.codec === 'h264' ? parseH264Sps(nal) : parseH265Sps(nal);
    if (format === null) return;
    if (this.#format !== null && format.essence !== this.#format.essence) {
      // Another sequence: the old PPS go when the first new one comes (they may also just go on).
      this.#ppsStale = true;
      this.#reorderSeen = 0;
    }
    this.#format = format;
    this.#sps = { bytes: Buffer.from(nal), essence: format.essence };
    this.#changed = 'yes';
  }

  #offerPps(nal: Uint8Array): void {
    if (this.#ppsStale) {
      this.#pps.clear();
      this.#ppsStale = false;
    }
    for (const held of this.#pps.values()) if (same(held, nal)) return;
    const parsed = this.codec === 'h264' ? parseH264Pps(nal) : parseH265Pps(nal);
    if (parsed === null || (!this.#pps.has(parsed.id) && this.#pps.size >= maxPps)) return;
    this.#pps.set(parsed.id, { bytes: Buffer.from(nal), essence: parsed.essence });
    this.#changed = 'yes';
  }

  /** The stream says itself how deep it reorders. */
  get reorderTold(): boolean {
    return this.#format !== null && this.#format.reorderDepth !== null;
  }

  /** Pictures were seen in another order than they are shown in; true when that is deeper than was known. */
  reordered(depth: number): void {
    const known = Math.max(this.#format?.reorderDepth ?? 0, this.#reorderSeen);
    if (depth <= known) return;
    this.#reorderSeen = Math.min(depth, 16);
    this.#changed = 'yes';
  }

  /**
   * The track to announce before the next unit, or null when nothing has changed that needs it. `carried`: the unit
   * is a key and brings its own sets, so that a difference in words only can wait.
   */
  toAnnounce(key: boolean, carried: boolean): VideoTrack | null {
    if (this.#changed === 'no') return null;
    if (this.#changed === 'words' && (!key || carried)) return null;
    const track = this.#track();
    if (track === null) return null;
    const essence = this.#essence();
    const bytes = [track.vps, track.sps, ...track.pps].map((one) => (one ? hexOf(one) : '')).join();
    const before = this.#announced;
    if (before?.bytes === bytes && before.essence === essence) this.#changed = 'no';
    else if (before?.essence === essence && (!key || carried)) this.#changed = 'words';
    else {
      this.#announced = { essence, bytes };
      this.#changed = 'no';
      return track;
    }
    return null;
  }

  #essence(): string {
    const pps = [...this.#pps].sort(([a], [b]) => a - b).map(([id, held]) => `${id}:${held.essence}`);
    return [this.#vps?.essence, this.#sps?.essence, ...pps, this.#reorderSeen].join('|');
  }

  #track(): VideoTrack | null {
    if (!this.#format || !this.#sps || this.#pps.size === 0) return null;
    if (this.codec === 'h265' && !this.#vps) return null;
    return {
      kind: 'video',
      codec: this.codec,
      sps: this.#sps.bytes,
      pps: [...this.#pps].sort(([a], [b]) => a - b).map(([, held]) => held.bytes),
      vps: this.#vps?.bytes ?? null,
      width: this.#format.width,
      height: this.#format.height,
      codecString: this.#format.codecString,
      reorderDepth: Math.max(this.#format.reorderDepth ?? 0, this.#reorderSeen),
    };
  }

  /** What is still missing, in the words of the standard; null when a track can be made. */
  get missing(): string | null {
    if (!this.#sps) return 'SPS';
    if (this.#pps.size === 0) return 'PPS';
    return this.codec === 'h265' && !this.#vps ? 'VPS' : null;
  }
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const same = (held: Held | null, nal: Uint8Array): boolean => held?.bytes.equals(nal) === true;
