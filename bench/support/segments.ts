/** Sealed segment files by the ten thousand: real headers, records and end records, of pictures that are noise. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { newId } from '../../src/base/index.ts';
import type { DayKeys } from '../../src/engine/keys/index.ts';
import {
  encodeHeader,
  encodeRecordHeader,
  type RecordHeader,
  segmentSeal,
} from '../../src/engine/seal/index.ts';
import { segmentPath } from '../../src/engine/segment/index.ts';

export interface MadeSegments {
  readonly files: readonly string[];
  readonly bytes: number;
}

/** One camera after the other, a minute a segment, going back from `endMs`. */
export async function makeSegments(
  footage: string,
  keys: DayKeys,
  of: { cameras: number; perCamera: number; bytes: number; endMs: number },
): Promise<MadeSegments> {
  const files: string[] = [];
  const noise = randomBytes(of.bytes);
  let bytes = 0;
  for (let camera = 0; camera < of.cameras; camera++) {
    const cameraId = newId('cam');
    const run = newId('run');
    for (let i = 0; i < of.perCamera; i++) {
      const startMs = of.endMs - (of.perCamera - i) * 60_000;
      const made = await sealed({ cameraId, run, startMs, startTicks: i * 5_400_000 }, keys, noise);
      const path = join(footage, made.path);
      if (i === 0 || dirname(path) !== dirname(files.at(-1) as string))
        mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, made.bytes);
      files.push(path);
      bytes += made.bytes.length;
    }
  }
  return { files, bytes };
}

async function sealed(
  {
    cameraId,
    run,
    startMs,
    startTicks,
  }: { cameraId: string; run: string; startMs: number; startTicks: number },
  keys: DayKeys,
  noise: Uint8Array,
): Promise<{ path: string; bytes: Buffer }> {
  const day = new Date(startMs).toISOString().slice(0, 10);
  const { key, keyId } = await keys.toSeal(`${cameraId}.main`, day);
  const id = newId('seg', startMs);
  const header = encodeHeader({
    ...{
      format: 2,
      id,
      cameraId,
      stream: 'main',
      run,
      startMs,
      codec: 'avc1.640028',
      width: 1920,
      height: 1080,
    },
    ...{ software: 'bench', suite: 1, keyDay: day, keyId },
  });
  const seal = segmentSeal(1, key, header);
  const pieces: Uint8Array[] = [header, header];
  let sequence = 0;
  const write = (
    of: Omit<RecordHeader, 'sequence' | 'headBytes' | 'bodyBytes'>,
    head: Uint8Array,
    body: Uint8Array | null,
  ) => {
    const bodyBytes = body ? body.length + seal.tagBytes : 0;
    const clear = encodeRecordHeader({ ...of, sequence, headBytes: head.length + seal.tagBytes, bodyBytes });
    pieces.push(
      clear,
      ...seal.seal(1, sequence, clear, [head]),
      ...(body ? seal.seal(2, sequence, clear, [body]) : []),
    );
    sequence++;
  };
  const times = { wallMs: startMs, decodeTicks: startTicks, ticks: 5_400_000, pictures: 1500 };
  const nothing = { key: false, hasSound: false };
  for (let copy = 0; copy < 2; copy++)
    write({ type: 'init', ...nothing, ...times, ticks: 0, pictures: 0 }, noise.subarray(0, 700), null);
  write({ type: 'part', key: true, hasSound: false, ...times }, noise.subarray(0, 300), noise);
  const before = Buffer.concat(pieces);
  const digest = createHash('sha256').update(before).digest('hex');
  const totals = { parts: 1, packetsLost: 0, damagedPictures: 0 };
  const end = { ...times, wallMs: startMs + 60_000, totals };
  write(
    { type: 'end', ...nothing, ...end },
    Buffer.from(JSON.stringify({ bytes: before.length, digest })),
    null,
  );
  return { path: segmentPath({ cameraId, stream: 'main', startMs, id }), bytes: Buffer.concat(pieces) };
}

/** The key ring of a data folder, as the server and fsck open it. */
export const ringOf = async (data: string) => {
  const { KeyRing } = await import('../../src/engine/index.ts');
  const { systemClock } = await import('../../src/base/index.ts');
  return KeyRing.open({ dir: join(data, 'keys', 'footage'), master: { kind: 'file' }, clock: systemClock });
};
