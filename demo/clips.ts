/** The shipped clips: reads an Annex B file with delimiters into pictures, each cut into RTP payloads beforehand. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';

export interface Picture {
  readonly key: boolean;
  /** RFC 6184 / RFC 7798 payloads in order; the last one carries the marker. */
  readonly payloads: readonly Uint8Array[];
  readonly bytes: number;
}

export interface Clip {
  readonly scene: string;
  readonly view: 'usual' | 'turned' | 'covered';
  readonly stream: 'main' | 'sub';
  readonly codec: 'h264' | 'h265';
  /** Parameter sets in the order of the stream: (VPS,) SPS, PPS. */
  readonly sets: readonly Uint8Array[];
  readonly pictures: readonly Picture[];
}

const list = z.object({
  fps: z.number(),
  loopS: z.number(),
  clips: z.array(
    z.object({
      file: z.string(),
      scene: z.string(),
      view: z.enum(['usual', 'turned', 'covered']),
      codec: z.enum(['h264', 'h265']),
      stream: z.enum(['main', 'sub']),
    }),
  ),
});

const folder = new URL('./clips/', import.meta.url);
/** Leaves room for the headers of IP, UDP and RTP in an Ethernet frame. */
const payloadBytes = 1400;

export async function readClips(): Promise<{ fps: number; clips: readonly Clip[] }> {
  const { fps, clips } = list.parse(JSON.parse(await readFile(new URL('clips.json', folder), 'utf8')));
  const read = clips.map(async ({ file, ...what }) => ({
    ...what,
    ...cutClip(await readFile(new URL(file, folder)), what.codec),
  }));
  return { fps, clips: await Promise.all(read) };
}

/** Cuts a whole Annex B file at its access unit delimiters. */
export function cutClip(
  file: Uint8Array,
  codec: 'h264' | 'h265',
): { sets: Uint8Array[]; pictures: Picture[] } {
  const sets = new Map<number, Uint8Array>();
  const pictures: Picture[] = [];
  let units: Uint8Array[] = [];
  const close = () => {
    if (units.length > 0) pictures.push(pictureOf(units, codec));
    units = [];
  };
  for (const unit of splitUnits(file)) {
    const type = unitType(unit, codec);
    if (type === (codec === 'h264' ? 9 : 35)) close();
    else units.push(unit);
    if (isSet(type, codec) && !sets.has(type)) sets.set(type, unit);
  }
  close();
  return { sets: [...sets.entries()].sort(([a], [b]) => a - b).map(([, unit]) => unit), pictures };
}

const unitType = (unit: Uint8Array, codec: 'h264' | 'h265'): number =>
  codec === 'h264' ? (unit[0] as number) & 31 : ((unit[0] as number) >> 1) & 63;

const isSet = (type: number, codec: 'h264' | 'h265'): boolean =>
  codec === 'h264' ? type === 7 || type === 8 : type >= 32 && type <= 34;

const isKey = (type: number, codec: 'h264' | 'h265'): boolean =>
  codec === 'h264' ? type === 5 : type >= 16 && type <= 21;

function pictureOf(units: readonly Uint8Array[], codec: 'h264' | 'h265'): Picture {
  const payloads = units.flatMap((unit) => (unit.length <= payloadBytes ? [unit] : fragments(unit, codec)));
  return {
    key: units.some((unit) => isKey(unitType(unit, codec), codec)),
    payloads,
    bytes: payloads.reduce((sum, payload) => sum + payload.length, 0),
  };
}

/** FU-A (RFC 6184 §5.8) or FU (RFC 7798 §4.4.3). */
function fragments(unit: Uint8Array, codec: 'h264' | 'h265'): Uint8Array[] {
  const headBytes = codec === 'h264' ? 1 : 2;
  const type = unitType(unit, codec);
  const indicator =
    codec === 'h264'
      ? [((unit[0] as number) & 0xe0) | 28]
      : [((unit[0] as number) & 0x81) | (49 << 1), unit[1] as number];
  const out: Uint8Array[] = [];
  const room = payloadBytes - indicator.length - 1;
  for (let at = headBytes; at < unit.length; at += room) {
    const piece = unit.subarray(at, at + room);
    const first = at === headBytes ? 0x80 : 0;
    const last = at + room >= unit.length ? 0x40 : 0;
    out.push(Uint8Array.from([...indicator, first | last | type, ...piece]));
  }
  return out;
}

function* splitUnits(file: Uint8Array): Generator<Uint8Array> {
  let start = -1;
  for (let i = 0; i + 2 < file.length; i++) {
    if (file[i] !== 0 || file[i + 1] !== 0 || file[i + 2] !== 1) continue;
    if (start >= 0) yield withoutTrailingZeros(file.subarray(start, i));
    start = i + 3;
    i += 2;
  }
  if (start >= 0) yield withoutTrailingZeros(file.subarray(start));
}

function withoutTrailingZeros(unit: Uint8Array): Uint8Array {
  let end = unit.length;
  while (end > 1 && unit[end - 1] === 0) end--;
  return unit.subarray(0, end);
}
