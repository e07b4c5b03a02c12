/** Real pictures and sound for the tests of the engine: made by FFmpeg once, taken apart into units. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Mp4Video, readBoxHead, readInit, readPartHead } from '../../../src/engine/mp4/index.ts';
import type { AudioTrack } from '../../../src/engine/units.ts';
import { encodedNow } from '../../support/encoded.ts';

export interface Unit {
  readonly data: Uint8Array;
  readonly key: boolean;
  readonly decodeTicks: number;
  readonly ticks: number;
  readonly ctsTicks: number;
}
export interface Clip {
  readonly video: Mp4Video;
  readonly units: readonly Unit[];
  readonly audio: AudioTrack | null;
  readonly sounds: readonly { data: Uint8Array; decodeTicks: number; ticks: number }[];
}
export interface ClipOptions {
  readonly codec?: 'h264' | 'h265';
  readonly size?: string;
  readonly seconds?: number;
  readonly fps?: number;
  readonly gop?: number;
  readonly bFrames?: number;
  readonly sound?: boolean;
  /** `grey`: picture n is all of luma 30 + 2n. */
  readonly source?: 'test' | 'grey';
}

export const ffmpeg = (...args: string[]): Buffer =>
  execFileSync('ffmpeg', ['-hide_banner', '-loglevel', 'error', '-nostdin', '-y', ...args], {
    maxBuffer: 1 << 28,
  });

const made = new Map<string, Clip>();

export function makeClip(options: ClipOptions = {}): Clip {
  const key = JSON.stringify(options);
  const clip = made.get(key) ?? encode(options);
  made.set(key, clip);
  return clip;
}

function encode(options: ClipOptions): Clip {
  const { codec = 'h264', size = '320x240', seconds = 6, fps = 25, gop = 25, bFrames = 0 } = options;
  const source =
    options.source === 'grey'
      ? `color=black:size=${size}:rate=${fps}:duration=${seconds},geq=lum='30+2*N':cb=128:cr=128`
      : `testsrc2=size=${size}:rate=${fps}:duration=${seconds}`;
  const coder =
    codec === 'h264'
      ? [
          ...['-c:v', 'libx264', '-preset', 'ultrafast'],
          ...['-bf', `${bFrames}`, '-sc_threshold', '0', '-g', `${gop}`],
        ]
      : [
          ...['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params'],
          `log-level=none:bframes=${bFrames}:keyint=${gop}:min-keyint=${gop}:scenecut=0`,
          ...['-tag:v', 'hvc1'],
        ];
  const all = [
    ...['-f', 'lavfi', '-i', source, '-threads', '1'],
    ...[...coder, '-pix_fmt', 'yuv420p', '-video_track_timescale', '90000'],
    ...['-movflags', 'frag_every_frame+default_base_moof+empty_moov'],
  ];
  const dir = encodedNow(all, (at) => ffmpeg(...all, join(at, 'clip.mp4')));
  const { video, units } = takeApart(readFileSync(join(dir, 'clip.mp4')));
  return { video, units, ...(options.sound ? encodeSound(seconds) : { audio: null, sounds: [] }) };
}

export function takeApart(bytes: Uint8Array): { video: Mp4Video; units: Unit[] } {
  const init = readInit(bytes);
  const units: Unit[] = [];
  for (let at = init.bytes; at < bytes.length; ) {
    const head = readBoxHead(bytes, at);
    if (head.type !== 'moof') {
      at = head.end;
      continue;
    }
    const part = readPartHead(bytes, at, init.defaults);
    let dataAt = part.dataAt;
    let decodeTicks = part.video!.decodeTicks;
    for (const { ticks, key, ctsTicks, bytes: size } of part.video!.samples) {
      units.push({ data: bytes.subarray(dataAt, dataAt + size), key, decodeTicks, ticks, ctsTicks });
      dataAt += size;
      decodeTicks += ticks;
    }
    at = part.end;
  }
  return { video: init.videos[0]!, units };
}

/** AAC-LC, 48 kHz, mono: 1920 ticks a frame. ADTS puts 7 bytes before each. */
function encodeSound(seconds: number): Pick<Clip, 'audio' | 'sounds'> {
  const sine = `sine=frequency=440:sample_rate=48000:duration=${seconds}`;
  const all = ['-f', 'lavfi', '-i', sine, '-c:a', 'aac'];
  const dir = encodedNow(all, (at) => ffmpeg(...all, join(at, 'sound.aac')));
  const bytes = readFileSync(join(dir, 'sound.aac'));
  const sounds: Clip['sounds'][number][] = [];
  for (let at = 0; at + 7 < bytes.length; ) {
    const length = ((bytes[at + 3]! & 3) << 11) | (bytes[at + 4]! << 3) | (bytes[at + 5]! >> 5);
    sounds.push({
      data: bytes.subarray(at + 7, at + length),
      decodeTicks: sounds.length * 1920,
      ticks: 1920,
    });
    at += length;
  }
  const config = Uint8Array.from([0x11, 0x88]);
  return { audio: { kind: 'audio', codec: 'aac', sampleRate: 48000, channels: 1, config }, sounds };
}

export interface Probe {
  readonly streams: readonly Record<string, string & number>[];
  readonly format: { readonly duration: string };
}

/** What ffprobe says of a file; it decodes nothing but counts every packet. */
export function probe(file: string): Probe {
  const out = execFileSync('ffprobe', [
    ...['-v', 'error', '-count_packets', '-show_streams', '-show_format', '-of', 'json', file],
  ]);
  return JSON.parse(out.toString()) as Probe;
}

/** Decodes all of a file; gives what FFmpeg complained about and how many pictures came out. */
export function decodeAll(file: string): { complaints: string; pictures: number } {
  const out = execFileSync(
    'bash',
    [
      '-c',
      `ffmpeg -hide_banner -nostdin -v warning -i "$0" -map 0:v -fps_mode passthrough -f framehash - 2>&1`,
      file,
    ],
    { maxBuffer: 1 << 26 },
  ).toString();
  const lines = out.split('\n').filter((line) => line !== '');
  return {
    complaints: lines.filter((line) => !/^(#|\d+, )/.test(line)).join('\n'),
    pictures: lines.filter((line) => /^0, /.test(line)).length,
  };
}
