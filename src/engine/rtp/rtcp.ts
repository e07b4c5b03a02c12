/** RTCP (RFC 3550 §6): reads sender reports and goodbyes, writes receiver reports. */
import { int32 } from './packet.ts';

export interface SenderReport {
  readonly ssrc: number;
  /** UTC by the camera's clock, ms since 1970. */
  readonly wallMs: number;
  /** The middle 32 bits of the NTP time, for our report. */
  readonly ntpMiddle: number;
  readonly timestamp: number;
}

export interface RtcpSink {
  senderReport(report: SenderReport): void;
  /** The source with this SSRC says that it ends. */
  bye(ssrc: number): void;
}

/** Seconds from 1900 to 1970. */
const ntpOffset = 2_208_988_800;

/** Reads one compound packet, `bytes[from, end)`; stops at the first part that is none. */
export function readRtcp(bytes: Buffer, from: number, end: number, sink: RtcpSink): void {
  for (let at = from; at + 4 <= end; ) {
    const next = at + 4 + 4 * ((bytes[at + 2]! << 8) | bytes[at + 3]!);
    if (bytes[at]! >> 6 !== 2 || next > end) return;
    const type = bytes[at + 1];
    if (type === 200 && next - at >= 28) readSenderReport(bytes, at, sink);
    else if (type === 203) readBye(bytes, at, next, sink);
    at = next;
  }
}

function readSenderReport(bytes: Buffer, at: number, sink: RtcpSink): void {
  const seconds = bytes.readUInt32BE(at + 8);
  const fraction = bytes.readUInt32BE(at + 12);
  if (seconds === 0) return;
  // RFC 4330 §3: without the top bit the era of 2036 has begun.
  const era = seconds < 0x8000_0000 ? 0x1_0000_0000 : 0;
  sink.senderReport({
    ssrc: int32(bytes, at + 4),
    wallMs: (seconds + era - ntpOffset) * 1000 + (fraction * 1000) / 0x1_0000_0000,
    ntpMiddle: ((seconds & 0xffff) << 16) | (fraction >>> 16),
    timestamp: int32(bytes, at + 16),
  });
}

function readBye(bytes: Buffer, at: number, next: number, sink: RtcpSink): void {
  const count = bytes[at]! & 31;
  for (let i = 0; i < count && at + 8 + 4 * i <= next; i++) sink.bye(int32(bytes, at + 4 + 4 * i));
}

export interface ReceiverFigures {
  readonly source: number;
  readonly fractionLost: number;
  readonly lost: number;
  readonly highest: number;
  readonly jitter: number;
  readonly ntpMiddle: number;
  /** Since the last sender report; 0 without one. */
  readonly delayMs: number;
}

/** A receiver report and our name, as one compound packet. */
export function receiverReport(ours: number, figures: ReceiverFigures): Buffer {
  const name = Buffer.from('custos');
  const report = Buffer.alloc(32 + 8 + 4 * Math.ceil((2 + name.length + 1) / 4));
  report.writeUInt32BE(0x81c9_0007, 0);
  report.writeInt32BE(ours | 0, 4);
  report.writeInt32BE(figures.source | 0, 8);
  const lost = Math.max(-0x80_0000, Math.min(0x7f_ffff, figures.lost)) & 0xff_ffff;
  report.writeUInt32BE((figures.fractionLost * 0x100_0000 + lost) >>> 0, 12);
  report.writeUInt32BE(figures.highest % 0x1_0000_0000, 16);
  report.writeUInt32BE(Math.min(0xffff_ffff, Math.max(0, Math.round(figures.jitter))), 20);
  report.writeInt32BE(figures.ntpMiddle | 0, 24);
  const delay = Math.round((figures.delayMs * 65_536) / 1000);
  report.writeUInt32BE(figures.ntpMiddle === 0 ? 0 : Math.min(0xffff_ffff, Math.max(0, delay)), 28);
  report.writeUInt16BE(0x81ca, 32);
  report.writeUInt16BE((report.length - 32) / 4 - 1, 34);
  report.writeInt32BE(ours | 0, 36);
  report[40] = 1;
  report[41] = name.length;
  report.set(name, 42);
  return report;
}
