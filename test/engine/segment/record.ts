/** Writes segment files of a clip the way the recorder does, so that reading can be judged against what was sent. */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { newId } from '../../../src/base/index.ts';
import type { SegmentRef, Volume } from '../../../src/engine/engine.ts';
import type { DayKey } from '../../../src/engine/keys/index.ts';
import { initSegment, partHead, prftBytes } from '../../../src/engine/mp4/index.ts';
import {
  encodeHeader,
  encodeRecordHeader,
  type RecordHeader,
  type SuiteNumber,
  segmentSeal,
} from '../../../src/engine/seal/index.ts';
import { IndexWriter, segmentPath, shapeOf } from '../../../src/engine/segment/index.ts';
import { knownKey } from '../../support/keys.ts';
import type { Clip, Unit } from '../mp4/clips.ts';

export interface Recorded extends SegmentRef {
  readonly run: string;
  readonly cameraId: string;
  readonly bytes: Uint8Array;
  readonly units: readonly Unit[];
  /** UTC of each picture, in decoding order. */
  readonly wallsMs: readonly number[];
  readonly sounds: number;
  /** Where each part begins in the plain file. */
  readonly partsAt: readonly number[];
  /** Where each part's record begins in the stored file, and where the end record does. */
  readonly recordsAt: readonly number[];
  readonly endAt: number;
  /** Size of one copy of the header. */
  readonly headerBytes: number;
}

export interface RecordOptions {
  readonly startMs: number;
  /** The clip again and again, as often as it takes. */
  readonly seconds?: number;
  readonly segmentSeconds?: number;
  readonly partTicks?: number;
  readonly startTicks?: number;
  readonly cameraId?: string;
  readonly run?: string;
  readonly suite?: SuiteNumber;
  /** False: as files were before their end records had an index. */
  readonly index?: boolean;
  /** Of a stream and day; keys that follow from their names without it. */
  readonly keyOf?: (source: string, day: string) => DayKey;
}

