/** H.265 in RTP (RFC 7798): single NAL units, aggregation packets, fragments; with or without decoding order numbers. */
import { unpackStartCodes } from './h264.ts';
import type { NalRules, PictureAssembler } from './picture-assembler.ts';

const typeOf = (first: number): number => (first >> 1) & 63;

/** `orderNumbers`: the SDP says `sprop-max-don-diff` > 0, so that packets carry DON fields. */
export const h265Rules = (orderNumbers: boolean): NalRules => ({
  headerBytes: 2,
  isSlice: (first) => typeOf(first) < 32,
  // Every picture decoding may begin at: BLA, IDR and CRA.
  isKey: (first) => typeOf(first) >= 16 && typeOf(first) <= 21,
  isParameterSet: (first) => typeOf(first) >= 32 && typeOf(first) <= 34,
  isDelimiter: (first) => typeOf(first) === 35,
  unpack: (into, bytes, from, to) => unpackH265(into, bytes, from, to, orderNumbers),
});

function unpackH265(
  into: PictureAssembler,
  bytes: Buffer,
  from: number,
  to: number,
  orderNumbers: boolean,
): void {
  if (to - from < 3) return;
  // The start code of Annex B is `00 00 01` or `00 00 00 01`: as a header it would have temporal id 0, which is none.
  const type = typeOf(bytes[from]!);
  if (bytes[from] === 0 && bytes[from + 1] === 0) unpackStartCodes(into, bytes, from, to);
  else if (type < 48) unpackSingle(into, bytes, from, to, orderNumbers);
  else if (type === 48) unpackAggregation(into, bytes, from + 2, to, orderNumbers);
  else if (type === 49) unpackFragment(into, bytes, from, to, orderNumbers);
}

function unpackSingle(
  into: PictureAssembler,
  bytes: Buffer,
  from: number,
  to: number,
  orderNumbers: boolean,
): void {
  if (!orderNumbers) {
    into.nal(bytes, from, to);
    return;
  }
  if (to - from < 5) return;
  // The two bytes of the number stand between header and payload: the only form that must be joined.
  into.nal(Buffer.concat([bytes.subarray(from, from + 2), bytes.subarray(from + 4, to)]), 0, to - from - 2);
}

function unpackAggregation(
  into: PictureAssembler,
  bytes: Buffer,
  from: number,
  to: number,
  orderNumbers: boolean,
): void {
  let at = from;
  let numberBytes = orderNumbers ? 2 : 0;
  while (at + numberBytes + 2 < to) {
    at += numberBytes;
    const end = Math.min(to, at + 2 + ((bytes[at]! << 8) | bytes[at + 1]!));
    into.nal(bytes, at + 2, end);
    at = end;
    if (orderNumbers) numberBytes = 1;
  }
}

function unpackFragment(
  into: PictureAssembler,
  bytes: Buffer,
  from: number,
  to: number,
  orderNumbers: boolean,
): void {
  const header = bytes[from + 2]!;
  const start = (header & 0x80) !== 0;
  const at = from + 3 + (orderNumbers && start ? 2 : 0);
  if (at >= to) return;
  const first = (bytes[from]! & 0x81) | ((header & 63) << 1);
  into.fragment(first, bytes[from + 1]!, start, (header & 0x40) !== 0, bytes, at, to);
}
