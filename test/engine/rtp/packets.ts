/** Builds RTP packets for tests: as a camera would send a NAL unit. */

export interface PacketOptions {
  readonly sequence: number;
  readonly timestamp?: number;
  readonly marker?: boolean;
  readonly payloadType?: number;
  readonly ssrc?: number;
}

export function rtpPacket(options: PacketOptions, payload: Uint8Array): Buffer {
  const packet = Buffer.alloc(12 + payload.length);
  packet[0] = 0x80;
  packet[1] = (options.marker ? 0x80 : 0) | (options.payloadType ?? 96);
  packet.writeUInt16BE(options.sequence & 0xffff, 2);
  packet.writeUInt32BE((options.timestamp ?? 0) >>> 0, 4);
  packet.writeUInt32BE(options.ssrc ?? 1, 8);
  packet.set(payload, 12);
  return packet;
}

/** FU-A (H.264) or FU (H.265) fragments of a NAL unit. */
export function fragmentsOf(nal: Buffer, codec: 'h264' | 'h265', size: number): Buffer[] {
  const header = codec === 'h264' ? 1 : 2;
  const fragments: Buffer[] = [];
  for (let at = header; at < nal.length; at += size) {
    const bits = (at === header ? 0x80 : 0) | (at + size >= nal.length ? 0x40 : 0);
    const body = nal.subarray(at, at + size);
    fragments.push(
      codec === 'h264'
        ? Buffer.concat([Buffer.from([(nal[0]! & 0xe0) | 28, bits | (nal[0]! & 31)]), body])
        : Buffer.concat([
            Buffer.from([(nal[0]! & 0x81) | (49 << 1), nal[1]!, bits | ((nal[0]! >> 1) & 63)]),
            body,
          ]),
    );
  }
  return fragments;
}

/** STAP-A (H.264) or AP (H.265). */
export function aggregate(nals: readonly Buffer[], codec: 'h264' | 'h265'): Buffer {
  const parts = nals.flatMap((nal) => [Buffer.from([nal.length >> 8, nal.length & 255]), nal]);
  return Buffer.concat([codec === 'h264' ? Buffer.from([24]) : Buffer.from([48 << 1, 1]), ...parts]);
}