/** One run: segments that follow on, each beginning at a key. */
export function record(volume: Volume, clip: Clip, options: RecordOptions): Recorded[] {
  const { startMs, startTicks = 1000, segmentSeconds = 60, partTicks = 45_000 } = options;
  const cameraId = options.cameraId ?? 'cam_test';
  const run = options.run ?? newId('run');
  const units = repeated(clip.units, startTicks, options.seconds);
  const wallOf = (unit: { decodeTicks: number }) => startMs + (unit.decodeTicks - startTicks) / 90;
  const parts: Unit[][] = [];
  for (const unit of units) {
    const open = parts.at(-1);
    if (open === undefined || unit.key || unit.decodeTicks - open[0]!.decodeTicks >= partTicks)
      parts.push([unit]);
    else open.push(unit);
  }
  const files: Unit[][][] = [];
  for (const part of parts) {
    const open = files.at(-1);
    const isDue =
      open === undefined || part[0]!.decodeTicks - open[0]![0]!.decodeTicks >= segmentSeconds * 90_000;
    if (isDue && part[0]!.key) files.push([part]);
    else open!.push(part);
  }
  let sequence = 1;
  let sound = 0;
  const sounds =
    clip.sounds.length === 0
      ? []
      : repeated(
          clip.sounds.map((one) => ({ ...one, key: true, ctsTicks: 0 })),
          startTicks,
          options.seconds,
        );
  return files.map((file) => {
    const fileStartMs = wallOf(file[0]![0]!);
    const id = newId('seg', Math.floor(fileStartMs));
    const first = file[0]!;
    const day = new Date(Math.floor(fileStartMs)).toISOString().slice(0, 10);
    const { key, keyId } = (options.keyOf ?? knownKey)(`${cameraId}.main`, day);
    const suite = options.suite ?? 1;
    const { codecString: codec, width, height } = clip.video;
    const header = encodeHeader({
      ...{ format: 2, id, cameraId, stream: 'main', run, startMs: fileStartMs, codec, width, height },
      ...{ software: 'test', suite, keyDay: day, keyId },
    });
    const seal = segmentSeal(suite, key, header);
    const init = initSegment(clip.video, clip.audio);
    const pieces: Uint8Array[] = [header, header];
    const recordsAt: number[] = [];
    let fileAt = 2 * header.length;
    let sealed = 0;
    const write = (
      of: Omit<RecordHeader, 'sequence' | 'headBytes' | 'bodyBytes'>,
      head: Uint8Array,
      media: Uint8Array[],
    ) => {
      const mediaBytes = media.reduce((sum, piece) => sum + piece.length, 0);
      const bodyBytes = mediaBytes > 0 ? mediaBytes + seal.tagBytes : 0;
      const sequence = sealed++;
      const header = { ...of, sequence, headBytes: head.length + seal.tagBytes, bodyBytes };
      const clear = encodeRecordHeader(header);
      const body = mediaBytes > 0 ? seal.seal(2, sequence, clear, media) : [];
      const all = [clear, ...seal.seal(1, sequence, clear, [head]), ...body];
      const recordAt = fileAt;
      recordsAt.push(recordAt);
      for (const piece of all) fileAt += piece.length;
      pieces.push(...all);
      return { at: recordAt, header };
    };
    const index = new IndexWriter();
    const plain = { key: false, hasSound: false, decodeTicks: 0, ticks: 0, pictures: 0 };
    for (let copy = 0; copy < 2; copy++) write({ type: 'init', ...plain, wallMs: fileStartMs }, init, []);
    const partsAt: number[] = [];
    let at = init.length;
    let soundsHere = 0;
    for (const part of file) {
      const until = part.at(-1)!.decodeTicks + part.at(-1)!.ticks;
      const mine: Unit[] = [];
      while (sound < sounds.length && sounds[sound]!.decodeTicks < until) mine.push(sounds[sound++]!);
      soundsHere += mine.length;
      const head = partHead({
        sequence: sequence++,
        wallMs: wallOf(part[0]!),
        video: {
          decodeTicks: part[0]!.decodeTicks,
          samples: part.map((unit) => ({ ...unit, bytes: unit.data.length })),
        },
        audio:
          mine.length === 0
            ? null
            : {
                decodeTicks: mine[0]!.decodeTicks,
                samples: mine.map((one) => ({ bytes: one.data.length, ticks: one.ticks })),
              },
      });
      partsAt.push(at);
      const media = [...part.map((unit) => unit.data), ...mine.map((one) => one.data)];
      for (const piece of [head, ...media]) at += piece.length;
      const [decodeTicks, ticks] = [part[0]!.decodeTicks, until - part[0]!.decodeTicks];
      const entry = write(
        {
          ...{ type: 'part', key: part[0]!.key, hasSound: mine.length > 0, wallMs: wallOf(part[0]!) },
          ...{ decodeTicks, ticks, pictures: part.length },
        },
        head,
        media,
      );
      const samples = part.map((unit) => ({ ...unit, bytes: unit.data.length }));
      const soundsOf = mine.map((one) => ({ bytes: one.data.length }));
      index.add({ ...entry, shape: shapeOf(prftBytes, samples, soundsOf) });
    }
    const endAt = fileAt;
    const digest = createHash('sha256').update(Buffer.concat(pieces)).digest('hex');
    const last = file.at(-1)!.at(-1)!;
    const endTicks = last.decodeTicks + last.ticks;
    write(
      {
        ...{ type: 'end', key: false, hasSound: false, wallMs: wallOf({ decodeTicks: endTicks }) },
        ...{ decodeTicks: first[0]!.decodeTicks, ticks: endTicks - first[0]!.decodeTicks },
        ...{ pictures: file.flat().length },
        totals: { parts: file.length, packetsLost: 0, damagedPictures: 0 },
      },
      Buffer.from(JSON.stringify({ bytes: endAt, digest })),
      options.index === false ? [] : [index.bytes()],
    );
    const units = file.flat();
    const path = segmentPath({ cameraId, stream: 'main', startMs: fileStartMs, id });
    const bytes = Uint8Array.from(Buffer.concat(pieces));
    mkdirSync(dirname(join(volume.path, path)), { recursive: true });
    writeFileSync(join(volume.path, path), bytes);
    return {
      ...{ id, volume, path, startMs: fileStartMs, endMs: wallOf(units.at(-1)!) + units.at(-1)!.ticks / 90 },
      ...{ open: false, run, cameraId, bytes, units, sounds: soundsHere, partsAt },
      ...{ recordsAt: recordsAt.slice(2, -1), endAt, headerBytes: header.length },
      wallsMs: units.map(wallOf),
    };
  });
}

function repeated(units: readonly Unit[], startTicks: number, seconds?: number): Unit[] {
  const last = units.at(-1)!;
  const lengthTicks = last.decodeTicks + last.ticks - units[0]!.decodeTicks;
  const wantedTicks = seconds === undefined ? lengthTicks : seconds * 90_000;
  const out: Unit[] = [];
  for (let shift = startTicks - units[0]!.decodeTicks; ; shift += lengthTicks)
    for (const unit of units) {
      const decodeTicks = unit.decodeTicks + shift;
      if (decodeTicks - startTicks >= wantedTicks) return out;
      out.push({ ...unit, decodeTicks });
    }
}
