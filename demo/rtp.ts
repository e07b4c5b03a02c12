/** SDP, RTP packets and sender reports of a demo channel. */
import type { Clip, Picture } from './clips.ts';

export interface RtpState {
  sequence: number;
  readonly ssrc: number;
  /** RTP time of tick 0. */
  readonly base: number;
  packets: number;
  bytes: number;
}

const payloadType = 96;
const rtpHeadBytes = 12;
const frameHeadBytes = 4;

export function describe(clip: Clip): string {
  const sets = clip.sets.map((set) => Buffer.from(set).toString('base64'));
  const format =
    clip.codec === 'h264'
      ? `packetization-mode=1;profile-level-id=${Buffer.from(clip.sets[0] as Uint8Array)
          .subarray(1, 4)
          .toString('hex')};sprop-parameter-sets=${sets.join(',')}`
      : `sprop-vps=${sets[0]};sprop-sps=${sets[1]};sprop-pps=${sets[2]}`;
  return [
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    `s=${clip.scene}`,
    'c=IN IP4 0.0.0.0',
    't=0 0',
    'a=control:*',
    'a=range:npt=now-',
    `m=video 0 RTP/AVP ${payloadType}`,
    `a=rtpmap:${payloadType} ${clip.codec.toUpperCase()}/90000`,
    `a=fmtp:${payloadType} ${format}`,
    'a=control:trackID=0',
    '',
  ].join('\r\n');
}

/** All packets of a picture, each behind the four bytes of an interleaved frame (RFC 2326 §10.12). */
export function encodePicture(
  state: RtpState,
  picture: Picture,
  ticks: number,
  channel: number | null,
): Buffer {
  const out = Buffer.allocUnsafe(picture.bytes + picture.payloads.length * (frameHeadBytes + rtpHeadBytes));
  const time = (state.base + ticks) >>> 0;
  let at = 0;
  picture.payloads.forEach((payload, i) => {
    out[at] = 36;
    out[at + 1] = channel ?? 0;
    out.writeUInt16BE(payload.length + rtpHeadBytes, at + 2);
    out[at + 4] = 0x80;
    out[at + 5] = payloadType | (i === picture.payloads.length - 1 ? 0x80 : 0);
    out.writeUInt16BE(state.sequence, at + 6);
    out.writeUInt32BE(time, at + 8);
    out.writeUInt32BE(state.ssrc, at + 12);
    out.set(payload, at + frameHeadBytes + rtpHeadBytes);
    state.sequence = (state.sequence + 1) & 0xffff;
    at += frameHeadBytes + rtpHeadBytes + payload.length;
  });
  state.packets += picture.payloads.length;
  state.bytes += picture.bytes;
  return out;
}

const secondsFrom1900To1970 = 2208988800;

/** RTCP sender report (RFC 3550 §6.4.1) without report blocks: at `wallMs` the stream was at `ticks`. */
export function encodeReport(state: RtpState, ticks: number, wallMs: number): Buffer {
  const out = Buffer.alloc(28);
  out[0] = 0x80;
  out[1] = 200;
  out.writeUInt16BE(6, 2);
  out.writeUInt32BE(state.ssrc, 4);
  out.writeUInt32BE((Math.floor(wallMs / 1000) + secondsFrom1900To1970) >>> 0, 8);
  out.writeUInt32BE(Math.floor(((wallMs % 1000) / 1000) * 2 ** 32), 12);
  out.writeUInt32BE((state.base + ticks) >>> 0, 16);
  out.writeUInt32BE(state.packets >>> 0, 20);
  out.writeUInt32BE(state.bytes >>> 0, 24);
  return out;
}
