/** H.264 in RTP (RFC 6184): single NAL units, STAP-A, FU-A, and their B forms' extra bytes; anything else is skipped. */
import type { NalRules, PictureAssembler } from './picture-assembler.ts';

export const h264Rules: NalRules = {
  headerBytes: 1,
  isSlice: (first) => (first & 31) >= 1 && (first & 31) <= 5,
  isKey: (first) => (first & 31) === 5,
  isParameterSet: (first) => (first & 31) === 7 || (first & 31) === 8,
  isDelimiter: (first) => (first & 31) === 9,
  unpack: unpackH264,
};

function unpackH264(into: PictureAssembler, bytes: Buffer, from: number, to: number): void {
  if (from >= to) return;
  const first = bytes[from]!;
  const type = first & 31;
  if (type >= 1 && type <= 23) into.nal(bytes, from, to);
  else if (type === 28 || type === 29) unpackFragment(into, bytes, from, to, type === 29 ? 4 : 2);
  else if (type === 24) unpackAggregate(into, bytes, from + 1, to);
  else if (type === 25) unpackAggregate(into, bytes, from + 3, to);
  else if (type === 0) unpackStartCodes(into, bytes, from, to);
}

function unpackFragment(into: PictureAssembler, bytes: Buffer, from: number, to: number, skip: number): void {
  if (to - from <= skip) return;
  const header = bytes[from + 1]!;
  const nal = (bytes[from]! & 0xe0) | (header & 31);
  into.fragment(nal, -1, (header & 0x80) !== 0, (header & 0x40) !== 0, bytes, from + skip, to);
}

/** NAL units behind their 16-bit lengths; a length past the end takes what there is. */
export function unpackAggregate(into: PictureAssembler, bytes: Buffer, from: number, to: number): void {
  let at = from;
  while (at + 2 < to) {
    const length = (bytes[at]! << 8) | bytes[at + 1]!;
    const end = Math.min(to, at + 2 + length);
    into.nal(bytes, at + 2, end);
    at = end;
  }
}

/** Cameras that put Annex B into packets: parted at `00 00 01`. */
export function unpackStartCodes(into: PictureAssembler, bytes: Buffer, from: number, to: number): void {
  let nal = -1;
  for (let at = from; at + 2 < to; at++) {
    if (bytes[at] !== 0 || bytes[at + 1] !== 0 || bytes[at + 2] !== 1) continue;
    if (nal !== -1) into.nal(bytes, nal, trimZeros(bytes, nal, at));
    nal = at + 3;
    at += 2;
  }
  if (nal !== -1) into.nal(bytes, nal, to);
}

function trimZeros(bytes: Buffer, from: number, to: number): number {
  let end = to;
  while (end > from && bytes[end - 1] === 0) end--;
  return end;
}
