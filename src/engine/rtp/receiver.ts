/**
 * One RTP source as it comes in: header, source lock, sequence, jitter, reports. What belongs to the stream goes to
 * its assembler in order; what does not is counted and left out.
 */
import type { LinkCounters } from '../units.ts';
import { emptyHeader, readPacket } from './packet.ts';
import { readRtcp, receiverReport, type SenderReport } from './rtcp.ts';
import { Sequence } from './sequence.ts';

export interface Assembler {
  packet(
    bytes: Buffer,
    from: number,
    to: number,
    marker: boolean,
    timestamp: number,
    lost: number,
    arrivedMs: number,
  ): void;
  flush(): void;
}

export interface ReceiverSink {
  senderReport(report: SenderReport, arrivedMs: number): void;
  bye(): void;
}

/** Packets in a row of another SSRC before it is the stream: cameras restart encoders, old sessions linger. */
const switchAfter = 50;
/** The same before the first packet of ours: a camera may announce an SSRC or a payload type it does not use. */
const startAfter = 8;

export class Receiver {
  readonly #assembler: Assembler;
  readonly #counters: LinkCounters;
  readonly #sink: ReceiverSink;
  readonly #rate: number;
  readonly #header = emptyHeader();
  readonly #sequence = new Sequence();
  #payloadType: number;
  #ssrc: number | null;
  #started = false;
  #strays = 0;
  #straySsrc = 0;
  #strayType = 0;
  #jitter = 0;
  #lastTimestamp = 0;
  #lastArrivedMs = 0;
  #report: SenderReport | null = null;
  #reportMs = 0;
  /** Packets of the stream so far; the watchdog compares. */
  packets = 0;

  constructor(
    assembler: Assembler,
    counters: LinkCounters,
    sink: ReceiverSink,
    media: { payloadType: number; clockRate: number; ssrc: number | null },
  ) {
    this.#assembler = assembler;
    this.#counters = counters;
    this.#sink = sink;
    this.#rate = media.clockRate;
    this.#payloadType = media.payloadType;
    this.#ssrc = media.ssrc;
  }

  /** Takes one RTP packet, `bytes[from, end)`. */
  packet(bytes: Buffer, from: number, end: number, arrivedMs: number): void {
    const header = this.#header;
    if (!readPacket(bytes, from, end, header)) {
      this.#counters.ignoredMedia++;
      return;
    }
    if (header.payloadType !== this.#payloadType || header.ssrc !== this.#ssrc) {
      if (!this.#admit()) return;
    }
    this.#strays = 0;
    const lost = this.#sequence.take(header.sequence);
    if (lost === -1) {
      this.#counters.packetsLate++;
      return;
    }
    this.#started = true;
    this.packets++;
    this.#counters.packets++;
    this.#counters.bytes += end - from;
    this.#counters.packetsLost += lost;
    if (header.timestamp !== this.#lastTimestamp) this.#measure(header.timestamp, arrivedMs);
    this.#assembler.packet(bytes, header.from, header.to, header.marker, header.timestamp, lost, arrivedMs);
  }

  /** A packet of another source or kind: is it the stream's beginning, its new source, or a stray? */
  #admit(): boolean {
    const { ssrc, payloadType } = this.#header;
    if (!this.#started && this.#ssrc === null && payloadType === this.#payloadType) {
      this.#ssrc = ssrc;
      return true;
    }
    if (this.#strays === 0 || this.#straySsrc !== ssrc || this.#strayType !== payloadType) this.#strays = 0;
    this.#straySsrc = ssrc;
    this.#strayType = payloadType;
    this.#strays++;
    const ours = payloadType === this.#payloadType || !this.#started;
    if (ours && this.#strays >= (this.#started ? switchAfter : startAfter)) {
      if (this.#started) this.#counters.packetsLost += this.#strays - 1;
      this.#ssrc = ssrc;
      this.#payloadType = payloadType;
      this.#sequence.restart();
      return true;
    }
    this.#counters.ignoredMedia++;
    return false;
  }

  /** Interarrival jitter (RFC 3550 §6.4.1), once a picture: packets of one picture leave in one burst. */
  #measure(timestamp: number, arrivedMs: number): void {
    const media = (timestamp - this.#lastTimestamp) | 0;
    const passed = ((arrivedMs - this.#lastArrivedMs) * this.#rate) / 1000;
    if (this.packets > 1 && Math.abs(media) < 10 * this.#rate) {
      this.#jitter += (Math.abs(passed - media) - this.#jitter) / 16;
    }
    this.#lastTimestamp = timestamp;
    this.#lastArrivedMs = arrivedMs;
  }

  /** Takes one RTCP packet. */
  rtcp(bytes: Buffer, from: number, end: number, arrivedMs: number): void {
    readRtcp(bytes, from, end, {
      senderReport: (report) => {
        if (this.#ssrc !== null && report.ssrc !== this.#ssrc) return;
        this.#report = report;
        this.#reportMs = arrivedMs;
        this.#sink.senderReport(report, arrivedMs);
      },
      bye: (ssrc) => {
        if (this.#started && ssrc === this.#ssrc) this.#sink.bye();
      },
    });
  }

  /** Our report on this source, or null before its first packet. */
  report(ours: number, nowMs: number): Buffer | null {
    if (!this.#started || this.#ssrc === null) return null;
    return receiverReport(ours, {
      source: this.#ssrc,
      fractionLost: this.#sequence.fractionLost(),
      lost: this.#sequence.expected - this.#sequence.received,
      highest: this.#sequence.highest,
      jitter: this.#jitter,
      ntpMiddle: this.#report?.ntpMiddle ?? 0,
      delayMs: nowMs - this.#reportMs,
    });
  }

  flush(): void {
    this.#assembler.flush();
  }
}
