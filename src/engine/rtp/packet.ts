/** The RTP header (RFC 3550 §5.1), read in place into one reused record: no object is made for a packet. */

export interface PacketHeader {
  payloadType: number;
  marker: boolean;
  sequence: number;
  /** As a signed 32-bit number: small integers stay small. */
  timestamp: number;
  ssrc: number;
  /** The payload is `bytes[from, to)`. */
  from: number;
  to: number;
}

export const emptyHeader = (): PacketHeader => ({
  payloadType: 0,
  marker: false,
  sequence: 0,
  timestamp: 0,
  ssrc: 0,
  from: 0,
  to: 0,
});

/** Reads `bytes[at, end)` into `header`; false when it is no RTP packet. */
export function readPacket(bytes: Buffer, at: number, end: number, header: PacketHeader): boolean {
  if (end - at < 12) return false;
  const first = bytes[at]!;
  if (first >> 6 !== 2) return false;
  let from = at + 12 + 4 * (first & 15);
  if (first & 0x10) {
    if (from + 4 > end) return false;
    from += 4 + 4 * ((bytes[from + 2]! << 8) | bytes[from + 3]!);
  }
  let to = end;
  if (first & 0x20) to -= bytes[end - 1]!;
  if (from > to) return false;
  const second = bytes[at + 1]!;
  header.marker = second > 127;
  header.payloadType = second & 127;
  header.sequence = (bytes[at + 2]! << 8) | bytes[at + 3]!;
  header.timestamp = int32(bytes, at + 4);
  header.ssrc = int32(bytes, at + 8);
  header.from = from;
  header.to = to;
  return true;
}

export const int32 = (bytes: Buffer, at: number): number =>
  (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
