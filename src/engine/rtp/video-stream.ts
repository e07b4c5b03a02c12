/** The picture of one link: parameter sets, time and pictures become `tracks` and `unit` events. */
import { ParameterSets, type VideoCodec } from '../codec/index.ts';
import type { AudioTrack, LinkCounters, LinkEvents } from '../units.ts';
import { h264Rules } from './h264.ts';
import { h265Rules } from './h265.ts';
import type { Origin } from './origin.ts';
import { PictureAssembler } from './picture-assembler.ts';
import type { Assembler } from './receiver.ts';
import type { SenderReport } from './rtcp.ts';
import { Timeline } from './timeline.ts';

export interface VideoStreamOptions {
  readonly codec: VideoCodec;
  readonly clockRate: number;
  /** Parameter sets of the SDP. */
  readonly sets: readonly Uint8Array[];
  readonly orderNumbers: boolean;
  readonly audio: AudioTrack | null;
  readonly unitBytes: number;
  readonly nalsPerUnit: number;
}

/** A step back of at most this is reordering, not a clock. */
const reorderTicks = 90_000;

export class VideoStream implements Assembler {
  readonly #events: LinkEvents;
  readonly #counters: LinkCounters;
  #audio: AudioTrack | null;
  readonly #sets: ParameterSets;
  readonly #assembler: PictureAssembler;
  readonly #timeline: Timeline;
  readonly #origin: Origin;
  readonly #scale: number;
  #offset: number | null = null;
  #announced = false;
  #pending: { report: SenderReport; arrivedMs: number } | null = null;
  /** Times of the newest pictures, to find reordering in streams that do not tell it. */
  readonly #recent: number[] = [];
  #latest = Number.NEGATIVE_INFINITY;
  /** Losses of pictures that could not be handed on. */
  #lostEarlier = 0;
  units = 0;

  constructor(options: VideoStreamOptions, origin: Origin, counters: LinkCounters, events: LinkEvents) {
    this.#events = events;
    this.#counters = counters;
    this.#audio = options.audio;
    this.#origin = origin;
    this.#timeline = new Timeline(options.clockRate);
    this.#scale = 90_000 / options.clockRate;
    this.#sets = new ParameterSets(options.codec);
    for (const set of options.sets) this.#sets.offer(set);
    const rules = options.codec === 'h264' ? h264Rules : h265Rules(options.orderNumbers);
    this.#assembler = new PictureAssembler(rules, this.#sets, this, {
      unitBytes: options.unitBytes,
      nals: options.nalsPerUnit,
    });
  }

  /** The parameter set that has not come yet, or null. */
  get missing(): string | null {
    return this.#sets.missing;
  }

  /** The camera offers sound but will not send it. */
  withoutSound(): void {
    this.#audio = null;
  }

  packet(
    bytes: Buffer,
    from: number,
    to: number,
    marker: boolean,
    timestamp: number,
    lost: number,
    arrivedMs: number,
  ): void {
    this.#assembler.packet(bytes, from, to, marker, timestamp, lost, arrivedMs);
  }

  flush(): void {
    this.#assembler.flush();
  }

  /** Called by the assembler. */
  picture(
    data: Buffer,
    key: boolean,
    carriesSets: boolean,
    timestamp: number,
    arrivedMs: number,
    lostBefore: number,
    damaged: boolean,
  ): void {
    if (damaged) this.#counters.damagedUnits++;
    if (!this.#announced && !this.#announce(key, carriesSets)) {
      // Nobody could show it: its parameters are not known yet.
      this.#lostEarlier += lostBefore;
      return;
    }
    const pts = this.#time(timestamp, arrivedMs);
    if (!this.#sets.reorderTold) this.#watchOrder(pts);
    this.#announce(key, carriesSets);
    this.units++;
    const lost = lostBefore + this.#lostEarlier;
    this.#lostEarlier = 0;
    this.#events.unit({ track: 'video', data, key, pts, arrivedMs, lostBefore: lost, damaged });
    if (this.#pending) this.senderReport(this.#pending.report, this.#pending.arrivedMs);
  }

  #announce(key: boolean, carriesSets: boolean): boolean {
    const track = this.#sets.toAnnounce(key, carriesSets);
    if (track === null) return false;
    this.#announced = true;
    this.#events.tracks(track, this.#audio);
    return true;
  }

  #time(timestamp: number, arrivedMs: number): number {
    const ticks = this.#timeline.at(timestamp, arrivedMs);
    this.#offset ??= this.#origin.offsetTicks(arrivedMs);
    return this.#offset + Math.round(ticks * this.#scale);
  }

  /** Counts the pictures that came before this one and are shown after it. */
  #watchOrder(pts: number): void {
    if (pts < this.#latest && this.#latest - pts <= reorderTicks) {
      let depth = 0;
      for (const other of this.#recent) if (other > pts) depth++;
      this.#sets.reordered(depth);
    }
    this.#latest = Math.max(pts, this.#latest);
    this.#recent.push(pts);
    if (this.#recent.length > 16) this.#recent.shift();
  }

  senderReport(report: SenderReport, arrivedMs: number): void {
    if (this.#offset === null || !this.#announced) {
      this.#pending = { report, arrivedMs };
      return;
    }
    this.#pending = null;
    const ticks = this.#timeline.ticksOf(report.timestamp);
    if (ticks === null) return;
    const pts = this.#offset + Math.round(ticks * this.#scale);
    this.#events.clock({ cameraWallMs: report.wallMs, pts, arrivedMs });
  }
}
