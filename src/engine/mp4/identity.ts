/** The `uuid` box behind moov that says which segment a file is, so that an index can be rebuilt from files alone. */
import { type BoxHead, box, concat, Mp4Error, need } from './boxes.ts';

export interface SegmentIdentity {
  /** Of this format; 1. */
  readonly format: 1;
  /** `seg_…`. */
  readonly id: string;
  readonly cameraId: string;
  readonly stream: 'main' | 'sub';
  readonly run: string;
  /** UTC of the first picture. */
  readonly startMs: number;
  readonly software: string;
}

/** b5f1c0de-6375-4573-9f4f-735365676d31, made up for this purpose. */
const identityType = Uint8Array.from([
  0xb5, 0xf1, 0xc0, 0xde, 0x63, 0x75, 0x45, 0x73, 0x9f, 0x4f, 0x73, 0x53, 0x65, 0x67, 0x6d, 0x31,
]);
export const maxIdentityBytes = 4096;

export function identityBox(identity: SegmentIdentity): Uint8Array {
  return box('uuid', concat([identityType, new TextEncoder().encode(JSON.stringify(identity))]));
}

const isText = (value: unknown): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= 200;

/** Reads the box whose head is given; an error when it is not ours or says what cannot be. */
export function readIdentity(bytes: Uint8Array, head: BoxHead): SegmentIdentity {
  need(head, 16);
  if (head.type !== 'uuid' || head.end - head.at > maxIdentityBytes || head.end > bytes.length)
    throw new Mp4Error('no identity behind moov', head.at);
  for (let i = 0; i < 16; i++)
    if (bytes[head.bodyAt + i] !== identityType[i]) throw new Mp4Error('a uuid box of someone else', head.at);
  let json: Record<string, unknown>;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes.subarray(head.bodyAt + 16, head.end)));
  } catch {
    throw new Mp4Error('an identity that is not JSON', head.at);
  }
  if (typeof json !== 'object' || json === null) throw new Mp4Error('an identity that is no object', head.at);
  const { format, id, cameraId, stream, run, startMs, software } = json;
  if (format !== 1) throw new Mp4Error(`a segment of the unknown format ${String(format)}`, head.at);
  if (!isText(id) || !isText(cameraId) || !isText(run) || !isText(software))
    throw new Mp4Error('an identity without its names', head.at);
  if ((stream !== 'main' && stream !== 'sub') || typeof startMs !== 'number' || !Number.isFinite(startMs))
    throw new Mp4Error('an identity without its stream or time', head.at);
  return { format, id, cameraId, stream, run, startMs, software };
}
